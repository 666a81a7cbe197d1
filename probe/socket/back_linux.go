// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// A Back is the way back of a datagram: from which address of this machine to answer. The
// zero value leaves that to the system.
type Back struct{ control []byte }

// KnowBack has the system tell the way back of each datagram that Receive reads from a socket
// (ip(7), IP_PKTINFO; ipv6(7), IPV6_RECVPKTINFO).
func KnowBack(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // a socket of IPv4 alone has no IPv6 option, and takes the other
		if unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1) != nil {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		}
	})
}

// Receive reads a datagram.
func Receive(conn *net.UDPConn, b []byte) (n int, from netip.AddrPort, back Back, err error) {
	var room [128]byte
	n, control, _, from, err := conn.ReadMsgUDPAddrPort(b, room[:])
	if err != nil {
		return n, from, Back{}, err
	}
	return n, from, backOf(room[:control]), nil
}

// Answer sends a datagram to where another came from.
func (back Back) Answer(conn *net.UDPConn, b []byte, to netip.AddrPort) (int, error) {
	n, _, err := conn.WriteMsgUDPAddrPort(b, back.control, to)
	return n, err
}

// backOf returns the way back that the system told: the address, and not the interface, as the
// route back may be another. Link-local addresses name theirs with the address to answer to.
func backOf(control []byte) Back {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return Back{}
	}
	for _, m := range messages {
		switch kind := [2]int32{m.Header.Level, m.Header.Type}; {
		case kind == [2]int32{unix.IPPROTO_IPV6, unix.IPV6_PKTINFO} && len(m.Data) >= unix.SizeofInet6Pktinfo:
			return Back{unix.PktInfo6(&unix.Inet6Pktinfo{Addr: [16]byte(m.Data[:16])})}
		case kind == [2]int32{unix.IPPROTO_IP, unix.IP_PKTINFO} && len(m.Data) >= unix.SizeofInet4Pktinfo:
			return Back{unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte(m.Data[4:8])})}
		}
	}
	return Back{}
}
