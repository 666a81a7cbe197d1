// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// dropped returns how many of n frames are lost, and which.
func dropped(c *channel, n int) (count int, which string) {
	var pattern strings.Builder
	for range n {
		_, f := c.next(0, 60)
		if f == lost {
			count++
		}
		pattern.WriteByte(byte('0' + f))
	}
	return count, pattern.String()
}

func TestLoss(t *testing.T) {
	const frames = 100_000
	for _, percent := range []float64{0, 2, 5, 100} {
		count, _ := dropped(newChannel(impairment{loss: percent, seed: 7}, 0), frames)
		want := frames * percent / 100
		if off := math.Abs(float64(count) - want); off > 4*math.Sqrt(want*(1-percent/100)) {
			t.Errorf("loss %g %%: %d of %d frames lost", percent, count, frames)
		}
	}
}

// TestSeed makes sure that a run can be repeated, and that the directions and
// other seeds lose other frames.
func TestSeed(t *testing.T) {
	pattern := func(seed, direction uint64) string {
		_, which := dropped(newChannel(impairment{loss: 50, seed: seed}, direction), 1000)
		return which
	}
	once, again := pattern(7, 0), pattern(7, 0)
	if once != again {
		t.Error("equal seeds lose different frames")
	}
	if once == pattern(7, 1) || once == pattern(8, 0) {
		t.Error("another direction or seed loses the same frames")
	}
}

func TestOutages(t *testing.T) {
	i := impairment{outage: 300 * time.Millisecond, every: 3 * time.Second, seed: 7}
	begins := map[time.Duration]bool{}
	for period := range 100 {
		start := time.Duration(period) * i.every
		var out, edges int
		for at := time.Duration(0); at < i.every; at += time.Millisecond {
			if !i.isOut(start + at) {
				continue
			}
			if out++; at == 0 || !i.isOut(start+at-time.Millisecond) {
				edges++
				begins[at] = true
			}
		}
		if out < 299 || out > 300 || edges != 1 {
			t.Errorf("period %d: %d ms out in %d pieces, want 300 in one", period, out, edges)
		}
	}
	if len(begins) < 50 {
		t.Errorf("100 outages begin at %d different moments: want them anywhere", len(begins))
	}
}

// TestOutageHitsBoth makes sure that an outage is one of the path and not of a
// direction.
func TestOutageHitsBoth(t *testing.T) {
	i := impairment{outage: time.Second, every: 3 * time.Second, seed: 7}
	there, back := newChannel(i, 0), newChannel(i, 1)
	for at := time.Duration(0); at < time.Minute; at += 10 * time.Millisecond {
		_, one := there.next(at, 60)
		_, other := back.next(at, 60)
		if one != other {
			t.Fatalf("at %v one direction %v, the other %v", at, one, other)
		}
	}
}

func TestDelay(t *testing.T) {
	c := newChannel(impairment{delay: 50 * time.Millisecond, jitter: 20 * time.Millisecond, seed: 7}, 0)
	var last, least, most time.Duration
	least = time.Hour
	for now := time.Duration(0); now < 100*time.Second; now += 100 * time.Millisecond {
		due, _ := c.next(now, 60)
		if due < last {
			t.Fatalf("the frame of %v overtakes the one before it", now)
		}
		last, least, most = due, min(least, due-now), max(most, due-now)
	}
	if least < 30*time.Millisecond || most > 70*time.Millisecond || most-least < 30*time.Millisecond {
		t.Errorf("frames took %v to %v, want 30 to 70 ms and most of that", least, most)
	}
}

// TestRate sends a burst: 1250 bytes at 1 Mbit/s take 10 ms each.
func TestRate(t *testing.T) {
	c := newChannel(impairment{rate: 1000}, 0)
	for n := range 10 {
		want := time.Duration(n+1) * 10 * time.Millisecond
		if due, _ := c.next(0, 1250); due != want {
			t.Errorf("frame %d arrives at %v, want %v", n, due, want)
		}
	}
}

func TestPlumbing(t *testing.T) {
	ether := func(kind string, rest string) []byte { return []byte(strings.Repeat("\x02", 12) + kind + rest) }
	ipv6 := func(next, first string) []byte {
		return ether("\x86\xdd", "\x60\x00\x00\x00\x00\x20"+next+"\xff"+strings.Repeat("\x00", 32)+first+"\x00")
	}
	for _, frame := range []struct {
		what  string
		bytes []byte
		want  bool
	}{
		{"ARP", ether("\x08\x06", "\x00\x01"), true},
		{"neighbour solicitation", ipv6("\x3a", "\x87"), true},
		{"ICMPv6 unreachable", ipv6("\x3a", "\x01"), false},
		{"TCP over IPv6 from port 0x87..", ipv6("\x06", "\x87"), false},
		{"IPv4", ether("\x08\x00", "\x45\x00"), false},
		{"cut short", []byte("\x02\x02"), false},
		{"IPv6, cut short", ether("\x86\xdd", "\x60"), false},
	} {
		if got := isPlumbing(frame.bytes); got != frame.want {
			t.Errorf("%s: plumbing is %v, want %v", frame.what, got, frame.want)
		}
	}
}

func TestCheck(t *testing.T) {
	good := impairment{queue: 1}
	if err := good.check(); err != nil {
		t.Errorf("a plain wire: %v", err)
	}
	for option, i := range map[string]impairment{
		"-loss":   {queue: 1, loss: 101},
		"-jitter": {queue: 1, delay: time.Millisecond, jitter: time.Second},
		"-outage": {queue: 1, outage: 3 * time.Second, every: 3 * time.Second},
		"-queue":  {},
	} {
		if err := i.check(); err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%+v: error %v does not name %s", i, err, option)
		}
	}
}
