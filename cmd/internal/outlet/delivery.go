// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"context"
	"io"

	"exreach/cmd/internal/files"
)

// A Delivery is a report on its way to its places. The caller writes to each of To, then calls
// Commit; a deferred Discard cleans up if it does not.
type Delivery struct {
	To []io.Writer // one for each place; an error of writing names the place

	destinations []*files.Destination
}

// Open opens all places, or none. Opening a pipe waits until another program reads from it;
// the end of ctx ends the wait. Until Commit or Discard, temporaries has the temporary files.
func (p Places) Open(ctx context.Context, stdout io.Writer, temporaries *files.Temporaries) (*Delivery, error) {
	d := &Delivery{}
	for _, place := range p {
		to, err := files.Create(ctx, place.File, stdout, temporaries)
		if err != nil {
			d.Discard()
			return nil, err
		}
		d.destinations = append(d.destinations, to)
		d.To = append(d.To, named{to})
	}
	return d, nil
}

// Commit puts all files in their places, after it has made sure that each is complete. An error
// names the file that could not be put there; those before it are in their places.
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
	return nil
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
