// SPDX-License-Identifier: Apache-2.0

// Package report writes what a run found and how package judge judged it: it makes the
// document, counts its results, and hands it to the writer of an output format. A writer
// only writes; it does not count, sort or judge. The package also reads saved reports
// back. It does not judge. It must not import anything under cmd.
package report

import (
	"slices"
	"time"

	"exreach/catalog"
	"exreach/report/judge"
)

// Schema names the JSON document's layout. It changes when a name or a meaning
// does, not when a name is added.
const Schema = "exreach/1"

// A Report is a finished run. Its JSON is a stable format that other tools read
// and that Look reads back. A report that was read from a stream of lines lacks what
// the lines do not carry: Tool, From, Started, Took.
type Report struct {
	Schema  string    `json:"schema"`
	Tool    string    `json:"tool,omitempty"`     // program and version that made it
	From    string    `json:"from,omitempty"`     // who the run connected as
	Machine string    `json:"machine,omitempty"`  // the computer that asked; absent where it has no name
	Started time.Time `json:"started,omitzero"`   // UTC
	Took    float64   `json:"took_s,omitempty"`   // the whole run
	StandIn bool      `json:"stand_in,omitempty"` // the servers were exreach's own, with faults made on purpose
	Counts  Counts    `json:"counts"`

	GroundRules []GroundRule `json:"ground_rules,omitempty"` // those of all hosts together
	Results     []Entry      `json:"results"`
}

// A GroundRule holds between the computer that asks and some host, whatever the
// results are.
type GroundRule struct {
	Text    string   `json:"text"`
	Sources []string `json:"sources"` // the documents that say so
}

// learn adds the ground rules of one more result. Most of them are there already:
// whole networks share one.
func (r *Report) learn(rules []catalog.GroundRule) {
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

// Counts is how many results have each grade, and how many hosts have no result
// because the run ended before it came to them.
type Counts struct {
	Pass    int `json:"pass"`
	Warn    int `json:"warn"`
	Fail    int `json:"fail"`
	Unknown int `json:"unknown"`
	Unasked int `json:"unasked_hosts,omitempty"`
}

// Add counts one more result of grade g.
func (c *Counts) Add(g judge.Grade) {
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

// Total returns how many results were counted.
func (c Counts) Total() int { return c.Pass + c.Warn + c.Fail + c.Unknown }

// Worst returns the grade of the whole run, for an exit code: a failure weighs more
// than an unknown result. A run that did not ask every host is Unknown.
func (c Counts) Worst() judge.Grade {
	switch {
	case c.Fail > 0:
		return judge.Fail
	case c.Unknown > 0 || c.Unasked > 0 || c.Total() == 0:
		return judge.Unknown
	case c.Warn > 0:
		return judge.Warn
	}
	return judge.Pass
}
