// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"slices"
	"strings"

	"exreach/report/content"
	"exreach/report/judge"
)

// A told is what makes two findings of a host one footnote.
type told struct{ code, text string }

func toldBy(f judge.Finding) told { return told{f.Code, f.Text} }

// number gives every finding that does not stand under its row a mark. Findings of one
// code and text share it.
func (h *tableHost) number() {
	known := map[told]bool{}
	for _, e := range h.Entries {
		for _, f := range e.Findings {
			if h.isFootnote(f) && !known[toldBy(f)] {
				known[toldBy(f)] = true
				h.footnotes = append(h.footnotes, f)
			}
		}
	}
	slices.SortStableFunc(h.footnotes, func(a, b judge.Finding) int {
		return judge.Compare(b.Weight, a.Weight)
	})
	h.marks, h.marksBy = map[told]int{}, map[string][]int{}
	for i, f := range h.footnotes {
		h.marks[toldBy(f)] = i + 1
		h.marksBy[f.Code] = append(h.marksBy[f.Code], i+1)
	}
}

// isFootnote reports whether a finding is told in a footnote: all that weigh on the care,
// and the notes if the reader wants them.
func (h *tableHost) isFootnote(f judge.Finding) bool {
	return f.WeighsOn == judge.OnCare || f.WeighsOn == "" && h.style.Verbose && !f.IsAboutName()
}

// marksOf is the marks of the findings of a row.
func (h *tableHost) marksOf(r content.Row) []int {
	var marks []int
	for _, e := range r.Entries {
		for _, f := range e.Findings {
			if n := h.marks[toldBy(f)]; n > 0 {
				marks = append(marks, n)
			}
		}
	}
	slices.Sort(marks)
	return slices.Compact(marks)
}

// marksText writes marks behind what they belong to: " [1][3]".
func marksText(marks []int) string {
	if len(marks) == 0 {
		return ""
	}
	var text strings.Builder
	text.WriteByte(' ')
	for _, n := range marks {
		fmt.Fprintf(&text, "[%d]", n)
	}
	return text.String()
}

// mostTold is how many footnotes a report of many hosts remembers.
const mostTold = 256

// notes writes the footnotes of a host. Of many hosts, each is written in full once.
func (h *tableHost) notes() {
	for i, f := range h.footnotes {
		weight := string(f.Weight)
		if f.WeighsOn == "" {
			weight = "note"
		}
		mark := fmt.Sprintf("[%d]", i+1)
		hang := margin + len(mark) + 1
		head := []span{{mark, plain}, {weight, inks[f.Weight]}, {f.Code + ":", dim}}
		if h.Brief && h.told[toldBy(f)] {
			h.paragraph(margin, hang, append(head, span{"as told above.", plain})...)
			continue
		}
		if h.Brief && len(h.told) < mostTold {
			h.told[toldBy(f)] = true
		}
		h.paragraph(margin, hang, append(head, span{f.Text, plain})...)
		if f.Hint != "" {
			h.paragraph(hang, hang+len("-> "), span{"-> " + f.Hint, plain})
		}
	}
}
