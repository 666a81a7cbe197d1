// SPDX-License-Identifier: Apache-2.0

// Package report tells somebody what a run found: it grades every result
// against what was wanted, adds the findings, counts, and hands the whole to
// one renderer per output format. A renderer only writes; it counts nothing,
// sorts nothing and judges nothing.
package report

import (
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// Schema names the JSON document's layout. It changes when a name or a meaning
// does, not when a name is added.
const Schema = "exreach/1"

// A Report is a finished run. Its JSON is a stable format that other tools read
// and that Read turns back into a Report. What a stream of lines does not carry
// (Tool, From, Started, Took) is absent from a report that was made of one.
type Report struct {
	Schema  string    `json:"schema"`
	Tool    string    `json:"tool,omitempty"`     // program and version that made it
	From    string    `json:"from,omitempty"`     // who the run connected as
	Machine string    `json:"machine,omitempty"`  // the computer that asked; absent where it has no name
	Started time.Time `json:"started,omitzero"`   // UTC
	Took    float64   `json:"took_s,omitempty"`   // the whole run
	StandIn bool      `json:"stand_in,omitempty"` // the servers were exreach's own, with faults made on purpose
	Counts  Counts    `json:"counts"`

	GroundRules []GroundRule `json:"ground_rules,omitempty"` // of all hosts together
	Results     []Entry      `json:"results"`
}

// A GroundRule holds between the one who asks and some host, whatever the
// results are.
type GroundRule struct {
	Text    string   `json:"text"`
	Sources []string `json:"sources"` // the documents that say so
}

// Counts is how many results have each grade, and how many hosts have no result
// because the run was interrupted before it came to them.
type Counts struct {
	Pass    int `json:"pass"`
	Warn    int `json:"warn"`
	Fail    int `json:"fail"`
	Unknown int `json:"unknown"`
	Unasked int `json:"unasked_hosts,omitempty"`
}

// Add counts one more result of grade g.
func (c *Counts) Add(g Grade) {
	switch g {
	case Pass:
		c.Pass++
	case Warn:
		c.Warn++
	case Fail:
		c.Fail++
	default:
		c.Unknown++
	}
}

// Total is how many results were counted.
func (c Counts) Total() int { return c.Pass + c.Warn + c.Fail + c.Unknown }

// Worst is the grade of the whole run, for an exit code: a failure weighs more
// than what could not be determined. A run that did not ask everybody is Unknown.
func (c Counts) Worst() Grade {
	switch {
	case c.Fail > 0:
		return Fail
	case c.Unknown > 0 || c.Unasked > 0 || c.Total() == 0:
		return Unknown
	case c.Warn > 0:
		return Warn
	}
	return Pass
}

// An Entry is one result with its grade and findings, as JSON has it.
type Entry struct {
	Host     string         `json:"host"`
	Version  string         `json:"version"`
	Role     string         `json:"role"`
	Service  string         `json:"service"`
	Network  string         `json:"network"`
	Port     uint16         `json:"port,omitempty"` // absent for an RPC interface that has none
	Protocol string         `json:"protocol"`
	TLS      string         `json:"tls"`
	Want     string         `json:"want"`
	OneOf    string         `json:"one_of,omitempty"`  // the group of which one service is enough
	Path     string         `json:"path,omitempty"`    // that was asked for over HTTP; absent for other protocols
	Name     *Name          `json:"name,omitempty"`    // absent where there is no more to it than an address
	Address  string         `json:"address,omitempty"` // absent where the name has none
	Verdict  string         `json:"verdict"`
	Obstacle string         `json:"obstacle,omitempty"` // what kept this machine from asking; absent unless the verdict is untried
	Grade    Grade          `json:"grade"`
	Step     string         `json:"step"`
	Tries    int            `json:"tries"`
	Took     float64        `json:"took_s"`
	RTT      float64        `json:"rtt_s,omitempty"` // absent where it is not known
	Steps    []Step         `json:"steps"`
	Detail   string         `json:"detail"`
	Evidence string         `json:"evidence,omitempty"`
	Findings []Finding      `json:"findings,omitempty"`
	SaidBy   string         `json:"said_by,omitempty"`
	Peer     *protocol.Peer `json:"peer,omitempty"`
	Witness  *Witness       `json:"witness,omitempty"`
	Crowded  *Crowded       `json:"crowded,omitempty"` // absent where other connections made no difference
	Silence  string         `json:"silence,omitempty"` // of the verdict silent; absent where it is not known
	Parent   string         `json:"parent,omitempty"`

	Identified *Identified `json:"identified,omitempty"` // what the host was found to be; at its first result, and absent where it was not asked
	Trace      *Trace      `json:"trace,omitempty"`      // absent where no trace was asked for or made

	order  int                  // position in the plan, or in the file that was read
	ground []catalog.GroundRule // what holds for its host

	releases *catalog.Releases // that its check knows
}

// A Witness is another port of the same address, asked again while this one said
// nothing.
type Witness struct {
	Port    uint16 `json:"port"`
	Answers bool   `json:"answers"` // it still did
}

// A Crowded is what a port did while other connections to its host were open.
type Crowded struct {
	Verdict string `json:"verdict"`
	Open    int    `json:"open"` // connections of this run, at most
}

// A Step is how long one step of a check took.
type Step struct {
	Step string  `json:"step"`
	Took float64 `json:"took_s"`
}

// A Finding is a named, explained observation beside the verdict.
type Finding struct {
	Code string `json:"code"` // stable: "certificate-expired"
	Text string `json:"text"` // what was observed and what it most likely means
	Hint string `json:"hint"` // what to do
}

// Grade is the opinion on a result.
type Grade string

// The grades.
const (
	Pass    Grade = "pass"    // as wanted
	Warn    Grade = "warn"    // works, or is not needed, but should be looked at
	Fail    Grade = "fail"    // not as wanted
	Unknown Grade = "unknown" // could not be determined
)
