// SPDX-License-Identifier: Apache-2.0

// Package joint joins a saved report with the record of a far end, where no contact came
// about: what the listener saw of each check then stands in the report as if it had been
// fetched. The record may come from anywhere. It adds to a report, and lifts no grade.
package joint

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/report/content"
	"exreach/report/ends"
	"exreach/report/judge"
)

// A Joint is the record of a far end, to be joined with the hosts of a report. New makes one;
// nil joins nothing. All hosts of the report go through Look first, and then through Apply.
type Joint struct {
	Hosts func(name string) bool // which hosts may be the listener's; nil means any

	name   string // of its file
	record far.Record
	at     map[door]*far.Record // what the record has of each port
	sure   map[string]bool      // hosts that are the listener's
	maybe  map[string]bool      // hosts that may be, and of which nothing says so
	ours   map[uint16]bool      // the source ports of the report
	exact  bool                 // some connection arrived from the port from which it went
	taken  far.Taken
	joined bool // it is about a host of the report
}

// A door is a port of the far end.
type door struct {
	network catalog.Network
	port    uint16
}

// manyArrivals is how many arrivals at one port are compared with a check: a listener that saw
// more of them was asked by many.
const manyArrivals = 4096

// New returns a record of a file that has passed far.Record.Check, ready to be joined.
func New(name string, r far.Record) *Joint {
	j := &Joint{
		name: name, record: r, at: map[door]*far.Record{},
		sure: map[string]bool{}, maybe: map[string]bool{}, ours: map[uint16]bool{}, taken: far.Taken{},
	}
	at := func(d door) *far.Record {
		if j.at[d] == nil {
			j.at[d] = &far.Record{Dropped: r.Dropped, More: r.More}
		}
		return j.at[d]
	}
	for _, o := range r.Openings {
		part := at(door{o.Network, o.Port})
		part.Openings = append(part.Openings, o)
	}
	for _, a := range r.Arrivals {
		if part := at(door{a.Network, a.Port}); len(part.Arrivals) < manyArrivals {
			part.Arrivals = append(part.Arrivals, a)
		} else {
			part.More++
		}
	}
	return j
}

// Apply joins the entries of one host of the report, as a run saw it: it sets what the far
// end saw of each, adds the findings that follow, and the contact to the first. An entry of
// which a far end told before stays as it is. The error says why the record cannot be of
// this run.
func (j *Joint) Apply(run content.Run, entries []content.Entry) error {
	if j == nil || len(entries) == 0 || !j.isMeant(entries[0].Host) {
		return nil
	}
	m, err := j.meeting(run, entries)
	if err != nil {
		return fmt.Errorf("%s: %w", j.name, err)
	}
	j.joined = true
	recorded, agree := 0, 0
	addresses := []string{}
	for _, those := range j.groups(entries) {
		var checks []far.Near
		for _, i := range those {
			checks = append(checks, j.nearOf(entries[i], run))
		}
		for n, sight := range compare(checks, j.part(entries[those[0]]), m, entries[those[0]].Address) {
			e := &entries[those[n]]
			tell(e, sight, run.From)
			if !slices.Contains(addresses, e.Address) {
				addresses = append(addresses, e.Address)
			}
			if len(sight.Came) == 0 {
				continue
			}
			recorded++
			if sight.Equal {
				agree++
			}
		}
	}
	for i, address := range addresses {
		c := j.contact(address)
		if i == 0 {
			c.Recorded, c.Agree = recorded, agree
		}
		first := &entries[0]
		first.Contact = slices.DeleteFunc(first.Contact, func(old ends.Contact) bool { return old.Failed != "" && old.Address == address })
		first.Contact = append(first.Contact, c)
	}
	return nil
}

// isAt reports whether the listener may be at an address.
func (j *Joint) isAt(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && (len(j.record.Openings) == 0 || slices.ContainsFunc(j.record.Openings, func(o far.Opening) bool {
		return !o.Address.IsValid() || o.Address.IsUnspecified() || o.Address.Unmap() == a.Unmap().WithZone("")
	}))
}

