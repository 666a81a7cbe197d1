// SPDX-License-Identifier: Apache-2.0

package probe_test

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// TestWire: a result on tape has what was sent and received, and one without a tape has nothing.
func TestWire(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go greet(conn)
		}
	}()
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	if wire := askSMTP(t, probe.Pool{}, port).Wire; wire != nil {
		t.Errorf("without a tape the result has the wire %+v", wire)
	}
	res := askSMTP(t, probe.Pool{Taped: true}, port)
	if res.Verdict != probe.Answered || res.Wire == nil || len(res.Wire.Calls) != 1 {
		t.Fatalf("%s, wire %+v", res.Verdict, res.Wire)
	}
	call := res.Wire.Calls[0]
	if call.Local.Addr() != netip.MustParseAddr("127.0.0.1") || call.Local.Port() == 0 || call.Local.Port() == port {
		t.Errorf("asked from %s", call.Local)
	}
	const came = "220 mail01 ready\r\n250 mail01\r\n221 bye\r\n"
	if got := string(call.Received.Head); got != came {
		t.Errorf("received %q, want %q", got, came)
	}
	if want := "EHLO exreach.invalid\r\nQUIT\r\n"; string(call.Sent.Head) != want {
		t.Errorf("sent %q, want %q", call.Sent.Head, want)
	}
}

// greet is a mail server without extensions.
func greet(conn net.Conn) {
	defer conn.Close()
	b := make([]byte, 100)
	for _, line := range []string{"220 mail01 ready\r\n", "250 mail01\r\n", "221 bye\r\n"} {
		_, _ = conn.Write([]byte(line))
		if _, err := conn.Read(b); err != nil {
			return
		}
	}
}

// TestWireOfNothing: the far end can recognize a connect that came to nothing by its source port.
func TestWireOfNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems do not tell the port of a connect that failed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	_ = l.Close()
	res := askSMTP(t, probe.Pool{Taped: true, Once: true}, port)
	if res.Verdict != probe.Refused || res.Wire == nil || len(res.Wire.Calls) == 0 {
		t.Fatalf("%s, wire %+v", res.Verdict, res.Wire)
	}
	for _, call := range res.Wire.Calls {
		if call.Local.Port() == 0 || call.Sent.Bytes != 0 || time.Since(call.At) > time.Minute {
			t.Errorf("a refused connect was noted as %+v", call)
		}
	}
}

// askSMTP asks for SMTP at a port of loopback.
func askSMTP(t *testing.T, pool probe.Pool, port uint16) probe.Result {
	t.Helper()
	check := catalog.Check{Host: "127.0.0.1", Want: catalog.Required, Service: catalog.Service{
		Name: "smtp", Network: catalog.TCP, Protocol: "smtp", Ports: catalog.Ports{First: port, Last: port},
	}}
	for host := range pool.Run(context.Background(), slices.Values([]probe.HostPlan{{Host: "127.0.0.1", Checks: []catalog.Check{check}}})) {
		return host.Results[0]
	}
	t.Fatal("no result")
	return probe.Result{}
}
