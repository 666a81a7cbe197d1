// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// MaxMessages is how many packets a client may send in one connection.
const MaxMessages = 4096

// A server is the server's end of an association, for a stand-in.
type server struct {
	Association
	owns      []catalog.Interface // the interfaces that it has beside Management
	endpoints []Endpoint
	contexts  map[uint16]catalog.Interface // what was bound, by presentation context
	fragment  int                          // the largest that the client takes
}

// Serve is a stand-in that has the interfaces owns. As the endpoint mapper it hands out
// endpoints; of any other interface it runs no operation. It tells which interfaces it
// has, and returns nil when the client hangs up.
func Serve(conn net.Conn, owns []catalog.Interface, endpoints []Endpoint) error {
	srv := &server{
		Association: Association{Conn: conn, Budget: MaxBytes},
		owns:        owns,
		endpoints:   endpoints,
		contexts:    map[uint16]catalog.Interface{},
		fragment:    minFragment,
	}
	for range MaxMessages {
		p, err := srv.Message()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			srv.refuse(err)
			return err
		}
		if err := srv.serve(p); err != nil {
			return err
		}
	}
	return fmt.Errorf("the client sent more than %d packets", MaxMessages)
}

// refuse tells a client that speaks something else which version of the protocol is known
// here, as Windows does (C706 section 12.6.4.5). Scanners know Windows by that.
func (s *server) refuse(why error) {
	if _, foreign := errors.AsType[*wire.MismatchError](why); !foreign || len(s.contexts) > 0 {
		return
	}
	const versionNotSupported, versions = 4, 1
	var w Writer
	w.U16(versionNotSupported)
	w.Octets(versions, 5, 0, 0, 0, 0)
	_ = s.send(BindNak, FirstFragment|LastFragment, 0, w.Data)
}

func (s *server) serve(p PDU) error {
	r := &Reader{Order: p.Order, Data: p.Body}
	switch p.Kind {
	case Bind:
		_, port, _ := net.SplitHostPort(s.Conn.LocalAddr().String()) // "" on a connection without ports
		return s.acknowledge(p, r, BindAck, []byte(port+"\x00"+wire.Mark+"\x00"))
	case Alter:
		return s.acknowledge(p, r, AlterAck, nil)
	case Request:
		return s.run(p, r)
	}
	return notRPC(Types[p.Kind] + " from a client")
}

// acknowledge answers a bind or an alter_context with the server's address and one
// result for every presentation context. A client takes the address to end at its first NUL
// (C706 section 12.6.3.1), so the mark has room behind that.
func (s *server) acknowledge(p PDU, r *Reader, kind byte, address []byte) error {
	r.u16() // what the client sends at most
	s.fragment = min(max(int(r.u16()), minFragment), largestFragment)
	r.u32() // the association group
	count := r.u8()
	r.align(4)

	var w Writer
	w.U16(largestFragment)
	w.U16(largestFragment)
	w.U32(1) // the association group
	w.U16(uint16(len(address)))
	w.Octets(address...)
	w.align(4)
	w.Octets(count, 0, 0, 0)
	for range count {
		s.context(r, &w)
	}
	if r.short {
		return notRPC("a " + Types[p.Kind] + " that is cut short")
	}
	return s.send(kind, FirstFragment|LastFragment, p.Call, w.Data)
}

// context accepts or rejects one presentation context.
func (s *server) context(r *Reader, w *Writer) {
	id, syntaxes := r.u16(), r.u8()
	r.align(4)
	asked := r.syntax()
	speaksNDR := false
	for range syntaxes {
		t := r.syntax()
		speaksNDR = speaksNDR || t.UUID == NDR.UUID && t.Major == NDR.Major
	}
	const rejected, noAbstractSyntax, noTransferSyntax = 2, 1, 2
	reason := uint16(0)
	switch {
	case !s.serves(asked):
		reason = noAbstractSyntax
	case !speaksNDR:
		reason = noTransferSyntax
	}
	if reason != 0 {
		w.U16(rejected)
		w.U16(reason)
		w.Syntax(UUID{}, 0, 0)
		return
	}
	s.contexts[id] = asked
	w.U32(0) // accepted, no reason
	w.Syntax(ndr, NDR.Major, NDR.Minor)
}