// part is what the record has of the port of an entry.
func (j *Joint) part(e content.Entry) far.Record {
	if part := j.at[door{e.Network, e.Port}]; part != nil {
		return *part
	}
	return far.Record{Dropped: j.record.Dropped, More: j.record.More}
}

// manyCalls is how many connections of one check are compared.
const manyCalls = 16

// nearOf is what a saved entry says of its check. Where it does not say which connections
// there were, it is one of which only the time is known: that of the run.
func (j *Joint) nearOf(e content.Entry, run content.Run) far.Near {
	connected := probe.Result{Verdict: e.Verdict, Step: e.Step}
	connected.Check.Service.Network = e.Network
	n := far.Near{
		Network: e.Network, Port: e.Port, Connected: connected.Connected(), Answered: e.Verdict == probe.Answered,
		Refused:   e.Verdict == probe.Refused || e.Verdict == probe.Prohibited || e.Verdict == probe.Unreachable,
		LargeLost: e.Silence == probe.AnswerLost,
	}
	if len(e.Calls) > 0 {
		n.Wire = *ends.WireOf(e.Calls[max(0, len(e.Calls)-manyCalls):])
		return n
	}
	took := time.Duration(run.Took * float64(time.Second))
	if took <= 0 || took > 24*time.Hour {
		took = max(j.record.Now.Sub(run.Started), 0)
	}
	n.Wire.Calls = []far.Call{{At: run.Started, Took: took, Untaped: true, Missed: !n.Connected}}
	return n
}

// tell puts what the far end saw into an entry.
func tell(e *content.Entry, sight far.Sight, from string) {
	e.Direction, e.Far, e.Calls = sight.Direction, ends.FarOf(&sight), nil
	r := probe.Result{Port: e.Port, Verdict: e.Verdict, Evidence: e.Evidence, Far: &sight}
	r.Check.Host, r.Check.Version, r.Check.From, r.Check.Want = e.Host, e.Version, from, e.Want
	r.Check.Service = catalog.Service{Name: e.Service, Role: e.Role, Network: e.Network, Protocol: e.Protocol, TLS: e.TLS}
	r.Address, _ = netip.ParseAddr(e.Address) // what is no address is none
	r.Source, _ = netip.ParseAddr(e.Source)
	e.Findings, e.Grade = judge.WithFar(r, e.Grade, e.Findings)
}

// contact is what the record says of the far end as a whole.
func (j *Joint) contact(address string) ends.Contact {
	c := far.Contact{Listener: j.record.Listener, Tool: j.record.Tool, Host: j.record.Machine, Dropped: j.record.Dropped, Wall: j.record.Wall}
	c.Address, _ = netip.ParseAddr(address)
	for _, o := range j.record.Openings {
		if o.State == far.Open {
			c.Opened = append(c.Opened, fmt.Sprintf("%d/%s", o.Port, o.Network))
		} else {
			c.Held = append(c.Held, o)
		}
	}
	return ends.ContactsOf([]far.Contact{c})[0]
}

// groups returns the places of the entries to compare. Those of one port and one family of
// addresses are in one group.
func (j *Joint) groups(entries []content.Entry) [][]int {
	type group struct {
		door door
		is4  bool
	}
	var all [][]int
	places := map[group]int{}
	for i, e := range entries {
		if e.Far != nil || e.Port == 0 || e.Verdict == probe.Untried || !j.isAt(e.Address) {
			continue
		}
		address, err := netip.ParseAddr(e.Address)
		g := group{door{e.Network, e.Port}, err == nil && address.Unmap().Is4()}
		place, known := places[g]
		if !known {
			place = len(all)
			places[g], all = place, append(all, nil)
		}
		all[place] = append(all[place], i)
	}
	return all
}

var errNoTime = errors.New("the report does not say when its run began, so it cannot be joined with a record: join the report as exreach wrote it, in JSON")
