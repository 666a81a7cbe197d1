// SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"

	"exreach/report/content"
)

// fewPorts is how many ports a pair names.
const fewPorts = 6

// A pairs is the matrix of a joined report: from where which host is reached.
type pairs struct {
	From    []string
	Rows    []pairsRow
	Partial bool // the report is a selection
}

// A pairsRow is one host as all runs saw it.
type pairsRow struct {
	To, Site string
	Pairs    []pairCell // one for every run; one without a letter was not asked
}

// A pairCell is what one run saw of one host.
type pairCell struct {
	mark
	Number int // of the host in the page
	Ports  string
}

// A pair is one host, in lower case, as one run saw it.
type pair struct {
	run  int
	host string
}

func pairsOf(h content.Head) pairs {
	numbers := map[pair]int{}
	for i, row := range h.Grid.Rows {
		if is := (pair{row.Run, strings.ToLower(row.Host)}); numbers[is] == 0 {
			numbers[is] = i + 1
		}
	}
	m := h.Matrix()
	out := pairs{Partial: h.Partial}
	for _, from := range m.From {
		out.From = append(out.From, text(from))
	}
	for _, r := range m.Rows {
		row := pairsRow{To: text(r.To), Site: text(r.Site)}
		for i, p := range r.Pairs {
			if !p.IsAsked() {
				row.Pairs = append(row.Pairs, pairCell{})
				continue
			}
			row.Pairs = append(row.Pairs, pairCell{markOf(p.Grade), numbers[pair{h.Number(i + 1), strings.ToLower(r.To)}], text(p.PortsText(fewPorts))})
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
