// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"exreach/catalog"
)

// rpcMaxMessages is how many packets a client may send in one connection.
const rpcMaxMessages = 4096

// An rpcServer is the server's end of an association.
type rpcServer struct {
	rpcConn
	owns      catalog.Interface
	endpoints []Endpoint
	contexts  map[uint16]catalog.Interface // what was bound, by presentation context
	fragment  int                          // the largest that the client takes
}

// answerRPC is an endpoint mapper, or on an interface's own port a server that
// has this interface and no operation of it. Both tell which interface they
// have. It ends when the client hangs up.
func answerRPC(conn net.Conn, s Stand) error {
	srv := &rpcServer{
		rpcConn:   rpcConn{conn: conn, budget: rpcMaxBytes},
		owns:      rpcMapper,
		endpoints: s.Endpoints,
		contexts:  map[uint16]catalog.Interface{},
		fragment:  rpcMinFragment,
	}
	if s.Service.RPC != nil {
		srv.owns = *s.Service.RPC
	}
	for range rpcMaxMessages {
		p, err := srv.message()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := srv.serve(p); err != nil {
			return err
		}
	}
	return fmt.Errorf("the client sent more than %d packets", rpcMaxMessages)
}

func (s *rpcServer) serve(p rpcPDU) error {
	r := &ndrReader{order: p.order, data: p.body}
	switch p.kind {
	case rpcBind:
		_, port, _ := net.SplitHostPort(s.conn.LocalAddr().String()) // "" on a connection without ports
		return s.acknowledge(p, r, rpcBindAck, append([]byte(port), 0))
	case rpcAlter:
		return s.acknowledge(p, r, rpcAlterAck, nil)
	case rpcRequest:
		return s.run(p, r)
	}
	return notRPC(rpcTypes[p.kind] + " from a client")
}

// acknowledge answers a bind, or what alters one: the server's address and one
// result for every presentation context.
func (s *rpcServer) acknowledge(p rpcPDU, r *ndrReader, kind byte, address []byte) error {
	r.u16() // what the client sends at most
	s.fragment = min(max(int(r.u16()), rpcMinFragment), rpcFragment)
	r.u32() // the association group
	count := r.u8()
	r.align(4)

	var w ndrWriter
	w.u16(rpcFragment)
	w.u16(rpcFragment)
	w.u32(1) // the association group
	w.u16(uint16(len(address)))
	w.octets(address...)
	w.align(4)
	w.octets(count, 0, 0, 0)
	for range count {
		if err := s.context(r, &w); err != nil {
			return err
		}
	}
	if r.short {
		return notRPC("a " + rpcTypes[p.kind] + " that is cut short")
	}
	return s.send(kind, rpcFirst|rpcLast, p.call, w.data)
}

// context accepts or rejects one presentation context.
func (s *rpcServer) context(r *ndrReader, w *ndrWriter) error {
	id, syntaxes := r.u16(), r.u8()
	r.align(4)
	asked := r.syntax()
	ndr := false
	for range syntaxes {
		t := r.syntax()
		ndr = ndr || t.UUID == ndrSyntax.UUID && t.Major == ndrSyntax.Major
	}
	const rejected, noAbstractSyntax, noTransferSyntax = 2, 1, 2
	reason := uint16(0)
	switch {
	case !s.owns.Serves(asked) && !rpcManagement.Serves(asked):
		reason = noAbstractSyntax
	case !ndr:
		reason = noTransferSyntax
	}
	if reason != 0 {
		w.u16(rejected)
		w.u16(reason)
		w.syntax(rpcUUID{}, 0, 0)
		return nil
	}
	s.contexts[id] = asked
	syntax, err := parseUUID(ndrSyntax.UUID)
	w.u32(0) // accepted, no reason
	w.syntax(syntax, ndrSyntax.Major, ndrSyntax.Minor)
	return err
}

