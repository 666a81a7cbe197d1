// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

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

// NewRun returns a run that began at started. tool is the program with its version, from is
// who the run connects as.
func NewRun(tool, from string, started time.Time) Run {
	return Run{Tool: tool, From: from, Started: started.UTC().Truncate(time.Millisecond)}
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

// Number returns the number that a run has in the report; 0 if it is the only one.
func (r Report) Number(run int) int {
	if r.IsJoined() {
		return run
	}
	return 0
}

// Called returns what people call a host of the report: in a joined one, with the run that
// saw it.
func (r Report) Called(s Summary) string {
	if !r.IsJoined() {
		return s.Host
	}
	return s.Host + " from " + r.RunOf(s.Run).Name
}

// MachineText names the machine of a run for people.
func (r Run) MachineText() string { return cmp.Or(r.Machine, "unknown machine") }

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

// SetRuns makes r the report of these runs. One that is nil is not known.
func (r *Report) SetRuns(runs []*Run) {
	r.Runs = make([]Run, len(runs))
	for i, run := range runs {
		if run != nil {
			r.Runs[i] = *run
		}
		r.Counts.Hosts.Unasked += r.Runs[i].Unasked
		r.Counts.Hosts.Unread = r.Counts.Hosts.Unread || r.Runs[i].Unread
	}
	r.StandIn = len(runs) > 0 && !slices.ContainsFunc(r.Runs, func(run Run) bool { return !run.StandIn })
	if len(runs) > 1 {
		nameRuns(r.Runs)
		return
	}
	if len(runs) == 1 {
		run := r.Runs[0]
		r.Tool, r.From, r.Machine, r.Started, r.Took, r.Options = run.Tool, run.From, run.Machine, run.Started, run.Took, run.Options
	}
	r.Runs = nil
}

// nameRuns gives every run a name that no other has: its machine, or its file if the machine
// is not known; with who it connected as, and with its start, only if others have the same.
func nameRuns(runs []Run) {
	for i := range runs {
		runs[i].Name = cmp.Or(runs[i].Machine, runs[i].File, runs[i].MachineText())
	}
	for _, more := range []func(Run) string{
		func(r Run) string { return withWord(" as ", r.From) },
		func(r Run) string { return withWord(", ", r.When()) },
		func(r Run) string { return withWord(", ", startText(r.Started)) },
		func(r Run) string { return withWord(", ", r.File) },
	} {
		tellApart(runs, more)
	}
	same := namesakes(runs)
	for i := range runs {
		name := runs[i].Name
		if same[name] < 2 {
			continue
		}
		for n := i + 1; same[runs[i].Name] > 0; n++ {
			runs[i].Name = fmt.Sprintf("%s (%d)", name, n)
		}
		same[runs[i].Name] = 1
	}
}

// tellApart adds more to the names of runs that share one, unless it is the same for all.
func tellApart(runs []Run, more func(Run) string) {
	same := namesakes(runs)
	words := map[string]map[string]bool{}
	for _, r := range runs {
		if words[r.Name] == nil {
			words[r.Name] = map[string]bool{}
		}
		words[r.Name][more(r)] = true
	}
	for i := range runs {
		if name := runs[i].Name; same[name] > 1 && len(words[name]) > 1 {
			runs[i].Name += more(runs[i])
		}
	}
}

// namesakes counts the runs of each name.
func namesakes(runs []Run) map[string]int {
	same := map[string]int{}
	for _, r := range runs {
		same[r.Name]++
	}
	return same
}

func withWord(before, word string) string {
	if word == "" {
		return ""
	}
	return before + word
}

// startText is a start to the second; "" if it is not known.
func startText(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("15:04:05")
}

// Unit is what a report counts where it counts hosts: in a joined one the same host may be
// there once for each run.
func (r Report) Unit() string {
	if r.IsJoined() {
		return "pair"
	}
	return "host"
}
