// SPDX-License-Identifier: Apache-2.0

// Package inlet is the saved reports that a command reads, one after the other: files, and
// stdin once. All are opened before anything is written.
package inlet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"exreach/catalog"
	"exreach/cmd/internal/files"
	"exreach/cmd/internal/survey"
	"exreach/report"
	"exreach/report/saved"
)

// dash is how the user writes stdin where a file may stand.
const dash = "-"

// Reports is some saved reports.
type Reports struct {
	reports []input
	open    []*os.File
}

// An input is one of them.
type input struct {
	name string // for messages
	from io.Reader
}

// Expand replaces names such as *.json by the files that there are, which the shells of Windows
// leave to programs. A name that is a file, or that no file fits, stays.
func Expand(names []string) []string {
	var all []string
	for _, name := range names {
		_, err := os.Stat(name)
		found, bad := filepath.Glob(name)
		if err == nil || bad != nil || len(found) == 0 {
			found = []string{name}
		}
		all = append(all, found...)
	}
	return all
}

// Open opens the reports with these names, or none. The end of ctx ends the wait for a pipe.
func Open(ctx context.Context, names []string, in io.Reader) (*Reports, error) {
	r := &Reports{}
	if n := slices.Index(names, dash); n >= 0 && slices.Contains(names[n+1:], dash) {
		return nil, &survey.Mistake{Err: errors.New("stdin is named twice, but can be read only once"), Hint: "save one of the reports in a file"}
	}
	for _, name := range names {
		if name == dash {
			r.reports = append(r.reports, input{saved.Stdin, in})
			continue
		}
		f, err := files.Open(ctx, name)
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("cannot read the report: %w", err)
		}
		r.open, r.reports = append(r.open, f), append(r.reports, input{name, f})
	}
	return r, nil
}

// Len is how many reports there are.
func (r *Reports) Len() int { return len(r.reports) }

// Files is where the reports are, for people: the names of files, and stdin if it is one of
// several. That a report came from stdin alone tells a reader nothing.
func (r *Reports) Files() []string {
	var names []string
	for _, in := range r.reports {
		if in.name != saved.Stdin || len(r.reports) > 1 {
			names = append(names, in.name)
		}
	}
	return names
}

// Close closes all files.
func (r *Reports) Close() {
	for _, f := range r.open {
		f.Close()
	}
}

// ReadInto reads all reports into a draft, until ctx ends, and closes them: one of them may be
// replaced by what is made of it.
func (r *Reports) ReadInto(ctx context.Context, draft *report.Draft) error {
	defer r.Close()
	reader := saved.NewReader(draft)
	for _, s := range r.reports {
		if err := reader.Read(s.name, files.Until(ctx, s.from)); err != nil {
			return err
		}
	}
	return nil
}

// Rehearse reads all reports into a draft, until ctx ends, and keeps a copy of them, from which
// ReadInto reads them again.
func (r *Reports) Rehearse(ctx context.Context, draft *report.Draft, copies *os.File) error {
	reader := saved.NewReader(draft)
	for i := range r.reports {
		s := &r.reports[i]
		begin, err := copies.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("cannot keep a copy of the report: %w", err)
		}
		if err := reader.Read(s.name, io.TeeReader(files.Until(ctx, s.from), copies)); err != nil {
			return err
		}
		end, err := copies.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("cannot keep a copy of the report: %w", err)
		}
		s.from = io.NewSectionReader(copies, begin, end-begin)
	}
	return nil
}

// Called is what messages call the reports.
func (r *Reports) Called() string {
	if len(r.reports) == 1 {
		return r.reports[0].name
	}
	return catalog.Count(len(r.reports), "report")
}
