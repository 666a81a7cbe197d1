// SPDX-License-Identifier: Apache-2.0

package census

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sameRows compares rows with the addresses that they have.
var sameRows = cmp.Options{cmp.AllowUnexported(row{}), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })}

// message wraps a body as netlink does.
func message(kind uint16, body []byte) []byte {
	b := make([]byte, diagHeader, diagHeader+len(body)+3)
	binary.NativeEndian.PutUint32(b, uint32(diagHeader+len(body)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	b = append(b, body...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

// socket is a struct inet_diag_msg.
func socket(family, state byte, local, remote string, user, inode uint32) []byte {
	b := make([]byte, diagAnswer)
	b[0], b[1] = family, state
	l, r := netip.MustParseAddrPort(local), netip.MustParseAddrPort(remote)
	binary.BigEndian.PutUint16(b[4:], l.Port())
	binary.BigEndian.PutUint16(b[6:], r.Port())
	copy(b[8:24], l.Addr().AsSlice())
	copy(b[24:40], r.Addr().AsSlice())
	binary.NativeEndian.PutUint32(b[64:], user)
	binary.NativeEndian.PutUint32(b[68:], inode)
	return b
}

func ends(local, remote string) row {
	return row{local: netip.MustParseAddrPort(local), remote: netip.MustParseAddrPort(remote)}
}

func TestDiag(t *testing.T) {
	answer := bytes.Join([][]byte{
		message(diagByFamily, socket(linuxInet, linuxSynReceived, "10.0.0.1:443", "10.0.0.2:50001", 0, 0)),
		message(diagByFamily, append(socket(linuxInet6, linuxEstablished, "[::ffff:10.0.0.1]:25", "[::ffff:10.0.0.2]:50002", 1000, 77), 1, 2, 3)),
		message(diagByFamily, socket(linuxInet6, linuxListen, "[fd00::1]:25", "[::]:0", 1000, 78)),
		message(diagDone, make([]byte, 4)),
	}, nil)
	var got []row
	done, err := readDiag(answer, func(r row) bool { got = append(got, r); return true })
	half, whole, listener := ends("10.0.0.1:443", "10.0.0.2:50001"), ends("10.0.0.1:25", "10.0.0.2:50002"), ends("[fd00::1]:25", "[::]:0")
	half.state, whole.state, listener.listening = SynReceived, Established, true
	whole.user, whole.owner, listener.user, listener.owner = 1000, 77, 1000, 78
	if diff := cmp.Diff([]row{half, whole, listener}, got, sameRows); diff != "" || !done || err != nil {
		t.Errorf("done %t, error %v, rows (-want +got):\n%s", done, err, diff)
	}
}

func TestDiagMalformed(t *testing.T) {
	whole := message(diagByFamily, socket(linuxInet, linuxEstablished, "10.0.0.1:25", "10.0.0.2:50002", 0, 0))
	long := bytes.Clone(whole)
	binary.NativeEndian.PutUint32(long, uint32(len(long)+1))
	short := bytes.Clone(whole)
	binary.NativeEndian.PutUint32(short, 15)
	refusal := make([]byte, 4)
	errno := -int32(syscall.EACCES)
	binary.NativeEndian.PutUint32(refusal, uint32(errno))
	for name, c := range map[string]struct {
		answer []byte
		want   error
	}{
		"longer than what came":    {long, errDiag},
		"shorter than its header":  {short, errDiag},
		"a socket cut off":         {message(diagByFamily, make([]byte, diagAnswer-1)), errDiag},
		"a family that is neither": {message(diagByFamily, make([]byte, diagAnswer)), errDiag},
		"an error cut off":         {message(diagError, []byte{1}), errDiag},
		"an error of the system":   {message(diagError, refusal), syscall.EACCES},
	} {
		if done, err := readDiag(c.answer, func(row) bool { t.Errorf("%s: gave a socket", name); return true }); !done || !errors.Is(err, c.want) {
			t.Errorf("%s: done %t, error %v, want %v", name, done, err, c.want)
		}
	}
}

func TestDiagQuestion(t *testing.T) {
	q := diagQuestion(linuxInet6, halfOpen)
	if len(q) != 72 || binary.NativeEndian.Uint32(q) != 72 || q[16] != linuxInet6 || q[17] != 6 || binary.NativeEndian.Uint32(q[20:]) != 1<<3 {
		t.Errorf("question % x", q)
	}
	if connections&(1<<linuxListen) != 0 || connections&(1<<linuxEstablished) == 0 || connections&halfOpen == 0 {
		t.Errorf("the states of connections are %b", connections)
	}
}

// little is /proc/net/tcp of a machine with the lowest byte first.
const little = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0200007F:C350 03 00000000:00000000 01:00000063 00000000     0        0 0 1 0000000000000000
   2: what is this
   3: 0000000000000000FFFF00000100000A:0019 0000000000000000FFFF00000200000A:C351 01 00000000:00000000 00:00000000 00000000 0 0 42
`

func TestProc(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the sample is from a machine with the lowest byte first")
	}
	var got []row
	if err := readProc(strings.NewReader(little), false, func(r row) bool { got = append(got, r); return true }); err != nil {
		t.Fatal(err)
	}
	listener, half, whole := ends("127.0.0.1:8080", "0.0.0.0:0"), ends("127.0.0.1:8080", "127.0.0.2:50000"), ends("10.0.0.1:25", "10.0.0.2:50001")
	listener.listening, listener.user, listener.owner = true, 1000, 31337
	half.state, whole.state, whole.owner = SynReceived, Established, 42
	if diff := cmp.Diff([]row{listener, half, whole}, got, sameRows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// The tables are written by hand after tcpmib.h and udpmib.h.
func TestTables(t *testing.T) {
	le := binary.LittleEndian
	four := le.AppendUint32(nil, 9) // more rows than came
	four = append(le.AppendUint32(four, windowsSynReceived), 10, 0, 0, 1, 0x01, 0xbb, 0, 0, 10, 0, 0, 2, 0xc3, 0x50, 0, 0)
	four = le.AppendUint32(four, 4)
	four = append(le.AppendUint32(four, windowsListen), 0, 0, 0, 0, 0, 135, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	four = append(le.AppendUint32(four, 900), 1, 2, 3)
	here, there := netip.MustParseAddr("fd00::1").As16(), netip.MustParseAddr("fd00::2").As16()
	six := le.AppendUint32(le.AppendUint32(nil, 1), 0)[:4]
	six = append(le.AppendUint32(append(six, here[:]...), 3), 0, 25, 0, 0)
	six = append(le.AppendUint32(append(six, there[:]...), 3), 0xc3, 0x51, 0, 0)
	six = le.AppendUint32(le.AppendUint32(six, windowsEstablished), 77)
	datagrams := le.AppendUint32(append(le.AppendUint32(nil, 1), 0, 0, 0, 0, 0, 53, 0, 0), 78)
	datagrams6 := le.AppendUint32(append(append(le.AppendUint32(nil, 1), here[:]...), 3, 0, 0, 0, 0, 88, 0, 0), 79)

	half, listener := ends("10.0.0.1:443", "10.0.0.2:50000"), ends("0.0.0.0:135", "0.0.0.0:0")
	half.state, half.owner, listener.listening, listener.owner = SynReceived, 4, true, 900
	whole := ends("[fd00::1]:25", "[fd00::2]:50001")
	whole.state, whole.owner = Established, 77
	udp := row{local: netip.MustParseAddrPort("0.0.0.0:53"), listening: true, owner: 78}
	six6 := row{local: netip.MustParseAddrPort("[fd00::1]:88"), listening: true, owner: 79}
	for name, c := range map[string]struct {
		layout layout
		table  []byte
		want   []row
	}{
		"TCP, IPv4":    {tcp4, four, []row{half, listener}},
		"TCP, IPv6":    {tcp6, six, []row{whole}},
		"UDP, IPv4":    {udp4, datagrams, []row{udp}},
		"UDP, IPv6":    {udp6, datagrams6, []row{six6}},
		"an empty one": {tcp4, nil, nil},
	} {
		var got []row
		c.layout.read(c.table, func(r row) bool { got = append(got, r); return true })
		if diff := cmp.Diff(c.want, got, sameRows); diff != "" {
			t.Errorf("%s: rows (-want +got):\n%s", name, diff)
		}
	}
	if got := baseName(`\Device\HarddiskVolume3\Windows\System32\svchost.exe`); got != "svchost.exe" {
		t.Errorf("base name %q", got)
	}
}

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		socket, at string
		want       bool
	}{
		{"10.0.0.1:25", "10.0.0.1:25", true},
		{"10.0.0.1:25", "10.0.0.1:26", false},
		{"10.0.0.1:25", "10.0.0.2:25", false},
		{"0.0.0.0:25", "10.0.0.2:25", true},
		{"[::]:25", "10.0.0.2:25", true},
		{"0.0.0.0:25", "[fd00::1]:25", false},
		{"[fd00::1]:25", "[::]:25", true},
		{"10.0.0.1:25", "0.0.0.0:25", true},
	} {
		r := row{local: netip.MustParseAddrPort(c.socket), listening: true}
		if got := r.holds(netip.MustParseAddrPort(c.at)); got != c.want {
			t.Errorf("a socket at %s keeps others from %s: %t", c.socket, c.at, got)
		}
	}
	if connected := (row{local: netip.MustParseAddrPort("10.0.0.1:25")}); connected.holds(netip.MustParseAddrPort("10.0.0.1:25")) {
		t.Error("a connection holds its listener's port")
	}
}

// TestLinksAreBounded wants a flood to end at the bound.
func TestLinksAreBounded(t *testing.T) {
	l := links{ports: func(port uint16) bool { return port == 25 }}
	r := ends("10.0.0.1:25", "10.0.0.2:50000")
	other := ends("10.0.0.1:26", "10.0.0.2:50000")
	for n := 0; l.add(r) && l.add(other); n++ {
		if n > mostLinks {
			t.Fatal("no bound")
		}
	}
	if len(l.all) != mostLinks {
		t.Errorf("%d links", len(l.all))
	}
}

func FuzzParsers(f *testing.F) {
	f.Add(message(diagByFamily, socket(linuxInet6, linuxListen, "[fd00::1]:25", "[::]:0", 1000, 78)))
	f.Add(message(diagError, nil))
	f.Add([]byte(little))
	f.Add([]byte{1, 0, 0, 0, 2, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		rows := 0
		count := func(r row) bool {
			if r.local.Addr().Is4In6() {
				t.Errorf("mapped: %v", r.local)
			}
			rows++
			return true
		}
		_, _ = readDiag(b, count)
		for _, l := range []layout{tcp4, tcp6, udp4, udp6} {
			l.read(b, count)
		}
		_ = readProc(bytes.NewReader(b), true, count)
		if rows > len(b) {
			t.Errorf("%d rows of %d bytes", rows, len(b))
		}
		_ = baseName(string(b))
	})
}
