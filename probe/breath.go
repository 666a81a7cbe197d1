// SPDX-License-Identifier: Apache-2.0

package probe

import "time"

// Linux counts the connections of a source (nf_conncount.c) and forgets those that
// are over only as new ones come: a few each time, and none in a tick of its clock
// in which it has done so before. What is asked too fast is turned away for
// connects that are long over.
const (
	tick    = 8 * time.Millisecond // of its clock, or two: most have 4 ms
	spacing = 2 * tick             // of connects to a host that is known to limit them
	group   = 4                    // connects that may come in one tick: no limit is so low
	airing  = 3                    // connects after which all those are forgotten that came at once before
)

// asks is how often a port is asked alone at a time: the first one until those
// connects are forgotten.
func (c *crowd) asks() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aired {
		return 1
	}
	c.aired = true
	return airing
}

// breath is how long to wait before something is asked alone.
func (c *crowd) breath() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.breaths++
	switch {
	case c.limited:
		return spacing
	case c.breaths <= airing || c.breaths%group == 0:
		return tick
	}
	return atOnce
}
