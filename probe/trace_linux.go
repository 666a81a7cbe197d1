// SPDX-License-Identifier: Apache-2.0

package probe

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

// CanTrace is nil: this system tells everybody who sent an ICMP message.
func CanTrace() error { return nil }

// askHop asks a target with a hop limit and returns what came back before ctx
// ended. IP_RECVERR gives the sender of an ICMP message (ip(7), ipv6(7)).
func askHop(ctx context.Context, source netip.Addr, to Target, ttl int) reply {
	if to.Network == catalog.UDP {
		return askDatagram(ctx, source, to, ttl)
	}
	fd, err := startConnect(source, to.Addr, ttl, 0)
	if err != nil {
		return replyOf(err, to)
	}
	f := os.NewFile(uintptr(fd), "tcp")
	defer f.Close()
	r := replyOf(awaitConnect(ctx, f, to.Addr.Addr()), to)
	r.self = r.self || isOwn(f, r, to)
	return r
}

// askDatagram is askHop over UDP, which has no connect to answer.
func askDatagram(ctx context.Context, source netip.Addr, to Target, ttl int) reply {
	conn, err := dialUDP(ctx, source, to.Addr)
	if err != nil {
		return replyOf(err, to)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	socket := conn.(*datagramConn)
	onSocket(socket, func(fd int) { err = limitHops(fd, to.Addr.Addr(), ttl) })
	if err != nil {
		return replyOf(err, to)
	}
	if _, err = conn.Write(to.Payload); err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	r := replyOf(err, to)
	r.self = r.self || isOwn(socket, r, to)
	return r
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

// replyOf says what the outcome of connecting to a target means.
func replyOf(err error, to Target) reply {
	if err == nil {
		return reply{said: SaidAccepted, from: to.Addr.Addr()}
	}
	var dial *dialError
	if errors.As(err, &dial) && dial.icmp != icmpNone {
		return reply{said: icmpSaid[dial.icmp], from: dial.by}
	}
	switch cause := causeOf(err); {
	case cause == causeRefused || cause == causeReset:
		return reply{said: SaidReset, from: to.Addr.Addr()}
	case cause == causeUnreachable:
		return reply{said: SaidUnreachable}
	case cause == causeDenied:
		return reply{said: SaidProhibited, self: true}
	case cause == causeTimeout || isTimeout(err):
		return reply{said: SaidNothing}
	}
	return reply{said: SaidNothing, err: err}
}

var icmpSaid = map[icmpAnswer]Said{
	icmpExceeded:    SaidExceeded,
	icmpPort:        SaidPort,
	icmpProhibited:  SaidProhibited,
	icmpUnreachable: SaidUnreachable,
}

// isOwn reports whether an ICMP message came from the address that the socket
// asks from, and that is not the target's.
func isOwn(socket syscall.Conn, r reply, to Target) bool {
	own := false
	onSocket(socket, func(fd int) { own = r.from != to.Addr.Addr() && isLocal(fd, r.from) })
	return own
}

// onSocket does something with a socket that the runtime watches, unless it is
// closed.
func onSocket(socket syscall.Conn, do func(fd int)) {
	if raw, err := socket.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { do(int(fd)) })
	}
}