// serves reports whether a client may bind this interface.
func (s *server) serves(asked catalog.Interface) bool {
	serves := func(own catalog.Interface) bool { return own.Serves(asked) }
	return slices.ContainsFunc(s.owns, serves) || serves(Management)
}

// run answers one request.
func (s *server) run(p PDU, r *Reader) error {
	r.u32() // the size of the stub, a hint
	context, operation := r.u16(), r.u16()
	if p.flags&ObjectFlag != 0 {
		r.uuid()
	}
	r = &Reader{Order: r.Order, Data: r.Data[r.at:], short: r.short}
	bound, ok := s.contexts[context]
	switch {
	case !ok:
		return s.fault(p, context, UnknownInterface)
	case bound.UUID == Management.UUID && operation == OpInqIfIDs:
		return s.tellInterfaces(p, context)
	case bound.UUID == Mapper.UUID && operation == OpLookup:
		return s.lookup(p, context, r)
	case bound.UUID == Mapper.UUID && operation == OpMap:
		return s.mapTower(p, context, r)
	}
	return s.fault(p, context, BadOperation)
}

// lookup answers with a page of the map. The handle holds only the place where the next
// page begins. An empty page ends the listing, as with Samba.
func (s *server) lookup(p PDU, context uint16, r *Reader) error {
	q := lookupQuery(r)
	from := uint64(binary.BigEndian.Uint32(q.handle.ID[:]))
	switch {
	case r.short:
		return s.fault(p, context, BadStub)
	case from > uint64(len(s.endpoints)):
		return s.fault(p, context, BadHandle)
	case q.inquiry != allEntries:
		return s.respond(p, context, Page{Status: CannotPerform}.LookupAnswer(q.most))
	}
	rest := s.endpoints[from:]
	rest = rest[:min(uint64(len(rest)), uint64(q.most), PageSize)]
	page, err := PageOf(rest)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		binary.BigEndian.PutUint32(page.Handle.ID[:], uint32(from)+uint32(len(rest)))
	}
	return s.respond(p, context, page.LookupAnswer(q.most))
}

// mapTower answers with the endpoints of the interface and the protocol
// sequence that the tower names.
func (s *server) mapTower(p PDU, context uint16, r *Reader) error {
	q := mapQuery(r)
	wanted, err := ParseTower(q.tower)
	if r.short || err != nil {
		return s.fault(p, context, BadStub)
	}
	var found []Endpoint
	for _, e := range s.endpoints {
		same := e.Interface().Serves(wanted.Interface()) && e.Sequence == wanted.Sequence
		if same && uint64(len(found)) < uint64(q.most) {
			found = append(found, e)
		}
	}
	page, err := PageOf(found)
	if err != nil {
		return err
	}
	return s.respond(p, context, page.MapAnswer(q.most))
}

// PageOf makes the page that carries the endpoints.
func PageOf(endpoints []Endpoint) (Page, error) {
	var p Page
	if len(endpoints) == 0 {
		p.Status = NotRegistered
	}
	for _, e := range endpoints {
		octets, err := FormatTower(e)
		if err != nil {
			return p, fmt.Errorf("the endpoint of %s cannot be handed out: %w", e.UUID, err)
		}
		p.Towers = append(p.Towers, Tower{e.Annotation, octets})
	}
	return p, nil
}

// respond sends the stub in fragments that are no larger than the client takes.
func (s *server) respond(p PDU, context uint16, stub []byte) error {
	// Every fragment but the last holds a multiple of eight bytes (C706 section
	// 12.6.2).
	room := (s.fragment - HeaderSize - CallSize) &^ 7
	flags := byte(FirstFragment)
	for {
		part := stub[:min(room, len(stub))]
		if len(part) == len(stub) {
			flags |= LastFragment
		}
		var w Writer
		w.U32(uint32(len(stub)))
		w.U16(context)
		w.U16(0) // no cancels
		w.Octets(part...)
		if err := s.send(Response, flags, p.Call, w.Data); err != nil {
			return err
		}
		if flags&LastFragment != 0 {
			return nil
		}
		stub, flags = stub[len(part):], 0
	}
}

func (s *server) fault(p PDU, context uint16, status Status) error {
	var w Writer
	w.U32(0)
	w.U16(context)
	w.U16(0)
	w.U32(uint32(status))
	w.U32(0)
	return s.send(Fault, FirstFragment|LastFragment, p.Call, w.Data)
}
