// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/report/content"
	"exreach/report/judge"
)

// A tableHost writes one host, or several that are alike, into a table.
type tableHost struct {
	*Table
	content.Part
	printed   map[string]bool  // texts of findings that stand above already
	stops     map[stop]uint16  // where ports above stop, and the first that does
	footnotes []judge.Finding  // in the order of their marks, which begin with 1
	marks     map[told]int     // of the footnotes
	marksBy   map[string][]int // the same by the code of the finding
}

// write begins with the answer, because that is what people come for.
func (h *tableHost) write() {
	if h.style.Problems && len(h.head.Hosts) > 1 && h.IsClean() {
		return
	}
	h.number()
	h.paragraph(0, margin, span{h.name() + ":", bold}, span{h.Answer, inks[h.Grade]})
	for _, c := range h.Cares {
		if c.Code == "stand-in" && !h.head.StandIn {
			continue // which stands above all
		}
		text := fmt.Sprintf("%s (%s)%s", printable(c.Text), catalog.Count(c.Services, "service"), marksText(h.marksBy[c.Code]))
		h.paragraph(margin, 2*margin, span{text + ".", inks[c.Weight]})
	}
	if h.Entries == nil {
		return
	}
	h.link()
	h.members()
	h.aboutName()
	above := map[string]bool{}
	for g := range content.Groups(h.Entries) {
		gist := g.Gist()
		h.group(g, above[gist])
		above[gist] = true
	}
	h.notes()
	h.line(0)
}

// link writes what both ends of the link show of the host as a whole.
func (h *tableHost) link() {
	isTold := slices.ContainsFunc(h.Entries, func(e content.Entry) bool { return e.Far != nil })
	if h.Deploy != nil && len(h.head.Hosts) > 1 && isTold { // else it stands above, or the contact says why not
		h.paragraph(margin, 2*margin, span{h.head.DeployText(h.Summary), bold})
	}
	for _, text := range content.ContactTexts(h.Entries) {
		h.paragraph(margin, 2*margin, span{text, plain})
	}
}

// name is the host, or the first and the last of those that are alike.
func (h *tableHost) name() string {
	n := len(h.Members)
	if n < 2 {
		return h.head.Called(h.Summary)
	}
	dots := " … "
	if n == 2 {
		dots = ", "
	}
	return fmt.Sprintf("%s%s%s (%d %ss)", h.Members[0].Host, dots, h.Members[n-1].Host, n, h.head.Unit())
}

// manyMembers is how many hosts of a block are named, unless the reader wants all.
const manyMembers = 64

// members names the hosts of a block: the request to a firewall's administrator needs all
// of them.
func (h *tableHost) members() {
	if len(h.Members) < 2 || len(h.Members) == 2 && h.Members[0].About == "" {
		return
	}
	shown := h.Members
	if !h.style.Verbose {
		shown = shown[:min(len(shown), manyMembers)]
	}
	names := make([]span, len(shown)) // each of its own, because a long text would be cut
	for i, m := range shown {
		text := m.Host
		if m.About != "" {
			text += " (" + m.About + ")"
		}
		names[i] = span{text + ",", dim}
	}
	last := &names[len(names)-1]
	last.text = strings.TrimSuffix(last.text, ",")
	if more := len(h.Members) - len(shown); more > 0 {
		last.text += fmt.Sprintf(" and %d more, which --verbose names", more)
	}
	last.text += "."
	h.paragraph(margin, 2*margin, names...)
}

// group writes the rows of a role at an address, unless they repeat those of an address
// above.
func (h *tableHost) group(g content.Group, isRepeated bool) {
	if g.Whole != nil {
		h.heading(g)
		h.findings(*g.Whole, margin)
		return
	}
	if h.style.Problems && !slices.ContainsFunc(g.Entries, func(e content.Entry) bool { return e.Grade != judge.Pass }) {
		return
	}
	if isRepeated {
		h.paragraph(margin, 2*margin, span{fmt.Sprintf("%s  the same %s", g.Address, catalog.Count(len(g.Entries), "result")), plain})
		return
	}
	h.heading(g)
	if content.Quiet(g.Entries) {
		h.quiet(g)
		return
	}
	passed := 0
	for _, r := range content.Rows(g.Entries) {
		passed += h.hidden(r)
		h.row(r, 0)
	}
	if passed > 0 && !h.style.Problems {
		h.line(margin, span{pad(string(judge.Pass), h.grade+gutter), green}, span{catalog.Count(passed, "service") + " as wanted", dim})
	}
}