// run does one operation.
func (s *rpcServer) run(p rpcPDU, r *ndrReader) error {
	r.u32() // the size of the stub, a hint
	context, operation := r.u16(), r.u16()
	if p.flags&rpcObject != 0 {
		r.uuid()
	}
	r = &ndrReader{order: r.order, data: r.data[r.at:], short: r.short}
	bound, known := s.contexts[context]
	switch {
	case !known:
		return s.fault(p, context, rpcUnknownInterface)
	case bound.UUID == rpcManagement.UUID && operation == mgmtInqIfIDs:
		return s.tellInterfaces(p, context)
	case bound.UUID == rpcMapper.UUID && operation == eptLookup:
		return s.lookup(p, context, r)
	case bound.UUID == rpcMapper.UUID && operation == eptMap:
		return s.mapTower(p, context, r)
	}
	return s.fault(p, context, rpcBadOperation)
}

// lookup answers with a page of the map. The handle carries nothing but the
// place where the next page begins. As with Samba, an empty page ends it.
func (s *rpcServer) lookup(p rpcPDU, context uint16, r *ndrReader) error {
	q := lookupQuery(r)
	from := uint64(binary.BigEndian.Uint32(q.handle.id[:]))
	switch {
	case r.short:
		return s.fault(p, context, rpcBadStub)
	case from > uint64(len(s.endpoints)):
		return s.fault(p, context, rpcBadHandle)
	case q.inquiry != eptAllEntries:
		return s.respond(p, context, eptPage{status: eptCannotPerform}.lookupAnswer(q.most))
	}
	rest := s.endpoints[from:]
	rest = rest[:min(uint64(len(rest)), uint64(q.most), eptPageSize)]
	page, err := pageOf(rest)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		binary.BigEndian.PutUint32(page.handle.id[:], uint32(from)+uint32(len(rest)))
	}
	return s.respond(p, context, page.lookupAnswer(q.most))
}

// mapTower answers with the endpoints of the interface and the protocol
// sequence that the tower names.
func (s *rpcServer) mapTower(p rpcPDU, context uint16, r *ndrReader) error {
	q := mapQuery(r)
	wanted, err := decodeTower(q.tower)
	if r.short || err != nil {
		return s.fault(p, context, rpcBadStub)
	}
	var found []Endpoint
	for _, e := range s.endpoints {
		same := e.Interface().Serves(wanted.Interface()) && e.Sequence == wanted.Sequence
		if same && uint64(len(found)) < uint64(q.most) {
			found = append(found, e)
		}
	}
	page, err := pageOf(found)
	if err != nil {
		return err
	}
	return s.respond(p, context, page.mapAnswer(q.most))
}

// pageOf makes the page that carries the endpoints.
func pageOf(endpoints []Endpoint) (eptPage, error) {
	var p eptPage
	if len(endpoints) == 0 {
		p.status = eptNotRegistered
	}
	for _, e := range endpoints {
		octets, err := encodeTower(e)
		if err != nil {
			return p, fmt.Errorf("the endpoint of %s cannot be handed out: %w", e.UUID, err)
		}
		p.towers = append(p.towers, eptTower{e.Annotation, octets})
	}
	return p, nil
}

// respond sends the stub in fragments that the client takes.
func (s *rpcServer) respond(p rpcPDU, context uint16, stub []byte) error {
	// Every fragment but the last holds a multiple of eight bytes (C706 section
	// 12.6.2).
	room := (s.fragment - rpcHeaderSize - rpcCallSize) &^ 7
	flags := byte(rpcFirst)
	for {
		part := stub[:min(room, len(stub))]
		if len(part) == len(stub) {
			flags |= rpcLast
		}
		var w ndrWriter
		w.u32(uint32(len(stub)))
		w.u16(context)
		w.u16(0) // no cancels
		w.octets(part...)
		if err := s.send(rpcResponse, flags, p.call, w.data); err != nil {
			return err
		}
		if flags&rpcLast != 0 {
			return nil
		}
		stub, flags = stub[len(part):], 0
	}
}

func (s *rpcServer) fault(p rpcPDU, context uint16, status rpcStatus) error {
	var w ndrWriter
	w.u32(0)
	w.u16(context)
	w.u16(0)
	w.u32(uint32(status))
	w.u32(0)
	return s.send(rpcFault, rpcFirst|rpcLast, p.call, w.data)
}
