// SPDX-License-Identifier: Apache-2.0

package smb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"

	"exreach/probe/protocol/wire"
)

// The packets of the NetBIOS session service (RFC 1002 section 4.3.1). SMB over
// TCP without NetBIOS has only the messages (MS-SMB2 section 2.1).
const (
	SessionMessage = 0x00
	nbssRequest    = 0x81
	nbssPositive   = 0x82
	nbssNegative   = 0x83
	nbssRetarget   = 0x84
	nbssKeepAlive  = 0x85

	HeaderSize  = 4
	SessionPort = 139
)

// MaxFrames is how many packets a link reads.
const MaxFrames = 32

// The first octets of a message of SMB1 (MS-CIFS section 2.2.3.1) and of SMB2
// and later (MS-SMB2 section 2.2.1).
const (
	Magic1 = "\xffSMB"
	Magic2 = "\xfeSMB"
)

// A Link reads and writes the packets of one connection, from either end. The
// conversations of SMB and the stand-in use it. Deadlines are the caller's.
type Link struct {
	Conn net.Conn
	Left int // packets that may still be read
}

// New makes a link on a connection. Nothing is sent yet.
func New(conn net.Conn) *Link { return &Link{Conn: conn, Left: MaxFrames} }

// Send writes one packet.
func (c *Link) Send(kind byte, body []byte) error {
	head := []byte{kind, 0}
	head = binary.BigEndian.AppendUint16(head, uint16(len(body)))
	if _, err := c.Conn.Write(append(head, body...)); err != nil {
		return fmt.Errorf("sending an SMB packet: %w", err)
	}
	return nil
}

// Message returns the next message. It skips the keep-alives that may come before it
// (RFC 1002 section 4.3.7). The error wraps io.EOF where the peer hangs up.
func (c *Link) Message() ([]byte, error) {
	for {
		frame, err := c.frame()
		switch {
		case err != nil:
			return nil, err
		case frame[0] == SessionMessage:
			return frame[HeaderSize:], nil
		case frame[0] != nbssKeepAlive:
			return nil, Mismatch(fmt.Sprintf("a NetBIOS session packet of type 0x%02x instead of a message", frame[0]))
		}
	}
}

// frame reads one packet with its header.
func (c *Link) frame() ([]byte, error) {
	if c.Left--; c.Left < 0 {
		return nil, Mismatch("packets without an end")
	}
	head, err := c.fill(nil, HeaderSize)
	if err != nil {
		return nil, err
	}
	return c.fill(head, HeaderSize+int(binary.BigEndian.Uint16(head[2:])))
}

// fill reads on until the frame has size octets.
func (c *Link) fill(frame []byte, size int) ([]byte, error) {
	have := len(frame)
	frame = append(frame, make([]byte, size-have)...)
	foreign, err := wire.Fill(c.Conn, frame, have, beginsSMB)
	switch {
	case err != nil:
		return nil, fmt.Errorf("waiting for an SMB packet: %w", err)
	case foreign != nil:
		return nil, Mismatch("no SMB packet")
	}
	return frame, nil
}

// beginsSMB reports whether b can be the beginning of a packet. The second octet is the
// top of the length, and so 0: no message of a negotiation has 64 KiB.
func beginsSMB(b []byte) bool {
	switch {
	case len(b) > 0 && b[0] != SessionMessage && (b[0] < nbssRequest || b[0] > nbssKeepAlive), len(b) > 1 && b[1] != 0:
		return false
	case len(b) > HeaderSize && b[0] == SessionMessage:
		head := b[HeaderSize:min(len(b), HeaderSize+len(Magic2))]
		return bytes.HasPrefix([]byte(Magic1), head) || bytes.HasPrefix([]byte(Magic2), head)
	}
	return true
}

// Mismatch is the error for a peer that does not speak SMB.
func Mismatch(got string) error { return &wire.MismatchError{Want: "SMB", Got: got} }
