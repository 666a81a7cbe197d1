// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dialTCP connects and listens for ICMP meanwhile: IP_RECVERR (ip(7), ipv6(7))
// queues every ICMP error on the socket with its sender, for any user. The
// standard library closes the socket, and with it the queue, before anyone
// could read it.
func dialTCP(ctx context.Context, source netip.Addr, addr netip.AddrPort) (net.Conn, error) {
	return dialSegments(ctx, source, addr, 0)
}

// dialSegments connects, and asks the peer for segments of at most size bytes; 0 leaves
// that to the system.
func dialSegments(ctx context.Context, source netip.Addr, addr netip.AddrPort, size int) (net.Conn, error) {
	fd, err := startConnect(source, addr, 0, size)
	if err != nil {
		return nil, &Error{Err: err, Local: true}
	}
	// From here on the runtime's poller watches the socket.
	s := tcpConn{os.NewFile(uintptr(fd), "tcp"), addr}
	if err := awaitConnect(ctx, s.File, addr.Addr()); err != nil {
		if failed, ok := errors.AsType[*Error](err); ok {
			failed.From = s.LocalAddr().(*net.TCPAddr).AddrPort()
		}
		_ = s.Close()
		return nil, err
	}
	if err := s.settle(); err != nil {
		_ = s.Close()
		return nil, &Error{Err: err, Local: true}
	}
	return s, nil
}

// smallest is a maximum segment size that every path lets through: with the headers
// of IPv6 and TCP's timestamps a packet has 560 bytes (RFC 791 wants 576 of IPv4's
// hosts, RFC 8200 1280 of IPv6's links).
const smallest = 500

// SmallDialer returns a dialer whose peers send small segments only
// (TCP_MAXSEG, tcp(7)).
func SmallDialer(source netip.Addr) func(context.Context, netip.AddrPort) (net.Conn, error) {
	return func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
		return dialSegments(ctx, source, addr, smallest)
	}
}

// A tcpConn is a connected socket. net.FileConn would make a copy of it, which costs as
// much as the connect itself.
type tcpConn struct {
	*os.File
	to netip.AddrPort
}

// Read is that of the file, with its errors as package net has them. A file's do not say
// whether they are temporary, and crypto/tls gives a connection up for any that is not:
// nothing could be read inside TLS after a deadline had passed.
func (s tcpConn) Read(b []byte) (int, error) {
	n, err := s.File.Read(b)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = &net.OpError{Op: failed.Op, Net: failed.Path, Err: failed.Err}
	}
	return n, err
}

// settle makes a connected socket ready for the conversation. It stops listening for
// ICMP: a message about what TCP takes for a passing trouble would break the conversation
// (RFC 1122 section 4.2.3.9). And it has TCP send each write at once, as the standard
// library does.
func (s tcpConn) settle() error {
	level, option := recvErr(s.to.Addr())
	return onSocket(s, func(fd int) error {
		return cmp.Or(
			os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, option, 0)),
			os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)),
		)
	})
}

// onSocket calls do with the descriptor of a socket that the runtime watches. It fails
// if the socket is closed.
func onSocket(socket syscall.Conn, do func(fd int) error) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var outcome error
	err = raw.Control(func(fd uintptr) { outcome = do(int(fd)) })
	return cmp.Or(err, outcome)
}

// LocalAddr returns this machine's end of the connection.
func (s tcpConn) LocalAddr() net.Addr {
	var addr netip.AddrPort
	_ = onSocket(s, func(fd int) error {
		name, err := unix.Getsockname(fd)
		if err == nil {
			addr = netip.AddrPortFrom(addrOf(name), portOf(name))
		}
		return err
	})
	return net.TCPAddrFromAddrPort(addr)
}

// CloseWrite says that no more is sent, as that of net.TCPConn does.
func (s tcpConn) CloseWrite() error {
	return onSocket(s, func(fd int) error { return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_WR)) })
}

// RemoteAddr returns the other end.
func (s tcpConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.to) }

// recvErr is the option that has a socket keep ICMP messages.
func recvErr(to netip.Addr) (level, option int) {
	if to.Is4() {
		return unix.IPPROTO_IP, unix.IP_RECVERR
	}
	return unix.IPPROTO_IPV6, unix.IPV6_RECVERR
}

