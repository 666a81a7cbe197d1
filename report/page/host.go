// SPDX-License-Identifier: Apache-2.0

package page

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/report/content"
	"exreach/report/judge"
)

// manyPassing is how many rows of a host that are as wanted stand in the page. The rest is
// counted: a host may have 65,535 ports.
const manyPassing = 300

// A host writes one host.
type host struct {
	*Writer
	number  int
	entries []content.Entry
	told    map[string]mention // texts of findings, and sentences of traces, that stand above already
	numbers int                // of mentions
	known   map[fact]bool      // that rows above have
	marked  map[int]bool       // the columns that a cell of the grid leads from and that have an anchor
	passing int                // rows as wanted so far
}

// A section is the head of a host.
type section struct {
	mark
	Number int
	Open   bool
	Wrong  bool // something about it is not as wanted
	Name   string
	Answer string
	Cares  []care
	Facts  []fact
	Notes  []finding // about its name
}

// A care is one kind of thing that is wrong beside reachability.
type care struct {
	mark
	Text     string
	Services string
}

// A group is the head of the rows of a role at an address.
type group struct {
	Heading string
	Facts   []fact
	Quiet   string // said where nothing answers at any port
}

// A rest is the rows of a group that are only counted.
type rest struct {
	Count string
	IDs   []anchor
}

func (h *host) write(s content.Summary) error {
	if err := h.Writer.write("host-begin", h.section(s)); err != nil {
		return err
	}
	for g := range content.Groups(h.entries) {
		if err := h.group(g); err != nil {
			return err
		}
	}
	return h.Writer.write("host-end", nil)
}

// section makes the head of the host.
func (h *host) section(s content.Summary) section {
	out := section{
		mark: markOf(s.Grade), Number: h.number, Open: len(h.head.Hosts) <= fewHosts, Wrong: !s.IsClean(),
		Name: text(h.head.Called(s)), Answer: text(s.Answer),
	}
	for _, c := range s.Cares {
		out.Cares = append(out.Cares, care{markOf(c.Weight), text(c.Text), catalog.Count(c.Services, "service")})
	}
	if len(h.entries) == 0 {
		return out
	}
	first := h.entries[0]
	if first.Site != "" {
		out.Facts = append(out.Facts, fact{"Site", text(first.Site)})
	}
	for _, name := range slices.Sorted(maps.Keys(first.Labels)) {
		out.Facts = append(out.Facts, fact{text(name), text(first.Labels[name])})
	}
	out.Facts = append(out.Facts, nameOf(first.Name)...)
	if id := first.Identified; id != nil && len(id.Candidates) > 0 {
		out.Facts = append(out.Facts, fact{"Version by its answers", text(strings.Join(id.Candidates, ", "))})
	}
	if s.Deploy != nil && len(h.head.Hosts) > 1 {
		out.Facts = append(out.Facts, fact{"Both ends", text(h.head.DeployText(s))})
	}
	for _, said := range content.ContactTexts(h.entries) {
		out.Facts = append(out.Facts, fact{"Far end", text(said)})
	}
	for _, f := range first.Findings {
		if f.IsAboutName() {
			out.Notes = append(out.Notes, h.finding(f, ""))
		}
	}
	return out
}

// nameOf says how the name of a host was resolved, where there is more to say than an
// address.
func nameOf(n *content.Name) []fact {
	if n == nil {
		return nil
	}
	var facts []fact
	for _, f := range []fact{
		{"Alias of", n.Alias}, {"Name found", n.Found}, {"Resolved by", n.By},
		{"Addresses left out", strings.Join(n.LeftOut, ", ")}, {"Addresses of no host", strings.Join(n.Unusable, ", ")},
	} {
		if f.Text != "" {
			facts = append(facts, fact{f.Name, text(f.Text)})
		}
	}
	return facts
}

// group writes a role at an address.
func (h *host) group(g content.Group) error {
	if err := h.Writer.write("group-begin", h.heading(g)); err != nil {
		return err
	}
	var left rest
	services := 0
	for _, r := range content.Rows(g.Entries) {
		if r.Grade() == judge.Pass && r.Care() == judge.Pass && h.passing >= manyPassing {
			services += countOf(r)
			left.IDs = append(left.IDs, h.anchorsBehind(r)...)
			continue
		}
		if r.Grade() == judge.Pass {
			h.passing++
		}
		if err := h.Writer.write("row", h.row(r)); err != nil {
			return err
		}
	}
	if services > 0 {
		left.Count = catalog.Count(services, content.UnitOf(g.Entries[0]))
	}
	return h.Writer.write("group-end", left)
}

// countOf counts the services of a row and of those behind it.
func countOf(r content.Row) int {
	n := len(r.Entries)
	for _, b := range r.Behind {
		n += countOf(b)
	}
	return n
}

// heading says what stands at an address, and from where it was seen.
func (h *host) heading(g content.Group) group {
	run := h.head.RunOf(g.Entries[0].Run)
	what := "The ports asked for"
	if g.Version != "" {
		what = h.head.Releases.Called(g.Version) + " " + g.Role
	}
	if content.IsAssumed(h.entries, g.Version) {
		what += content.Assumed(h.entries[0])
	}
	if g.Address != "" && g.Address != g.Host {
		what += " at " + g.Address
	}
	source := ""
	for _, e := range g.Entries {
		source = cmp.Or(source, e.Source)
	}
	out := group{Heading: text(strings.TrimSpace(what))}
	for _, f := range []fact{{"from", source}, {"on", run.Machine}, {"as", run.From}} {
		if f.Text != "" {
			out.Facts = append(out.Facts, fact{f.Name, text(f.Text)})
		}
	}
	if content.Quiet(g.Entries) {
		out.Quiet = "No answer at any of " + catalog.Count(len(content.Ports(g.Entries)), "port") + "."
	}
	return out
}
