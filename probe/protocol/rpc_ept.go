// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// rpcMapper is the endpoint mapper's own interface (C706 appendix O).
var rpcMapper = catalog.Interface{Name: "the RPC endpoint mapper", UUID: "e1af8308-5d1f-11c9-91a4-08002b14a0fa", Major: 3}

// The operations of the endpoint mapper that are used, and the status that ends
// a listing (C706 appendix O, MS-RPCE section 2.2.1.2.5).
const (
	eptLookup = 2
	eptMap    = 3

	eptNotRegistered = 0x16c9a0d6
	eptCannotPerform = 0x16c9a0cd
)

const (
	eptPageSize    = 500 // the most that Windows takes (MS-RPCE section 2.2.1.2.4)
	eptMaxTowers   = 32
	eptAllEntries  = 0  // inquiry type
	eptAllVersions = 1  // version option
	eptAnnotation  = 64 // size of an annotation with its NUL
	eptReferent    = 1  // any number but 0 says that a pointer is not null
	eptEntrySize   = 28 // an object UUID, a pointer, and the two counts of an empty annotation
	eptPointerSize = 4
)

// An eptHandle is where a listing goes on. Zero begins it, and as an answer
// ends it.
type eptHandle struct {
	attributes uint32
	id         rpcUUID
}

func (r *ndrReader) handle() eptHandle { return eptHandle{r.u32(), r.uuid()} }

func (w *ndrWriter) handle(h eptHandle) {
	w.u32(h.attributes)
	w.uuid(h.id)
}

// tower takes a twr_t, the target of a pointer.
func (r *ndrReader) tower() []byte {
	room, size := r.u32(), r.u32()
	if room != size {
		r.short = true
	}
	return r.octets(size)
}

func (w *ndrWriter) tower(b []byte) {
	w.u32(uint32(len(b)))
	w.u32(uint32(len(b)))
	w.octets(b...)
}

// counts takes the head of a conformant and varying array and returns how many
// elements follow. Each takes at least size bytes.
func (r *ndrReader) counts(size int) int {
	room, offset, count := r.u32(), r.u32(), r.u32()
	if offset != 0 || count > room || uint64(count)*uint64(size) > uint64(len(r.data)-r.at) {
		r.short = true
	}
	if r.short {
		return 0
	}
	return int(count)
}

func (w *ndrWriter) counts(room uint32, count int) {
	w.u32(room)
	w.u32(0)
	w.u32(uint32(count))
}

// An eptPage is the answer to one ept_lookup or ept_map.
type eptPage struct {
	handle eptHandle
	towers []eptTower
	status uint32
}

// An eptTower is one entry of a page. ept_map gives no annotation.
type eptTower struct {
	annotation string
	octets     []byte // nil for a null pointer
}

// lookupRequest returns the stub that asks for the next page of the whole map.
func lookupRequest(from eptHandle) []byte {
	var w ndrWriter
	w.u32(eptAllEntries)
	w.u32(0) // no object
	w.u32(0) // no interface
	w.u32(eptAllVersions)
	w.handle(from)
	w.u32(eptPageSize)
	return w.data
}

// lookupPage reads the answer to ept_lookup.
func lookupPage(r *ndrReader) (eptPage, error) {
	p := eptPage{handle: r.handle()}
	said := r.u32()
	p.towers = make([]eptTower, r.counts(eptEntrySize))
	follows := make([]bool, len(p.towers))
	for i := range p.towers {
		r.uuid() // the object
		follows[i] = r.u32() != 0
		offset, size := r.u32(), r.u32()
		if offset != 0 || size > eptAnnotation {
			r.short = true
		}
		p.towers[i].annotation = towerText(r.octets(size))
	}
	return p.finish(r, "ept_lookup", said, follows)
}

// mapRequest returns the stub that asks where an interface listens on TCP.
func mapRequest(i catalog.Interface) ([]byte, error) {
	tower, err := encodeTower(Endpoint{UUID: i.UUID, Major: i.Major, Minor: i.Minor, Sequence: "ncacn_ip_tcp"})
	if err != nil {
		return nil, err
	}
	var w ndrWriter
	w.u32(0) // no object
	w.u32(eptReferent)
	w.tower(tower)
	w.handle(eptHandle{})
	w.u32(eptMaxTowers)
	return w.data, nil
}

// mapPage reads the answer to ept_map.
func mapPage(r *ndrReader) (eptPage, error) {
	p := eptPage{handle: r.handle()}
	said := r.u32()
	p.towers = make([]eptTower, r.counts(eptPointerSize))
	follows := make([]bool, len(p.towers))
	for i := range follows {
		follows[i] = r.u32() != 0
	}
	return p.finish(r, "ept_map", said, follows)
}

// finish reads what both answers end with: the towers that the pointers before
// them lead to, and the status.
func (p eptPage) finish(r *ndrReader, call string, said uint32, follows []bool) (eptPage, error) {
	for i := range p.towers {
		if follows[i] {
			p.towers[i].octets = r.tower()
		}
	}
	p.status = r.u32()
	if r.short || int(said) != len(p.towers) {
		return eptPage{}, &wire.MismatchError{Want: rpcMapper.Name, Got: fmt.Sprintf("the lengths in its answer to %s do not fit", call)}
	}
	return p, nil
}

// An eptQuery is a request as the endpoint mapper sees it.
type eptQuery struct {
	inquiry uint32 // of ept_lookup
	tower   []byte // of ept_map
	handle  eptHandle
	most    uint32 // entries or towers in the answer
}

// lookupQuery reads the stub of ept_lookup.
func lookupQuery(r *ndrReader) eptQuery {
	var q eptQuery
	q.inquiry = r.u32()
	if r.u32() != 0 {
		r.uuid() // the object
	}
	if r.u32() != 0 {
		r.uuid() // the interface
		r.u32()
	}
	r.u32() // the version option
	q.handle = r.handle()
	q.most = r.u32()
	return q
}

// mapQuery reads the stub of ept_map.
func mapQuery(r *ndrReader) eptQuery {
	var q eptQuery
	if r.u32() != 0 {
		r.uuid() // the object
	}
	if r.u32() != 0 {
		q.tower = r.tower()
	}
	q.handle = r.handle()
	q.most = r.u32()
	return q
}

// lookupAnswer returns the stub of the answer to ept_lookup.
func (p eptPage) lookupAnswer(room uint32) []byte {
	var w ndrWriter
	w.handle(p.handle)
	w.u32(uint32(len(p.towers)))
	w.counts(room, len(p.towers))
	for i, t := range p.towers {
		w.uuid(rpcUUID{})
		w.u32(uint32(eptReferent + i))
		annotation := t.annotation[:min(len(t.annotation), eptAnnotation-1)] + "\x00"
		w.u32(0)
		w.u32(uint32(len(annotation)))
		w.octets([]byte(annotation)...)
	}
	return p.finishAnswer(w)
}

// mapAnswer returns the stub of the answer to ept_map.
func (p eptPage) mapAnswer(room uint32) []byte {
	var w ndrWriter
	w.handle(p.handle)
	w.u32(uint32(len(p.towers)))
	w.counts(room, len(p.towers))
	for i := range p.towers {
		w.u32(uint32(eptReferent + i))
	}
	return p.finishAnswer(w)
}

func (p eptPage) finishAnswer(w ndrWriter) []byte {
	for _, t := range p.towers {
		w.tower(t.octets)
	}
	w.u32(p.status)
	return w.data
}
