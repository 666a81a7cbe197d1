// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dialTCP connects and listens for ICMP meanwhile: IP_RECVERR (ip(7), ipv6(7))
// queues every ICMP error on the socket with its sender, for any user. The
// standard library closes the socket, and with it the queue, before anybody
// could read it.
func dialTCP(ctx context.Context, source netip.Addr, addr netip.AddrPort) (net.Conn, error) {
	fd, err := startConnect(source, addr, 0)
	if err != nil {
		return nil, &dialError{err: err, local: true}
	}
	// From here on the runtime's poller watches the socket.
	f := os.NewFile(uintptr(fd), "tcp")
	defer f.Close()
	if err := awaitConnect(ctx, f, addr.Addr()); err != nil {
		return nil, err
	}
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, &dialError{err: err, local: true}
	}
	return conn, nil
}

// startConnect opens a socket and sends the SYN, which comes no farther than so
// many hops; 0 leaves that to the system.
func startConnect(source netip.Addr, addr netip.AddrPort, hops int) (int, error) {
	domain, level, option := unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_RECVERR
	if addr.Addr().Is4() {
		domain, level, option = unix.AF_INET, unix.IPPROTO_IP, unix.IP_RECVERR
	}
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

// awaitConnect waits until the socket is connected, or is not going to be.
func awaitConnect(ctx context.Context, f *os.File, to netip.Addr) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return &dialError{err: err, local: true}
	}
	defer context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })()
	var done bool
	var outcome error
	look := func(fd uintptr) { done, outcome = connected(int(fd), to) }
	err = raw.Write(func(fd uintptr) bool { look(fd); return done })
	if err != nil { // on a busy machine the answer may be there, and nobody had the time to see it
		_ = raw.Control(look)
	}
	if !done {
		return &dialError{err: err}
	}
	return outcome
}

// connected reports whether connecting is over, and how it failed.
func connected(fd int, to netip.Addr) (done bool, err error) {
	// An ICMPv6 answer that is there before connect has let go of the socket
	// stays a soft error until the next SYN; the queue has it at once.
	if answer, by, errno := readICMP(fd, to); answer != icmpNone {
		return true, &dialError{err: errno, icmp: answer, by: by, local: answer == icmpProhibited && isLocal(fd, by)}
	}
	code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return true, &dialError{err: os.NewSyscallError("getsockopt", err), local: true}
	}
	switch errno := syscall.Errno(code); errno {
	case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
		return false, nil
	case 0:
		_, err := unix.Getpeername(fd)
		return err == nil, nil
	default:
		return true, &dialError{err: os.NewSyscallError("connect", errno)}
	}
}

// isLocal reports whether an address is the one the socket connects from: its
// own machine said no.
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
		}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), ZoneId: uint32(zone), Addr: a.Addr().As16()}
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

// refusalTakes is how long a refused connect may take for the system alone: a
// reset ends it at once.
func refusalTakes() time.Duration { return 0 }
