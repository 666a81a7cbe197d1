// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"strings"

	"exreach/catalog"
	"exreach/report/judge"
)

// Headline answers for a report in a sentence or two.
func (h Head) Headline() string {
	if len(h.Hosts) == 1 {
		return h.Called(h.Hosts[0]) + ": " + h.Hosts[0].Answer
	}
	return h.overall()
}

// Subject is a short Headline, without a full stop.
func (h Head) Subject() string {
	if text := h.deployText(); text != "" {
		return strings.TrimSuffix(text, ".")
	}
	if len(h.Hosts) > 1 {
		return h.verdict()
	}
	return strings.TrimSuffix(h.Headline(), ".")
}

// Nothing says why a report has no host; "" if it has some.
func (h Head) Nothing() string {
	switch {
	case len(h.Hosts) > 0:
		return ""
	case h.Counts.LeftOut > 0:
		return fmt.Sprintf("Nothing is selected: %s left out.", catalog.Count(h.Counts.LeftOut, "result")) + further(h)
	case h.Counts.Hosts.Unasked > 0:
		return fmt.Sprintf("Nothing was checked: the run ended before it reached %s.", catalog.Count(h.Counts.Hosts.Unasked, "host"))
	}
	return "Nothing was checked: the plan has no service for these hosts."
}

// AskedTexts says when, from where and as whom the runs asked, a line each, as far as that is
// known. A report in a mail or a ticket stands alone.
func (r Report) AskedTexts() []string {
	if !r.IsJoined() {
		if run := r.RunOf(0); run.Asked() != "" {
			return []string{askedText("Asked ", run)}
		}
		return nil
	}
	texts := []string{fmt.Sprintf("Joined from %d runs. A pair is a host as one of them saw it.", len(r.Runs))}
	for i, run := range r.Runs {
		if i == manyAsked {
			return append(texts, catalog.Count(len(r.Runs)-i, "more run")+".")
		}
		texts = append(texts, askedText(run.Name+": asked ", run, run.lacks()...))
	}
	return texts
}

// manyAsked is of how many runs a joined report says when they asked.
const manyAsked = 16

// lacks says what a run did not get to.
func (r Run) lacks() []string {
	var texts []string
	if r.Unasked > 0 {
		texts = append(texts, catalog.Count(r.Unasked, "host")+" not asked")
	}
	if r.Unread {
		texts = append(texts, "the list of hosts not read to its end")
	}
	return texts
}

func askedText(before string, run Run, lacks ...string) string {
	text := cmp.Or(run.Asked(), "when and by whom is not known")
	if run.StandIn {
		text += "; the server is a stand-in with deliberate faults"
	}
	return before + strings.Join(append([]string{text}, lacks...), "; ") + "."
}

// FirstToExpire says which certificate expires first; "" if that is not known.
func (h Head) FirstToExpire() string {
	e := h.Expires
	if e.At.IsZero() || e.Began.IsZero() || h.OnlyStandIns() {
		return ""
	}
	return fmt.Sprintf("First certificate to expire: %s, %s, %s on %s", e.At.UTC().Format("2006-01-02"), fromNow(e.At, e.Began), e.Subject, e.Host)
}

// A Piece is some words of a line, which are about a grade, or about none.
type Piece struct {
	Text  string
	Grade judge.Grade
}

// CountsText says how many results have each grade and each care.
func (h Head) CountsText() string { return textOf(h.CountsPieces()) + "." }

// CountsPieces is CountsText in pieces, which a space divides, without its full stop.
func (h Head) CountsPieces() []Piece {
	groups := [][]Piece{h.Counts.pieces()}
	if c := h.Counts.Care; c.Warn+c.Fail > 0 {
		groups = append(groups, append([]Piece{{Text: "care:"}}, Tally{Warn: c.Warn, Fail: c.Fail}.pieces()...))
	}
	if n := h.Counts.Hosts.Unasked; n > 0 {
		groups = append(groups, []Piece{{catalog.Count(n, "host") + " not asked", judge.Unknown}})
	}
	if h.Counts.Hosts.Unread {
		groups = append(groups, []Piece{{"the list of hosts not read to its end", judge.Unknown}})
	}
	if n := h.Counts.Untraced; n > 0 {
		groups = append(groups, []Piece{{Text: catalog.Count(n, "port") + " not traced"}})
	}
	if n := h.Counts.LeftOut; n > 0 {
		groups = append(groups, []Piece{{Text: catalog.Count(n, "result") + " left out"}})
	}
	line := []Piece{{Text: h.extent() + ":"}}
	for i, group := range groups {
		if i > 0 {
			line[len(line)-1].Text += ";"
		}
		line = append(line, group...)
	}
	return line
}

// extent says how much was done, and in what time if that is known.
func (h Head) extent() string {
	text := fmt.Sprintf("%s on %s", catalog.Count(h.Counts.Total(), "check"), catalog.Count(len(h.Hosts), h.Unit()))
	if took := SecondsText(h.Took); took != "" {
		text += " in " + took
	}
	return text
}

// pieces is "8 pass," and "1 warn": what is there.
func (c Tally) pieces() []Piece {
	var pieces []Piece
	for _, g := range []struct {
		grade judge.Grade
		n     int
	}{{judge.Pass, c.Pass}, {judge.Warn, c.Warn}, {judge.Fail, c.Fail}, {judge.Unknown, c.Unknown}} {
		if g.n == 0 {
			continue
		}
		if len(pieces) > 0 {
			pieces[len(pieces)-1].Text += ","
		}
		pieces = append(pieces, Piece{fmt.Sprintf("%d %s", g.n, g.grade), g.grade})
	}
	return pieces
}

func textOf(pieces []Piece) string {
	var texts []string
	for _, p := range pieces {
		texts = append(texts, p.Text)
	}
	return strings.Join(texts, " ")
}

// CauseTexts says what is wrong, a cause a line: the first of them, or all, and then how many
// more there are.
func (h Head) CauseTexts(all bool) []string {
	const most = 15 // as many as a small screen has room for
	shown := h.Causes
	if !all {
		shown = shown[:min(len(shown), most)]
	}
	var texts []string
	for _, c := range shown {
		texts = append(texts, h.causeText(c))
	}
	if more := len(h.Causes) - len(shown); more > 0 {
		texts = append(texts, "and "+catalog.Count(more, "more cause"))
	}
	return texts
}

// causeText is "587/tcp smtp-submission (timed-out) on 9 of 60 hosts: mail01, mail02 and 7
// more, after 10.0.0.1".
func (h Head) causeText(c Cause) string {
	const fewServices, fewNames = 3, 8
	text := strings.TrimSpace(c.What + " " + Listed(c.Services, fewServices))
	text += " (" + cmp.Or(c.How, string(c.Weight)) + ")"
	if all := len(h.Hosts); all > 1 {
		text += " " + c.OnHosts(all, h.Unit(), 1)
		if c.Hosts > 1 && c.Hosts < all {
			text += ": " + strings.Join(c.Names[:min(len(c.Names), fewNames)], ", ")
			if more := c.Hosts - fewNames; more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
		}
	}
	if c.After != "" {
		text += ", after " + c.After
	}
	return text
}
