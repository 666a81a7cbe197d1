// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"exreach/catalog"
)

// NDR is the transfer syntax of every call here: NDR 2.0 (C706 chapter 14).
var NDR = catalog.Interface{Name: "NDR", UUID: "8a885d04-1ceb-11c9-9fe8-08002b104860", Major: 2}

// ndr is the UUID of NDR.
var ndr = UUID{0x8a, 0x88, 0x5d, 0x04, 0x1c, 0xeb, 0x11, 0xc9, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}

// A Reader takes values from octets in NDR (C706 chapter 14). Alignment counts from the
// first octet. The first read past the end sets short, and every read from then on gives
// a zero value: those who read many values look at short once, at the end.
type Reader struct {
	Order binary.ByteOrder
	Data  []byte
	at    int  // where the next value begins, before alignment
	short bool // Data ended too early
}

// octets takes n octets as they are.
func (r *Reader) octets(n uint32) []byte {
	if r.short || uint64(n) > uint64(len(r.Data)-r.at) {
		r.short = true
		return nil
	}
	taken := r.Data[r.at : r.at+int(n)]
	r.at += int(n)
	return taken
}

func (r *Reader) align(to int) { r.octets(uint32(-r.at & (to - 1))) }

func (r *Reader) u8() uint8 {
	b := r.octets(1)
	if r.short {
		return 0
	}
	return b[0]
}

func (r *Reader) u16() uint16 {
	r.align(2)
	b := r.octets(2)
	if r.short {
		return 0
	}
	return r.Order.Uint16(b)
}

func (r *Reader) u32() uint32 {
	r.align(4)
	b := r.octets(4)
	if r.short {
		return 0
	}
	return r.Order.Uint32(b)
}

func (r *Reader) uuid() UUID {
	r.align(4)
	var u UUID
	copy(u[:], r.octets(16))
	if r.Order == binary.LittleEndian {
		return u.Swapped()
	}
	return u
}

// syntax takes an interface identifier with its version (p_syntax_id_t).
func (r *Reader) syntax() catalog.Interface {
	id, version := r.uuid(), r.u32()
	return catalog.Interface{UUID: id.String(), Major: uint16(version), Minor: uint16(version >> 16)}
}

// A Writer appends values to Data as little-endian NDR. Alignment counts from the first
// octet of Data.
type Writer struct {
	Data []byte
}

// Octets puts octets as they are.
func (w *Writer) Octets(b ...byte) { w.Data = append(w.Data, b...) }

func (w *Writer) align(to int) { w.Octets(make([]byte, -len(w.Data)&(to-1))...) }

// U16 puts a number of two octets.
func (w *Writer) U16(v uint16) {
	w.align(2)
	w.Data = binary.LittleEndian.AppendUint16(w.Data, v)
}

// U32 puts a number of four octets.
func (w *Writer) U32(v uint32) {
	w.align(4)
	w.Data = binary.LittleEndian.AppendUint32(w.Data, v)
}

// UUID puts a UUID.
func (w *Writer) UUID(u UUID) {
	w.align(4)
	u = u.Swapped()
	w.Octets(u[:]...)
}

// Syntax puts an interface identifier with its version (p_syntax_id_t).
func (w *Writer) Syntax(id UUID, major, minor uint16) {
	w.UUID(id)
	w.U32(uint32(major) | uint32(minor)<<16)
}

// A UUID is a UUID in the order in which it is printed, which is also how a
// big-endian peer sends it.
type UUID [16]byte

// Swapped turns the printed order into the little-endian one and back.
func (u UUID) Swapped() UUID {
	return UUID{u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6],
		u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]}
}

// String returns u in lower case with dashes.
func (u UUID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// ParseUUID reads the form that String writes.
func ParseUUID(text string) (UUID, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != len(UUID{}) {
		return UUID{}, fmt.Errorf("%q is not a UUID: write it like %s", text, NDR.UUID)
	}
	return UUID(b), nil
}
