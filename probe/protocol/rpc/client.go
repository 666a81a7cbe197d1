// SPDX-License-Identifier: Apache-2.0

// Package rpc reads and writes what RPC puts on the wire (C706, MS-RPCE): NDR, packets,
// towers, the endpoint mapper's pages, and both ends of an association. It decides
// neither what to ask nor what an answer proves. It imports the catalogue and package
// wire, and no conversation.
package rpc

import (
	"errors"
	"fmt"
	"net"

	"exreach/catalog"
)

// ErrAbsent says that a server does not have the interface it was asked for.
var ErrAbsent = errors.New("the server does not have this interface")

// A Client is the client's end of an association. The conversation of RPC asks with it.
type Client struct {
	Association
	calls    uint32 // the packets sent, and so the number of the last one
	contexts uint16 // the presentation contexts that we asked for
}

// NewClient makes the client's end on a connection. Nothing is sent yet.
func NewClient(conn net.Conn) *Client {
	return &Client{Association: Association{Conn: conn, Budget: MaxBytes}}
}

// Bind asks for an interface. It returns a Refusal where the server turns us away,
// ErrAbsent where it does not have the interface, and two nils where it accepts. The
// first bind makes the association, later ones alter it (C706 section 12.6.4.1). Calls
// go to the interface of the last Bind.
func (c *Client) Bind(i catalog.Interface) (refusal *Refusal, err error) {
	asks, acks := byte(Bind), byte(BindAck)
	if c.contexts > 0 {
		asks, acks = Alter, AlterAck
	}
	stub, err := bindRequest(i, c.contexts)
	if err != nil {
		return nil, fmt.Errorf("binding %s: %w", i.Name, err)
	}
	c.contexts++
	p, err := c.exchange(asks, stub)
	if err != nil {
		return nil, err
	}
	switch p.Kind {
	case acks:
		return bindResult(p)
	case BindNak:
		return bindNak(p)
	case Fault:
		status, err := FaultStatus(p)
		switch {
		case err != nil:
			return nil, err
		case status == UnknownInterface:
			return nil, ErrAbsent
		}
		return status.Refusal(), nil
	}
	return nil, notRPC(Types[p.Kind] + " instead of " + Types[acks])
}

// bindRequest returns the body of a bind or an alter_context, which are built alike, with
// one presentation context of the given number.
func bindRequest(i catalog.Interface, context uint16) ([]byte, error) {
	id, err := ParseUUID(i.UUID)
	if err != nil {
		return nil, err
	}
	var w Writer
	w.U16(largestFragment)
	w.U16(largestFragment)
	w.U32(0)             // a new association group, or the one there is
	w.Octets(1, 0, 0, 0) // one context
	w.U16(context)
	w.Octets(1, 0) // one transfer syntax
	w.Syntax(id, i.Major, i.Minor)
	w.Syntax(ndr, NDR.Major, NDR.Minor)
	return w.Data, nil
}

// Call runs one operation and returns the stub of its response. A fault comes back as an
// error of the type Status.
func (c *Client) Call(operation uint16, stub []byte) (*Reader, error) {
	var w Writer
	w.U32(uint32(len(stub)))
	w.U16(c.contexts - 1)
	w.U16(operation)
	w.Octets(stub...)
	p, err := c.exchange(Request, w.Data)
	if err != nil {
		return nil, err
	}
	switch p.Kind {
	case Response:
		return &Reader{Order: p.Order, Data: p.Body[CallSize:]}, nil
	case Fault:
		status, err := FaultStatus(p)
		if err != nil {
			return nil, err
		}
		return nil, status
	}
	return nil, notRPC(Types[p.Kind] + " instead of response")
}

// exchange sends a packet and reads the one that answers it.
func (c *Client) exchange(kind byte, body []byte) (PDU, error) {
	c.calls++
	if err := c.send(kind, FirstFragment|LastFragment, c.calls, body); err != nil {
		return PDU{}, err
	}
	p, err := c.Message()
	if err == nil && p.Call != c.calls {
		err = notRPC("an answer to a call that was not made")
	}
	return p, err
}

// FaultStatus reads the status of a fault.
func FaultStatus(p PDU) (Status, error) {
	r := &Reader{Order: p.Order, Data: p.Body}
	r.octets(CallSize)
	status := Status(r.u32())
	if r.short {
		return 0, notRPC("a fault without a status")
	}
	return status, nil
}
