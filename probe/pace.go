// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"time"

	"golang.org/x/time/rate"
)

// gentlePace is how far apart a gentle run's connects to one host are. Firewalls
// that shun a source count what it opens in a few seconds.
const gentlePace = 500 * time.Millisecond

// together is how many connects may be sent at one time: a try, and its witness.
const together = 2

// newPace is a limiter for connects, or nil where each is nothing.
func newPace(each time.Duration) *rate.Limiter {
	if each == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Every(each), together)
}

// atOnce is the time of a timer that need not wait. Nothing at all would be as good,
// but many such timers crash the race detector in the bubbles of package synctest
// (golang/go#78156).
const atOnce = time.Nanosecond

// pay reserves n connects with each of limiters, and returns how long they have to
// wait for that. A nil limiter wants nothing.
func pay(n int, limiters ...*rate.Limiter) time.Duration {
	now, delay := time.Now(), atOnce
	for _, l := range limiters {
		if l != nil {
			delay = max(delay, l.ReserveN(now, n).DelayFrom(now))
		}
	}
	return delay
}
