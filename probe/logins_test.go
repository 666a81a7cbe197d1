// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"exreach/probe/protocol"
)

// tryAll has many conversations at many hosts log in at once, each three times,
// and returns how often each host was asked and what the others were told.
func tryAll(t *testing.T, l *ledger, judge func(host string) protocol.Outcome) (asked map[string]int, told map[string]int) {
	asked, told = map[string]int{}, map[string]int{}
	var mu sync.Mutex
	var under atomic.Int32
	var all sync.WaitGroup
	for n := range 60 {
		host := fmt.Sprintf("host%d", n%6)
		all.Go(func() {
			for range 3 {
				end, err := l.login(t.Context(), host)
				mu.Lock()
				if err != nil {
					told[err.Error()]++
				} else {
					asked[host]++
				}
				mu.Unlock()
				if err != nil {
					continue
				}
				if now := under.Add(1); now > 2 {
					t.Errorf("%d logins at once, and all of them may be refused", now)
				}
				time.Sleep(time.Millisecond) // of the bubble
				under.Add(-1)
				end(judge(host), true)
			}
		})
	}
	all.Wait()
	return asked, told
}

func total(counts map[string]int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// TestWrongPasswordIsTriedTwice in a whole run, at two hosts, once at each.
func TestWrongPasswordIsTriedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, told := tryAll(t, newLedger(), func(string) protocol.Outcome { return protocol.Denied })
		if total(asked) != 2 || len(asked) != 2 || total(told) != 178 || len(told) != 2 {
			t.Errorf("asked %v, told %v", asked, told)
		}
	})
}

// TestNoAnswerIsNoPermission: who hangs up on a password may have refused it.
func TestNoAnswerIsNoPermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, told := tryAll(t, newLedger(), func(string) protocol.Outcome { return protocol.Unanswered })
		if total(asked) != 2 || told["not answered before"] == 0 {
			t.Errorf("asked %v, told %v", asked, told)
		}
	})
}

// TestRightPasswordIsUsed everywhere, and one host that refuses it all the same
// is not asked again.
func TestRightPasswordIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, told := tryAll(t, newLedger(), func(host string) protocol.Outcome {
			if host == "host5" {
				return protocol.Denied
			}
			return protocol.Accepted
		})
		if asked["host5"] != 1 || total(asked) != 151 || told["refused before"] != 29 {
			t.Errorf("asked %v, told %v", asked, told)
		}
	})
}

// logInAtMany logs in once at each of n hosts, all at once and a second long, and
// returns how many logins there were and how long all of it took.
func logInAtMany(t *testing.T, l *ledger, n int, judge func(n int) (protocol.Outcome, bool)) (logins, refused int, took time.Duration) {
	began := time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range n {
		all.Go(func() {
			end, err := l.login(t.Context(), fmt.Sprint("host", n))
			if err != nil {
				return
			}
			time.Sleep(time.Second) // of the bubble
			o, known := judge(n)
			mu.Lock()
			logins++
			if o != protocol.Accepted && o != protocol.Undecided {
				refused++
			}
			mu.Unlock()
			end(o, known)
		})
	}
	all.Wait()
	return logins, refused, time.Since(began)
}

// TestYesProvesNothing: of 20 hosts some say yes to anything, with or without a
// certificate that proves who they are, and all others refuse.
func TestYesProvesNothing(t *testing.T) {
	for _, liars := range []int{0, 1, 5} {
		for _, known := range []bool{false, true} {
			for _, no := range []protocol.Outcome{protocol.Denied, protocol.Unanswered} {
				synctest.Test(t, func(t *testing.T) {
					_, refused, _ := logInAtMany(t, newLedger(), 20, func(n int) (protocol.Outcome, bool) {
						if n%4 == 0 && n/4 < liars {
							return protocol.Accepted, known
						}
						return no, known
					})
					if refused != 2 {
						t.Errorf("%d of 20 hosts say yes, known %t: %d refusals", liars, known, refused)
					}
				})
			}
		}
	}
}

// TestManyHosts that prove who they are and take the password: a run of a thousand
// does not wait for one after the other. Where nobody proves it, it does.
func TestManyHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logins, _, took := logInAtMany(t, newLedger(), 1000, func(int) (protocol.Outcome, bool) { return protocol.Accepted, true })
		if logins != 1000 || took > 100*time.Second {
			t.Errorf("%d logins in %v", logins, took)
		}
		logins, _, took = logInAtMany(t, newLedger(), 1000, func(int) (protocol.Outcome, bool) { return protocol.Accepted, false })
		if logins != 1000 || took != 500*time.Second {
			t.Errorf("nobody is known: %d logins in %v", logins, took)
		}
	})
}

// TestRefusalAfterProof: the first refusal ends the haste.
func TestRefusalAfterProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		if logins, _, _ := logInAtMany(t, l, enoughProof, func(int) (protocol.Outcome, bool) { return protocol.Accepted, true }); logins != enoughProof {
			t.Fatalf("%d logins", logins)
		}
		end, err := l.login(t.Context(), "another")
		if err != nil {
			t.Fatal(err)
		}
		end(protocol.Denied, true)
		if _, refused, _ := logInAtMany(t, l, 20, func(int) (protocol.Outcome, bool) { return protocol.Denied, true }); refused != 1 {
			t.Errorf("hosts that accepted before: %d refusals beside the first one", refused)
		}
	})
}

// TestAccountShut: one server that says that the account is locked ends all logins
// at once.
func TestAccountShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		end, err := l.login(t.Context(), "dc01")
		if err != nil {
			t.Fatal(err)
		}
		end(protocol.Locked, false)
		for _, host := range []string{"dc01", "DC01", "dc02"} {
			if _, err := l.login(t.Context(), host); err == nil {
				t.Errorf("%s is asked all the same", host)
			}
		}
	})
}

// TestUndecidedCountsForNothing: a method that does not suit is no refusal.
func TestUndecidedCountsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if asked, told := tryAll(t, newLedger(), func(string) protocol.Outcome { return protocol.Undecided }); total(asked) != 180 {
			t.Errorf("asked %v, told %v", asked, told)
		}
	})
}

// TestTurnEndsWithTheCheck: who waits too long gives up, and blocks nobody.
func TestTurnEndsWithTheCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		end, err := l.login(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		endOther, err := l.login(t.Context(), "c")
		if err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		for _, host := range []string{"a", "b"} {
			if _, err := l.login(short, host); !errors.Is(err, errLoginsSlow) {
				t.Errorf("%s: %v", host, err)
			}
		}
		end(protocol.Accepted, true)
		endOther(protocol.Accepted, true)
		for _, host := range []string{"a", "b"} {
			if end, err := l.login(t.Context(), host); err != nil {
				t.Errorf("%s is still blocked: %v", host, err)
			} else {
				end(protocol.Accepted, true)
			}
		}
	})
}
