// SPDX-License-Identifier: Apache-2.0

package standin

import "time"

// Limits bound what clients can take from a Server. A value of zero stands for the
// default: of a Guarded server what GuardedLimits has, of any other no limit.
type Limits struct {
	Conversations int           // at a time
	PerSource     int           // conversations of one source at a time
	Rate          float64       // new connections of one source in a second, in the long run
	Burst         int           // new connections of one source at once
	Idle          time.Duration // how long a conversation may be silent
	Whole         time.Duration // how long a conversation may take; 30 s where there are no limits
	Contacts      int           // at a time
}

// GuardedLimits are the limits of a Guarded server. A checker has 48 connections open at
// once, and opens a few hundred in some seconds.
func GuardedLimits() Limits {
	return Limits{
		Conversations: 512, PerSource: 128, Rate: 100, Burst: 600,
		Idle: time.Minute, Whole: 3 * time.Minute, Contacts: 16,
	}
}
