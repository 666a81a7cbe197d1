// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/quote"
)

// A markdown writes a report for a ticket: the answer, the causes, a table of what is not as
// wanted, and what to do about it.
type markdown struct {
	out    *bufio.Writer
	style  content.Style
	head   content.Head
	rows   share           // of the table
	table  bool            // its head was written
	from   string          // of a joined report: which run saw the host, "From `pc01`: "
	told   map[string]bool // texts that came already, each with from
	alike  *ticketList     // which hosts one host of the table stands for
	ends   *ticketList     // what both ends of the links show
	advice *ticketList     // what to do
	cares  *ticketList     // what is wrong beside reachability
}

func newMarkdown(w io.Writer, s content.Style) Writer {
	if s.Matrix {
		return newMatrixMarkdown(w)
	}
	m := &markdown{out: bufio.NewWriter(w), style: s, rows: rowsShare, told: map[string]bool{}}
	m.rows.endless = s.Verbose
	m.alike = newTicketList("Hosts that are alike:", alikeShare, s.Verbose)
	m.ends = newTicketList("Both ends:", endsShare, s.Verbose)
	m.advice = newTicketList("What to do:", adviceShare, s.Verbose)
	m.cares = newTicketList("Beside reachability:", caresShare, s.Verbose)
	return m
}

// manyNames is how many services a row of a ticket names, and manyMembers how many of the
// hosts that are alike, unless the reader wants all.
const (
	manyNames   = 8
	manyMembers = 64
)

func (m *markdown) Begin(h content.Head) error {
	m.head = h
	for _, text := range append(h.LinkTexts(), h.Headline()) {
		m.paragraph("**" + md(text) + "**")
	}
	if len(h.Hosts) == 0 {
		return nil
	}
	if asked := eachText(h.AskedTexts(), md); len(asked) > 0 {
		runs := newTicketList(asked[0], askedShare, m.style.Verbose)
		runs.add(eachText(asked[1:], bulleted)...)
		m.list(runs)
	}
	if len(h.Hosts) > 1 && len(h.Causes) > 0 {
		causes := newTicketList("Causes:", causesShare, m.style.Verbose)
		causes.add(eachText(eachText(h.CauseTexts(m.style.Verbose), md), bulleted)...)
		m.list(causes)
	}
	return nil
}

// paragraph writes a line with an empty one behind it.
func (m *markdown) paragraph(line string) { m.out.WriteString(line + "\n\n") }

// list writes a list with the line above it.
func (m *markdown) list(l *ticketList) {
	m.paragraph(l.title)
	if lines := l.text(); len(lines) > 0 {
		m.paragraph(strings.Join(lines, "\n"))
	}
}

func (m *markdown) Host(p content.Part) error {
	m.link(p)
	if len(p.Entries) == 0 || p.IsClean() {
		return nil
	}
	if m.head.IsJoined() {
		m.from = "From " + quote.Code(m.head.RunOf(p.Summary.Run).Name) + ": "
	}
	name := quote.Code(m.head.Called(p.Summary))
	host, suchAs := name, ""
	if n := len(p.Members); n > 1 {
		m.alike.add(fmt.Sprintf("- %s stands for %s: %s", name, catalog.Count(n, m.head.Unit()), m.members(p)))
		host += fmt.Sprintf(" and %d more", n-1)
		suchAs = "such as "
	} else if place := p.Entries[0].PlaceText(); place != "" {
		host += " (" + md(place) + ")"
	}
	above := map[string]bool{}
	for g := range content.Groups(p.Entries) {
		m.group(host, suchAs+quote.Code(g.Address), g, above)
	}
	m.care(name, p)
	_, err := m.out.Write(nil) // returns the error of an earlier write
	return err
}

// link keeps what both ends of the link show of a host as a whole.
func (m *markdown) link(p content.Part) {
	name := quote.Code(m.head.Called(p.Summary))
	if p.Deploy != nil && len(m.head.Hosts) > 1 { // else it stands above
		m.ends.add("- " + name + ": " + md(m.head.DeployText(p.Summary)))
	}
	for _, text := range content.ContactTexts(p.Entries) {
		m.ends.add("- " + name + ": " + md(text))
	}
}

