// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"exreach/report/judge"
)

// number gives every finding that does not stand under its row a mark. Findings of one
// code and text share it.
func (h *tableHost) number() {
	for _, e := range h.Entries {
		for _, f := range e.Findings {
			if h.isFootnote(f) && h.markOf(f) == 0 {
				h.footnotes = append(h.footnotes, f)
			}
		}
	}
	slices.SortStableFunc(h.footnotes, func(a, b judge.Finding) int {
		return judge.Compare(b.Weight, a.Weight)
	})
}

// isFootnote reports whether a finding is told in a footnote: all that weigh on the care,
// and the notes if the reader wants them.
func (h *tableHost) isFootnote(f judge.Finding) bool {
	return f.WeighsOn == judge.OnCare || f.WeighsOn == "" && h.style.Verbose && !f.IsAboutName()
}

// markOf returns the mark of a finding; 0 if it has none.
func (h *tableHost) markOf(f judge.Finding) int {
	return 1 + slices.IndexFunc(h.footnotes, func(known judge.Finding) bool { return known.Code == f.Code && known.Text == f.Text })
}

// marks is the marks of all findings with a code: " [1][3]".
func (h *tableHost) marks(code string) string {
	text := ""
	for i, f := range h.footnotes {
		if f.Code == code {
			text += fmt.Sprintf("[%d]", i+1)
		}
	}
	return spaced(text)
}

// marksOf is the marks of the findings of a row.
func (h *tableHost) marksOf(r tableRow) string {
	var marks []int
	for _, e := range r.entries {
		for _, f := range e.Findings {
			if n := h.markOf(f); n > 0 && !slices.Contains(marks, n) {
				marks = append(marks, n)
			}
		}
	}
	slices.Sort(marks)
	var text strings.Builder
	for _, n := range marks {
		fmt.Fprintf(&text, "[%d]", n)
	}
	return spaced(text.String())
}

func spaced(text string) string {
	if text == "" {
		return ""
	}
	return " " + text
}

// notes writes the footnotes of a host.
func (h *tableHost) notes() {
	for i, f := range h.footnotes {
		weight := string(f.Weight)
		if f.WeighsOn == "" {
			weight = "note"
		}
		mark := fmt.Sprintf("[%d]", i+1)
		hang := margin + len(mark) + 1
		h.paragraph(margin, hang, span{mark, plain}, span{weight, inks[f.Weight]}, span{f.Code + ":", dim}, span{f.Text, plain})
		if f.Hint != "" {
			h.paragraph(hang, hang+len("-> "), span{"-> " + f.Hint, plain})
		}
	}
}
