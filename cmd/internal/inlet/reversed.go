// SPDX-License-Identifier: Apache-2.0

package inlet

import (
	"bytes"
	"fmt"

	"exreach/cmd/internal/contact"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/joint"
	"exreach/report/saved"
)

// ReadReversed reads the report of a far end that checked back into a draft, as its run with
// this number, and joins it with what arrived here. Such a report is hostile: one that is
// about any other host than this machine is a *report.UnreadError, and leaves the draft as it
// is.
func ReadReversed(draft *report.Draft, run int, r contact.Reversed) error {
	here := joint.New("what arrived here", r.Record)
	join := func(run content.Run, entries []content.Entry) error {
		for i := range entries {
			e := &entries[i]
			if e.Host != r.Of.String() {
				return fmt.Errorf("it is about %s, and not about this machine, %s", e.Host, r.Of)
			}
			e.Far, e.Direction, e.Contact = nil, "", nil // what arrived here is for this end to say
		}
		return here.Apply(run, entries)
	}
	rehearsal := report.NewDraft()
	if err := readJoined(rehearsal, 1, join, r.Report); err != nil {
		return &report.UnreadError{Err: err}
	}
	return readJoined(draft, run, join, r.Report)
}

func readJoined(draft *report.Draft, run int, join func(content.Run, []content.Entry) error, text []byte) error {
	draft.Join(join)
	defer draft.Join(nil)
	return saved.NewReader(draft).After(run-1).Read(saved.Stdin, bytes.NewReader(text))
}
