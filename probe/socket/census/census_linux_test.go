// SPDX-License-Identifier: Apache-2.0

package census

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"exreach/catalog"
)

// listen opens a listener and says where it is.
func listen(t *testing.T, network, address string) (net.Listener, netip.AddrPort) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("no listener at %s: %v", address, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, l.Addr().(*net.TCPAddr).AddrPort()
}

// linkOf returns the only link between these ends.
func linkOf(t *testing.T, local, remote netip.AddrPort) Link {
	t.Helper()
	all, err := Links(func(port uint16) bool { return port == local.Port() })
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(l Link) bool { return l.Remote == remote })
	if i < 0 {
		t.Fatalf("no link from %v among %v", remote, all)
	}
	if all[i].Local != local {
		t.Errorf("the link's end here is %v, want %v", all[i].Local, local)
	}
	return all[i]
}

func TestEstablished(t *testing.T) {
	for _, c := range []struct{ network, listen, dial string }{
		{"tcp4", "127.0.0.1:0", "127.0.0.1"}, {"tcp6", "[::1]:0", "::1"}, {"tcp", "[::]:0", "127.0.0.1"},
	} {
		_, at := listen(t, c.network, c.listen)
		here := netip.AddrPortFrom(netip.MustParseAddr(c.dial), at.Port())
		conn, err := net.Dial("tcp", here.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if l := linkOf(t, here, conn.LocalAddr().(*net.TCPAddr).AddrPort()); l.State != Established {
			t.Errorf("%v: state %d, want established", l.Remote, l.State)
		}
	}
}

// TestHalfOpen connects with a socket that drops all that comes for it, the SYN-ACK too, as
// a firewall on the way back does. Any user may.
func TestHalfOpen(t *testing.T) {
	for _, c := range []struct {
		listen, dial string
		family       int
	}{{"127.0.0.1:0", "127.0.0.1", unix.AF_INET}, {"[::]:0", "127.0.0.1", unix.AF_INET}, {"[::1]:0", "::1", unix.AF_INET6}} {
		_, at := listen(t, "tcp", c.listen)
		here := netip.AddrPortFrom(netip.MustParseAddr(c.dial), at.Port())
		from := deafConnect(t, c.family, here)
		if l := linkOf(t, here, from); l.State != SynReceived {
			t.Errorf("%v: state %d, want half-open", from, l.State)
		}
	}
}

// deafConnect starts a connect whose answers are dropped, and returns its end.
func deafConnect(t *testing.T, family int, to netip.AddrPort) netip.AddrPort {
	t.Helper()
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing}); err != nil {
		t.Skipf("this system has no socket filters: %v", err)
	}
	var peer unix.Sockaddr = &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	if family == unix.AF_INET {
		peer = &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
	}
	if err := unix.Connect(fd, peer); err != unix.EINPROGRESS {
		t.Fatalf("connect: %v", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	if own, ok := name.(*unix.SockaddrInet4); ok {
		return netip.AddrPortFrom(netip.AddrFrom4(own.Addr), uint16(own.Port))
	}
	own := name.(*unix.SockaddrInet6)
	return netip.AddrPortFrom(netip.AddrFrom16(own.Addr), uint16(own.Port))
}

// TestProcTellsTheSame wants the fallback to know what sock_diag knows.
func TestProcTellsTheSame(t *testing.T) {
	_, at := listen(t, "tcp4", "127.0.0.1:0")
	from := deafConnect(t, unix.AF_INET, at)
	l := links{ports: func(port uint16) bool { return port == at.Port() }}
	if err := eachProc(catalog.TCP, l.add); err != nil {
		t.Fatal(err)
	}
	if want := []Link{{at, from, SynReceived}}; !slices.Equal(l.all, want) {
		t.Errorf("/proc tells %v, want %v", l.all, want)
	}
}

func TestHolder(t *testing.T) {
	name := comm("/proc/self")
	_, tcp := listen(t, "tcp4", "127.0.0.1:0")
	packets, err := net.ListenPacket("udp", "[::]:0")
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = packets.Close() }()
	port := packets.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	for _, c := range []struct {
		network catalog.Network
		at      netip.AddrPort
	}{
		{catalog.TCP, tcp},
		{catalog.TCP, netip.AddrPortFrom(netip.IPv4Unspecified(), tcp.Port())},
		{catalog.UDP, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)},
		{catalog.UDP, netip.AddrPortFrom(netip.MustParseAddr("::1"), port)},
	} {
		if got, known := Holder(c.network, c.at); got != name || !known {
			t.Errorf("%s %v is held by %q (known: %t), want %q", c.network, c.at, got, known, name)
		}
	}
}

func TestHolderOfFreePort(t *testing.T) {
	l, at := listen(t, "tcp4", "127.0.0.1:0")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got, known := Holder(catalog.TCP, at); known {
		t.Errorf("a free port is held by %q", got)
	}
}

// TestComm has a program name itself with what would move a terminal's cursor.
func TestComm(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/comm", []byte("a\x1b[2Jb\xff"+strings.Repeat("c", 100)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := comm(dir); !strings.HasPrefix(got, "a?[2Jb?c") || len(got) > 64 {
		t.Errorf("name %q", got)
	}
}
