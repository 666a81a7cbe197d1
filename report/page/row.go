// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/wire"
	"exreach/report/content"
	"exreach/report/judge"
)

// fewServices is how many services of a port its line names.
const fewServices = 3

// A row is one line of a host, with what is known behind it.
type row struct {
	mark
	Care     string   // as in a cell
	ID       *anchor  // of its first service to which a cell leads
	More     []anchor // of the others
	Open     bool
	Wrong    bool // it, or something behind it, is not as wanted
	Port     string
	Verdict  string
	Services string
	Took     string
	Reply    string
	Facts    []fact
	Brief    bool // it has nothing to open: the facts stand below
	Bars     []bar
	Findings []finding
	Path     *path
	Behind   []row
}

// An anchor is where a cell of the grid leads.
type anchor struct{ Host, Column int }

// A bar is the time of one step, in percent of all.
type bar struct {
	Step        string // a letter
	From, Width float64
}

// row makes a row, and those behind it.
func (h *host) row(r content.Row) row {
	e := r.First()
	names := r.Services()
	services := content.Listed(names, fewServices)
	out := row{
		mark: markOf(e.Grade), Care: careLetter(r.Care()),
		Open: len(h.head.Hosts) <= fewHosts && r.Grade() != judge.Pass, Wrong: r.Grade() != judge.Pass || r.Care() != judge.Pass,
		Port: text(e.PortText()), Verdict: text(e.VerdictText()), Services: text(services), Took: e.TookText(),
		Reply: text(e.AnswerText()),
	}
	if ids := h.anchors(r); len(ids) > 0 {
		out.ID, out.More = &ids[0], ids[1:]
	}
	if e.Verdict == probe.Untried {
		out.Reply = text(content.WhyUnasked(e))
	}
	out.Facts = factsOf(r, h.head.RunOf(e.Run), out.Reply)
	if n := len(r.Behind); n > 0 {
		out.Reply += fmt.Sprintf("; %s behind it", catalog.Count(n, "service"))
	}
	if len(names) > fewServices {
		out.Facts = append([]fact{{"Services", text(strings.Join(names, ", "))}}, out.Facts...)
	}
	out.Findings = h.findings(r)
	out.Path = h.path(e)
	out.Brief = len(h.head.Hosts) > manyHosts && r.Grade() == judge.Pass && len(r.Behind) == 0 && out.Path == nil && areTold(out.Findings)
	if out.Brief {
		out.Facts = h.news(out.Facts)
		out.Findings = slices.DeleteFunc(out.Findings, func(f finding) bool { return f.Letter == "n" }) // a note changes nothing
	} else {
		out.Bars = barsOf(e.Steps)
	}
	for _, b := range r.Behind {
		out.Behind = append(out.Behind, h.row(b))
	}
	return out
}

// fewBytes is how much of what a server said stands in a brief row.
const fewBytes = 96

// news returns the facts of a brief row: without the TLS and the certificate of a row above,
// which the services of a server share, and with the beginning of what the server said.
func (h *host) news(facts []fact) []fact {
	var news []fact
	for _, f := range facts {
		if shared := f.Name == "TLS" || f.Name == "Certificate"; shared && h.known[f] {
			continue
		}
		h.known[f] = true
		if f.Name == "Evidence" {
			f.Text = wire.Printable(f.Text, fewBytes)
		}
		news = append(news, f)
	}
	return news
}

// anchors returns where the cells of a row's services lead: each to the first of its rows.
func (h *host) anchors(r content.Row) []anchor {
	var ids []anchor
	for _, e := range r.Entries {
		if n, known := h.columns[content.ColumnOf(*e)]; known && !h.marked[n] {
			h.marked[n] = true
			ids = append(ids, anchor{h.number, n})
		}
	}
	return ids
}

// anchorsBehind is anchors with those of the rows behind it.
func (h *host) anchorsBehind(r content.Row) []anchor {
	ids := h.anchors(r)
	for _, b := range r.Behind {
		ids = append(ids, h.anchorsBehind(b)...)
	}
	return ids
}

