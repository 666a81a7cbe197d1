// SPDX-License-Identifier: Apache-2.0

package inlet

import (
	"bytes"
	"fmt"
	"slices"

	"exreach/catalog"
	"exreach/cmd/internal/contact"
	"exreach/probe/protocol/wire"
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
	if err := readBack(report.NewDraft(), 1, r); err != nil { // a rehearsal
		return &report.UnreadError{Err: err}
	}
	return readBack(draft, run, r)
}

// readBack reads the report twice: what arrived here is joined with it once all of it is known.
func readBack(to *report.Draft, run int, r contact.Reversed) error {
	here := joint.New("what arrived here", r.Record)
	if err := readJoined(report.NewDraft(), 1, expected(r, here.Look), r.Report); err != nil {
		return err
	}
	return readJoined(to, run, expected(r, here.Apply), r.Report)
}

// expected returns a join of the entries of this machine, whole, which refuses any others.
func expected(r contact.Reversed, join func(content.Run, []content.Entry) error) func(content.Run, []content.Entry) error {
	return func(run content.Run, entries []content.Entry) error {
		for i := range entries {
			e := &entries[i]
			if e.Host != r.Of.String() {
				return fmt.Errorf("it is about %s, and not about this machine, %s", e.Host, r.Of)
			}
			e.Far, e.Direction, e.Contact = nil, "", nil // what arrived here is for this end to say
		}
		if err := isWhole(run, entries, r); err != nil {
			return err
		}
		return join(run, entries)
	}
}

// isWhole makes sure that nothing is left out which a far end of this kind should have asked.
// What is behind an endpoint mapper is excused: the mapper may not answer.
func isWhole(run content.Run, entries []content.Entry, r contact.Reversed) error {
	if r.Wanted == nil {
		return nil
	}
	plan, err := r.Wanted(run.From)
	if err != nil {
		return fmt.Errorf("it is as from %s: %w", wire.Printable(run.From, 40), err)
	}
	missing := slices.DeleteFunc(slices.Clone(plan), func(c catalog.Check) bool {
		return slices.ContainsFunc(entries, func(e content.Entry) bool {
			return e.Service == c.Service.Name && e.Network == c.Service.Network && e.Port == c.Service.Ports.First
		})
	})
	if len(missing) > 0 {
		return fmt.Errorf("the far end left out %d of %d ports: use the same version of exreach at both ends, and check again", len(missing), len(plan))
	}
	return nil
}

func readJoined(draft *report.Draft, run int, join func(content.Run, []content.Entry) error, text []byte) error {
	draft.Join(join)
	defer draft.Join(nil)
	return saved.NewReader(draft).After(run-1).Read(saved.Stdin, bytes.NewReader(text))
}
