// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// An Endpoint is one entry of an endpoint map. The reports have it.
type Endpoint struct {
	UUID       string `json:"uuid"`
	Name       string `json:"name,omitempty"` // our name for the interface: "EMSMDB"; "" where we have none
	Major      uint16 `json:"major"`
	Minor      uint16 `json:"minor"`
	Sequence   string `json:"sequence"`          // ncacn_ip_tcp, ncacn_http, ncadg_ip_udp, ncacn_np, ncalrpc
	Port       uint16 `json:"port,omitempty"`    // for the sequences over IP
	Address    string `json:"address,omitempty"` // as the tower carries it; often 0.0.0.0 or another host's
	Annotation string `json:"annotation,omitempty"`
}

// Interface returns the interface that the entry is for.
func (e Endpoint) Interface() catalog.Interface {
	return catalog.Interface{Name: e.Name, UUID: e.UUID, Major: e.Major, Minor: e.Minor}
}

// The protocol identifiers of tower floors that are met here (C706 appendix I,
// MS-RPCE section 2.1).
const (
	floorTCP     = 0x07
	floorUDP     = 0x08
	floorIP      = 0x09
	floorUUID    = 0x0d
	floorPipe    = 0x0f
	floorLRPC    = 0x10
	floorNetBIOS = 0x11
	floorHTTP    = 0x1f
)

// sequences lists the protocol sequences that we know, with the protocol identifiers of
// the floors above the interface and the transfer syntax; host is 0 where none is.
var sequences = []struct {
	name                 string
	rpc, transport, host byte
}{
	{"ncacn_ip_tcp", 0x0b, floorTCP, floorIP},
	{"ncacn_http", 0x0b, floorHTTP, floorIP},
	{"ncadg_ip_udp", 0x0a, floorUDP, floorIP},
	{"ncacn_np", 0x0b, floorPipe, floorNetBIOS},
	{"ncalrpc", 0x0c, floorLRPC, 0},
}

// ErrTower says that a tower cannot be read.
var ErrTower = errors.New("the floors of the tower do not fit in it")

// A towerFloor is one floor: left has its protocol identifier, right its value.
type towerFloor struct{ left, right []byte }

// ParseTower reads the protocol tower of an endpoint map's entry (C706 appendix L). For a
// sequence that is not in sequences, Sequence has the transport's number: "unknown 0x04".
// Name and Annotation stay empty: a tower does not have them.
func ParseTower(b []byte) (Endpoint, error) {
	floors, err := towerFloors(b)
	if err != nil {
		return Endpoint{}, err
	}
	id := floors[0].left
	if len(floors) < 4 || len(id) != 19 || id[0] != floorUUID {
		return Endpoint{}, errors.New("the tower does not begin with an interface")
	}
	e := Endpoint{UUID: UUID(id[1:17]).Swapped().String(), Major: binary.LittleEndian.Uint16(id[17:])}
	if minor := floors[0].right; len(minor) >= 2 {
		e.Minor = binary.LittleEndian.Uint16(minor)
	}
	e.Sequence = towerSequence(floors[2].left[0], floors[3].left[0])
	switch value := floors[3].right; floors[3].left[0] {
	case floorTCP, floorUDP, floorHTTP:
		if len(value) != 2 {
			return Endpoint{}, errors.New("the tower's port is not two bytes long")
		}
		e.Port = binary.BigEndian.Uint16(value)
		e.Address = towerAddress(floors[4:])
	default:
		e.Address = towerAddress(floors[4:]) + towerText(value)
	}
	return e, nil
}

// towerFloors takes a tower apart. It refuses a floor whose left side is empty.
func towerFloors(b []byte) ([]towerFloor, error) {
	if len(b) < 2 {
		return nil, ErrTower
	}
	count := int(binary.LittleEndian.Uint16(b))
	b = b[2:]
	// A floor is never shorter than its two lengths and a protocol identifier.
	if count == 0 || count > len(b)/5 {
		return nil, ErrTower
	}
	floors := make([]towerFloor, count)
	for i := range floors {
		var leftOK, rightOK bool
		floors[i].left, b, leftOK = cutSized(b)
		floors[i].right, b, rightOK = cutSized(b)
		if !leftOK || !rightOK || len(floors[i].left) == 0 {
			return nil, ErrTower
		}
	}
	return floors, nil
}

// cutSized takes a field that begins with its length in two bytes.
func cutSized(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	size := int(binary.LittleEndian.Uint16(b))
	if b = b[2:]; size > len(b) {
		return nil, nil, false
	}
	return b[:size], b[size:], true
}

func towerSequence(rpc, transport byte) string {
	for _, s := range sequences {
		if s.rpc == rpc && s.transport == transport {
			return s.name
		}
	}
	return fmt.Sprintf("unknown 0x%02x", transport)
}

// towerAddress returns the host in the floors above the transport's, "" where there are
// none.
func towerAddress(floors []towerFloor) string {
	if len(floors) == 0 {
		return ""
	}
	if a, ok := netip.AddrFromSlice(floors[0].right); ok && floors[0].left[0] == floorIP {
		return a.String()
	}
	return towerText(floors[0].right)
}

// towerText returns a value up to its NUL.
func towerText(b []byte) string {
	text, _, _ := strings.Cut(string(b), "\x00")
	return text
}

// FormatTower writes the tower that ParseTower reads.
func FormatTower(e Endpoint) ([]byte, error) {
	id, err := ParseUUID(e.UUID)
	if err != nil {
		return nil, err
	}
	for _, s := range sequences {
		if s.name != e.Sequence {
			continue
		}
		port, host := towerEnds(e, s.transport)
		b := appendFloor([]byte{5, 0}, floorOf(id, e.Major), binary.LittleEndian.AppendUint16(nil, e.Minor))
		b = appendFloor(b, floorOf(ndr, NDR.Major), []byte{0, 0})
		b = appendFloor(b, []byte{s.rpc}, []byte{0, 0})
		b = appendFloor(b, []byte{s.transport}, port)
		if s.host == 0 {
			b[0] = 4
			return b, nil
		}
		return appendFloor(b, []byte{s.host}, host), nil
	}
	return nil, fmt.Errorf("no tower can be made for the protocol sequence %q", e.Sequence)
}

// towerEnds returns the values of the transport's floor and of the host's.
func towerEnds(e Endpoint, transport byte) (port, host []byte) {
	switch transport {
	case floorPipe:
		i := max(wire.IndexFold(e.Address, `\pipe\`), 0)
		return []byte(e.Address[i:] + "\x00"), []byte(e.Address[:i] + "\x00")
	case floorLRPC:
		return []byte(e.Address + "\x00"), nil
	}
	address, err := netip.ParseAddr(e.Address)
	if err != nil || !address.Is4() {
		address = netip.IPv4Unspecified() // the floor has room for IPv4 alone
	}
	return binary.BigEndian.AppendUint16(nil, e.Port), address.AsSlice()
}

func floorOf(id UUID, major uint16) []byte {
	id = id.Swapped()
	return binary.LittleEndian.AppendUint16(append([]byte{floorUUID}, id[:]...), major)
}

func appendFloor(b, left, right []byte) []byte {
	b = append(binary.LittleEndian.AppendUint16(b, uint16(len(left))), left...)
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(right))), right...)
}
