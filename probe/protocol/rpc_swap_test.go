// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"slices"

	"exreach/probe/protocol/rpc"
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
func bigEndian(asked, p rpc.PDU) rpc.PDU {
	p.Order, p.Body = binary.BigEndian, slices.Clone(p.Body)
	s := &rpcSwapper{data: p.Body}
	switch p.Kind {
	case rpc.BindAck, rpc.AlterAck:
		s.u16()
		s.u16()
		s.u32()
		s.skip(s.u16())
		s.skip(-s.at&3 + 4) // one result
		s.u16()
		s.u16()
		s.uuid()
		s.u32()
	case rpc.Fault:
		s.u32()
		s.skip(4)
		s.u32()
	case rpc.Response:
		s.u32()
		s.skip(4)
		swap := bigEndianPage
		if asked.Body[4] != 0 { // the second context, which is mgmt's
			swap = bigEndianInterfaces
		}
		p.Body = append(p.Body[:rpc.CallSize], swap(asked, p.Body[rpc.CallSize:])...)
	}
	return p
}

func bigEndianInterfaces(_ rpc.PDU, stub []byte) []byte {
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

func bigEndianPage(asked rpc.PDU, stub []byte) []byte {
	s := &rpcSwapper{data: stub}
	s.u32()
	s.uuid()
	s.u32()
	s.u32()
	s.u32()
	count := s.u32()
	for range count {
		if asked.Body[6] == rpc.OpLookup {
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
