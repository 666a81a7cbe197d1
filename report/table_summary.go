// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"

	"exreach/catalog"
	"exreach/report/judge"
)

// summary writes the end of a report: what was done, and how it came out.
func (t *table) summary(h Head) {
	switch {
	case h.Hosts == 0 && h.Counts.Hosts.Unasked > 0:
		t.paragraph(0, margin, span{fmt.Sprintf("Nothing was checked: the run was interrupted before it reached %s.", catalog.Count(h.Counts.Hosts.Unasked, "host")), plain})
		return
	case h.Hosts == 0:
		t.paragraph(0, margin, span{"Nothing was checked: the plan has no service for these hosts.", plain})
		return
	}
	if t.style.Verbose && !h.Started.IsZero() {
		t.paragraph(0, margin, span{fmt.Sprintf("%s, started %s", h.Tool, h.Started.Format("2006-01-02 15:04:05 MST")), dim})
	}
	line := []span{{extent(h) + ":", plain}}
	for _, c := range []struct {
		grade judge.Grade
		n     int
	}{{judge.Pass, h.Counts.Pass}, {judge.Warn, h.Counts.Warn}, {judge.Fail, h.Counts.Fail}, {judge.Unknown, h.Counts.Unknown}} {
		if c.n > 0 {
			line = append(line, span{fmt.Sprintf("%d %s,", c.n, c.grade), inks[c.grade]})
		}
	}
	if h.Counts.Hosts.Unasked > 0 {
		line = append(line, span{fmt.Sprintf("%s not asked,", catalog.Count(h.Counts.Hosts.Unasked, "host")), inks[judge.Unknown]})
	}
	last := &line[len(line)-1]
	last.text = last.text[:len(last.text)-1]
	t.paragraph(0, margin, line...)
	t.asked(h.Report)
}

// extent says how much was done, and in what time if that is known.
func extent(h Head) string {
	text := fmt.Sprintf("%s on %s", catalog.Count(h.Counts.Total(), "check"), catalog.Count(h.Hosts, "host"))
	if h.Took > 0 {
		text += " in " + catalog.Elapsed(durationOf(h.Took))
	}
	if h.StandIn {
		text += ", a stand-in with deliberate faults"
	}
	return text
}

// asked writes when, from where and as whom the run asked, as far as that is known:
// a table in a mail or a ticket stands alone.
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

// groundRules writes what holds whatever the rows say: a report without a failure does
// not prove that the path meets these rules.
func (t *table) groundRules(rules []GroundRule) {
	for _, g := range rules {
		t.paragraph(0, margin, span{"Ground rule:", bold}, span{fmt.Sprintf("%s (%s)", g.Text, strings.Join(g.Sources, "; ")), plain})
		t.line(0)
	}
}
