// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"exreach/catalog"
)

// ndrSyntax is the transfer syntax of every call here: NDR 2.0 (C706 chapter 14).
var ndrSyntax = catalog.Interface{Name: "NDR", UUID: "8a885d04-1ceb-11c9-9fe8-08002b104860", Major: 2}

// An ndrReader takes values from octets in NDR (C706 chapter 14). Alignment
// counts from the first octet. After the first length that does not fit, short
// is set and every further read gives a zero value.
type ndrReader struct {
	order binary.ByteOrder
	data  []byte
	at    int
	short bool
}

// octets takes n octets as they are.
func (r *ndrReader) octets(n uint32) []byte {
	if r.short || uint64(n) > uint64(len(r.data)-r.at) {
		r.short = true
		return nil
	}
	taken := r.data[r.at : r.at+int(n)]
	r.at += int(n)
	return taken
}

func (r *ndrReader) align(to int) { r.octets(uint32(-r.at & (to - 1))) }

func (r *ndrReader) u8() uint8 {
	b := r.octets(1)
	if r.short {
		return 0
	}
	return b[0]
}

func (r *ndrReader) u16() uint16 {
	r.align(2)
	b := r.octets(2)
	if r.short {
		return 0
	}
	return r.order.Uint16(b)
}

func (r *ndrReader) u32() uint32 {
	r.align(4)
	b := r.octets(4)
	if r.short {
		return 0
	}
	return r.order.Uint32(b)
}

func (r *ndrReader) uuid() rpcUUID {
	r.align(4)
	var u rpcUUID
	copy(u[:], r.octets(16))
	if r.order == binary.LittleEndian {
		return u.swapped()
	}
	return u
}

// syntax takes an interface identifier with its version (p_syntax_id_t).
func (r *ndrReader) syntax() catalog.Interface {
	id, version := r.uuid(), r.u32()
	return catalog.Interface{UUID: id.String(), Major: uint16(version), Minor: uint16(version >> 16)}
}

// An ndrWriter puts values as little-endian NDR. Alignment counts from the
// first octet.
type ndrWriter struct {
	data []byte
}

func (w *ndrWriter) octets(b ...byte) { w.data = append(w.data, b...) }

func (w *ndrWriter) align(to int) { w.octets(make([]byte, -len(w.data)&(to-1))...) }

func (w *ndrWriter) u16(v uint16) {
	w.align(2)
	w.data = binary.LittleEndian.AppendUint16(w.data, v)
}

func (w *ndrWriter) u32(v uint32) {
	w.align(4)
	w.data = binary.LittleEndian.AppendUint32(w.data, v)
}

func (w *ndrWriter) uuid(u rpcUUID) {
	w.align(4)
	u = u.swapped()
	w.octets(u[:]...)
}

// syntax puts an interface identifier with its version (p_syntax_id_t).
func (w *ndrWriter) syntax(id rpcUUID, major, minor uint16) {
	w.uuid(id)
	w.u32(uint32(major) | uint32(minor)<<16)
}

// An rpcUUID is a UUID in the order in which it is printed, which is also how a
// big-endian peer sends it.
type rpcUUID [16]byte

// swapped turns the printed order into the little-endian one and back.
func (u rpcUUID) swapped() rpcUUID {
	return rpcUUID{u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6],
		u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]}
}

// String returns u in lower case with dashes.
func (u rpcUUID) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// parseUUID reads the form that String writes.
func parseUUID(text string) (rpcUUID, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != len(rpcUUID{}) {
		return rpcUUID{}, fmt.Errorf("%q is not a UUID: write it like %s", text, ndrSyntax.UUID)
	}
	return rpcUUID(b), nil
}
