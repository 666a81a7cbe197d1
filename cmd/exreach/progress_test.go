// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// TestWatch follows the line through a run of three checks, one of them at two
// addresses and one with another behind it, that takes a second.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen bytes.Buffer
		passed := 0
		for range watch(slow(0, 0, 1, 2), &screen, 3) {
			passed++
		}
		if passed != 5 {
			t.Errorf("%d results came through, want 5", passed)
		}
		lines := strings.Split(screen.String(), "\r")
		for _, want := range []string{"0/3 checks, 0.1 s", "1/3 checks, 0.5 s", "2/3 checks, 0.7 s", "3/3 checks, 0.9 s"} {
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
		for range watch(slow(0, 1, 2), &screen, 3) {
			break
		}
		if !strings.HasSuffix(screen.String(), " \r") {
			t.Errorf("the line is not erased: %q", screen.String())
		}
	})
}

// slow yields a result of each order after 200 ms more, and one behind the last.
func slow(orders ...int) iter.Seq[probe.Result] {
	return func(yield func(probe.Result) bool) {
		for _, order := range orders {
			time.Sleep(210 * time.Millisecond)
			if !yield(probe.Result{Check: catalog.Check{Order: order}}) {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
		yield(probe.Result{Check: catalog.Check{Order: 99}, Parent: "rpc"})
	}
}
