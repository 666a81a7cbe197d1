// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// TestWatch follows the line through a run of three checks on one host, one of
// them with two results, that takes a second.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen bytes.Buffer
		passed := 0
		for range watch(slow(false, true, true, true), &statusLine{terminal: &screen}, func() goal { return goal{hosts: 1, checks: 3} }) {
			passed++
		}
		if passed != 4 {
			t.Errorf("%d results came through, want 4", passed)
		}
		lines := strings.Split(screen.String(), "\r")
		for _, want := range []string{"0/3 checks, 0.1 s", "0/3 checks, 0.4 s", "1/3 checks, 0.5 s", "2/3 checks, 0.7 s", "3/3 checks, 0.9 s"} {
			if !strings.Contains(screen.String(), "\r"+want) {
				t.Errorf("the line never was %q, but %q", want, lines)
			}
		}
		if last := lines[len(lines)-2]; strings.TrimSpace(last) != "" || len(last) < len("3/3 checks, 0.9 s") || lines[len(lines)-1] != "" {
			t.Errorf("the line is not erased: %q", lines[len(lines)-2:])
		}
	})
}

// TestWatchStops leaves a run early, as a full disk does.
func TestWatchStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen bytes.Buffer
		for range watch(slow(true, true, true), &statusLine{terminal: &screen}, func() goal { return goal{hosts: 1, checks: 3} }) {
			break
		}
		if !strings.HasSuffix(screen.String(), " \r") {
			t.Errorf("the line is not erased: %q", screen.String())
		}
	})
}

// slow yields a result after 210 ms more, again and again, and takes another
// 100 ms to end. Each is the last of its check or not.
func slow(last ...bool) iter.Seq[probe.Result] {
	return func(yield func(probe.Result) bool) {
		for _, l := range last {
			time.Sleep(210 * time.Millisecond)
			if !yield(probe.Result{Last: l, Check: catalog.Check{Host: "mail01", Of: 3}}) {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestWatchRate follows a run of a thousand hosts with two checks each, 20
// checks a second, which nearly stops after a while: the estimate is that of the
// last seconds.
func TestWatchRate(t *testing.T) {
	for name, test := range map[string]struct {
		goal goal
		want []string // in this order
	}{
		"all is known": {goal{hosts: 1000, checks: 2000},
			[]string{"0/1000 hosts, 0/2000 checks, 0/s, ? left", "20/1000 hosts, 41/2000 checks, 20/s, 2 min left", "100/1000 hosts, 201/2000 checks, 20/s, 90 s left", "200/1000 hosts, 400/2000 checks, 0/s, ? left"}},
		"the checks are reckoned": {goal{hosts: 1000, checks: 2000, about: true}, []string{"100/1000 hosts, 201/~2000 checks, 20/s, 90 s left"}},
		"a pipe":                  {goal{}, []string{"0 hosts, 0 checks, 0/s, ? left", "20 hosts, 41 checks, 20/s, ? left"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var screen bytes.Buffer
				for range watch(twenty(400), &statusLine{terminal: &screen}, func() goal { return test.goal }) {
				}
				rest := screen.String()
				for _, want := range test.want {
					_, after, found := strings.Cut(rest, "\r"+want)
					if !found {
						t.Fatalf("the line never was %q; at the end %q", want, screen.String()[max(0, screen.Len()-200):])
					}
					rest = after
				}
			})
		})
	}
}

// twenty yields n checks, one every 50 ms, and takes another 11 s to end.
func twenty(n int) iter.Seq[probe.Result] {
	return func(yield func(probe.Result) bool) {
		time.Sleep(25 * time.Millisecond)
		for i := range n {
			time.Sleep(50 * time.Millisecond)
			if !yield(probe.Result{Last: true, Check: catalog.Check{Host: fmt.Sprint(i / 2), Of: 2}}) {
				return
			}
		}
		time.Sleep(11 * time.Second)
	}
}

func TestTimeLeft(t *testing.T) {
	for _, test := range []struct {
		checks, now int
		rate        float64
		want        string
	}{
		{1000, 990, 10, "1 s"},
		{1000, 10, 10, "99 s"},
		{10000, 10, 10, "17 min"},
		{400000, 0, 20, "6 h"},
		{1000, 1200, 10, "0 s"}, // there was less than reckoned
		{1000, 10, 0, "?"},
		{0, 10, 10, "?"},
	} {
		if got := (goal{checks: test.checks}).left(test.now, test.rate, 100); got != test.want {
			t.Errorf("%d of %d at %.0f/s: %s, want %s", test.now, test.checks, test.rate, got, test.want)
		}
	}
}

// TestStatusLine wants notes above the line, and the line never wider than the
// terminal.
func TestStatusLine(t *testing.T) {
	var screen bytes.Buffer
	l := &statusLine{terminal: &screen, width: 10}
	l.show("")
	l.show("0123456789abc")
	note(l, "done")
	l.show("7 s")
	l.show("")
	if want := "\r012345678\r         \rexreach: done\n\r7 s\r   \r"; screen.String() != want {
		t.Errorf("got %q, want %q", screen.String(), want)
	}
}
