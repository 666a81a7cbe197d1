// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"fmt"
	"io"

	"exreach/probe/protocol/wire"
)

// sendOctets writes b, which what names for errors.
func (t *talk) sendOctets(what string, b []byte) error {
	t.waiting = "the reply to " + what
	if _, err := t.conn.Write(b); err != nil {
		return fmt.Errorf("sending %s: %w", what, err)
	}
	return nil
}

// octets returns the next n octets. Where fits is not nil it is asked about
// them as far as they have come, so that a peer which sends a few foreign bytes
// and waits is not called silent.
func (t *talk) octets(n int, fits func(head []byte) bool) ([]byte, error) {
	if t.left -= n; t.left < 0 {
		return nil, t.mismatch(t.waiting + " does not end")
	}
	b := make([]byte, n)
	for have := 0; have < n; {
		m, err := io.ReadAtLeast(t.r, b[have:], 1)
		have += m
		if have > 0 && fits != nil && !fits(b[:have]) {
			return nil, t.foreign(b[:have])
		}
		if err != nil && have > 0 {
			err = wire.UnexpectedEOF(err)
		}
		if err != nil {
			return nil, fmt.Errorf("waiting for %s: %w", t.waiting, err)
		}
	}
	return b, nil
}

// exactly reads what has to come next.
func (t *talk) exactly(want []byte) error {
	_, err := t.octets(len(want), func(head []byte) bool { return bytes.HasPrefix(want, head) })
	return err
}
