// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"errors"
	"math/rand/v2"
	"time"
)

// An impairment is what a wide area network does to frames, in each direction.
type impairment struct {
	delay  time.Duration // from one end to the other
	jitter time.Duration // at most this much more or less; the order is kept
	loss   float64       // in per cent
	outage time.Duration // how long nothing passes; 0 is never
	every  time.Duration // how long each period with one outage is
	rate   float64       // kbit/s; 0 is no limit
	queue  int           // frames on their way at once
	seed   uint64        // equal seeds give equal patterns
}

// check finds values that no network can have.
func (i impairment) check() error {
	switch {
	case i.loss < 0 || i.loss > 100:
		return errors.New("option -loss: give 0 to 100 per cent")
	case i.delay < 0 || i.jitter < 0 || i.jitter > i.delay:
		return errors.New("option -jitter: it may not be more than the delay")
	case i.outage < 0 || i.outage > 0 && i.outage >= i.every:
		return errors.New("option -outage: it must be shorter than -every")
	case i.rate < 0 || i.queue < 1:
		return errors.New("options -rate and -queue: nothing would pass")
	}
	return nil
}

// A channel is one direction of the network. It decides what becomes of each frame, but
// touches none: its line does. Its times count from the emulator's start.
type channel struct {
	impairment
	random *rand.Rand
	free   time.Duration // when the last frame has left the sender
	last   time.Duration // when the last frame arrives
}

// A fate is what becomes of a frame.
type fate int

const (
	passes fate = iota
	lost
	inOutage
)

// newChannel returns the direction with this number.
func newChannel(i impairment, direction uint64) *channel {
	return &channel{impairment: i, random: rand.New(rand.NewPCG(i.seed, direction))}
}

// next decides on a frame of size bytes that comes in now: what becomes of it, and
// when it arrives, if it does.
func (c *channel) next(now time.Duration, size int) (due time.Duration, f fate) {
	switch {
	case c.isOut(now):
		return 0, inOutage
	case c.random.Float64()*100 < c.loss:
		return 0, lost
	}
	due = now
	if c.rate > 0 {
		c.free = max(c.free, now) + time.Duration(float64(size)*8/c.rate*float64(time.Millisecond))
		due = c.free
	}
	due += c.delay
	if c.jitter > 0 {
		due += time.Duration((2*c.random.Float64() - 1) * float64(c.jitter))
	}
	c.last = max(c.last, due)
	return c.last, passes
}

// isOut reports whether nothing passes now. Both directions agree: the moment
// of each outage follows from the seed alone.
func (i impairment) isOut(now time.Duration) bool {
	if i.outage == 0 {
		return false
	}
	period := now / i.every
	share := rand.New(rand.NewPCG(i.seed, uint64(period))).Float64()
	begins := time.Duration(share * float64(i.every-i.outage))
	since := now % i.every
	return since >= begins && since < begins+i.outage
}

// isPlumbing reports whether a frame only looks for neighbours (ARP; RFC 4861). Such
// frames always pass: the emulated network is between routers that know each other.
func isPlumbing(frame []byte) bool {
	const (
		ethernet  = 14
		neighbour = ethernet + 40 // ICMPv6 right behind the header of IPv6
		arp, ipv6 = 0x0806, 0x86dd
		icmpv6    = 58
	)
	if len(frame) < ethernet {
		return false
	}
	switch kind := int(frame[12])<<8 | int(frame[13]); kind {
	case arp:
		return true
	case ipv6:
		return len(frame) > neighbour && frame[ethernet+6] == icmpv6 && frame[neighbour] >= 133 && frame[neighbour] <= 137
	}
	return false
}
