// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"fmt"

	"exreach/probe/protocol/wire"
)

// sendOctets writes b; errors call it what. The conversations in octets, such as
// SOCKS, Telnet and X.224, use the three functions of this file.
func (t *talk) sendOctets(what string, b []byte) error {
	t.waiting = "the reply to " + what
	if _, err := t.conn.Write(b); err != nil {
		return fmt.Errorf("sending %s: %w", what, err)
	}
	return nil
}

// octets returns the next n octets. If fits is not nil, octets calls it with those that
// have come so far, and fails with a mismatch as soon as they do not fit.
func (t *talk) octets(n int, fits func(head []byte) bool) ([]byte, error) {
	if t.left -= n; t.left < 0 {
		return nil, t.mismatch(t.waiting + " does not end")
	}
	b := make([]byte, n)
	foreign, err := wire.Fill(t.r, b, 0, func(head []byte) bool { return fits == nil || fits(head) })
	switch {
	case err != nil:
		return nil, fmt.Errorf("waiting for %s: %w", t.waiting, err)
	case foreign != nil:
		return nil, t.foreign(foreign)
	}
	return b, nil
}

// exactly reads want, which has to come next; anything else is a mismatch.
func (t *talk) exactly(want []byte) error {
	_, err := t.octets(len(want), func(head []byte) bool { return bytes.HasPrefix(want, head) })
	return err
}
