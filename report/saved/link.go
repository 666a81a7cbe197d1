// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"exreach/report/content"
	"exreach/report/ends"
)

// exreach keeps four arrivals of a check, sixteen connections, and one contact for each
// address that it asks, sixteen at most.
const (
	manyCame     = 64
	manyCalls    = 64
	manyContacts = 64
)

var (
	errNoFar    = errors.New(`a "direction" without "far", which exreach writes with it`)
	errNegative = errors.New("less than nothing came from the far end")
)

// badLink says what is wrong with what an entry has of the far end of its link; nil if
// nothing is.
func badLink(e *content.Entry) error {
	switch {
	case e.Direction != "" && e.Far == nil:
		return errNoFar
	case len(e.Calls) > manyCalls:
		return fmt.Errorf("%d connections of one check: exreach keeps %d at most", len(e.Calls), manyCalls)
	case len(e.Contact) > manyContacts:
		return fmt.Errorf("%d contacts of one host: exreach makes fewer", len(e.Contact))
	}
	for _, c := range e.Calls {
		if err := badFlows(c.Sent, c.Received); err != nil {
			return fmt.Errorf("calls: %w", err)
		}
		if !(c.Took >= 0 && c.Took < math.MaxInt32) {
			return fmt.Errorf("calls: a connection that took %v seconds", c.Took)
		}
	}
	for _, c := range e.Contact {
		if c.Recorded < 0 || c.Agree < 0 || c.Dropped != nil && *c.Dropped < 0 {
			return fmt.Errorf("contact: %w", errNegative)
		}
		if slices.ContainsFunc(c.Refused, func(r ends.Refusal) bool { return r.Port == 0 }) {
			return errors.New("contact: it was refused at port 0, which does not exist")
		}
	}
	return badFar(e.Far)
}

func badFar(f *ends.Far) error {
	switch {
	case f == nil:
		return nil
	case len(f.Came) > manyCame:
		return fmt.Errorf("far: %d arrivals of one check: exreach keeps four", len(f.Came))
	case f.At < 0 || f.Dropped != nil && *f.Dropped < 0:
		return fmt.Errorf("far: %w", errNegative)
	}
	for _, c := range f.Came {
		if err := badFlows(c.Received, c.Sent); err != nil {
			return fmt.Errorf("far: %w", err)
		}
	}
	return nil
}

// badFlows says what is wrong with what passed: a hash has 64 hexadecimal digits.
func badFlows(flows ...ends.Flow) error {
	for _, f := range flows {
		if f.Bytes < 0 {
			return errNegative
		}
		if f.SHA256 != "" && !isSum(f.SHA256) {
			return fmt.Errorf("%s is no SHA-256, which has 64 hexadecimal digits in lower case", quoted(f.SHA256))
		}
	}
	return nil
}
