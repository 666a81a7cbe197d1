// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"slices"
)

// An rpcSwapper turns little-endian values into big-endian ones in their place.
type rpcSwapper struct {
	data []byte
	at   int
}

func (s *rpcSwapper) skip(n int) { s.at += n }

func (s *rpcSwapper) u16() int {
	v := binary.LittleEndian.Uint16(s.data[s.at:])
	binary.BigEndian.PutUint16(s.data[s.at:], v)
	s.at += 2
	return int(v)
}

func (s *rpcSwapper) u32() int {
	s.at += -s.at & 3
	v := binary.LittleEndian.Uint32(s.data[s.at:])
	binary.BigEndian.PutUint32(s.data[s.at:], v)
	s.at += 4
	return int(v)
}

func (s *rpcSwapper) uuid() {
	s.u32()
	s.u16()
	s.u16()
	s.skip(8)
}

// bigEndian is the packet as a big-endian server would send it.
func bigEndian(asked, p rpcPDU) rpcPDU {
	p.order, p.body = binary.BigEndian, slices.Clone(p.body)
	s := &rpcSwapper{data: p.body}
	switch p.kind {
	case rpcBindAck, rpcAlterAck:
		s.u16()
		s.u16()
		s.u32()
		s.skip(s.u16())
		s.skip(-s.at&3 + 4) // one result
		s.u16()
		s.u16()
		s.uuid()
		s.u32()
	case rpcFault:
		s.u32()
		s.skip(4)
		s.u32()
	case rpcResponse:
		s.u32()
		s.skip(4)
		swap := bigEndianPage
		if asked.body[4] != 0 { // the second context, which is mgmt's
			swap = bigEndianInterfaces
		}
		p.body = append(p.body[:rpcCallSize], swap(asked, p.body[rpcCallSize:])...)
	}
	return p
}

func bigEndianInterfaces(_ rpcPDU, stub []byte) []byte {
	s := &rpcSwapper{data: stub}
	s.u32()
	s.u32()
	count := s.u32()
	for range count {
		s.u32()
	}
	for range count {
		s.uuid()
		s.u16()
		s.u16()
	}
	s.u32()
	return stub
}

func bigEndianPage(asked rpcPDU, stub []byte) []byte {
	s := &rpcSwapper{data: stub}
	s.u32()
	s.uuid()
	s.u32()
	s.u32()
	s.u32()
	count := s.u32()
	for range count {
		if asked.body[6] == eptLookup {
			s.at += -s.at & 3
			s.uuid()
			s.u32()
			s.u32()
			s.skip(s.u32())
		} else {
			s.u32()
		}
	}
	for range count {
		s.u32()
		s.skip(s.u32())
	}
	s.u32()
	return stub
}
