// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"net"

	"exreach/catalog"
)

// errAbsent says that a server does not have the interface it was asked for.
var errAbsent = errors.New("the server does not have this interface")

// An rpcClient is the client's end of an association.
type rpcClient struct {
	rpcConn
	calls    uint32
	contexts uint16 // the presentation contexts that were asked for
}

func newRPCClient(conn net.Conn) *rpcClient {
	return &rpcClient{rpcConn: rpcConn{conn: conn, budget: rpcMaxBytes}}
}

// bind asks for an interface and returns how it was refused, nil where it was
// not. The first bind makes the association, later ones alter it (C706 section
// 12.6.4.1). Calls go to the interface that was bound last.
func (c *rpcClient) bind(i catalog.Interface) (refusal *rpcRefusal, err error) {
	asks, acks := byte(rpcBind), byte(rpcBindAck)
	if c.contexts > 0 {
		asks, acks = rpcAlter, rpcAlterAck
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
	switch p.kind {
	case acks:
		return bindResult(p)
	case rpcBindNak:
		return bindNak(p)
	case rpcFault:
		status, err := faultStatus(p)
		switch {
		case err != nil:
			return nil, err
		case status == rpcUnknownInterface:
			return nil, errAbsent
		}
		return status.refusal(), nil
	}
	return nil, notRPC(rpcTypes[p.kind] + " instead of " + rpcTypes[acks])
}

// bindRequest returns the body of a bind, or of what alters one, with one
// presentation context of the given number.
func bindRequest(i catalog.Interface, context uint16) ([]byte, error) {
	id, err := parseUUID(i.UUID)
	if err != nil {
		return nil, err
	}
	ndr, err := parseUUID(ndrSyntax.UUID)
	if err != nil {
		return nil, err
	}
	var w ndrWriter
	w.u16(rpcFragment)
	w.u16(rpcFragment)
	w.u32(0)             // a new association group, or the one there is
	w.octets(1, 0, 0, 0) // one context
	w.u16(context)
	w.octets(1, 0) // one transfer syntax
	w.syntax(id, i.Major, i.Minor)
	w.syntax(ndr, ndrSyntax.Major, ndrSyntax.Minor)
	return w.data, nil
}

// call runs one operation and returns the stub of its response. A fault comes
// back as an rpcStatus.
func (c *rpcClient) call(operation uint16, stub []byte) (*ndrReader, error) {
	var w ndrWriter
	w.u32(uint32(len(stub)))
	w.u16(c.contexts - 1)
	w.u16(operation)
	w.octets(stub...)
	p, err := c.exchange(rpcRequest, w.data)
	if err != nil {
		return nil, err
	}
	switch p.kind {
	case rpcResponse:
		return &ndrReader{order: p.order, data: p.body[rpcCallSize:]}, nil
	case rpcFault:
		status, err := faultStatus(p)
		if err != nil {
			return nil, err
		}
		return nil, status
	}
	return nil, notRPC(rpcTypes[p.kind] + " instead of response")
}

// exchange sends a packet and reads the one that answers it.
func (c *rpcClient) exchange(kind byte, body []byte) (rpcPDU, error) {
	c.calls++
	if err := c.send(kind, rpcFirst|rpcLast, c.calls, body); err != nil {
		return rpcPDU{}, err
	}
	p, err := c.message()
	if err == nil && p.call != c.calls {
		err = notRPC("an answer to a call that was not made")
	}
	return p, err
}

func faultStatus(p rpcPDU) (rpcStatus, error) {
	r := &ndrReader{order: p.order, data: p.body}
	r.octets(rpcCallSize)
	status := rpcStatus(r.u32())
	if r.short {
		return 0, notRPC("a fault without a status")
	}
	return status, nil
}
