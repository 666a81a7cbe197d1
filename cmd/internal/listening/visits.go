// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"net/netip"
	"time"

	"exreach/cmd/internal/contact"
)

// sameContact is how long the connections of one source are one contact: a check makes
// several.
const sameContact = time.Minute

// sameMistake is the same for a wrong code, which a check tries at two ports.
const sameMistake = 5 * time.Second

// visits counts contacts and wrong codes.
type visits struct {
	contacts int
	wrong    int            // codes that did not fit
	lastBad  netip.AddrPort // who gave the last of them
	badAt    time.Time      // when
	seen     map[netip.Addr]time.Time
}

// visited takes a contact, or an attempt at one.
func (t *tally) visited(v contact.Visit) { t.visitedAt(v, time.Now()) }

func (t *tally) visitedAt(v contact.Visit, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !v.Proved {
		isSame := v.From.Addr() == t.visits.lastBad.Addr() && now.Sub(t.visits.badAt) < sameMistake
		t.visits.lastBad, t.visits.badAt = v.From, now
		if isSame {
			return
		}
		t.visits.wrong++
		if len(t.news.wrong) < mostLines {
			t.news.wrong = append(t.news.wrong, v.From)
		}
		return
	}
	source := v.From.Addr()
	last, known := t.visits.seen[source]
	if t.visits.seen == nil || !known && len(t.visits.seen) == mostBursts {
		t.visits.seen = map[netip.Addr]time.Time{}
	}
	t.visits.seen[source] = now
	if known && now.Sub(last) < sameContact {
		return
	}
	t.visits.contacts++
	if len(t.news.contacts) < mostBursts {
		t.news.contacts = append(t.news.contacts, v.From)
	}
}

// made is the contacts and wrong codes so far.
func (t *tally) made() visits {
	t.mu.Lock()
	defer t.mu.Unlock()
	return visits{contacts: t.visits.contacts, wrong: t.visits.wrong, lastBad: t.visits.lastBad}
}
