// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"strings"

	"exreach/catalog"
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
	if len(h.Hosts) > 1 {
		return verdictOn(h)
	}
	return strings.TrimSuffix(h.Headline(), ".")
}

// Nothing says why a report has no host; "" if it has some.
func (h Head) Nothing() string {
	switch {
	case len(h.Hosts) > 0:
		return ""
	case h.Counts.LeftOut > 0:
		return fmt.Sprintf("Nothing is selected: %s left out.", catalog.Count(h.Counts.LeftOut, "result"))
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
	texts := []string{fmt.Sprintf("Joined from %d runs:", len(r.Runs))}
	for _, run := range r.Runs {
		texts = append(texts, askedText(run.Name+": asked ", run))
	}
	return texts
}

func askedText(before string, run Run) string {
	text := cmp.Or(run.Asked(), "when and by whom is not known")
	if run.StandIn {
		text += "; the server is a stand-in with deliberate faults"
	}
	return before + text + "."
}

// FirstToExpire says which certificate expires first; "" if that is not known.
func (h Head) FirstToExpire() string {
	e := h.Expires
	if e.At.IsZero() || e.Began.IsZero() {
		return ""
	}
	return fmt.Sprintf("First certificate to expire: %s, %s, %s on %s", e.At.UTC().Format("2006-01-02"), fromNow(e.At, e.Began), e.Subject, e.Host)
}

// CountsText says how many results have each grade and each care.
func (h Head) CountsText() string {
	text := fmt.Sprintf("%s on %s", catalog.Count(h.Counts.Total(), "check"), catalog.Count(len(h.Hosts), h.Unit()))
	if h.Took > 0 {
		text += " in " + SecondsText(h.Took)
	}
	text += ": " + h.Counts.Tally.Text()
	if c := h.Counts.Care; c.Warn+c.Fail > 0 {
		text += "; care: " + Tally{Warn: c.Warn, Fail: c.Fail}.Text()
	}
	if n := h.Counts.Hosts.Unasked; n > 0 {
		text += "; " + catalog.Count(n, "host") + " not asked"
	}
	if h.Counts.Hosts.Unread {
		text += "; the list of hosts not read to its end"
	}
	if n := h.Counts.Untraced; n > 0 {
		text += "; " + catalog.Count(n, "port") + " not traced"
	}
	return text + "."
}

// Text is "8 pass, 1 warn": what is there.
func (c Tally) Text() string {
	var texts []string
	for _, g := range []struct {
		grade string
		n     int
	}{{"pass", c.Pass}, {"warn", c.Warn}, {"fail", c.Fail}, {"unknown", c.Unknown}} {
		if g.n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", g.n, g.grade))
		}
	}
	return strings.Join(texts, ", ")
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