// factsOf is what is known of a result beyond its line. The reply stands there already.
func factsOf(r content.Row, run content.Run, reply string) []fact {
	e := r.First()
	var facts []fact
	add := func(name, said string) {
		if said != "" {
			facts = append(facts, fact{name, text(said)})
		}
	}
	add("Wanted", wantedOf(e))
	add("Others", otherWants(r))
	if e.Detail != "" && !strings.HasSuffix(reply, text(e.Detail)) {
		add("Seen", e.Detail)
	}
	if e.Evidence != e.Detail {
		add("Evidence", e.Evidence)
	}
	add("Said by", e.SaidBy)
	add("Far end", e.FarText())
	if e.Peer != nil && e.Peer.TLS != nil {
		add("TLS", strings.Trim(e.Peer.TLS.Version+", "+e.Peer.TLS.Cipher, ", "))
		add("Certificate", certificateOf(e, run))
	}
	if e.Peer != nil {
		add("Refusal", e.Peer.Refusal)
	}
	add("Not asked because", strings.ReplaceAll(string(e.Obstacle), "-", " "))
	add("Packets", strings.ReplaceAll(string(e.Silence), "-", " "))
	if w := e.Witness; w != nil {
		answers := "still answered meanwhile"
		if !w.Answers {
			answers = "did not answer either"
		}
		add("Beside it", fmt.Sprintf("port %d %s", w.Port, answers))
	}
	if c := e.Crowded; c != nil {
		add("While crowded", fmt.Sprintf("%s, with %s open", c.Verdict, catalog.Count(c.Open, "connection")))
	}
	add("Time", timesOf(e)) // last, because the bar stands below
	return facts
}

// wantedOf says what should be found, and how it was asked for.
func wantedOf(e content.Entry) string {
	words := []string{string(e.Want), e.Protocol}
	if e.TLS != catalog.NoTLS && e.TLS != "" {
		words = append(words, "TLS "+string(e.TLS))
	}
	if e.Path != "" {
		words = append(words, e.Path)
	}
	if e.OneOf != "" {
		words = append(words, "one of "+e.OneOf+" is enough")
	}
	return strings.Join(words, ", ")
}

// otherWants says which services of a row are wanted otherwise than the one that speaks for it.
func otherWants(r content.Row) string {
	first := r.First().Want
	var wants []catalog.Want
	names := map[catalog.Want][]string{}
	for _, e := range r.Entries {
		if e.Want == first {
			continue
		}
		if names[e.Want] == nil {
			wants = append(wants, e.Want)
		}
		names[e.Want] = append(names[e.Want], e.Service)
	}
	var texts []string
	for _, w := range wants {
		texts = append(texts, strings.Join(names[w], ", ")+": "+string(w))
	}
	return strings.Join(texts, "; ")
}

// timesOf says how long each step took.
func timesOf(e content.Entry) string {
	var words []string
	for _, s := range e.Steps {
		if took := content.SecondsText(s.Took); took != "" {
			words = append(words, string(s.Step)+" "+took)
		}
	}
	if e.Tries > 1 {
		words = append(words, fmt.Sprintf("%d tries", e.Tries))
	}
	if rtt := content.SecondsText(e.RTT); rtt != "" {
		words = append(words, "round trip "+rtt)
	}
	return strings.Join(words, ", ")
}

// certificateOf names the certificate of a server, and says how long it is valid.
func certificateOf(e content.Entry, run content.Run) string {
	if len(e.Peer.TLS.Chain) == 0 {
		return ""
	}
	said := e.Peer.TLS.Chain[0].Subject
	if expires := e.ExpiryText(run.Started); expires != "" {
		said += ", " + expires
	}
	return said
}

// stepLetters is the class of every step's bar.
var stepLetters = map[protocol.Step]string{protocol.Resolve: "r", protocol.Connect: "c", protocol.TLS: "t", protocol.Greet: "g", protocol.Talk: "k"}

// barsOf draws the times of the steps: nothing where there is only one.
func barsOf(steps []content.Step) []bar {
	total := 0.0
	for _, s := range steps {
		total += max(s.Took, 0)
	}
	if total <= 0 || math.IsInf(total, 0) || len(steps) < 2 {
		return nil
	}
	var bars []bar
	from := 0.0
	for _, s := range steps {
		width := round(100 * max(s.Took, 0) / total)
		if letter := stepLetters[s.Step]; letter != "" && width > 0 {
			bars = append(bars, bar{letter, from, width})
		}
		from += width
	}
	return bars
}

// round keeps one digit: the page need not be more precise, only small.
func round(percent float64) float64 { return math.Round(percent*10) / 10 }
