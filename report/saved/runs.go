// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"strings"
	"time"

	"exreach/report/content"
)

// manyRuns is how many runs all reports that are read into a draft may have.
const manyRuns = 1024

// muchHead is how many bytes the heads of all reports may have. That of a run has some 20 KB.
const muchHead = 64 << 20

var (
	errManyRuns = fmt.Errorf("more than %d runs: exreach joins no more", manyRuns)
	errMuchHead = fmt.Errorf("the heads of all reports have more than %d MiB: exreach writes none so long", muchHead>>20)
)

// A runs is the runs of all reports so far. Their numbers count from 1.
type runs struct {
	all     []knownRun
	numbers map[runHead]int // of those whose start is known
}

// A knownRun is what errors say of a run.
type knownRun struct {
	report string // its name
	called string // "pc01, 2026-11-28 23:20 UTC"; "" if that is not known
	dated  bool   // its start is known
}

// A runHead is what tells a run from others. No two runs of a machine have the same start: it
// is told to the millisecond.
type runHead struct {
	tool, from, machine string
	started             time.Time // UTC
	standIn             bool
}

func headOf(run content.Run) runHead {
	return runHead{run.Tool, run.From, run.Machine, run.Started.UTC(), run.StandIn}
}

// begin returns the number of one more run, which stands in the report with a name.
func (r *runs) begin(report string) (int, error) {
	if len(r.all) == manyRuns {
		return 0, errManyRuns
	}
	r.all = append(r.all, knownRun{report: report})
	return len(r.all), nil
}

// identify notes what is known of a run. The error says which other run is the same.
func (r *runs) identify(number int, run content.Run) error {
	if run.Started.IsZero() {
		return nil
	}
	k := &r.all[number-1]
	k.dated = true
	k.called = strings.TrimPrefix(short(run.Machine)+", "+run.When(), ", ")
	is := headOf(run)
	if first, known := r.numbers[is]; known && first != number {
		return r.same(number, first)
	}
	r.numbers[is] = number
	return nil
}

// same returns the error of a run that is the same as an earlier one.
func (r *runs) same(number, first int) error {
	k, was := r.all[number-1], r.all[first-1]
	called := ""
	if was.called != "" {
		called = " (" + was.called + ")"
	}
	if k.report == was.report {
		return fmt.Errorf("a run stands twice in the report%s", called)
	}
	return fmt.Errorf("it is of the same run as %s%s: leave one of them out", was.report, called)
}

// begin numbers one more run of the report, and tells the draft of it.
func (c *checker) begin(run content.Run) (int, error) {
	number, err := c.runs.begin(c.name)
	if err != nil {
		return 0, err
	}
	return number, c.know(number, run)
}

// know tells the draft what is known of a run by now.
func (c *checker) know(number int, run content.Run) error {
	clean(&run)
	if err := c.runs.identify(number, run); err != nil {
		return err
	}
	c.to.Know(number, run)
	return nil
}

// file is the file that a report stands in, for people; "" if that is none.
func (c *checker) file() string {
	if c.name == Stdin {
		return ""
	}
	return printable(c.name)
}

// keep counts the text of a head, of which most is kept.
func (c *checker) keep(text []byte) error {
	if c.heads += len(text); c.heads > muchHead {
		return errMuchHead
	}
	return nil
}
