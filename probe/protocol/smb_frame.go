// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	"exreach/probe/protocol/wire"
)

// The packets of the NetBIOS session service (RFC 1002 section 4.3.1). SMB over
// TCP without NetBIOS has only the messages (MS-SMB2 section 2.1).
const (
	nbssMessage   = 0x00
	nbssRequest   = 0x81
	nbssPositive  = 0x82
	nbssNegative  = 0x83
	nbssRetarget  = 0x84
	nbssKeepAlive = 0x85

	nbssHeaderSize = 4
	nbssPort       = 139
)

// smbMaxFrames is how many packets are read in one conversation.
const smbMaxFrames = 32

// The first octets of a message of SMB1 (MS-CIFS section 2.2.3.1) and of SMB2
// and later (MS-SMB2 section 2.2.1).
const (
	smb1Magic = "\xffSMB"
	smb2Magic = "\xfeSMB"
)

// An smbConn reads and writes packets, from either end.
type smbConn struct {
	conn net.Conn
	left int // packets that may still be read
}

// send writes one packet.
func (c *smbConn) send(kind byte, body []byte) error {
	head := []byte{kind, 0}
	head = binary.BigEndian.AppendUint16(head, uint16(len(body)))
	if _, err := c.conn.Write(append(head, body...)); err != nil {
		return fmt.Errorf("sending an SMB packet: %w", err)
	}
	return nil
}

// message returns the next message. Keep-alives may come between (RFC 1002
// section 4.3.7).
func (c *smbConn) message() ([]byte, error) {
	for {
		frame, err := c.frame()
		switch {
		case err != nil:
			return nil, err
		case frame[0] == nbssMessage:
			return frame[nbssHeaderSize:], nil
		case frame[0] != nbssKeepAlive:
			return nil, notSMB(fmt.Sprintf("a NetBIOS session packet of type 0x%02x instead of a message", frame[0]))
		}
	}
}

// frame reads one packet with its header.
func (c *smbConn) frame() ([]byte, error) {
	if c.left--; c.left < 0 {
		return nil, notSMB("packets without an end")
	}
	head, err := c.fill(nil, nbssHeaderSize)
	if err != nil {
		return nil, err
	}
	return c.fill(head, nbssHeaderSize+int(binary.BigEndian.Uint16(head[2:])))
}

// fill reads on until the frame has size octets. It looks at them as they come:
// a peer that speaks something else may never send so many.
func (c *smbConn) fill(frame []byte, size int) ([]byte, error) {
	n := len(frame)
	frame = append(frame, make([]byte, size-n)...)
	for n < size {
		m, err := io.ReadAtLeast(c.conn, frame[n:], 1)
		n += m
		if !beginsSMB(frame[:n]) {
			return nil, notSMB("no SMB packet")
		}
		if err != nil && n > 0 {
			err = wire.UnexpectedEOF(err)
		}
		if err != nil {
			return nil, fmt.Errorf("waiting for an SMB packet: %w", err)
		}
	}
	return frame, nil
}

// beginsSMB reports whether b can be the beginning of a packet. The second octet
// is the top of the length: nothing that belongs to a negotiation has 64 KiB.
func beginsSMB(b []byte) bool {
	switch {
	case len(b) > 0 && b[0] != nbssMessage && (b[0] < nbssRequest || b[0] > nbssKeepAlive), len(b) > 1 && b[1] != 0:
		return false
	case len(b) > nbssHeaderSize && b[0] == nbssMessage:
		head := b[nbssHeaderSize:min(len(b), nbssHeaderSize+len(smb2Magic))]
		return bytes.HasPrefix([]byte(smb1Magic), head) || bytes.HasPrefix([]byte(smb2Magic), head)
	}
	return true
}

func notSMB(got string) error { return &MismatchError{Want: "SMB", Got: got} }
