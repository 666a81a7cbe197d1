// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"exreach/catalog"
)

// summary is the end: what was done, and how it came out.
func (t *table) summary(f Finished) {
	switch {
	case f.hosts == 0 && f.Counts.Unasked > 0:
		t.paragraph(0, margin, span{fmt.Sprintf("Nothing was checked: the run was interrupted before it reached %s.", catalog.Count(f.Counts.Unasked, "host")), plain})
		return
	case f.hosts == 0:
		t.paragraph(0, margin, span{"Nothing was checked: the plan holds no service for these hosts.", plain})
		return
	}
	if t.style.Verbose && !f.Started.IsZero() {
		t.paragraph(0, margin, span{fmt.Sprintf("%s, started %s", f.Tool, f.Started.Format("2006-01-02 15:04:05 MST")), dim})
	}
	line := []span{{extent(f) + ":", plain}}
	for _, c := range []struct {
		grade Grade
		n     int
	}{{Pass, f.Counts.Pass}, {Warn, f.Counts.Warn}, {Fail, f.Counts.Fail}, {Unknown, f.Counts.Unknown}} {
		if c.n > 0 {
			line = append(line, span{fmt.Sprintf("%d %s,", c.n, c.grade), inks[c.grade]})
		}
	}
	if f.Counts.Unasked > 0 {
		line = append(line, span{fmt.Sprintf("%s not asked,", catalog.Count(f.Counts.Unasked, "host")), inks[Unknown]})
	}
	last := &line[len(line)-1]
	last.text = last.text[:len(last.text)-1]
	t.paragraph(0, margin, line...)
	t.asked(f.Report)
}

// extent is how much was done, and in which time where that is known.
func extent(f Finished) string {
	text := fmt.Sprintf("%s on %s", catalog.Count(f.Counts.Total(), "check"), catalog.Count(f.hosts, "host"))
	if f.Took > 0 {
		text += " in " + catalog.Elapsed(durationOf(f.Took))
	}
	if f.StandIn {
		text += ", a stand-in with deliberate faults"
	}
	return text
}

// asked is when, where and as whom it was asked, as far as that is known: a table
// in a mail or a ticket stands alone.
func (t *table) asked(r Report) {
	if r.Started.IsZero() {
		return
	}
	line := "Asked " + r.Started.UTC().Format("2006-01-02 15:04 MST")
	if r.Machine != "" {
		line += " from " + r.Machine
	}
	if r.From != "" {
		line += " as " + r.From
	}
	t.paragraph(0, margin, span{line, dim})
}
