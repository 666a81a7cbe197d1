// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/report/content"
	"exreach/report/judge"
)

// fewCauses is how many causes stand at the top; a click shows the rest. fewNames is how
// many hosts a line names.
const (
	fewCauses = 12
	fewNames  = 8
)

// A begin is what the page says before its hosts.
type begin struct {
	Policy  string
	Style   template.CSS
	Answer  string
	Details string   // what the answer rests on, where the report has several hosts
	Link    []string // what stands above all, where both ends of a link tell
	StandIn bool
	Asked   []fact
	Runs    []run
	Tallies []tally
	Causes  []cause
	More    []cause // causes beyond the first
}

// A fact is a name with what is known.
type fact struct{ Name, Text string }

// A run is one of those of a joined report.
type run struct{ Name, Asked, Tool, File, Lacks string }

// A tally is how many of something have each grade.
type tally struct {
	Of    string
	Parts []part
}

// A part is one grade of a tally, with its place in the bar.
type part struct {
	mark
	N           int
	From, Width float64 // in percent of the bar
}

// A cause is a line about one thing that is wrong.
type cause struct {
	mark
	Beside                     bool
	What, How, Services, Where string
	After                      string
}

func beginOf(h content.Head) begin {
	b := begin{
		Policy: policy(), Style: template.CSS(style), Answer: text(h.Subject()), Details: text(h.Details()),
		StandIn: h.StandIn, Asked: askedOf(h),
	}
	for _, said := range h.LinkTexts() {
		if strings.TrimSuffix(said, ".") == h.Subject() {
			b.Details = text(h.Headline())
			continue // the heading says it
		}
		b.Link = append(b.Link, text(said))
	}
	for _, r := range h.Runs {
		b.Runs = append(b.Runs, runOf(r))
	}
	b.Tallies = append(b.Tallies, tallyOf(catalog.Count(len(h.Hosts), h.Unit()), h.Counts.Hosts.Tally), tallyOf(catalog.Count(h.Counts.Total(), "check"), h.Counts.Tally))
	for i, c := range h.Causes {
		if i < fewCauses {
			b.Causes = append(b.Causes, causeOf(h, c))
		} else {
			b.More = append(b.More, causeOf(h, c))
		}
	}
	return b
}

// askedOf says when, from where and as whom the run asked, and how it was told to.
func askedOf(h content.Head) []fact {
	var facts []fact
	add := func(name, said string) {
		if said != "" {
			facts = append(facts, fact{name, text(said)})
		}
	}
	if !h.IsJoined() {
		add("Asked", h.RunOf(0).When())
		add("From", h.Machine)
		add("As", h.From)
		add("Took", content.SecondsText(h.Took))
		add("Options", optionsOf(h.Options))
		add("Program", h.Tool)
	}
	add("Read from", content.Listed(h.Files, fewNames))
	var places []string
	for _, p := range h.Elsewhere {
		if p.Format == "html" {
			continue // this page
		}
		places = append(places, fmt.Sprintf("%s (%s)", p.File, p.Format))
	}
	add("Also written to", strings.Join(places, ", "))
	return facts
}

// optionsOf writes options as the command line has them.
func optionsOf(options content.Options) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(options)) {
		word := "--" + name
		if values := strings.Join(options[name], ","); values != "true" {
			word += " " + values
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func runOf(r content.Run) run {
	var lacks []string
	if r.Unasked > 0 {
		lacks = append(lacks, catalog.Count(r.Unasked, "host")+" not asked")
	}
	if r.Unread {
		lacks = append(lacks, "the list of hosts was not read to its end")
	}
	return run{text(r.Name), text(r.Asked()), text(r.Tool), text(r.File), strings.Join(lacks, "; ")}
}

func tallyOf(of string, t content.Tally) tally {
	out := tally{Of: of}
	from := 0.0
	for _, g := range []struct {
		grade judge.Grade
		n     int
	}{{judge.Fail, t.Fail}, {judge.Warn, t.Warn}, {judge.Unknown, t.Unknown}, {judge.Pass, t.Pass}} {
		if g.n > 0 {
			p := part{markOf(g.grade), g.n, from, round(100 * float64(g.n) / float64(t.Total()))}
			out.Parts = append(out.Parts, p)
			from += p.Width
		}
	}
	return out
}

func causeOf(h content.Head, c content.Cause) cause {
	where := catalog.Count(c.Hosts, h.Unit())
	if c.Hosts < len(h.Hosts) {
		where = fmt.Sprintf("%d of %s", c.Hosts, catalog.Count(len(h.Hosts), h.Unit()))
	}
	if len(h.Hosts) == 1 {
		where = ""
	} else if len(c.Names) > 0 {
		where += ": " + strings.Join(c.Names[:min(len(c.Names), fewNames)], ", ")
		if more := c.Hosts - fewNames; more > 0 {
			where += fmt.Sprintf(" and %d more", more)
		}
	}
	return cause{
		mark: markOf(c.Weight), Beside: c.Beside, What: text(c.What), How: text(c.How),
		Services: text(content.Listed(c.Services, fewNames)), Where: text(where), After: text(c.After),
	}
}
