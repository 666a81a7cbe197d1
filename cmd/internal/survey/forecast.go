// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"time"
)

// A forecast is the time left as it is shown: it follows the estimate slowly, and no
// value that is shown is more than twice the one before it, or less than half of it.
type forecast struct {
	shown time.Duration // 0 if nothing was shown yet
	exact float64       // before it was rounded, in seconds
}

// inertia is how long a forecast takes to follow most of a change.
const inertia = 2 * time.Second

// follow takes the estimate of a moment and how long ago the last one was, and returns
// what to show. sure says that the estimate is not in doubt.
func (f *forecast) follow(left, since time.Duration, sure bool) time.Duration {
	now := max(left.Seconds(), 0.1)
	if f.shown == 0 {
		f.exact, f.shown = now, rounded(left)
		return f.shown
	}
	before := max(f.exact-since.Seconds(), 0.1)
	if weight := min(1, since.Seconds()/inertia.Seconds()); !sure {
		now = before + (now-before)*weight
	}
	f.exact = min(max(now, f.shown.Seconds()/2), 2*f.shown.Seconds())
	next := rounded(time.Duration(f.exact * float64(time.Second)))
	if sure && next < left {
		next += unit(next)
	}
	for next > 2*f.shown {
		next -= unit(next)
	}
	f.shown = next
	return next
}

// unit returns in which steps people read a time.
func unit(d time.Duration) time.Duration {
	switch {
	case d < 100*time.Second:
		return time.Second
	case d < 100*time.Minute:
		return time.Minute
	}
	return time.Hour
}

// rounded returns a time as people read it, and never nothing.
func rounded(d time.Duration) time.Duration {
	return cmp.Or(d.Round(unit(d)), time.Second)
}
