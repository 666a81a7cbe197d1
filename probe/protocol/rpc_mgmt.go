// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"time"

	"exreach/catalog"
)

// rpcManagement is the interface that every RPC server has beside its own (C706
// appendix Q).
var rpcManagement = catalog.Interface{Name: "mgmt", UUID: "afa8bd80-7d8a-11c9-bef4-08002b102989", Major: 1}

// mgmtInqIfIDs is its operation inq_if_ids: which interfaces the server has.
const mgmtInqIfIDs = 0

const (
	mgmtPatience      = 2 * time.Second // for the answer: filters that pass only listed interfaces may drop the question
	mgmtMaxInterfaces = 1024            // far more than one process has
)

// inquire asks the server behind the connection which interfaces it has, and
// returns nil where it does not say. The outcome of the check is known by then,
// so nothing that happens here matters.
func (c *rpcClient) inquire() []catalog.Interface {
	if c.conn.SetDeadline(time.Now().Add(mgmtPatience)) != nil {
		return nil
	}
	if refusal, err := c.bind(rpcManagement); refusal != nil || err != nil {
		return nil
	}
	r, err := c.call(mgmtInqIfIDs, nil)
	if err != nil {
		return nil
	}
	return interfacesOf(r)
}

// interfacesOf reads the answer to inq_if_ids: a pointer to a vector of pointers
// (rpc_if_id_vector_t), and a status. It returns nil where they do not fit.
func interfacesOf(r *ndrReader) []catalog.Interface {
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

// labels returns the interfaces that have a name and those that have none, with
// their versions, and without the one that every server has.
func labels(all []catalog.Interface) (named, unnamed []string) {
	seen := map[string]bool{labelOf(rpcManagement): true}
	for _, i := range all {
		label := labelOf(i)
		switch {
		case seen[label]:
		case nameOf(i.UUID, i.Major) != "":
			named = append(named, label)
		default:
			unnamed = append(unnamed, label)
		}
		seen[label] = true
	}
	return named, unnamed
}

// tellInterfaces answers inq_if_ids.
func (s *rpcServer) tellInterfaces(p rpcPDU, context uint16) error {
	stub, err := interfacesAnswer(s.owns, rpcManagement)
	if err != nil {
		return err
	}
	return s.respond(p, context, stub)
}

// interfacesAnswer returns the stub that interfacesOf reads.
func interfacesAnswer(all ...catalog.Interface) ([]byte, error) {
	var w ndrWriter
	w.u32(eptReferent)
	w.u32(uint32(len(all)))
	w.u32(uint32(len(all)))
	for i := range all {
		w.u32(uint32(eptReferent + 1 + i))
	}
	for _, i := range all {
		id, err := parseUUID(i.UUID)
		if err != nil {
			return nil, err
		}
		w.uuid(id)
		w.u16(i.Major)
		w.u16(i.Minor)
	}
	w.u32(0)
	return w.data, nil
}
