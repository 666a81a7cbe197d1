// SPDX-License-Identifier: Apache-2.0

// Package content is what a report says, before any format: the entries of every host, the
// answer for each, and the causes that hosts have in common. Package report writes it.
package content

import (
	"slices"
	"time"

	"exreach/catalog"
	"exreach/report/ends"
	"exreach/report/judge"
)

// Schema names the JSON document's layout. It changes when a name or a meaning
// does, not when a name is added.
const Schema = "exreach/2"

// A Report is a finished run. Its JSON is a stable format that other tools read, and that
// package saved reads back.
type Report struct {
	Schema  string    `json:"schema"`
	Tool    string    `json:"tool,omitempty"`     // program and version that made it
	From    string    `json:"from,omitempty"`     // who the run connected as
	Machine string    `json:"machine,omitempty"`  // the computer that asked; absent where it has no name
	Started time.Time `json:"started,omitzero"`   // UTC
	Took    float64   `json:"took_s,omitempty"`   // the whole run
	StandIn bool      `json:"stand_in,omitempty"` // the servers were exreach's own, with faults made on purpose
	Options Options   `json:"options,omitempty"`  // what the command line said; absent where it said nothing
	Runs    []Run     `json:"runs,omitempty"`     // of a report that was joined of several; the names above are then empty
	Counts  Counts    `json:"counts"`
	Hosts   []Summary `json:"hosts"` // in the order of the run

	GroundRules []GroundRule `json:"ground_rules,omitempty"` // those of all hosts together
	Untestable  []Untestable `json:"untestable,omitempty"`   // what the hosts should offer and nothing can test from afar
	Results     []Entry      `json:"results"`
}

// Options is the options of a run by their names, as the command line has them, without
// the dashes: "only": ["443", "smtp"], "gentle": ["true"].
type Options map[string][]string

// A Summary is the answer for one host.
type Summary struct {
	Host      string      `json:"host"`
	Run       int         `json:"run,omitempty"`        // as in an entry
	Site      string      `json:"site,omitempty"`       // where the host stands; absent if not known
	Answer    string      `json:"answer"`               // in a sentence: "2 ports blocked: 443, 587 (10 of 16 services)."
	Grade     judge.Grade `json:"grade"`                // the worst of its results
	Care      judge.Grade `json:"care"`                 // the worst of its results
	Ports     []string    `json:"ports,omitempty"`      // those of the worst grade, unless it is pass or all are alike: "443/tcp"
	MorePorts int         `json:"more_ports,omitempty"` // how many ports have that grade beyond these
	Cares     []Care      `json:"cares,omitempty"`      // why the care is no pass, the worst first

	StandIn bool         `json:"stand_in,omitempty"` // its answers come from a stand-in of exreach
	Deploy  *ends.Deploy `json:"deploy,omitempty"`   // whether one may deploy there; absent if no far end told
}

// IsClean reports whether there is nothing to say about the host.
func (s Summary) IsClean() bool { return s.Grade == judge.Pass && s.Care == judge.Pass }

// A Care is one kind of thing that is wrong with a host beside reachability.
type Care struct {
	Code     string      `json:"code"`     // of the finding
	Text     string      `json:"text"`     // in a few words: "Certificate: issuer not trusted"
	Weight   judge.Grade `json:"weight"`   // warn or fail
	Services int         `json:"services"` // how many have it, each counted once for all addresses
}

// An Untestable is a catalogue entry of a role that was checked, which cannot be tested
// remotely.
type Untestable struct {
	Version string          `json:"version"`
	Role    string          `json:"role"`
	Service string          `json:"service"`
	Network catalog.Network `json:"network"`
	Ports   string          `json:"ports"` // "49152-65535"
	Reason  string          `json:"reason"`
}

// A GroundRule applies between the computer that asks and some host. No result can prove
// that it is kept.
type GroundRule struct {
	Text    string   `json:"text"`
	Sources []string `json:"sources"` // the documents that say so
}

// Learn adds the ground rules of one more result. Most of them are there already:
// whole networks share one.
func (r *Report) Learn(rules []catalog.GroundRule) {
	for _, rule := range rules {
		if slices.ContainsFunc(r.GroundRules, func(g GroundRule) bool { return g.Text == rule.Text }) {
			continue
		}
		sources := []string{}
		for _, s := range rule.Sources {
			sources = append(sources, s.Title)
		}
		r.GroundRules = append(r.GroundRules, GroundRule{Text: rule.Text, Sources: sources})
	}
}

// Counts is how many results have each grade, how many have each care, and how many hosts
// have each worst grade.
type Counts struct {
	Tally
	Care  Tally      `json:"care"`
	Hosts HostCounts `json:"hosts"`

	LeftOut  int `json:"left_out,omitempty"`       // results that the user did not select, and that are counted nowhere else
	Untraced int `json:"untraced_ports,omitempty"` // timed-out ports without a trace, except those for which another port of the address was traced
}

// HostCounts is how many hosts have each grade, that of their worst result.
type HostCounts struct {
	Tally
	Care    Tally `json:"care"`
	Unasked int   `json:"unasked,omitempty"` // those that the run did not reach
	Unread  bool  `json:"unread,omitempty"`  // the run ended before the list of hosts did; the rest of the list is not counted
}

// A Tally is how many of something have each grade.
type Tally struct {
	Pass    int `json:"pass"`
	Warn    int `json:"warn"`
	Fail    int `json:"fail"`
	Unknown int `json:"unknown"`
}

// Add counts one more of grade g.
func (c *Tally) Add(g judge.Grade) {
	switch g {
	case judge.Pass:
		c.Pass++
	case judge.Warn:
		c.Warn++
	case judge.Fail:
		c.Fail++
	default:
		c.Unknown++
	}
}

// Total returns how many were counted.
func (c Tally) Total() int { return c.Pass + c.Warn + c.Fail + c.Unknown }

// Worst returns the grade of the whole run, for an exit code: a failure of grade or care
// weighs more than an unknown result. A run that did not ask every host, or did not read
// its list to the end, is Unknown; so is one without results, unless they were left out.
func (c Counts) Worst() judge.Grade {
	switch {
	case c.Fail > 0 || c.Care.Fail > 0:
		return judge.Fail
	case c.Unknown > 0 || c.Hosts.Unasked > 0 || c.Hosts.Unread || c.Total()+c.LeftOut == 0:
		return judge.Unknown
	case c.Warn > 0 || c.Care.Warn > 0:
		return judge.Warn
	}
	return judge.Pass
}
