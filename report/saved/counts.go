// SPDX-License-Identifier: Apache-2.0

package saved

import "fmt"

// An unaskedHosts is what is read of the counts: that the run did not get to all hosts, or
// that the report has only a selection of its results.
type unaskedHosts struct {
	Old     int `json:"unasked_hosts"` // of exreach/1
	LeftOut int `json:"left_out"`
	Hosts   struct {
		Unasked int  `json:"unasked"`
		Unread  bool `json:"unread"`
	} `json:"hosts"`
}

// muchCounted is more than any report can count.
const muchCounted = 1 << 30

// check returns an error if a number counts nothing.
func (u unaskedHosts) check() error {
	for _, count := range []struct {
		name string
		n    int
	}{{"unasked_hosts", u.Old}, {"hosts.unasked", u.Hosts.Unasked}, {"left_out", u.LeftOut}} {
		if err := badCount(count.name, count.n); err != nil {
			return err
		}
	}
	return nil
}

func badCount(name string, n int) error {
	if n < 0 || n > muchCounted {
		return fmt.Errorf("%s: %d is no number of things; accepted: 0 to %d", name, n, muchCounted)
	}
	return nil
}
