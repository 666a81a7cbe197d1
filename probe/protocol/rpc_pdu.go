// SPDX-License-Identifier: Apache-2.0

package protocol

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
	rpcRequest  = 0
	rpcResponse = 2
	rpcFault    = 3
	rpcBind     = 11
	rpcBindAck  = 12
	rpcBindNak  = 13
	rpcAlter    = 14
	rpcAlterAck = 15

	rpcFirst  = 0x01
	rpcLast   = 0x02
	rpcObject = 0x80 // an object UUID precedes the stub of a request
)

const (
	rpcHeaderSize  = 16
	rpcCallSize    = 8    // what precedes the stub in a request and in a response
	rpcFragment    = 5840 // the largest fragment that is offered: what Windows offers
	rpcMinFragment = 1432 // what everybody must take (C706 section 12.6.3.1)
	rpcMaxBytes    = 4 << 20
)

// rpcTypes names every packet type by its number.
var rpcTypes = [...]string{"request", "ping", "response", "fault", "working", "nocall", "reject", "ack",
	"cl_cancel", "fack", "cancel_ack", "bind", "bind_ack", "bind_nak", "alter_context", "alter_context_resp",
	"auth3", "shutdown", "co_cancel", "orphaned"}

// An rpcPDU is one packet, or a request or response put together from its
// fragments.
type rpcPDU struct {
	kind  byte
	flags byte
	order binary.ByteOrder
	call  uint32
	body  []byte // after the common header, without the authentication trailer
}

// An rpcConn reads and writes the packets of one association, from either end.
type rpcConn struct {
	conn   net.Conn
	budget int // bytes that may still be read
}

// message reads a packet, and where it is a fragment all that follow it.
func (c *rpcConn) message() (rpcPDU, error) {
	p, err := c.pdu()
	if err != nil || p.kind != rpcRequest && p.kind != rpcResponse {
		return p, err
	}
	if p.flags&rpcFirst == 0 {
		return p, notRPC("a fragment without the one before it")
	}
	for p.flags&rpcLast == 0 {
		next, err := c.pdu()
		if errors.Is(err, io.EOF) {
			return p, fmt.Errorf("reading the next fragment of a %s: %w", rpcTypes[p.kind], io.ErrUnexpectedEOF)
		}
		if err != nil {
			return p, err
		}
		if next.kind != p.kind || next.call != p.call || next.order != p.order || next.flags&rpcFirst != 0 {
			return p, notRPC("fragments that do not belong together")
		}
		p.body = append(p.body, next.body[rpcCallSize:]...)
		p.flags |= next.flags & rpcLast
	}
	return p, nil
}

// pdu reads one packet (C706 section 12.6.3.1).
func (c *rpcConn) pdu() (rpcPDU, error) {
	head, err := c.header()
	if err != nil {
		return rpcPDU{}, err
	}
	p := rpcPDU{kind: head[2], flags: head[3], order: binary.LittleEndian}
	if head[4]&0xf0 == 0 {
		p.order = binary.BigEndian
	}
	size, trailer := int(p.order.Uint16(head[8:])), int(p.order.Uint16(head[10:]))
	p.call = p.order.Uint32(head[12:])
	if size < rpcHeaderSize {
		return p, notRPC("a packet shorter than its own header")
	}
	if c.budget -= size; c.budget < 0 {
		return p, notRPC(fmt.Sprintf("more than %d MiB without an end", rpcMaxBytes>>20))
	}
	p.body = make([]byte, size-rpcHeaderSize)
	if _, err := io.ReadFull(c.conn, p.body); err != nil {
		return p, fmt.Errorf("reading the rest of a %s: %w", rpcTypes[p.kind], wire.UnexpectedEOF(err))
	}
	return p.withoutTrailer(trailer)
}

// header reads a common header. It looks at the bytes as they come: a peer that
// speaks something else may never send sixteen.
func (c *rpcConn) header() ([]byte, error) {
	head := make([]byte, rpcHeaderSize)
	for n := 0; n < len(head); {
		m, err := io.ReadAtLeast(c.conn, head[n:], 1)
		n += m
		if !beginsRPC(head[:n]) {
			return nil, notRPC("no RPC packet header")
		}
		if err != nil && n > 0 {
			err = wire.UnexpectedEOF(err)
		}
		if err != nil {
			return nil, fmt.Errorf("reading an RPC packet header: %w", err)
		}
	}
	return head, nil
}

// beginsRPC reports whether b can be the beginning of a connection-oriented
// packet: version 5.0 or 5.1, a known type, a known byte order.
func beginsRPC(b []byte) bool {
	return !(len(b) > 0 && b[0] != 5 ||
		len(b) > 1 && b[1] > 1 ||
		len(b) > 2 && int(b[2]) >= len(rpcTypes) ||
		len(b) > 4 && b[4]&0xee != 0)
}

// withoutTrailer cuts off the authentication trailer (C706 section 13.2.6.1),
// whose value has the given size, and checks that what is left can be read.
func (p rpcPDU) withoutTrailer(size int) (rpcPDU, error) {
	end := len(p.body)
	if size > 0 {
		const fixed, padding = 8, 2
		end -= fixed + size
		if end < 0 {
			return p, notRPC("an authentication trailer longer than its packet")
		}
		end -= int(p.body[end+padding])
	}
	if end < 0 || end < rpcCallSize && (p.kind == rpcRequest || p.kind == rpcResponse) {
		return p, notRPC(fmt.Sprintf("a %s that is too short", rpcTypes[p.kind]))
	}
	p.body = p.body[:end]
	return p, nil
}

// send writes one packet.
func (c *rpcConn) send(kind, flags byte, call uint32, body []byte) error {
	head := []byte{5, 0, kind, flags, 0x10, 0, 0, 0}
	head = binary.LittleEndian.AppendUint16(head, uint16(rpcHeaderSize+len(body)))
	head = binary.LittleEndian.AppendUint16(head, 0)
	head = binary.LittleEndian.AppendUint32(head, call)
	if _, err := c.conn.Write(bytes.Join([][]byte{head, body}, nil)); err != nil {
		return fmt.Errorf("sending a %s: %w", rpcTypes[kind], err)
	}
	return nil
}

func notRPC(got string) error { return &wire.MismatchError{Want: "RPC", Got: got} }
