// SPDX-License-Identifier: Apache-2.0

package census

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// Messages of Linux's sock_diag(7), in the order of bytes of this machine: a header of
// netlink(7), then struct inet_diag_req_v2 or struct inet_diag_msg (linux/inet_diag.h).
const (
	diagHeader  = 16
	diagRequest = 56
	diagAnswer  = 72

	diagError    = 2  // NLMSG_ERROR
	diagDone     = 3  // NLMSG_DONE
	diagByFamily = 20 // SOCK_DIAG_BY_FAMILY
	diagDump     = 1 | 0x300

	linuxInet, linuxInet6 = 2, 10
	linuxTCP              = 6
)

// States of TCP, as Linux counts them (net/tcp_states.h).
const (
	linuxEstablished = 1
	linuxSynReceived = 3
	linuxClose       = 7
	linuxListen      = 10
)

// connections is the set of states that connections have: all but those of listeners and of
// sockets that were not connected.
const connections = 0xfff &^ (1<<linuxListen | 1<<linuxClose | 1)

// halfOpen is the set of one state, which is asked for first: a flood of connections must
// not crowd it out.
const halfOpen = 1 << linuxSynReceived

// errDiag says that an answer of the system is not what its header says.
var errDiag = errors.New("sock_diag: a malformed answer")

// diagQuestion asks for all TCP sockets of a family in these states.
func diagQuestion(family byte, states uint32) []byte {
	const size = diagHeader + diagRequest
	b := make([]byte, size)
	binary.NativeEndian.PutUint32(b, size)
	binary.NativeEndian.PutUint16(b[4:], diagByFamily)
	binary.NativeEndian.PutUint16(b[6:], diagDump)
	b[diagHeader], b[diagHeader+1] = family, linuxTCP
	binary.NativeEndian.PutUint32(b[diagHeader+4:], states)
	return b
}

// readDiag gives every socket in one datagram of answers to add. Done is true after the
// last one, or if add wants no more.
func readDiag(b []byte, add func(row) bool) (done bool, err error) {
	for len(b) >= diagHeader {
		size := int64(binary.NativeEndian.Uint32(b))
		if size < diagHeader || size > int64(len(b)) {
			return true, errDiag
		}
		body := b[diagHeader:size]
		switch binary.NativeEndian.Uint16(b[4:]) {
		case diagDone:
			return true, nil
		case diagError:
			if len(body) < 4 {
				return true, errDiag
			}
			return true, fmt.Errorf("sock_diag: %w", syscall.Errno(-int32(binary.NativeEndian.Uint32(body))))
		case diagByFamily:
			r, ok := diagRow(body)
			if !ok {
				return true, errDiag
			}
			if !add(r) {
				return true, nil
			}
		}
		b = b[min((size+3)&^3, int64(len(b))):]
	}
	return false, nil
}

// diagRow reads a struct inet_diag_msg. Its ports and addresses are in the order of the
// network.
func diagRow(b []byte) (row, bool) {
	if len(b) < diagAnswer {
		return row{}, false
	}
	size := 4
	if b[0] == linuxInet6 {
		size = 16
	}
	end := func(port, addr int) netip.AddrPort {
		a, _ := netip.AddrFromSlice(b[addr : addr+size])
		return netip.AddrPortFrom(a.Unmap(), binary.BigEndian.Uint16(b[port:]))
	}
	r := row{
		local: end(4, 8), remote: end(6, 24),
		user: binary.NativeEndian.Uint32(b[64:]), owner: uint64(binary.NativeEndian.Uint32(b[68:])),
	}
	r.linux(b[1])
	return r, b[0] == linuxInet || b[0] == linuxInet6
}

// linux sets what a state of Linux means.
func (r *row) linux(state byte) {
	switch state {
	case linuxEstablished:
		r.state = Established
	case linuxSynReceived, 12: // TCP_NEW_SYN_RECV
		r.state = SynReceived
	case linuxListen:
		r.listening = true
	}
}