// hides reports whether a row is not shown, because it is as wanted.
func (h *tableHost) hides(r content.Row) bool {
	return r.Grade() == judge.Pass && (h.style.Problems || h.Brief && !h.style.Verbose)
}

// hidden counts the services of a row, and behind it, that are not shown.
func (h *tableHost) hidden(r content.Row) int {
	n := 0
	if h.hides(r) {
		n = len(r.Entries)
	}
	for _, b := range r.Behind {
		n += h.hidden(b)
	}
	return n
}

// heading says what stands at an address, and from where it was seen.
func (h *tableHost) heading(g content.Group) {
	what := strings.TrimSpace(h.head.Releases.Called(g.Version) + " " + g.Role)
	line := []span{}
	if len(h.Members) > 1 {
		line = append(line, span{"such as " + g.Host + ",", plain})
	}
	if content.IsAssumed(h.Entries, g.Version) {
		what += content.Assumed(h.Entries[0])
	}
	if g.Address != "" && g.Address != g.Host {
		line = append(line, span{g.Address + ",", plain})
	}
	if n := g.Entries[0].Name; n != nil && n.Alias != "" {
		line = append(line, span{"(alias of " + n.Alias + ")", plain})
	}
	seen, from := "", h.seenFrom(g)
	switch {
	case g.Version == "" && from == "":
		what = "the ports asked for"
	case g.Version == "":
		what = "the ports asked for,"
	case h.Run.From != "":
		seen = ", checked as " + h.Run.From
	}
	if from != "" {
		seen += " from " + from
	}
	if place := g.Entries[0].PlaceText(); place != "" && len(h.Members) < 2 {
		seen += "; " + place
	}
	h.paragraph(margin, 2*margin, append(line, span{what + seen, dim})...)
}

// seenFrom is the local address that asked, with the name of this machine.
func (h *tableHost) seenFrom(g content.Group) string {
	source := ""
	for _, e := range g.Entries {
		source = cmp.Or(source, e.Source)
	}
	switch {
	case source == "":
		return h.Run.Machine
	case h.Run.Machine == "":
		return source
	}
	return fmt.Sprintf("%s (%s)", source, h.Run.Machine)
}

// trace writes where packets to the port of an entry stop. The sentence stands once for all
// ports of an address that stop there.
func (h *tableHost) trace(e content.Entry) {
	if e.Trace == nil || h.printed[e.Trace.Sentence] {
		return
	}
	h.printed[e.Trace.Sentence] = true
	text := e.Trace.Sentence
	if s, ok := stopOf(e); ok {
		if port, known := h.stops[s]; known {
			text = fmt.Sprintf("Stops after %s, too: see port %d.", printable(s.after), port)
		} else {
			h.stops[s] = e.Port
		}
	}
	h.paragraph(h.indent(), h.indent(), span{text, plain})
}

// findings writes why a row is not as wanted, each thing once for a host.
func (h *tableHost) findings(e content.Entry, indent int) {
	for _, f := range e.Findings {
		if f.WeighsOn != judge.OnGrade || f.IsAboutName() {
			continue
		}
		if !h.printed[f.Text] {
			text := []span{{f.Text, plain}}
			if f.Code != string(e.Verdict) {
				text = append(text, span{"(" + f.Code + ")", dim})
			}
			h.paragraph(indent, indent, text...)
		}
		if !h.printed[f.Hint] && f.Hint != "" {
			h.paragraph(indent, indent+len("-> "), span{"-> " + f.Hint, plain})
		}
		h.printed[f.Text], h.printed[f.Hint] = true, true
	}
}

// aboutName writes the findings about a host's name once, for rows of any grade.
func (h *tableHost) aboutName() {
	for _, f := range h.Entries[0].Findings {
		if f.IsAboutName() {
			h.paragraph(margin, margin, span{f.Text, plain})
			h.paragraph(margin, margin+len("-> "), span{"-> " + f.Hint, plain})
		}
	}
}
