// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/binary"
)

// The header of a TPKT packet, and the smallest packet (RFC 1006 section 6).
const (
	tpktVersion = 3
	tpktHeader  = 4
	tpktLeast   = 7
)

// sendTPKT writes one packet; what names it for errors.
func (t *talk) sendTPKT(what string, payload []byte) error {
	head := binary.BigEndian.AppendUint16([]byte{tpktVersion, 0}, uint16(tpktHeader+len(payload)))
	return t.sendOctets(what, append(head, payload...))
}

// readTPKT returns what the next packet holds.
func (t *talk) readTPKT() ([]byte, error) {
	head, err := t.octets(tpktHeader, func(head []byte) bool {
		return bytes.HasPrefix([]byte{tpktVersion, 0}, head[:min(2, len(head))])
	})
	if err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	if size < tpktLeast {
		return nil, t.mismatch(t.waiting + " is a TPKT packet that is too short")
	}
	return t.octets(size-tpktHeader, nil)
}
