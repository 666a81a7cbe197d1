// SPDX-License-Identifier: Apache-2.0

package far

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
	"exreach/probe/tape"
)

// Check reports what is wrong with a record, which may come from anywhere: a schema of
// another version, words that are none, numbers that cannot be. Its errors say what to do.
func (r Record) Check() error {
	switch {
	case r.Schema != Schema:
		return &SchemaError{r.Schema}
	case len(r.Openings) > mostOpenings || len(r.Arrivals) > mostArrivals || len(r.Roles) > mostRoles:
		return errTooMany
	case !isTime(r.Started) || !isTime(r.Now) || r.Now.Before(r.Started):
		return errors.New("the record has times that cannot be: it ends before it begins")
	case r.Dropped < -1 || r.Dropped > math.MaxInt32 || r.More < 0 || r.More > math.MaxInt32:
		return errors.New("the record has counts that cannot be")
	}
	for i, o := range r.Openings {
		if err := inPlace("port", i+1, o.check()); err != nil {
			return err
		}
	}
	for i, a := range r.Arrivals {
		if err := inPlace("arrival", i+1, a.check()); err != nil {
			return err
		}
	}
	return nil
}

func (o Opening) check() error {
	switch {
	case o.Network != catalog.TCP && o.Network != catalog.UDP:
		return fmt.Errorf("the network %q is neither tcp nor udp", wire.Printable(string(o.Network), 40))
	case o.Port == 0:
		return errors.New("it has no number")
	}
	switch o.State {
	case Open, Held, Denied, Failed:
		return nil
	}
	return fmt.Errorf("the state %q is none", wire.Printable(string(o.State), 40))
}

func (a Arrival) check() error {
	switch {
	case a.Network != catalog.TCP && a.Network != catalog.UDP:
		return fmt.Errorf("the network %q is neither tcp nor udp", wire.Printable(string(a.Network), 40))
	case a.Port == 0 || !a.From.IsValid():
		return errors.New("it has no port or no source")
	case !isTime(a.At) || !(a.Took >= 0 && a.Took < 1e7) || a.Times < 0 || a.Times > math.MaxInt32:
		return errors.New("it has a time or a count that cannot be")
	case a.Certificate != "" && !isSum(a.Certificate):
		return errors.New("its certificate has no SHA-256 fingerprint")
	}
	if err := checkFlow(a.Received); err != nil {
		return fmt.Errorf("received: %w", err)
	}
	if err := checkFlow(a.Sent); err != nil {
		return fmt.Errorf("sent: %w", err)
	}
	return nil
}

func checkFlow(f tape.Flow) error {
	switch {
	case f.Bytes < 0 || f.Bytes > 1<<50:
		return errors.New("the number of bytes cannot be")
	case int64(len(f.Head)) > f.Bytes || len(f.Head) > mostHead:
		return errors.New("there are more first bytes than bytes")
	case f.SHA256 != "" && !isSum(f.SHA256):
		return errors.New("its hash is no SHA-256")
	}
	return nil
}

func isSum(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32
}

// isTime reports whether t is a time of exreach.
func isTime(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 2200 }

// clean makes every text of a record short and printable.
func (r *Record) clean() {
	texts := []*string{&r.Tool, &r.Listener, &r.Machine, &r.Host, &r.Version, &r.Wall}
	for i := range r.Roles {
		texts = append(texts, &r.Roles[i])
	}
	for i := range r.Openings {
		o := &r.Openings[i]
		texts = append(texts, &o.Service, &o.Role, &o.Protocol, &o.Holder, &o.Error)
		o.Address = o.Address.WithZone("")
	}
	for i := range r.Arrivals {
		a := &r.Arrivals[i]
		a.From = netip.AddrPortFrom(a.From.Addr().Unmap().WithZone(""), a.From.Port())
		texts = append(texts, &a.Turned)
	}
	for _, t := range texts {
		*t = wire.Printable(*t, mostText)
	}
}
