// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"exreach/probe"
	"exreach/probe/far"
	"exreach/report/judge"
)

// A Cause is one thing that is wrong, with the hosts where it is: what to tell an
// administrator, and about which hosts.
type Cause struct {
	What     string   // a port as the table has it, "587/tcp", or in words: "no answer at any port"
	Services []string // at the port, each once; nil where no port is meant
	How      string   // the verdict at the port: "timed-out"; "" where no port is meant
	Weight   judge.Grade
	Unasked  bool     // What says why services were not asked, or not to the end
	Beside   bool     // it weighs on the care, not on the grade
	Hosts    int      // how many
	Names    []string // of the first of them, in the order of the run
	After    string   // the last hop that packets to the port reach; "" if that is not known, or not the same for all

	port  uint16 // 0 where no port is meant
	pairs []orderedPair
}

// An orderedPair is a host as one run saw it, with its place in the order of the report.
type orderedPair struct {
	order int
	run   int
	host  string
}

// called returns what people call the host.
func (p orderedPair) called(by func(Summary) string) string {
	return by(Summary{Host: p.host, Run: p.run})
}

// firstPairs returns the first manyNames of some pairs, in their order.
func firstPairs(all []orderedPair) []orderedPair {
	slices.SortFunc(all, func(a, b orderedPair) int { return cmp.Compare(a.order, b.order) })
	return all[:min(len(all), manyNames)]
}

// firstNames returns what people call the first manyNames of some pairs.
func firstNames(all []orderedPair, by func(Summary) string) []string {
	var names []string
	for _, p := range firstPairs(all) {
		names = append(names, p.called(by))
	}
	return names
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
	causes    map[causeKey]*Cause
	versions  map[versionHost]bool
	lifetimes map[string]*lifetime
	first     Expiry
}

// A versionHost is a host, in lower case, with a version that it was checked in: hosts are
// counted once, however many runs saw them.
type versionHost struct{ version, host string }

// Meet adds a host, with its place in the order of the report, of a run that began at started.
func (t *Tracker) Meet(order int, entries []Entry, s Summary, started time.Time) {
	if t.causes == nil {
		t.causes, t.versions, t.lifetimes = map[causeKey]*Cause{}, map[versionHost]bool{}, map[string]*lifetime{}
	}
	for version := range versionsOf(entries) {
		t.versions[versionHost{version, strings.ToLower(s.Host)}] = true
	}
	pair := orderedPair{order, s.Run, s.Host}
	t.certificates(entries, pair, started)
	found := map[causeKey]bool{}
	switch whole := WholeOf(entries); {
	case whole != nil && whole.Verdict == probe.Unresolved:
		t.blame(found, Cause{What: whole.Detail, Weight: s.Grade}, pair)
	case Quiet(entries):
		t.blame(found, Cause{What: "no answer at any port", Weight: s.Grade}, pair)
	default:
		for e := range asRows(entries) {
			t.learn(found, e, pair)
		}
	}
	for _, c := range s.Cares {
		t.blame(found, Cause{What: judge.Label(c.Code), Weight: c.Weight, Beside: true}, pair)
	}
}

// learn adds what one result shows.
func (t *Tracker) learn(found map[causeKey]bool, e Entry, pair orderedPair) {
	if e.Grade == judge.Pass {
		return
	}
	c := Cause{What: e.PortText(), Services: []string{e.Service}, How: e.VerdictText(), Weight: e.Grade, port: e.Port}
	switch {
	case e.Verdict == probe.Untried:
		c = Cause{What: WhyUnasked(e), Weight: e.Grade, Unasked: true}
	case e.Parent != "" || e.Port == 0:
		c.What, c.Services, c.port = e.Service+" (RPC)", nil, 0 // every host has another port
	case lackOf(e) == exposed:
		c.How = "open, must be closed"
	case e.Direction == far.AnswerLost && e.Verdict != probe.Answered:
		c.How = "arrived; no answer came back"
	case e.Verdict == probe.Answered:
		c.How = "answered, " + reasonOf(e)
	}
	if e.Trace != nil {
		c.After = e.Trace.After
	}
	t.blame(found, c, pair)
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
func (t *Tracker) blame(found map[causeKey]bool, c Cause, pair orderedPair) {
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
	if known.pairs = append(known.pairs, pair); len(known.pairs) == 2*manyNames {
		known.pairs = firstPairs(known.pairs)
	}
}

// Ranked returns the causes: what is unreachable first, and of those what hits most hosts,
// which people call so.
func (t *Tracker) Ranked(called func(Summary) string) []Cause {
	var causes []Cause
	for _, c := range t.causes {
		c.Names = firstNames(c.pairs, called)
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
			cmp.Compare(a.port-1, b.port-1), // those without a port come last
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
	hosts := map[string]int{}
	for is := range t.versions {
		hosts[is.version]++
	}
	var counts []VersionCount
	for _, v := range slices.Sorted(maps.Keys(hosts)) {
		counts = append(counts, VersionCount{v, hosts[v]})
	}
	slices.SortStableFunc(counts, func(a, b VersionCount) int { return cmp.Compare(b.Hosts, a.Hosts) })
	return counts
}