// startConnect opens a socket and sends the SYN, which has hops as its hop limit and asks
// for segments of at most segment bytes; 0 leaves either to the system. The caller closes
// the descriptor that it returns.
func startConnect(source netip.Addr, addr netip.AddrPort, hops, segment int) (int, error) {
	domain := unix.AF_INET6
	if addr.Addr().Is4() {
		domain = unix.AF_INET
	}
	level, option := recvErr(addr.Addr())
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	err = func() error {
		if err := unix.SetsockoptInt(fd, level, option, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
		if err := limitHops(fd, addr.Addr(), hops); err != nil {
			return err
		}
		if segment > 0 {
			if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment); err != nil {
				return os.NewSyscallError("setsockopt", err)
			}
		}
		if source.IsValid() {
			if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(source, 0))); err != nil {
				return os.NewSyscallError("bind", err)
			}
		}
		err := unix.Connect(fd, sockaddr(addr))
		if err == nil || errors.Is(err, unix.EINPROGRESS) || errors.Is(err, unix.EINTR) {
			return nil
		}
		return os.NewSyscallError("connect", err)
	}()
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// awaitConnect waits until the socket is connected, connecting has failed, or ctx ends.
func awaitConnect(ctx context.Context, f *os.File, to netip.Addr) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return &Error{Err: err, Local: true}
	}
	defer interrupt(ctx, f)()
	var done bool
	var outcome error
	look := func(fd uintptr) { done, outcome = connected(int(fd), to) }
	err = raw.Write(func(fd uintptr) bool { look(fd); return done })
	if err != nil { // on a busy machine the answer may be there, unseen for want of time
		_ = raw.Control(look)
	}
	if !done {
		return &Error{Err: err}
	}
	return outcome
}

// interrupt ends the waiting for f when ctx ends. The caller calls over when it no longer
// waits: from then on f is as if nothing had interrupted it. Otherwise a connection that
// came about at the last moment could send nothing.
func interrupt(ctx context.Context, f *os.File) (over func()) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = f.SetWriteDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-interrupted
			_ = f.SetWriteDeadline(time.Time{})
		}
	}
}

// connected reports whether connecting is over, and how it failed.
func connected(fd int, to netip.Addr) (done bool, err error) {
	if _, err := unix.Getpeername(fd); err == nil {
		return true, nil
	}
	// If an ICMPv6 answer comes before connect has let go of the socket, it stays a
	// soft error until the next SYN; the queue has it at once.
	if said := readICMP(fd, to); said != nil {
		said.attribute(to, isLocal(fd, said.By))
		return true, said
	}
	code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return true, &Error{Err: os.NewSyscallError("getsockopt", err), Local: true}
	}
	switch errno := syscall.Errno(code); errno {
	case 0, unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
		return false, nil
	default:
		return true, &Error{Err: os.NewSyscallError("connect", errno)}
	}
}

// attribute sets Local and By to what they mean for an ICMP message that ended a connect
// to an address; ours says that it came from the address the socket connects from. This
// machine sends some itself: its firewall does ("reject" of nftables and iptables), and
// when nothing answers ARP or neighbour discovery it reports a host of its own network, or
// every host behind the gateway, as unreachable.
func (e *Error) attribute(to netip.Addr, ours bool) {
	switch {
	case !ours || e.By == to.WithZone("") && e.ICMP == ICMPPort: // a port that is closed says so of itself
	case e.ICMP == ICMPUnreachable && inOwnNetwork(to, netip.Prefix.Contains): // with no gateway in between
		e.By = netip.Addr{} // no router says so: the host itself does not answer
	default:
		e.Local = true
	}
}

// isLocal reports whether an address is the one the socket connects from: this machine
// itself sent the message.
func isLocal(fd int, by netip.Addr) bool {
	name, err := unix.Getsockname(fd)
	return err == nil && addrOf(name) == by
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	zone := 0
	if name := a.Addr().Zone(); name != "" {
		if ifi, err := net.InterfaceByName(name); err == nil {
			zone = ifi.Index
		} else if number, err := strconv.Atoi(name); err == nil {
			zone = number
		}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), ZoneId: uint32(zone), Addr: a.Addr().As16()}
}

func portOf(sa unix.Sockaddr) uint16 {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return uint16(sa.Port)
	case *unix.SockaddrInet6:
		return uint16(sa.Port)
	}
	return 0
}

func addrOf(sa unix.Sockaddr) netip.Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(sa.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(sa.Addr)
	}
	return netip.Addr{}
}
