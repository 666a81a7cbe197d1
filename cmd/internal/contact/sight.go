// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"exreach/probe"
	"exreach/probe/far"
)

// compare sets Far of the second results, and counts those that agree. record is nil if the
// far end gave none.
func (p *proving) compare(second []probe.Result, record *far.Record) {
	p.meeting.Ours = map[uint16]bool{}
	for _, r := range second {
		if r.Wire == nil {
			continue
		}
		for _, c := range r.Wire.Calls {
			if c.Local.IsValid() {
				p.meeting.Ours[c.Local.Port()] = true
			}
		}
	}
	var at []int // the places of those that are compared
	var checks []far.Near
	for i := range second {
		r := &second[i]
		switch {
		case r.Wire == nil || r.Port == 0 || r.Verdict == probe.Untried:
		case record == nil:
			r.Far = &far.Sight{Direction: far.NoDirection, Why: far.NoRecord, Dropped: -1}
		default:
			at, checks = append(at, i), append(checks, nearOf(*r))
		}
	}
	if record == nil {
		return
	}
	p.contact.Dropped = p.meeting.Dropped(*record)
	for n, sight := range far.Compare(checks, *record, p.meeting) {
		r := &second[at[n]]
		r.Far = &sight
		if r.Check.IsControl() || len(sight.Came) == 0 {
			continue
		}
		p.contact.Recorded++
		if sight.Equal {
			p.contact.Agree++
		}
	}
}

// nearOf returns what this end knows of a check.
func nearOf(r probe.Result) far.Near {
	return far.Near{
		Network:   r.Check.Service.Network,
		Port:      r.Port,
		Connected: r.Connected(),
		Refused:   r.Verdict == probe.Refused || r.Verdict == probe.Prohibited || r.Verdict == probe.Unreachable,
		Answered:  r.Verdict == probe.Answered,
		LargeLost: r.Silence != nil && r.Silence.Delivery == probe.AnswerLost,
		Wire:      *r.Wire,
	}
}
