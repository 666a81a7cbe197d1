// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"sync"
	"time"
)

// A dnsPace is how far apart the questions of a run are sent. Name servers and
// firewalls allow a source so many a second and drop the rest, so a client
// that asks faster waits longer. Losses by chance are no reason to slow down: only
// where many of the questions of a while are lost are the next ones sent as fast
// as answers came, and from then on a little faster with every answer.
type dnsPace struct {
	mu             sync.Mutex // protects what is below
	gap            time.Duration
	next           time.Time // when another question may be sent
	since          time.Time // questions sent before this are not counted
	answered, lost int       // of those that are
}

const (
	fastestDNS   = time.Millisecond
	slowestDNS   = 40 * time.Millisecond // 25 a second
	countedDNS   = 16                    // questions that tell chance from a limit
	muchLost     = 0.3                   // of them; a path that loses 15 % each way loses less
	mostBelieved = 0.9                   // of so few
	slower       = 1.2                   // than answers came
	quickenDNS   = 0.3                   // how much of the gap goes in a second
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

// hear counts what came of a question that was sent then.
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
