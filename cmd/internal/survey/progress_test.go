// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"exreach/probe"
)

// followed counts the hosts and checks of a run and returns the progress that is told
// meanwhile.
func followed(run func(m *meter) iter.Seq[probe.HostResults], g Progress) (told []Progress, passed int) {
	var m meter
	ended, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		m.watch(100*time.Millisecond, func() Progress { return g }, ended, func(e Event) { told = append(told, e.(Progress)) })
	}()
	for range run(&m) {
		m.hosts.Add(1)
		passed++
	}
	close(ended)
	<-over
	return told, passed
}

// TestWatch follows the progress of a run of three checks on one host that takes a
// second.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, passed := followed(slow, Progress{AllHosts: 1, AllChecks: 3})
		if passed != 1 {
			t.Errorf("%d hosts came through, want 1", passed)
		}
		var said []string
		for _, p := range told {
			said = append(said, fmt.Sprintf("%d/%d checks, %.1f s", p.Checks, p.AllChecks, p.Took.Seconds()))
		}
		for _, want := range []string{"0/3 checks, 0.1 s", "0/3 checks, 0.4 s", "1/3 checks, 0.5 s", "2/3 checks, 0.7 s", "3/3 checks, 0.9 s"} {
			if !slices.Contains(said, want) {
				t.Errorf("never told %q, but %q", want, said)
			}
		}
		over := func(p Progress) bool { return p.Over }
		if slices.IndexFunc(told, over) != len(told)-1 {
			t.Errorf("the end is not told last: %+v", told)
		}
	})
}

// slow is a run of one host whose three checks are over after 420, 630 and 840 ms, and
// which takes another 100 ms to end, all by the clock of a synctest bubble.
func slow(m *meter) iter.Seq[probe.HostResults] {
	return func(yield func(probe.HostResults) bool) {
		time.Sleep(210 * time.Millisecond)
		for range 3 {
			time.Sleep(210 * time.Millisecond)
			m.checks.Add(1)
		}
		if yield(probe.HostResults{}) {
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// TestWatchRate follows a run of a thousand hosts with two checks each, 20
// checks a second, which nearly stops after a while: the estimate is that of the
// last seconds.
func TestWatchRate(t *testing.T) {
	for name, test := range map[string]struct {
		goal Progress
		want []string // in this order
	}{
		"all is known": {Progress{AllHosts: 1000, AllChecks: 2000},
			[]string{"0/1000 hosts, 0/2000 checks, 0/s, ? left", "20/1000 hosts, 41/2000 checks, 20/s, 100 s left", "100/1000 hosts, 201/2000 checks, 20/s, 90 s left", "200/1000 hosts, 400/2000 checks, 0/s, ? left"}},
		"the checks are reckoned": {Progress{AllHosts: 1000, AllChecks: 2000, About: true}, []string{"100/1000 hosts, 201/2000 checks, 20/s, 90 s left"}},
		"a pipe":                  {Progress{}, []string{"0/0 hosts, 0/0 checks, 0/s, ? left", "20/0 hosts, 41/0 checks, 20/s, ? left"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rest, _ := followed(twenty, test.goal)
				for _, want := range test.want {
					is := func(p Progress) bool {
						left := "?"
						if p.Left >= 0 {
							left = fmt.Sprintf("%.0f s", p.Left.Seconds())
						}
						return fmt.Sprintf("%d/%d hosts, %d/%d checks, %.0f/s, %s left", p.Hosts, p.AllHosts, p.Checks, p.AllChecks, p.Rate, left) == want && p.About == test.goal.About
					}
					n := slices.IndexFunc(rest, is)
					if n < 0 {
						t.Fatalf("never told %q; at the end %+v", want, rest[max(0, len(rest)-3):])
					}
					rest = rest[n:]
				}
			})
		})
	}
}

// twenty is a run of 200 hosts with two checks each, of which one is over every 50 ms,
// and which takes another 11 s to end.
func twenty(m *meter) iter.Seq[probe.HostResults] {
	return func(yield func(probe.HostResults) bool) {
		time.Sleep(25 * time.Millisecond)
		for i := range 400 {
			time.Sleep(50 * time.Millisecond)
			if m.checks.Add(1); i%2 == 1 && !yield(probe.HostResults{}) {
				return
			}
		}
		time.Sleep(11 * time.Second)
	}
}

func TestTimeLeft(t *testing.T) {
	const ticks = 101 // of a tenth of a second: ten seconds
	for _, test := range []struct {
		all, before, now int
		want             time.Duration
	}{
		{1000, 890, 990, time.Second},
		{1000, 0, 10, 990 * time.Second},
		{400000, 0, 200, 19990 * time.Second},
		{1000, 1100, 1200, 0}, // there was less than reckoned
		{1000, 10, 10, -1},
		{0, 0, 100, -1},
	} {
		done := make([]int, ticks)
		done[0], done[ticks-1] = test.before, test.now
		p := Progress{AllChecks: test.all}
		if p.measure(done, 100*time.Millisecond); p.Left != test.want {
			t.Errorf("%+v: %s", test, p.Left)
		}
	}
	p := Progress{AllChecks: 1000}
	if p.measure([]int{0, 10}, 100*time.Millisecond); p.Left != -1 {
		t.Errorf("after two ticks: %s", p.Left)
	}
}
