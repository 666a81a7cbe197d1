// SPDX-License-Identifier: Apache-2.0

package census

import (
	"encoding/binary"
	"net/netip"
	"path"
	"strings"
)

// A layout says where the fields of a row stand in a table of Windows: offsets in bytes, -1
// for a field that the row does not have. Every table begins with the number of its rows,
// and numbers have the lowest byte first (tcpmib.h, udpmib.h).
type layout struct {
	size                 int
	addr                 int // bytes of an address
	local, localPort     int
	remote, remotePort   int
	state, owner         int
	class, windowsFamily uintptr
}

// The tables.
var (
	tcp4 = layout{24, 4, 4, 8, 12, 16, 0, 20, 5, 2}     // MIB_TCPROW_OWNER_PID
	tcp6 = layout{56, 16, 0, 20, 24, 44, 48, 52, 5, 23} // MIB_TCP6ROW_OWNER_PID
	udp4 = layout{12, 4, 0, 4, -1, -1, -1, 8, 1, 2}     // MIB_UDPROW_OWNER_PID
	udp6 = layout{28, 16, 0, 20, -1, -1, -1, 24, 1, 23} // MIB_UDP6ROW_OWNER_PID
)

// States of TCP, as Windows counts them (MIB_TCP_STATE).
const (
	windowsListen      = 2
	windowsSynReceived = 4
	windowsEstablished = 5
)

// read gives every row of a table to add, until that wants no more. A table that is shorter
// than it says ends where it ends.
func (l layout) read(table []byte, add func(row) bool) {
	if len(table) < 4 {
		return
	}
	rows := int64(binary.LittleEndian.Uint32(table))
	for b := table[4:]; rows > 0 && len(b) >= l.size; b, rows = b[l.size:], rows-1 {
		r := row{local: l.end(b, l.local, l.localPort), owner: uint64(binary.LittleEndian.Uint32(b[l.owner:]))}
		if l.state < 0 {
			r.listening = true
		} else {
			r.remote = l.end(b, l.remote, l.remotePort)
			r.windows(binary.LittleEndian.Uint32(b[l.state:]))
		}
		if !add(r) {
			return
		}
	}
}

// end reads an address and its port, which are in the order of the network.
func (l layout) end(b []byte, addr, port int) netip.AddrPort {
	a, _ := netip.AddrFromSlice(b[addr : addr+l.addr])
	return netip.AddrPortFrom(a.Unmap(), binary.BigEndian.Uint16(b[port:]))
}

// windows sets what a state of Windows means.
func (r *row) windows(state uint32) {
	switch state {
	case windowsEstablished:
		r.state = Established
	case windowsSynReceived:
		r.state = SynReceived
	case windowsListen:
		r.listening = true
	}
}

// baseName returns the last part of a path of Windows.
func baseName(image string) string {
	return printable(path.Base(strings.ReplaceAll(image, `\`, "/")))
}
