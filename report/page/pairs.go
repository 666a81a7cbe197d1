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
	From []string
	Rows []pairsRow
}

// A pairsRow is one host as all runs saw it.
type pairsRow struct {
	To, Site string
	Pairs    []pair // one for every run; one without a letter was not asked
}

// A pair is one host as one run saw it.
type pair struct {
	mark
	Number int // of the host in the page
	Ports  string
}

// seen is one host, in lower case, as one run saw it.
type seen struct {
	run  int
	host string
}

func pairsOf(h content.Head) pairs {
	numbers := map[seen]int{}
	for i, row := range h.Grid.Rows {
		if is := (seen{row.Run, strings.ToLower(row.Host)}); numbers[is] == 0 {
			numbers[is] = i + 1
		}
	}
	m := h.Matrix()
	out := pairs{}
	for _, from := range m.From {
		out.From = append(out.From, text(from))
	}
	for _, r := range m.Rows {
		row := pairsRow{To: text(r.To), Site: text(r.Site)}
		for i, p := range r.Pairs {
			if !p.IsAsked() {
				row.Pairs = append(row.Pairs, pair{})
				continue
			}
			row.Pairs = append(row.Pairs, pair{markOf(p.Grade), numbers[seen{h.Number(i + 1), strings.ToLower(r.To)}], text(p.PortsText(fewPorts))})
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
