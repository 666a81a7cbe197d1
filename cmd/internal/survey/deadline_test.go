// SPDX-License-Identifier: Apache-2.0

package survey_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/lookup"
)

// TestDeadline: whatever a run is at when its deadline comes, it ends there and then, and
// what it has not finished is untried, or counted as not asked.
func TestDeadline(t *testing.T) {
	dropping := func(ctx context.Context, _ catalog.Network, _ netip.AddrPort) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	unanswered := &lookup.Resolver{Lookup: func(ctx context.Context, _ string) ([]netip.Addr, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	for name, test := range map[string]struct {
		pool  probe.Pool
		host  string
		o     survey.Options
		rows  int
		after int // hosts not asked
	}{
		"connecting":         {probe.Pool{Dial: dropping}, "192.0.2.1:25", survey.Options{}, 1, 0},
		"talking":            {probe.Pool{Dial: silent}, "192.0.2.1:25", survey.Options{}, 1, 0},
		"guessing":           {probe.Pool{Dial: silent}, "192.0.2.1:8443", survey.Options{}, 1, 0},
		"looking up":         {probe.Pool{Resolver: unanswered}, "mail01:25", survey.Options{}, 1, 0},
		"identifying":        {probe.Pool{Dial: silent}, "192.0.2.1", survey.Options{}, 16, 0},
		"identifying a name": {probe.Pool{Resolver: unanswered}, "mail01", survey.Options{}, 16, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				run, err := made(t, test.o, test.host)
				if err != nil {
					t.Fatal(err)
				}
				const deadline = 800 * time.Millisecond
				told := 0
				run.Pool, run.Deadline = &test.pool, deadline
				run.Watch = func(e survey.Event) {
					if e == (survey.DeadlineCame{Deadline: deadline}) {
						told++
					}
				}
				began, rows := time.Now(), 0
				for h := range run.Run(t.Context()) {
					for _, r := range h.Rows {
						if r.Check.IsControl() {
							continue // it answers as soon as it is connected
						}
						rows++
						if r.Verdict != probe.Untried || r.Obstacle != probe.Deadline {
							t.Errorf("%s: %s, %s: %s", r.Check.Service.Name, r.Verdict, r.Obstacle, r.Detail)
						}
					}
				}
				if took := time.Since(began); took != deadline || rows != test.rows || run.Unasked() != test.after || told != 1 || run.Err() != nil {
					t.Errorf("after %s: %d rows, %d hosts not asked, told %d times, %v", took, rows, run.Unasked(), told, run.Err())
				}
			})
		})
	}
}

// TestDeadlineLeavesTimeToCheck: finding out what a host is takes a third of the time. A host
// that accepts connections and says nothing is then checked as usual.
func TestDeadlineLeavesTimeToCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run, err := made(t, survey.Options{}, "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		run.Deadline = 9 * time.Second
		run.Pool = &probe.Pool{Timeouts: probe.Timeouts{Check: 4 * time.Second}, Dial: silent}
		run.Watch = func(e survey.Event) {
			if id, isIdentified := e.(survey.Identified); isIdentified && (id.Version != catalog.DefaultVersion || time.Since(began) != 3*time.Second) {
				t.Errorf("after %s told %+v", time.Since(began), id)
			}
		}
		seen := map[probe.Verdict]int{}
		for h := range run.Run(t.Context()) {
			for _, r := range h.Rows {
				seen[r.Verdict]++
			}
		}
		if seen[probe.Silent] < 10 || run.Unasked() != 0 {
			t.Errorf("%v, %d hosts not asked", seen, run.Unasked())
		}
	})
}

// TestInterruptedIdentifying: after Ctrl-C, hosts that were being identified have rows, and
// those that were not begun are counted.
func TestInterruptedIdentifying(t *testing.T) {
	const hosts = 200
	var names []string
	for n := range hosts {
		names = append(names, fmt.Sprintf("192.0.2.%d", n))
	}
	synctest.Test(t, func(t *testing.T) {
		run, err := made(t, survey.Options{}, names...)
		if err != nil {
			t.Fatal(err)
		}
		run.Pool = &probe.Pool{Dial: silent, Shared: &probe.Shared{Limit: 20}}
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, interrupt)
		began, reported := time.Now(), 0
		for h := range run.Run(ctx) {
			reported++
			for _, r := range h.Rows {
				if r.Verdict != probe.Untried || r.Obstacle != probe.Interrupted {
					t.Errorf("%s: %s, %s: %s", r.Check.Host, r.Verdict, r.Obstacle, r.Detail)
				}
			}
		}
		if took := time.Since(began); took != time.Second || reported == 0 || reported == hosts || reported+run.Unasked() != hosts {
			t.Errorf("after %s: %d hosts reported, %d not asked", took, reported, run.Unasked())
		}
	})
}

// silent connects to a peer that says nothing.
func silent(context.Context, catalog.Network, netip.AddrPort) (net.Conn, error) {
	near, _ := net.Pipe()
	return near, nil
}

// TestDeadlineNotReached: a run that is over before its deadline is like any other.
func TestDeadlineNotReached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run, err := made(t, survey.Options{}, "192.0.2.1:25")
		if err != nil {
			t.Fatal(err)
		}
		run.Pool, run.Deadline = refusing(), time.Hour
		run.Watch = func(e survey.Event) { t.Errorf("told %+v", e) }
		for h := range run.Run(t.Context()) {
			if h.Rows[0].Verdict != probe.Refused {
				t.Errorf("%+v", h.Rows[0].Result)
			}
		}
	})
}
