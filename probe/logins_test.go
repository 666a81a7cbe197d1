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
func tryAll(t *testing.T, l *logins, judge func(host string) protocol.Outcome) (asked map[string]int, told map[string]int) {
	asked, told = map[string]int{}, map[string]int{}
	var mu sync.Mutex
	var under atomic.Int32
	var all sync.WaitGroup
	for n := range 60 {
		host := fmt.Sprintf("host%d", n%6)
		all.Go(func() {
			for range 3 {
				end, err := l.turn(t.Context(), host)
				mu.Lock()
				if err != nil {
					told[err.Error()]++
				} else {
					asked[host]++
				}
				proven := l.proven()
				mu.Unlock()
				if err != nil {
					continue
				}
				if now := under.Add(1); now > 1 && !proven {
					t.Errorf("%d logins at once while nobody has accepted the credentials", now)
				}
				time.Sleep(time.Millisecond) // of the bubble
				under.Add(-1)
				end(judge(host))
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
		asked, told := tryAll(t, newLogins(), func(string) protocol.Outcome { return protocol.Denied })
		if total(asked) != 2 || len(asked) != 2 || total(told) != 178 || len(told) != 2 {
			t.Errorf("asked %v, told %v", asked, told)
		}
	})
}

// TestNoAnswerIsNoPermission: who hangs up on a password may have refused it.
func TestNoAnswerIsNoPermission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, told := tryAll(t, newLogins(), func(string) protocol.Outcome { return protocol.Unanswered })
		if total(asked) != 2 || told["not answered before"] == 0 {
			t.Errorf("asked %v, told %v", asked, told)
		}
	})
}

// TestRightPasswordIsUsed everywhere, and one host that refuses it all the same
// is not asked again.
func TestRightPasswordIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogins()
		end, err := l.turn(t.Context(), "host0")
		if err != nil {
			t.Fatal(err)
		}
		end(protocol.Accepted)
		began := time.Now()
		asked, told := tryAll(t, l, func(host string) protocol.Outcome {
			if host == "host5" {
				return protocol.Denied
			}
			return protocol.Accepted
		})
		if asked["host5"] != 1 || total(asked) != 151 || told["refused before"] != 29 {
			t.Errorf("asked %v, told %v", asked, told)
		}
		if took := time.Since(began); took > 40*time.Millisecond {
			t.Errorf("hosts wait for each other: %v", took)
		}
	})
}

// TestUndecidedCountsForNothing: a method that does not suit is no refusal.
func TestUndecidedCountsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if asked, told := tryAll(t, newLogins(), func(string) protocol.Outcome { return protocol.Undecided }); total(asked) != 180 {
			t.Errorf("asked %v, told %v", asked, told)
		}
	})
}

// TestTurnEndsWithTheCheck: who waits too long gives up, and blocks nobody.
func TestTurnEndsWithTheCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogins()
		end, err := l.turn(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		for _, host := range []string{"a", "b"} {
			if _, err := l.turn(short, host); !errors.Is(err, errNoTurn) {
				t.Errorf("%s: %v", host, err)
			}
		}
		end(protocol.Accepted)
		for _, host := range []string{"a", "b"} {
			if end, err := l.turn(t.Context(), host); err != nil {
				t.Errorf("%s is still blocked: %v", host, err)
			} else {
				end(protocol.Accepted)
			}
		}
	})
}