// members names the hosts of a block.
func (m *markdown) members(p content.Part) string {
	shown := p.Members
	if !m.style.Verbose {
		shown = shown[:min(len(shown), manyMembers)]
	}
	var names []string
	for _, member := range shown {
		name := quote.Code(member.Host)
		if member.About != "" {
			name += " (" + md(member.About) + ")"
		}
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if more := len(p.Members) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// group writes what is not as wanted of a role at an address. Results that another address
// of the host has, too, are only counted.
func (m *markdown) group(host, address string, g content.Group, above map[string]bool) {
	if !slices.ContainsFunc(g.Entries, func(e content.Entry) bool { return e.Grade != judge.Pass }) {
		return
	}
	first := content.Rows(g.Entries)[0]
	gist := g.Gist()
	switch {
	case above[gist]:
		m.row(host, address, "", "", "", md(string(first.Grade())), "the same "+catalog.Count(len(g.Entries), "result"))
	case g.Whole != nil:
		m.row(host, address, "", md(content.Listed(servicesOfGroup(g), manyNames)), md(g.Whole.VerdictText()), md(string(g.Whole.Grade)), md(g.Whole.Detail))
		m.advise(*g.Whole)
	case content.Quiet(g.Entries):
		e := first.First()
		n := catalog.Count(len(content.Ports(g.Entries)), "port")
		m.row(host, address, n, md(content.Listed(servicesOfGroup(g), manyNames)), md(e.VerdictText()), md(string(e.Grade)), "no answer at any of "+n)
		m.advise(content.Followed(g.Entries))
	default:
		for _, r := range content.Rows(g.Entries) {
			m.problem(host, address, r)
		}
	}
	above[gist] = true
}

// servicesOfGroup is the names of the services of a group, each once.
func servicesOfGroup(g content.Group) []string {
	var r content.Row
	for i := range g.Entries {
		r.Entries = append(r.Entries, &g.Entries[i])
	}
	return r.Services()
}

// problem writes a row that is not as wanted, and those behind it.
func (m *markdown) problem(host, address string, r content.Row) {
	e := r.First()
	switch {
	case e.Grade == judge.Pass:
	case e.Verdict == probe.Untried && len(r.Entries) > 1:
		m.row(host, address, "", md(content.Listed(r.Services(), manyNames)), md(e.VerdictText()), md(string(e.Grade)), md(content.WhyUnasked(e)))
		m.advise(e)
	default:
		seen := md(e.AnswerText())
		if e.Evidence != "" && !strings.Contains(e.Detail, e.Evidence) {
			seen += " " + quote.Code(e.Evidence)
		}
		m.row(host, address, md(e.PortText()), md(content.Listed(r.Services(), manyNames)), md(e.VerdictText()), md(string(e.Grade)), seen)
		m.advise(e)
	}
	for _, b := range r.Behind {
		m.problem(host, address, b)
	}
}

// row writes a row of the table, whose cells are Markdown, if there is room for it.
func (m *markdown) row(cells ...string) {
	line := "| " + strings.Join(eachText(cells, quote.TableCell), " | ") + " |\n"
	if !m.rows.holds(line) {
		return
	}
	if !m.table {
		m.table = true
		m.out.WriteString("| host | address | port | services | verdict | grade | what was seen |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	}
	m.out.WriteString(line)
}

// advise keeps why a result is not as wanted and what to do, each text once for a run: it may
// be about the machine that asked.
func (m *markdown) advise(e content.Entry) {
	if e.Trace != nil {
		m.tell(m.advice, "- ", e.Trace.Sentence)
	}
	for _, f := range e.Findings {
		if f.WeighsOn == judge.OnGrade {
			m.explain(m.advice, "- ", f)
		}
	}
}

// explain adds the text of a finding to a list, and its hint below.
func (m *markdown) explain(list *ticketList, bullet string, f judge.Finding) {
	if m.tell(list, bullet, f.Text) {
		bullet = "  " + bullet
	}
	m.tell(list, bullet, f.Hint)
}

// tell adds a line to a list, unless its text came already; it reports whether it is new. One
// that stands below no other says which run saw it.
func (m *markdown) tell(list *ticketList, bullet, text string) bool {
	if text == "" || m.told[m.from+text] {
		return false
	}
	m.told[m.from+text] = true
	if bullet == "- " {
		bullet += m.from
	}
	list.add(bullet + md(text))
	return true
}

// care keeps what is wrong with a host beside reachability, and what to do about it.
func (m *markdown) care(host string, p content.Part) {
	found := map[string][]judge.Finding{} // by their codes
	for _, e := range p.Entries {
		for _, f := range e.Findings {
			if f.WeighsOn == judge.OnCare {
				found[f.Code] = append(found[f.Code], f)
			}
		}
	}
	for _, c := range p.Cares {
		m.cares.add(fmt.Sprintf("- %s: %s (%s, %s)", host, md(c.Text), md(string(c.Weight)), catalog.Count(c.Services, "service")))
		for _, f := range found[c.Code] {
			m.explain(m.cares, "  - ", f)
		}
	}
}

func (m *markdown) End(h content.Head) error {
	if m.table {
		m.out.WriteString("\n")
	}
	if rest := m.rows.rest(); rest != "" {
		m.paragraph(rest)
	}
	for _, l := range []*ticketList{m.alike, m.ends, m.advice, m.cares} {
		if len(l.text()) > 0 {
			m.list(l)
		}
	}
	if len(h.Hosts) > 0 {
		m.out.WriteString(md(h.CountsText()) + "\n")
	}
	return m.out.Flush()
}
