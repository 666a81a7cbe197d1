// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"sync"
	"time"
)

// A dnsPace keeps the questions of a run apart. Name servers and firewalls allow a source
// so many questions a second and drop the rest, so a client that asks faster waits
// longer. Losses by chance are no reason to slow down. Only when many of the latest
// questions were lost does the pace slow down, to about that at which answers came; from
// then on every answer makes it a little faster.
type dnsPace struct {
	mu             sync.Mutex // protects the fields below
	gap            time.Duration
	next           time.Time // when another question may be sent
	since          time.Time // questions sent before this are not counted
	answered, lost int       // questions counted so far
}

const (
	fastestDNS   = time.Millisecond      // the shortest gap
	slowestDNS   = 40 * time.Millisecond // the longest gap: 25 questions a second
	countedDNS   = 16                    // questions enough to tell chance from a limit
	muchLost     = 0.3                   // a larger share lost means a limit; a path that loses 15 % each way loses less
	mostBelieved = 0.9                   // the largest share lost that so few questions can prove
	slower       = 1.2                   // the new gap, as a multiple of that between answers
	quickenDNS   = 0.3                   // the share of the gap that goes in a second of answers
)

// wait returns when it is time for the next question, or ctx ends.
func (p *dnsPace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	at := p.next
	if at.Before(now) {
		at = now
	}
	p.gap = max(p.gap, fastestDNS)
	p.next = at.Add(p.gap)
	p.mu.Unlock()
	if at.After(now) {
		select {
		case <-time.After(at.Sub(now)):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// hear counts a question, sent then, as answered or lost, and adapts the gap.
func (p *dnsPace) hear(sent time.Time, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if answered {
		p.gap = max(fastestDNS, p.gap-time.Duration(float64(p.gap)*p.gap.Seconds()*quickenDNS))
	}
	if sent.Before(p.since) {
		return
	}
	if answered {
		p.answered++
	} else {
		p.lost++
	}
	if p.answered+p.lost < countedDNS {
		return
	}
	if lost := float64(p.lost) / float64(p.answered+p.lost); lost > muchLost {
		p.gap = min(time.Duration(float64(p.gap)*slower/(1-min(lost, mostBelieved))), slowestDNS)
		p.since = time.Now()
	}
	p.answered, p.lost = 0, 0
}
