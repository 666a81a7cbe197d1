// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"exreach/probe"
	"exreach/report/judge"
)

// A Cause is one thing that is wrong, with the hosts where it is: what to tell an
// administrator, and about which hosts.
type Cause struct {
	What     string   // a port as the table has it, "587/tcp", or in words: "no answer at any port"
	Services []string // at the port, each once; nil where no port is meant
	How      string   // the verdict at the port: "timed-out"; "" where no port is meant
	Weight   judge.Grade
	Beside   bool     // it weighs on the care, not on the grade
	Hosts    int      // how many
	Names    []string // of the first of them, in the order of the run
	After    string   // the last hop that packets to the port reach; "" if that is not known, or not the same for all

	places []placed
}

// A placed is a host with its place in the run.
type placed struct {
	place int
	name  string
}

// first keeps the first hosts of a cause, at most so many.
func (c *Cause) first(most int) {
	slices.SortFunc(c.places, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	c.places = c.places[:min(len(c.places), most)]
}

// manyNames is how many hosts a Cause names, and manyCauses how many causes are told
// apart: no run has more, but a forged report may.
const (
	manyNames  = 64
	manyCauses = 4096
)

// A causeKey is what makes two causes one.
type causeKey struct{ what, how string }

// A Tracker adds up over all hosts what the end of a report says.
type Tracker struct {
	causes   map[causeKey]*Cause
	versions map[string]int // hosts by version
	First    Expiry
}

// An Expiry is the certificate of a run that expires first.
type Expiry struct {
	At      time.Time // zero where no certificate was seen
	Subject string
	Host    string // the first that has it

	place int // of the host
}

// FromNow says how many days after a time the certificate expires, or how long before.
func (e Expiry) FromNow(now time.Time) string { return fromNow(e.At, now) }

// Meet adds a host.
func (t *Tracker) Meet(place int, entries []Entry, s Summary) {
	if t.causes == nil {
		t.causes, t.versions = map[causeKey]*Cause{}, map[string]int{}
	}
	for version := range versionsOf(entries) {
		t.versions[version]++
	}
	host := placed{place, s.Host}
	found := map[causeKey]bool{}
	switch whole := WholeOf(entries); {
	case whole != nil && whole.Verdict == probe.Unresolved:
		t.blame(found, Cause{What: whole.Detail, Weight: s.Grade}, host)
	case Quiet(entries):
		t.blame(found, Cause{What: "no answer at any port", Weight: s.Grade}, host)
	default:
		for e := range asRows(entries) {
			t.learn(found, e, host)
		}
	}
	for _, c := range s.Cares {
		t.blame(found, Cause{What: judge.Label(c.Code), Weight: c.Weight, Beside: true}, host)
	}
}

// learn adds what one result shows.
func (t *Tracker) learn(found map[causeKey]bool, e Entry, host placed) {
	t.expire(e, host)
	if e.Grade == judge.Pass {
		return
	}
	c := Cause{What: e.PortText(), Services: []string{e.Service}, How: e.VerdictText(), Weight: e.Grade}
	switch {
	case e.Verdict == probe.Untried:
		c = Cause{What: WhyUnasked(e), Weight: e.Grade}
	case e.Parent != "":
		c.What, c.Services = e.Service+" (RPC)", nil // every host has another port
	case lackOf(e) == exposed:
		c.How = "open, must be closed"
	case e.Verdict == probe.Answered:
		c.How = "answered, " + reasonOf(e)
	}
	if e.Trace != nil {
		c.After = e.Trace.After
	}
	t.blame(found, c, host)
}

// expire notes the certificate of a result, unless it does not expire. Of those that expire
// at the same time, the one of the first host counts.
func (t *Tracker) expire(e Entry, host placed) {
	end, first := notAfter(e), &t.First
	if end.IsZero() || e.Peer.TLS.Chain[0].IsEndless() || !first.At.IsZero() && cmp.Or(end.Compare(first.At), cmp.Compare(host.place, first.place)) > 0 {
		return
	}
	*first = Expiry{At: end, Subject: e.Peer.TLS.Chain[0].Subject, Host: host.name, place: host.place}
}

// reasonOf names the finding that makes the grade of a result what it is.
func reasonOf(e Entry) string {
	for _, f := range e.Findings {
		if f.WeighsOn == judge.OnGrade && f.Weight == e.Grade {
			return f.Code
		}
	}
	return string(e.Grade)
}

// blame counts a host for a cause, once for all that share a key.
func (t *Tracker) blame(found map[causeKey]bool, c Cause, host placed) {
	key := causeKey{c.What, c.How}
	known := t.causes[key]
	if known == nil {
		if len(t.causes) == manyCauses {
			return
		}
		known = &c
		t.causes[key] = known
	}
	for _, s := range c.Services {
		if !slices.Contains(known.Services, s) && len(known.Services) < manyNames {
			known.Services = append(known.Services, s)
		}
	}
	known.Weight = judge.Worst(known.Weight, c.Weight)
	if known.After != c.After {
		known.After = ""
	}
	if found[key] {
		return
	}
	found[key] = true
	known.Hosts++
	if known.places = append(known.places, host); len(known.places) == 2*manyNames {
		known.first(manyNames)
	}
}

// Ranked returns the causes: what is unreachable first, and of those what hits most hosts.
func (t *Tracker) Ranked() []Cause {
	var causes []Cause
	for _, c := range t.causes {
		c.first(manyNames)
		for _, p := range c.places {
			c.Names = append(c.Names, p.name)
		}
		causes = append(causes, *c)
	}
	beside := func(c Cause) int {
		if c.Beside {
			return 1
		}
		return 0
	}
	slices.SortFunc(causes, func(a, b Cause) int {
		return cmp.Or(
			judge.Compare(b.Weight, a.Weight),
			cmp.Compare(beside(a), beside(b)),
			cmp.Compare(b.Hosts, a.Hosts),
			cmp.Compare(a.What, b.What),
			cmp.Compare(a.How, b.How),
		)
	})
	return causes
}

// versionsOf returns the versions in which a host was checked; "" stands for one that was
// only assumed.
func versionsOf(entries []Entry) map[string]bool {
	versions := map[string]bool{}
	for _, e := range entries {
		switch {
		case e.Version == "": // the user named the port
		case IsAssumed(entries, e.Version):
			versions[""] = true
		default:
			versions[e.Version] = true
		}
	}
	return versions
}

// IsAssumed reports whether a host was checked in a version that it did not show: it was
// asked, and its answers allow several, or none.
func IsAssumed(entries []Entry, version string) bool {
	id := entries[0].Identified
	return id != nil && !slices.Equal(id.Candidates, []string{version})
}

// A VersionCount is how many hosts were checked as a version.
type VersionCount struct {
	Version string // "" of hosts that did not show it
	Hosts   int
}

// ByVersion returns how many hosts have each version, the most frequent first.
func (t *Tracker) ByVersion() []VersionCount {
	var counts []VersionCount
	for _, v := range slices.Sorted(maps.Keys(t.versions)) {
		counts = append(counts, VersionCount{v, t.versions[v]})
	}
	slices.SortStableFunc(counts, func(a, b VersionCount) int { return cmp.Compare(b.Hosts, a.Hosts) })
	return counts
}
