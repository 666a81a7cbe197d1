// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"

	"exreach/catalog"
	"exreach/report/judge"
)

// Entries returns the entries of a host that was judged. The host must have rows.
func Entries(h judge.Host) []Entry {
	entries := make([]Entry, 0, len(h.Rows))
	for _, r := range h.Rows {
		entries = append(entries, entryOf(r))
	}
	entries[0].Identified = h.Identified
	return entries
}

// entryOf makes the entry of one row.
func entryOf(r judge.Row) Entry {
	c := r.Check
	e := Entry{
		Host:     c.Host,
		Version:  c.Version,
		Role:     c.Service.Role,
		Service:  c.Service.Name,
		Network:  c.Service.Network,
		Port:     r.Port,
		Protocol: c.Service.Protocol,
		TLS:      cmp.Or(c.Service.TLS, catalog.NoTLS),
		Want:     c.Want,
		OneOf:    c.Service.OneOf,
		Path:     c.Service.Page(),
		Name:     NewName(r.Name),
		Address:  text(r.Address),
		Verdict:  r.Verdict,
		Obstacle: r.Obstacle,
		Grade:    r.Grade,
		Care:     r.Care,
		Step:     r.Step,
		Tries:    r.Tries,
		Took:     inSeconds(r.Took),
		RTT:      inSeconds(r.RTT),
		Steps:    make([]Step, 0, len(r.Steps)),
		Detail:   r.Detail,
		Evidence: r.Evidence,
		Findings: r.Findings,
		SaidBy:   text(r.SaidBy),
		Peer:     r.Peer,
		Silence:  r.Silence,
		Parent:   r.Parent,
	}
	if w := r.Witness; w != nil {
		e.Witness = &Witness{Port: w.Port, Answers: w.Answers}
	}
	if c := r.Crowded; c != nil {
		e.Crowded = &Crowded{Verdict: c.Verdict, Open: c.Open}
	}
	if r.Trace != nil {
		trace := NewTrace(*r.Trace)
		e.Trace = &trace
	}
	for _, t := range r.Steps {
		e.Steps = append(e.Steps, Step{Step: t.Step, Took: inSeconds(t.Took)})
	}
	return e
}
