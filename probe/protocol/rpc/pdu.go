// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"exreach/probe/protocol/wire"
)

// The packet types that are met here, and the flags of the first and the last
// fragment (C706 section 12.6.3.1).
const (
	Request  = 0
	Response = 2
	Fault    = 3
	Bind     = 11
	BindAck  = 12
	BindNak  = 13
	Alter    = 14
	AlterAck = 15

	FirstFragment = 0x01
	LastFragment  = 0x02
	ObjectFlag    = 0x80 // an object UUID precedes the stub of a request
)

const (
	HeaderSize      = 16
	CallSize        = 8    // what precedes the stub in a request and in a response
	largestFragment = 5840 // what we offer to take, as Windows does
	minFragment     = 1432 // what every implementation must accept (C706 section 12.6.3.1)
	MaxBytes        = 4 << 20
)

// Types names every packet type by its number.
var Types = [...]string{"request", "ping", "response", "fault", "working", "nocall", "reject", "ack",
	"cl_cancel", "fack", "cancel_ack", "bind", "bind_ack", "bind_nak", "alter_context", "alter_context_resp",
	"auth3", "shutdown", "co_cancel", "orphaned"}

// A PDU is one packet, or a request or response put together from its
// fragments.
type PDU struct {
	Kind  byte
	flags byte
	Order binary.ByteOrder
	Call  uint32
	Body  []byte // after the common header, without the authentication trailer
}

// An Association reads and writes the packets of one connection, from either end.
// Deadlines are the caller's.
type Association struct {
	Conn   net.Conn
	Budget int // bytes that may still be read
}

// Message reads one packet, and of a request or response all fragments. The error wraps
// io.EOF where the peer hangs up before a packet.
func (c *Association) Message() (PDU, error) {
	p, err := c.pdu()
	if err != nil || p.Kind != Request && p.Kind != Response {
		return p, err
	}
	if p.flags&FirstFragment == 0 {
		return p, notRPC("a fragment without the one before it")
	}
	for p.flags&LastFragment == 0 {
		next, err := c.pdu()
		if errors.Is(err, io.EOF) {
			return p, fmt.Errorf("reading the next fragment of a %s: %w", Types[p.Kind], io.ErrUnexpectedEOF)
		}
		if err != nil {
			return p, err
		}
		if next.Kind != p.Kind || next.Call != p.Call || next.Order != p.Order || next.flags&FirstFragment != 0 {
			return p, notRPC("fragments that do not belong together")
		}
		p.Body = append(p.Body, next.Body[CallSize:]...)
		p.flags |= next.flags & LastFragment
	}
	return p, nil
}

// pdu reads one packet (C706 section 12.6.3.1).
func (c *Association) pdu() (PDU, error) {
	head, err := c.header()
	if err != nil {
		return PDU{}, err
	}
	p := PDU{Kind: head[2], flags: head[3], Order: binary.LittleEndian}
	if head[4]&0xf0 == 0 {
		p.Order = binary.BigEndian
	}
	size, trailer := int(p.Order.Uint16(head[8:])), int(p.Order.Uint16(head[10:]))
	p.Call = p.Order.Uint32(head[12:])
	if size < HeaderSize {
		return p, notRPC("a packet shorter than its own header")
	}
	if c.Budget -= size; c.Budget < 0 {
		return p, notRPC(fmt.Sprintf("more than %d MiB without an end", MaxBytes>>20))
	}
	p.Body = make([]byte, size-HeaderSize)
	if _, err := io.ReadFull(c.Conn, p.Body); err != nil {
		return p, fmt.Errorf("reading the rest of a %s: %w", Types[p.Kind], wire.UnexpectedEOF(err))
	}
	return p.withoutTrailer(trailer)
}

// header reads a common header.
func (c *Association) header() ([]byte, error) {
	head := make([]byte, HeaderSize)
	foreign, err := wire.Fill(c.Conn, head, 0, beginsRPC)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading an RPC packet header: %w", err)
	case foreign != nil:
		return nil, notRPC("no RPC packet header")
	}
	return head, nil
}

// beginsRPC reports whether b can be the beginning of a connection-oriented
// packet: version 5.0 or 5.1, a known type, a known byte order.
func beginsRPC(b []byte) bool {
	return !(len(b) > 0 && b[0] != 5 ||
		len(b) > 1 && b[1] > 1 ||
		len(b) > 2 && int(b[2]) >= len(Types) ||
		len(b) > 4 && b[4]&0xee != 0)
}

// withoutTrailer cuts off the authentication trailer (C706 section 13.2.6.1),
// whose value has the given size, and checks that what is left can be read.
func (p PDU) withoutTrailer(size int) (PDU, error) {
	end := len(p.Body)
	if size > 0 {
		const fixed, padding = 8, 2
		end -= fixed + size
		if end < 0 {
			return p, notRPC("an authentication trailer longer than its packet")
		}
		end -= int(p.Body[end+padding])
	}
	if end < 0 || end < CallSize && (p.Kind == Request || p.Kind == Response) {
		return p, notRPC(fmt.Sprintf("a %s that is too short", Types[p.Kind]))
	}
	p.Body = p.Body[:end]
	return p, nil
}

// send writes one packet.
func (c *Association) send(kind, flags byte, call uint32, body []byte) error {
	head := []byte{5, 0, kind, flags, 0x10, 0, 0, 0}
	head = binary.LittleEndian.AppendUint16(head, uint16(HeaderSize+len(body)))
	head = binary.LittleEndian.AppendUint16(head, 0)
	head = binary.LittleEndian.AppendUint32(head, call)
	if _, err := c.Conn.Write(bytes.Join([][]byte{head, body}, nil)); err != nil {
		return fmt.Errorf("sending a %s: %w", Types[kind], err)
	}
	return nil
}

func notRPC(got string) error { return &wire.MismatchError{Want: "RPC", Got: got} }
