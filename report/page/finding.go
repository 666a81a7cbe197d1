// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"

	"exreach/report/content"
	"exreach/report/judge"
)

// A finding explains why a row is not as wanted, or notes something else about it. A text
// stands once for a host; later findings lead there.
type finding struct {
	mark         // without a letter where it explains the grade of its row
	ID    *place // where it stands; nil if nothing need lead here
	Code  string
	Text  string
	Hint  string
	As    *place // the finding that says the same
	AsHow *place // the finding with the same hint
}

// A place is a finding, or a path, with the port that it stands at.
type place struct {
	Host, Number int
	Port         string
}

// A mention is where a text stands.
type mention struct{ place *place }

// findings makes those of a row: what weighs on the grade by the entry that speaks for it,
// and what else its services have, each once.
func (h *host) findings(r content.Row) []finding {
	first := r.First()
	var list []finding
	known := map[string]bool{}
	add := func(f judge.Finding) {
		if key := f.Code + "\n" + f.Text; !known[key] && !f.IsAboutName() {
			known[key] = true
			list = append(list, h.finding(f, first.PortText()))
		}
	}
	for _, f := range first.Findings {
		add(f)
	}
	for _, e := range r.Entries {
		for _, f := range e.Findings {
			if f.WeighsOn != judge.OnGrade {
				add(f)
			}
		}
	}
	return list
}

// areTold reports whether all of some findings stand above.
func areTold(all []finding) bool {
	return !slices.ContainsFunc(all, func(f finding) bool { return f.As == nil })
}

// finding makes a finding at a port.
func (h *host) finding(f judge.Finding, port string) finding {
	out := finding{Code: text(f.Code)}
	switch f.WeighsOn {
	case judge.OnCare:
		out.mark = markOf(f.Weight)
	case "":
		out.mark = mark{"n", "note"}
	}
	if at, known := h.told[f.Code+"\n"+f.Text]; known {
		out.As = at.place
		return out
	}
	here := h.place(port)
	h.told[f.Code+"\n"+f.Text] = mention{here}
	out.ID, out.Text = here, text(f.Text)
	switch at, known := h.told[f.Hint]; {
	case f.Hint == "":
	case known:
		out.AsHow = at.place
	default:
		h.told[f.Hint] = mention{here}
		out.Hint = text(f.Hint)
	}
	return out
}

// place makes a place that others may lead to.
func (h *host) place(port string) *place {
	h.numbers++
	return &place{h.number, h.numbers, text(port)}
}
