// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"exreach/cmd/internal/files"
	"exreach/report"
)

// A Delivery is the copies of a report while they are written. The caller writes to its Outlets,
// then calls Commit; a deferred Discard cleans up if it does not.
type Delivery struct {
	copies       Copies
	destinations []*files.Destination
	writers      []io.Writer // to the destinations
	stdoutErr    error       // of writing to stdout beside files
}

// OutliveStdout reports whether the report goes on when no one reads stdout any more, because
// files are written beside it. On Unix the program must ignore SIGPIPE then, which would end it.
func (c Copies) OutliveStdout() bool {
	return len(c) > 1 && slices.ContainsFunc(c, func(one Copy) bool { return one.File == "" })
}

// Open opens the places of all copies, and closes them again if one cannot be opened. Opening a
// pipe waits until another program reads from it; the end of ctx ends the wait. Until Commit or
// Discard, temporaries has the temporary files.
func (c Copies) Open(ctx context.Context, stdout io.Writer, temporaries *files.Temporaries) (*Delivery, error) {
	d := &Delivery{copies: c}
	for _, one := range c {
		to, err := files.Create(ctx, one.File, stdout, temporaries)
		if err != nil {
			d.Discard()
			return nil, err
		}
		d.destinations = append(d.destinations, to)
		if one.File == "" && c.OutliveStdout() {
			d.writers = append(d.writers, &lenient{named{to}, d})
			continue
		}
		d.writers = append(d.writers, named{to})
	}
	return d, nil
}

// EndWith makes writes fail with files.ErrInterrupted once ctx ends.
func (d *Delivery) EndWith(ctx context.Context) {
	for i, w := range d.writers {
		d.writers[i] = files.Onto(ctx, w)
	}
}

// Outlets is what a draft writes to. An error of writing names the file.
func (d *Delivery) Outlets() []report.Outlet {
	outlets := make([]report.Outlet, 0, len(d.copies))
	for i, c := range d.copies {
		outlets = append(outlets, c.Format.Outlet(d.writers[i], c.Style))
	}
	return outlets
}

// Commit puts all files in their places once each of them is complete. The error names those
// that cannot be put in theirs, which does not keep the others from it. An error of stdout comes
// last: the files are complete without it.
func (d *Delivery) Commit() error {
	for _, to := range d.destinations {
		if err := to.Finish(); err != nil {
			return err
		}
	}
	var failed error
	for _, to := range d.destinations {
		failed = both(failed, to.Commit())
	}
	return both(failed, d.stdoutErr)
}

// both is two errors in one line; each may be nil.
func both(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return fmt.Errorf("%w; %w", a, b)
}

// Discard removes the files that were not committed.
func (d *Delivery) Discard() {
	for _, to := range d.destinations {
		to.Discard()
	}
}

// named adds the name of a destination to the errors of writing to it.
type named struct{ to *files.Destination }

func (n named) Write(p []byte) (int, error) {
	written, err := n.to.Write(p)
	if err != nil {
		err = n.to.Failed(err)
	}
	return written, err
}

// lenient is stdout beside files. It keeps its first error for Commit, and goes on.
type lenient struct {
	named
	of *Delivery
}

func (l *lenient) Write(text []byte) (int, error) {
	if l.of.stdoutErr == nil {
		_, l.of.stdoutErr = l.named.Write(text)
	}
	return len(text), nil
}
