// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"slices"
	"time"

	"exreach/catalog"
)

// Management is the interface that every RPC server has beside its own (C706
// appendix Q).
var Management = catalog.Interface{Name: "mgmt", UUID: "afa8bd80-7d8a-11c9-bef4-08002b102989", Major: 1}

// OpInqIfIDs is its operation inq_if_ids: which interfaces the server has.
const OpInqIfIDs = 0

const (
	mgmtPatience      = 2 * time.Second // for the answer: filters that pass only listed interfaces may drop the question
	mgmtMaxInterfaces = 1024            // far more than one process has
)

// Inquire asks the server which interfaces it has, and returns nil where it does not say.
// It comes last in a conversation: the check has its outcome by then, so no failure here
// matters, and Inquire leaves a deadline of its own on the connection.
func (c *Client) Inquire() []catalog.Interface {
	if c.Conn.SetDeadline(time.Now().Add(mgmtPatience)) != nil {
		return nil
	}
	if refusal, err := c.Bind(Management); refusal != nil || err != nil {
		return nil
	}
	r, err := c.Call(OpInqIfIDs, nil)
	if err != nil {
		return nil
	}
	return InterfacesOf(r)
}

// InterfacesOf reads the answer to inq_if_ids: a pointer to a vector of pointers
// (rpc_if_id_vector_t), and a status. It returns nil where they do not fit into the
// answer, or where the status is an error.
func InterfacesOf(r *Reader) []catalog.Interface {
	if r.u32() == 0 {
		return nil
	}
	room, count := r.u32(), r.u32()
	if r.short || room != count || count > mgmtMaxInterfaces {
		return nil
	}
	follows := make([]bool, count)
	for i := range follows {
		follows[i] = r.u32() != 0
	}
	var all []catalog.Interface
	for _, there := range follows {
		if there && !r.short {
			all = append(all, catalog.Interface{UUID: r.uuid().String(), Major: r.u16(), Minor: r.u16()})
		}
	}
	if status := r.u32(); r.short || status != 0 {
		return nil
	}
	return all
}

// Labels returns the labels of interfaces, each once: named has those with a name, like
// "EMSMDB 0.81", unnamed those without. Management, which every server has, is in neither.
func Labels(all []catalog.Interface) (named, unnamed []string) {
	seen := map[string]bool{labelOf(Management): true}
	for _, i := range all {
		label := labelOf(i)
		switch {
		case seen[label]:
		case NameOf(i.UUID, i.Major) != "":
			named = append(named, label)
		default:
			unnamed = append(unnamed, label)
		}
		seen[label] = true
	}
	return named, unnamed
}

// tellInterfaces answers inq_if_ids.
func (s *server) tellInterfaces(p PDU, context uint16) error {
	stub, err := InterfacesAnswer(append(slices.Clone(s.owns), Management)...)
	if err != nil {
		return err
	}
	return s.respond(p, context, stub)
}

// InterfacesAnswer returns the stub that InterfacesOf reads.
func InterfacesAnswer(all ...catalog.Interface) ([]byte, error) {
	var w Writer
	w.U32(referent)
	w.U32(uint32(len(all)))
	w.U32(uint32(len(all)))
	for i := range all {
		w.U32(uint32(referent + 1 + i))
	}
	for _, i := range all {
		id, err := ParseUUID(i.UUID)
		if err != nil {
			return nil, err
		}
		w.UUID(id)
		w.U16(i.Major)
		w.U16(i.Minor)
	}
	w.U32(0)
	return w.Data, nil
}
