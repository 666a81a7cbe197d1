// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"fmt"
	"strings"

	"exreach/catalog"
	"exreach/report/content"
)

// mostCauses is how many causes the end of a report has room for on a small screen.
const mostCauses = 15

// fewNames is up to how many hosts the line of a cause names.
const fewNames = 8

func (t *Table) End(h content.Head) error {
	t.head = h
	t.groundRules(h.GroundRules)
	if len(h.Hosts) > 1 {
		t.causes()
	}
	t.summary()
	return t.out.Flush()
}

// causes writes one line for each thing that is wrong, with its hosts, and what else concerns
// many hosts. The last screen of a long report sums it up.
func (t *Table) causes() {
	if len(t.head.Causes) == 0 {
		return
	}
	t.line(0, span{"Causes", bold})
	shown := t.head.Causes
	if !t.style.Verbose {
		shown = shown[:min(len(shown), mostCauses)]
	}
	cells := causeCells(shown)
	for i, c := range shown {
		line := []span{{cells[i].what + spaces(gutter), plain}, {cells[i].how + spaces(gutter), inks[c.Weight]}}
		used := margin + Columns(cells[i].what) + gutter + Columns(cells[i].how) + gutter
		t.line(margin, append(line, span{t.where(c, used), plain})...)
	}
	if more := len(t.head.Causes) - len(shown); more > 0 {
		t.paragraph(margin, 2*margin, span{fmt.Sprintf("and %s. To list them, save the run with --format json --output FILE, then run exreach report FILE --verbose.", catalog.Count(more, "more cause")), dim})
	}
}

// widestCause is how wide the first column of the causes may be: the hosts matter more.
const widestCause = 44

// A causeCell is what stands before the hosts of a cause.
type causeCell struct{ what, how string }

// causeCells aligns the causes in columns: the ports to the right, with their services
// behind them.
func causeCells(causes []content.Cause) []causeCell {
	port, what, how := 0, 0, 0
	for _, c := range causes {
		if len(c.Services) > 0 {
			port = max(port, Columns(printable(c.What)))
		}
		how = max(how, Columns(causeHow(c)))
	}
	cells := make([]causeCell, len(causes))
	for i, c := range causes {
		cells[i] = causeCell{printable(c.What), pad(causeHow(c), how)}
		if len(c.Services) > 0 {
			cells[i].what = padLeft(printable(c.What), port) + spaces(gutter) + servicesText(c.Services)
		}
		cells[i].what = textOf(fit([]span{{text: cells[i].what}}, widestCause))
		what = max(what, Columns(cells[i].what))
	}
	for i := range cells {
		cells[i].what = pad(cells[i].what, what)
	}
	return cells
}

// causeHow is the verdict of a cause, or else its weight.
func causeHow(c content.Cause) string { return printable(cmp.Or(c.How, string(c.Weight))) }

// where says on which hosts a cause was seen, and names as many as fit on the line.
func (t *Table) where(c content.Cause, used int) string {
	room := t.style.Width - used
	fits := func(text string) bool { return t.style.Width <= 0 || Columns(text) <= room }
	count := fmt.Sprintf("on %d of %s", c.Hosts, catalog.Count(len(t.head.Hosts), t.head.Unit()))
	if c.Hosts == len(t.head.Hosts) {
		return count + after(c)
	}
	if text := "on " + printable(strings.Join(c.Names, ", ")) + after(c); len(c.Names) == c.Hosts && c.Hosts <= fewNames && fits(text) {
		return text
	}
	for names := min(len(c.Names), fewNames); names > 0; names-- {
		text := count + ": " + printable(strings.Join(c.Names[:names], ", "))
		if names < c.Hosts {
			text += ", …"
		}
		if fits(text + after(c)) {
			return text + after(c)
		}
	}
	return count + after(c)
}

// after says where packets to the port of a cause stop, if that is known.
func after(c content.Cause) string {
	if c.After == "" {
		return ""
	}
	return ", after " + printable(c.After)
}

// summary writes the end of a report: what was done, and how it came out.
func (t *Table) summary() {
	h := t.head
	if text := h.Nothing(); text != "" {
		t.paragraph(0, margin, span{text, plain})
		return
	}
	if len(h.Hosts) > 1 {
		t.certificates()
		t.versions()
	}
	t.untestable()
	t.counts()
	if !t.answersFirst() {
		t.asked()
	}
	if t.style.Verbose && h.Tool != "" {
		t.paragraph(0, margin, span{h.Tool, dim})
	}
}

// certificates says which certificate expires first.
func (t *Table) certificates() {
	if text := t.head.FirstToExpire(); text != "" {
		t.paragraph(0, margin, span{text, plain})
	}
}

// versions says how many hosts were checked as which version.
func (t *Table) versions() {
	if len(t.head.Versions) == 0 || t.head.OnlyStandIns() {
		return
	}
	var texts []string
	for _, v := range t.head.Versions {
		called := "of unknown version"
		if v.Version != "" {
			called = t.head.Releases.Called(v.Version)
		}
		texts = append(texts, fmt.Sprintf("%d %s", v.Hosts, called))
	}
	t.line(0, span{"Hosts by version: " + strings.Join(texts, ", "), plain})
}

// untestable names what the hosts should offer and nothing can test from afar.
func (t *Table) untestable() {
	var names []string
	for _, u := range t.head.Untestable {
		if t.style.Verbose {
			t.paragraph(0, margin, span{fmt.Sprintf("Cannot be tested remotely: %s (%s/%s) of %s %s: %s", u.Service, u.Ports, u.Network, u.Version, u.Role, u.Reason), dim})
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s/%s)", u.Service, u.Ports, u.Network))
	}
	if len(names) > 0 {
		t.paragraph(0, margin, span{"Cannot be tested remotely: " + content.Listed(names, 4) + "; --verbose says why.", dim})
	}
}

// counts writes how many results have each grade and each care.
func (t *Table) counts() {
	var line []span
	for _, p := range t.head.CountsPieces() {
		line = append(line, span{p.Text, inks[p.Grade]})
	}
	t.paragraph(0, margin, line...)
}

// groundRules writes the rules that apply beyond the rows: a report without a failure does
// not prove that the path meets them.
func (t *Table) groundRules(rules []content.GroundRule) {
	for _, g := range rules {
		t.paragraph(0, margin, span{"Ground rule:", bold}, span{fmt.Sprintf("%s (%s)", g.Text, strings.Join(g.Sources, "; ")), plain})
		t.line(0)
	}
}
