// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"fmt"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// This file has the stubs of ept_lookup and ept_map: requests and answers as the
// prober writes and reads them, and as a stand-in's endpoint mapper does.

// Mapper is the endpoint mapper's own interface (C706 appendix O).
var Mapper = catalog.Interface{Name: "the RPC endpoint mapper", UUID: "e1af8308-5d1f-11c9-91a4-08002b14a0fa", Major: 3}

// The operations used here, and two statuses of their answers (C706 appendix O,
// MS-RPCE section 2.2.1.2.5).
const (
	OpLookup = 2
	OpMap    = 3

	NotRegistered = 0x16c9a0d6 // ept_s_not_registered: no entries, or no more
	CannotPerform = 0x16c9a0cd // ept_s_cant_perform_op: this inquiry is not supported
)

const (
	PageSize       = 500 // entries in a page: the most that Windows gives (MS-RPCE section 2.2.1.2.4)
	MaxTowers      = 32
	allEntries     = 0  // inquiry type
	AllVersions    = 1  // version option
	eptAnnotation  = 64 // size of an annotation with its NUL
	referent       = 1  // of a pointer that is not null: any value but 0
	eptEntrySize   = 28 // at least: an object UUID, a pointer, and the offset and count of an empty annotation
	eptPointerSize = 4
)

// A Handle is the server's bookmark in a listing. The zero Handle begins one; in an
// answer it means that the listing is complete.
type Handle struct {
	Attributes uint32
	ID         UUID
}

func (r *Reader) handle() Handle { return Handle{r.u32(), r.uuid()} }

// Handle appends h.
func (w *Writer) Handle(h Handle) {
	w.U32(h.Attributes)
	w.UUID(h.ID)
}

// tower reads a twr_t, the target of a pointer.
func (r *Reader) tower() []byte {
	room, size := r.u32(), r.u32()
	if room != size {
		r.short = true
	}
	return r.octets(size)
}

func (w *Writer) tower(b []byte) {
	w.U32(uint32(len(b)))
	w.U32(uint32(len(b)))
	w.Octets(b...)
}

// counts reads the head of a conformant and varying array (maximum, offset, count)
// and returns how many elements follow. Each takes at least size bytes.
func (r *Reader) counts(size int) int {
	room, offset, count := r.u32(), r.u32(), r.u32()
	if offset != 0 || count > room || uint64(count)*uint64(size) > uint64(len(r.Data)-r.at) {
		r.short = true
	}
	if r.short {
		return 0
	}
	return int(count)
}

func (w *Writer) counts(room uint32, count int) {
	w.U32(room)
	w.U32(0)
	w.U32(uint32(count))
}

// A Page is the answer to one ept_lookup or ept_map. Its Status is the caller's to look
// at: NotRegistered is a page without entries, and no error.
type Page struct {
	Handle Handle
	Towers []Tower
	Status uint32
}

// A Tower is one entry of a page. ept_map gives no annotation.
type Tower struct {
	Annotation string
	Octets     []byte // nil for a null pointer
}

// LookupRequest returns the stub of an ept_lookup that asks for the page at from, of
// the whole map.
func LookupRequest(from Handle) []byte {
	var w Writer
	w.U32(allEntries)
	w.U32(0) // no object
	w.U32(0) // no interface
	w.U32(AllVersions)
	w.Handle(from)
	w.U32(PageSize)
	return w.Data
}

// LookupPage reads the answer to ept_lookup.
func LookupPage(r *Reader) (Page, error) {
	p := Page{Handle: r.handle()}
	said := r.u32()
	p.Towers = make([]Tower, r.counts(eptEntrySize))
	follows := make([]bool, len(p.Towers))
	for i := range p.Towers {
		r.uuid() // the object
		follows[i] = r.u32() != 0
		offset, size := r.u32(), r.u32()
		if offset != 0 || size > eptAnnotation {
			r.short = true
		}
		p.Towers[i].Annotation = towerText(r.octets(size))
	}
	return p.finish(r, "ept_lookup", said, follows)
}

// MapRequest returns the stub that asks where an interface listens on TCP.
func MapRequest(i catalog.Interface) ([]byte, error) {
	tower, err := FormatTower(Endpoint{UUID: i.UUID, Major: i.Major, Minor: i.Minor, Sequence: "ncacn_ip_tcp"})
	if err != nil {
		return nil, err
	}
	var w Writer
	w.U32(0) // no object
	w.U32(referent)
	w.tower(tower)
	w.Handle(Handle{})
	w.U32(MaxTowers)
	return w.Data, nil
}

// MapPage reads the answer to ept_map.
func MapPage(r *Reader) (Page, error) {
	p := Page{Handle: r.handle()}
	said := r.u32()
	p.Towers = make([]Tower, r.counts(eptPointerSize))
	follows := make([]bool, len(p.Towers))
	for i := range follows {
		follows[i] = r.u32() != 0
	}
	return p.finish(r, "ept_map", said, follows)
}

// finish reads what both answers end with: the towers of the pointers that are not
// null, and the status.
func (p Page) finish(r *Reader, call string, said uint32, follows []bool) (Page, error) {
	for i := range p.Towers {
		if follows[i] {
			p.Towers[i].Octets = r.tower()
		}
	}
	p.Status = r.u32()
	if r.short || int(said) != len(p.Towers) {
		return Page{}, &wire.MismatchError{Want: Mapper.Name, Got: fmt.Sprintf("the lengths in its answer to %s do not fit", call)}
	}
	return p, nil
}

// An eptQuery is a request of either kind, as a stand-in's endpoint mapper reads it.
type eptQuery struct {
	inquiry uint32 // of ept_lookup
	tower   []byte // of ept_map
	handle  Handle
	most    uint32 // entries or towers in the answer
}

// lookupQuery reads the stub of ept_lookup.
func lookupQuery(r *Reader) eptQuery {
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
func mapQuery(r *Reader) eptQuery {
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

// LookupAnswer returns the stub of the answer to ept_lookup.
func (p Page) LookupAnswer(room uint32) []byte {
	var w Writer
	w.Handle(p.Handle)
	w.U32(uint32(len(p.Towers)))
	w.counts(room, len(p.Towers))
	for i, t := range p.Towers {
		w.UUID(UUID{})
		w.U32(uint32(referent + i))
		annotation := t.Annotation[:min(len(t.Annotation), eptAnnotation-1)] + "\x00"
		w.U32(0)
		w.U32(uint32(len(annotation)))
		w.Octets([]byte(annotation)...)
	}
	return p.finishAnswer(w)
}

// MapAnswer returns the stub of the answer to ept_map.
func (p Page) MapAnswer(room uint32) []byte {
	var w Writer
	w.Handle(p.Handle)
	w.U32(uint32(len(p.Towers)))
	w.counts(room, len(p.Towers))
	for i := range p.Towers {
		w.U32(uint32(referent + i))
	}
	return p.finishAnswer(w)
}

func (p Page) finishAnswer(w Writer) []byte {
	for _, t := range p.Towers {
		w.tower(t.Octets)
	}
	w.U32(p.Status)
	return w.Data
}
