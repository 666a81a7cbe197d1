// SPDX-License-Identifier: Apache-2.0

package content

import (
	"strings"
	"time"

	"exreach/catalog"
)

// A Head is what a report says before and after its results.
type Head struct {
	Report               // without its results
	Causes       []Cause // the worst first
	Versions     []VersionCount
	Expires      Expiry
	Certificates []Lifetime // of the servers, the first to expire first
	Grid         Grid       // empty unless the format shows one
	Elsewhere    []Place    // where else this report is written
	Sources      []string   // the files that it was read from

	Releases *catalog.Releases // those that the checks of the run know; nil means those that come with exreach
}

// A Place is a file that a report is written to.
type Place struct{ Format, File string }

// A Lifetime is how long the certificate of a server, with all hosts that show it, is valid.
type Lifetime struct {
	Subject string
	SHA256  string // "" in reports of exreach/1
	From    time.Time
	Until   time.Time
	Days    int      // whole days from the start of the run until it expires; negative if it has expired
	Hosts   int      // how many show it
	Names   []string // of the first of them
}

// A Run is one of the runs that a joined report consists of.
type Run struct {
	Name    string    `json:"name"`           // for people; no other run of the report has it
	File    string    `json:"file,omitempty"` // that it was read from
	Tool    string    `json:"tool,omitempty"`
	From    string    `json:"from,omitempty"`
	Machine string    `json:"machine,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Took    float64   `json:"took_s,omitempty"`
	StandIn bool      `json:"stand_in,omitempty"`
	Options Options   `json:"options,omitempty"`
	Unasked int       `json:"unasked,omitempty"` // hosts that the run did not reach
	Unread  bool      `json:"unread,omitempty"`  // the run ended before its list of hosts did
}

// RunOf returns the run of a result or a summary by its number. A report that was not joined
// is itself the run.
func (r Report) RunOf(number int) Run {
	if number >= 1 && number <= len(r.Runs) {
		return r.Runs[number-1]
	}
	return Run{Tool: r.Tool, From: r.From, Machine: r.Machine, Started: r.Started, Took: r.Took, StandIn: r.StandIn, Options: r.Options}
}

// IsJoined reports whether the report consists of several runs.
func (r Report) IsJoined() bool { return len(r.Runs) > 1 }

// Called returns what people call a host of the report: in a joined one, with the run that
// saw it.
func (r Report) Called(s Summary) string {
	if !r.IsJoined() {
		return s.Host
	}
	return s.Host + " from " + r.RunOf(s.Run).Name
}

// When is the start of a run as people read it; "" if it is not known.
func (r Run) When() string {
	if r.Started.IsZero() {
		return ""
	}
	return r.Started.UTC().Format("2006-01-02 15:04 MST")
}

// Asked says when, from where and as whom a run asked, as far as that is known: "2026-11-28
// 23:20 UTC from pc01 as client".
func (r Run) Asked() string {
	words := []string{r.When()}
	if r.Machine != "" {
		words = append(words, "from "+r.Machine)
	}
	if r.From != "" {
		words = append(words, "as "+r.From)
	}
	return strings.TrimSpace(strings.Join(words, " "))
}
