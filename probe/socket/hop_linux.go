// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"exreach/catalog"
)

// CanTrace returns nil: this system shows every user who sent an ICMP message.
func CanTrace() error { return nil }

// AskHop asks a target once with a hop limit, for hops.Tracer; a ttl of 0 is the system's
// own. err is nil if the target accepted or answered. Otherwise it says what came back
// before ctx ended, as an *Error, or why this machine could not ask. IP_RECVERR gives the
// sender of an ICMP message (ip(7), ipv6(7)); own says that this machine itself sent it.
func AskHop(ctx context.Context, source netip.Addr, to Target, ttl int) (own bool, err error) {
	if to.Network == catalog.UDP {
		return askDatagram(ctx, source, to, ttl)
	}
	fd, err := startConnect(source, to.Addr, ttl, 0)
	if err != nil {
		return false, err
	}
	f := os.NewFile(uintptr(fd), "tcp")
	defer f.Close()
	err = awaitConnect(ctx, f, to.Addr.Addr())
	return isOwn(f, err, to), err
}

// askDatagram is AskHop over UDP, which has no connect to answer.
func askDatagram(ctx context.Context, source netip.Addr, to Target, ttl int) (own bool, err error) {
	conn, err := dialUDP(ctx, source, to.Addr)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	socket := conn.(*DatagramConn)
	if err := onSocket(socket, func(fd int) error { return limitHops(fd, to.Addr.Addr(), ttl) }); err != nil {
		return false, err
	}
	if _, err = conn.Write(to.Payload); err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	return isOwn(socket, err, to), err
}

// limitHops sets the hop limit of what the socket sends; 0 leaves the system's.
func limitHops(fd int, to netip.Addr, hops int) error {
	if hops == 0 {
		return nil
	}
	level, option := unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS
	if to.Is4() {
		level, option = unix.IPPROTO_IP, unix.IP_TTL
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, option, hops))
}

// isOwn reports whether an ICMP message came from the address that the socket asks
// from, and that address is not the target's.
func isOwn(socket syscall.Conn, err error, to Target) bool {
	own := false
	if said := new(*Error); errors.As(err, said) && (*said).ICMP != ICMPNone {
		_ = onSocket(socket, func(fd int) error {
			own = (*said).By != to.Addr.Addr() && isLocal(fd, (*said).By)
			return nil
		})
	}
	return own
}
