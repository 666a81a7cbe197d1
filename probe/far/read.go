// SPDX-License-Identifier: Apache-2.0

package far

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"exreach/probe/protocol/wire"
)

// Bounds of a record.
const (
	mostRecord   = 64 << 20 // bytes of JSON
	mostOpenings = 4096
	mostArrivals = 100_000
	mostHead     = 64 << 10
	mostText     = 300 // bytes of any text
	mostRoles    = 64
)

var errTooMany = fmt.Errorf("the record has more than %d ports, %d arrivals or %d roles: no listener has so many", mostOpenings, mostArrivals, mostRoles)

// A SchemaError is that of what is no record, or one of another version.
type SchemaError struct {
	Schema string // "" if it has none
}

func (e *SchemaError) Error() string {
	if e.Schema == "" {
		return "this is no record of exreach listen: it has no schema"
	}
	return fmt.Sprintf("the record has the schema %q, and this exreach reads %q: use the same version of exreach at both ends", wire.Printable(e.Schema, 40), Schema)
}

// ReadRecord reads a record from a file or another end: at most one, of bounded size. All
// its texts are printable, and it has passed Check. It takes little more memory than the
// record, however long the text is.
func ReadRecord(from io.Reader) (Record, error) {
	limited := &io.LimitedReader{R: from, N: mostRecord}
	r := reading{Decoder: json.NewDecoder(limited)}
	r.Dropped = -1 // unless it says how many
	if err := r.read(); err != nil {
		switch {
		case limited.N <= 0:
			return Record{}, fmt.Errorf("the record is larger than %d MB", mostRecord>>20)
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return Record{}, errors.New("the record ends too soon: it was cut off when it was written or copied")
		}
		return Record{}, err
	}
	if err := r.Check(); err != nil {
		return Record{}, err
	}
	r.clean()
	return r.Record, nil
}

// A reading is a record that is read value by value: a list ends it as soon as it is too long.
type reading struct {
	*json.Decoder
	Record
}

func (r *reading) read() error {
	if err := r.open('{', "a record"); err != nil {
		return err
	}
	for r.Decoder.More() {
		key, err := r.Token()
		if err != nil {
			return noRecord(err)
		}
		if err := r.value(key.(string)); err != nil {
			return err
		}
	}
	_, err := r.Token()
	return noRecord(err)
}

// value reads the value of a key.
func (r *reading) value(key string) error {
	switch key {
	case "schema":
		if err := r.decode(&r.Schema); err != nil {
			return err
		}
		if r.Schema != Schema {
			return &SchemaError{r.Schema}
		}
		return nil
	case "roles":
		return readList(r, &r.Roles, mostRoles, nil)
	case "ports":
		return readList(r, &r.Openings, mostOpenings, func(n int, o Opening) error { return inPlace("port", n, o.check()) })
	case "arrivals":
		return readList(r, &r.Arrivals, mostArrivals, func(n int, a Arrival) error { return inPlace("arrival", n, a.check()) })
	}
	single := map[string]any{
		"tool": &r.Tool, "listener": &r.Listener, "machine": &r.Machine, "host": &r.Host, "version": &r.Version, "started": &r.Started, "now": &r.Now,
		"firewall": &r.Wall, "sees_held": &r.Sees, "dropped": &r.Dropped, "more_arrivals": &r.Record.More,
	}
	if to, known := single[key]; known {
		return r.decode(to)
	}
	return r.skip()
}

// readList reads a list of at most so many elements. check, if there is one, is asked about
// each as it comes, with its number from 1.
func readList[T any](r *reading, list *[]T, most int, check func(n int, element T) error) error {
	begin, err := r.Token()
	if err != nil || begin == nil { // null
		return noRecord(err)
	}
	if begin != json.Delim('[') {
		return noRecord(errors.New("where it should have a list, it has none"))
	}
	for r.Decoder.More() {
		var element T
		if err := r.decode(&element); err != nil {
			return err
		}
		if len(*list) >= most {
			return errTooMany
		}
		*list = append(*list, element)
		if check == nil {
			continue
		}
		if err := check(len(*list), element); err != nil {
			return err
		}
	}
	_, err = r.Token()
	return noRecord(err)
}

// open reads the beginning of a value.
func (r *reading) open(want json.Delim, of string) error {
	begin, err := r.Token()
	if err == nil && begin != want {
		err = fmt.Errorf("where %s should begin, there is something else", of)
	}
	return noRecord(err)
}

// decode reads one value. The place of an error counts from the beginning of the text.
func (r *reading) decode(to any) error {
	begin := r.InputOffset()
	err := r.Decode(to)
	if kind, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		kind.Offset += begin
	}
	return noRecord(err)
}

// skip reads over one value.
func (r *reading) skip() error {
	for depth := 0; ; {
		token, err := r.Token()
		if err != nil {
			return noRecord(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func noRecord(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("this is no record of exreach listen: %w", err)
}

// inPlace says at which element of a list an error is.
func inPlace(list string, n int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %d of the record: %w", list, n, err)
}
