// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"context"
	"io"
	"os/signal"
	"syscall"

	"exreach/cmd/internal/files"
	"exreach/report"
)

// A Delivery is a report on its way to its places. The caller writes to its Outlets, then calls
// Commit; a deferred Discard cleans up if it does not.
type Delivery struct {
	places       Places
	destinations []*files.Destination
	writers      []io.Writer // to the destinations
	unheard      error       // of writing to stdout
}

// Open opens all places, or none. Opening a pipe waits until another program reads from it;
// the end of ctx ends the wait. Until Commit or Discard, temporaries has the temporary files.
func (p Places) Open(ctx context.Context, stdout io.Writer, temporaries *files.Temporaries) (*Delivery, error) {
	d := &Delivery{places: p}
	for _, place := range p {
		to, err := files.Create(ctx, place.File, stdout, temporaries)
		if err != nil {
			d.Discard()
			return nil, err
		}
		d.destinations = append(d.destinations, to)
		if place.File == "" && len(p) > 1 {
			signal.Ignore(syscall.SIGPIPE) // a reader that goes away must not end the program: the files are wanted
			d.writers = append(d.writers, &patient{named{to}, d})
			continue
		}
		d.writers = append(d.writers, named{to})
	}
	return d, nil
}

// Heed makes writes fail with files.ErrInterrupted once ctx ends.
func (d *Delivery) Heed(ctx context.Context) {
	for i, w := range d.writers {
		d.writers[i] = files.Onto(ctx, w)
	}
}

// Outlets is what a draft writes to. An error of writing names the place.
func (d *Delivery) Outlets() []report.Outlet {
	outlets := make([]report.Outlet, 0, len(d.places))
	for i, p := range d.places {
		outlets = append(outlets, p.Format.Outlet(d.writers[i], p.Style))
	}
	return outlets
}

// Commit puts all files in their places, after it has made sure that each is complete. An error
// names the file that could not be put there; those before it are in their places. An error of
// stdout comes last: the files are complete without it.
func (d *Delivery) Commit() error {
	for _, to := range d.destinations {
		if err := to.Finish(); err != nil {
			return err
		}
	}
	for _, to := range d.destinations {
		if err := to.Commit(); err != nil {
			return err
		}
	}
	return d.unheard
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

// patient is stdout beside files. It keeps its first error for Commit, and goes on.
type patient struct {
	named
	of *Delivery
}

func (p *patient) Write(text []byte) (int, error) {
	if p.of.unheard == nil {
		_, p.of.unheard = p.named.Write(text)
	}
	return len(text), nil
}
