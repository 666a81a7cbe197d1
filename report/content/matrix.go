// SPDX-License-Identifier: Apache-2.0

package content

import (
	"slices"
	"strings"

	"exreach/report/judge"
)

// A Matrix says who reaches which host: a column for each run, a row for each host.
type Matrix struct {
	From []string
	Rows []MatrixRow
}

// A MatrixRow is one host as all runs saw it.
type MatrixRow struct {
	To    string
	Site  string
	Pairs []Pair // by the column; one that is zero was not asked
}

// addSite adds where the host stands: runs may say different things.
func (r *MatrixRow) addSite(site string) {
	if site != "" && !slices.Contains(strings.Split(r.Site, ", "), site) {
		r.Site = strings.TrimPrefix(r.Site+", "+site, ", ")
	}
}

// A Pair is one host as one run saw it.
type Pair struct {
	Grade judge.Grade // "" where the run did not ask the host
	Ports []string    // that stop it; none where nothing does, or where all are alike
	More  int         // ports beyond these
}

// IsAsked reports whether the run asked the host.
func (p Pair) IsAsked() bool { return p.Grade != "" }

// PortsText names the ports that stop the host, so many at most: "443/tcp, 587/tcp", or "all
// ports". It is "" where nothing does.
func (p Pair) PortsText(most int) string {
	switch {
	case p.Grade == judge.Pass || !p.IsAsked():
		return ""
	case len(p.Ports) == 0:
		return "all ports"
	}
	return listed(p.Ports, most, p.More)
}

// Text is the grade of the pair and the ports that stop the host, so many at most; "" where
// the run did not ask it.
func (p Pair) Text(most int) string {
	return strings.TrimSpace(string(p.Grade) + " " + p.PortsText(most))
}

// Matrix returns who reaches which host. A report that was not joined has one column. Names
// that differ in case are the same host, which is called as where it came first.
func (h Head) Matrix() Matrix {
	m := Matrix{From: []string{h.RunOf(0).MachineText()}}
	if h.IsJoined() {
		m.From = nil
		for _, run := range h.Runs {
			m.From = append(m.From, run.Name)
		}
	}
	rows := map[string]int{}
	for _, s := range h.Hosts {
		name := strings.ToLower(s.Host)
		i, known := rows[name]
		if !known {
			i = len(m.Rows)
			rows[name] = i
			m.Rows = append(m.Rows, MatrixRow{To: s.Host, Pairs: make([]Pair, len(m.From))})
		}
		m.Rows[i].addSite(s.Site)
		if p := &m.Rows[i].Pairs[max(s.Run, 1)-1]; !p.IsAsked() || judge.Compare(s.Grade, p.Grade) > 0 {
			*p = Pair{Grade: s.Grade, Ports: s.Ports, More: s.MorePorts}
		}
	}
	return m
}
