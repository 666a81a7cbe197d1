// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exreach/catalog"
)

// child, in the environment, says that this test runs in a network namespace of its own.
const child = "WALL_TEST_CHILD"

// namespace runs the calling test again in a namespace of its own, as its root, and reports
// whether this is that run. It needs no privilege where the system allows user namespaces.
func namespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv(child) == t.Name() {
		raise(t)
		return true
	}
	if _, err := exec.LookPath("/usr/sbin/nft"); err != nil {
		t.Skip("needs nft")
	}
	c := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), child+"="+t.Name())
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.CombinedOutput()
	switch {
	case len(out) == 0 && err != nil:
		t.Skipf("no namespace: %v", err)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	case err != nil:
		t.Errorf("%s", out)
	}
	return false
}

// raise switches the loopback interface on.
func raise(t *testing.T) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Skipf("the loopback interface: %v", err)
	}
}

// shell runs a line as it would be pasted.
func shell(t *testing.T, line string) string {
	t.Helper()
	c := exec.Command("sh", "-c", line)
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Skipf("%s: %v: %s", line, err, out)
	}
	return string(out)
}

// growth returns how far Dropped grows while f runs.
func growth(t *testing.T, f func()) int64 {
	t.Helper()
	before, known := Dropped()
	f()
	after, known2 := Dropped()
	if !known || !known2 {
		t.Fatal("the system does not tell")
	}
	return after - before
}

// datagrams sends some datagrams of a size to an address.
func datagrams(t *testing.T, to string, many, size int) {
	t.Helper()
	conn, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for range many {
		_, _ = conn.Write(make([]byte, size)) // a closed port makes every other one fail
	}
}

func TestDropped(t *testing.T) {
	if !namespace(t) {
		return
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Skip(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}
		}()
		open, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		closed := net.JoinHostPort(host, "9")
		got := growth(t, func() {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, strings.Repeat("x", 100000))
			_ = conn.Close()
			if conn, err := net.Dial("tcp", closed); err == nil {
				_ = conn.Close()
			}
			datagrams(t, open.LocalAddr().String(), 5, 10)
			datagrams(t, closed, 5, 10)
		})
		if got != 0 {
			t.Errorf("%s: ordinary traffic counts %d packets", host, got)
		}
		for _, verdict := range []string{"drop", "reject"} {
			shell(t, "nft flush ruleset; nft add table inet w; nft 'add chain inet w in { type filter hook input priority 0; }'; nft add rule inet w in udp dport 1-65000 "+verdict)
			if got := growth(t, func() { datagrams(t, open.LocalAddr().String(), 1, 10) }); got != 1 {
				t.Errorf("%s, %s: one datagram that was dropped counts %d", host, verdict, got)
			}
		}
		shell(t, "nft flush ruleset; nft add table inet w; nft 'add chain inet w in { type filter hook input priority 0; }'; nft add rule inet w in tcp dport 1-65535 drop")
		got = growth(t, func() {
			if conn, err := net.DialTimeout("tcp", l.Addr().String(), 200*time.Millisecond); err == nil {
				t.Error("connected through a firewall")
				_ = conn.Close()
			}
		})
		if got != 1 {
			t.Errorf("%s: one SYN that was dropped counts %d", host, got)
		}
		shell(t, "nft flush ruleset")
		_, _ = l.Close(), open.Close()
	}
}

// TestNftLines pastes the lines for nft: they let a port through, and leave the chain as it
// was.
func TestNftLines(t *testing.T) {
	if !namespace(t) {
		return
	}
	shell(t, "nft add table inet filter; nft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'; nft add rule inet filter input udp dport 4000 drop")
	before := shell(t, "nft list ruleset")
	open, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = open.Close() }()
	port := open.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	w := Wall{Kind: Nftables, system: "linux"}
	allow, undo := w.Lines([]catalog.Port{{Network: catalog.UDP, Number: port}, {Network: catalog.TCP, Number: 25}, {Network: catalog.TCP, Number: 443}})
	for _, line := range allow {
		shell(t, line)
	}
	if got := growth(t, func() { datagrams(t, fmt.Sprintf("127.0.0.1:%d", port), 3, 10) }); got != 0 {
		t.Errorf("%d of 3 datagrams were dropped at a port that is allowed; rules:\n%s", got, shell(t, "nft list ruleset"))
	}
	for _, line := range undo {
		shell(t, line)
	}
	if after := shell(t, "nft list ruleset"); after != before {
		t.Errorf("rules before:\n%s\nand after:\n%s", before, after)
	}
}

// TestChains looks at a namespace's own rules, as its root.
func TestChains(t *testing.T) {
	if !namespace(t) {
		return
	}
	for _, c := range []struct{ rules, says, line string }{
		{"flush ruleset", "This host has no rules of nftables or iptables for what comes in.", ""},
		{"add chain inet w in { type filter hook input priority 0; policy accept; }", "This host has no rules of nftables or iptables for what comes in.", ""},
		{"add chain inet w out { type filter hook output priority 0; policy drop; }", "This host has no rules of nftables or iptables for what comes in.", ""},
		{"add chain inet w in { type filter hook input priority 0; policy drop; }", "nftables is on; its rules decide what may come in.", "nft insert rule inet w in tcp dport { 25 } accept"},
		{"add chain inet w in { type filter hook input priority 0; }; add rule inet w in tcp dport 25 drop", "nftables is on; its rules decide what may come in.", "nft insert rule inet w in tcp dport { 25 } accept"},
		{"add table ip filter; add chain ip filter INPUT { type filter hook input priority 0; policy drop; }", "iptables is on; its rules decide what may come in.", "iptables -I INPUT -p tcp -m multiport --dports 25 -j ACCEPT"},
	} {
		shell(t, "nft 'flush ruleset; add table inet w; "+c.rules+"'")
		w := Look("/exreach")
		port := []catalog.Port{{Network: catalog.TCP, Number: 25}}
		allow, _ := w.Lines(port)
		if got := w.Says(port); got != c.says && w.Kind != UFW && w.Kind != Firewalld {
			t.Errorf("%s:\nsays %s\nwant %s", c.rules, got, c.says)
		}
		if got := strings.Join(allow, "\n"); !strings.HasPrefix(got, c.line) || c.line == "" && got != "" {
			t.Errorf("%s: lines %s", c.rules, got)
		}
	}
}
