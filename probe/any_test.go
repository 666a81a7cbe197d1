// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/standin"
)

func anyCheck(host string, port uint16) catalog.Check {
	c := smtpCheck(host, port)
	c.Service.Name, c.Service.Protocol, c.Service.Role, c.Version = "port", catalog.AnyProtocol, "", ""
	return c
}

// TestAnyPort: a port of which nothing is known has one result, with the protocol that
// its server turned out to speak.
func TestAnyPort(t *testing.T) {
	services := []catalog.Service{
		{Name: "web", Network: catalog.TCP, Protocol: "http", TLS: catalog.Implicit, Ports: catalog.Ports{First: 8443, Last: 8443}},
		{Name: "mail", Network: catalog.TCP, Protocol: "smtp", TLS: catalog.NoTLS, Ports: catalog.Ports{First: 2526, Last: 2526}},
		{Name: "mute", Network: catalog.TCP, Protocol: "tcp", TLS: catalog.NoTLS, Ports: catalog.Ports{First: 7777, Last: 7777}},
	}
	server := standin.Server{Host: "mail01.contoso.example", Version: "2019", Services: services}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for port, want := range map[uint16]struct {
		verdict  Verdict
		protocol string
		tls      catalog.TLS
		detail   string
		evidence string
	}{
		8443: {Answered, "http", catalog.Implicit, "HTTP/1.1 ", "HTTP/1.1 "},
		2526: {Answered, "smtp", catalog.NoTLS, "220 mail01.contoso.example", "220 mail01"},
		7777: {Answered, "any", catalog.NoTLS, "connected; there was neither a greeting", ""},
		9999: {Refused, "any", catalog.NoTLS, "connection refused", ""},
	} {
		results := collect(t.Context(), &Pool{Dial: server.Dial}, anyCheck("192.0.2.1", port))
		if len(results) != 1 {
			t.Fatalf("port %d: %d results", port, len(results))
		}
		r := results[0]
		s := r.Check.Service
		if r.Verdict != want.verdict || s.Protocol != want.protocol || s.TLS != want.tls || !strings.HasPrefix(r.Detail, want.detail) || !strings.HasPrefix(r.Evidence, want.evidence) {
			t.Errorf("port %d: %s %s %s, detail %q, evidence %q; want %+v", port, r.Verdict, s.Protocol, s.TLS, r.Detail, r.Evidence, want)
		}
		if shown := r.Peer != nil && r.Peer.TLS != nil; shown != (want.tls == catalog.Implicit) {
			t.Errorf("port %d: TLS is shown: %t", port, shown)
		}
	}
}

// TestAnyTime: the guesses at what a mute server speaks take some seconds, one connection
// after the other, and an interrupt ends them with nothing known.
func TestAnyTime(t *testing.T) {
	for end, want := range map[time.Duration]Verdict{0: Answered, 500 * time.Millisecond: Untried, 2 * time.Second: Untried, 6 * time.Second: Untried} {
		synctest.Test(t, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			if end > 0 {
				time.AfterFunc(end, interrupt)
			}
			network := &fakeNet{serve: always(func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })}
			began := time.Now()
			r := collect(ctx, &Pool{Dial: network.dial}, anyCheck("192.0.2.1", 8443))[0]
			took := time.Since(began)
			if r.Verdict != want || end > 0 && took != end || took > time.Second+2*protocol.TrialTime+100*time.Millisecond {
				t.Errorf("interrupted after %s: %s after %s, %q", end, r.Verdict, took, r.Detail)
			}
			if network.max != 1 {
				t.Errorf("%d connections at once", network.max)
			}
		})
	}
}

// TestAnyStops: a server that stops in the middle of its greeting has not been heard to speak
// a protocol, nor TLS.
func TestAnyStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "220 mai")
			_, _ = io.Copy(io.Discard, conn)
		})}
		r := collect(t.Context(), &Pool{Dial: network.dial}, anyCheck("192.0.2.1", 8443))[0]
		const detail = "connected; 7 bytes came while exreach waited for its first answer, and then nothing for 20.0 s"
		if r.Verdict != Silent || r.Check.Service.Protocol != catalog.AnyProtocol || r.Detail != detail || r.Evidence != "220 mai" {
			t.Errorf("%s %s, %q, evidence %q", r.Verdict, r.Check.Service.Protocol, r.Detail, r.Evidence)
		}
	})
}

// TestDeadline: what the deadline of a run cuts short is told as that, at once, and never
// as silent or timed-out. The detail says how far the check had come.
func TestDeadline(t *testing.T) {
	const connecting = "while connecting, with no reply yet"
	for perHost, test := range map[int]struct {
		ports []uint16 // 1 says nothing, others drop what they are sent
		when  []string
	}{
		2: {[]uint16{1, 2}, []string{connecting, "while exreach waited for its greeting"}},
		1: {[]uint16{2, 3}, []string{beforeItsTurn, connecting}},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			network := &fakeNet{serve: func(addr netip.AddrPort, _ int) (func(net.Conn), error) {
				if addr.Port() == 1 {
					return silentServer, nil
				}
				return nil, nil
			}}
			time.AfterFunc(300*time.Millisecond, func() { stop(ErrDeadline) }) // before a dropped port can be known for one
			began := time.Now()
			var came []string
			pool := &Pool{Dial: network.dial, Shared: &Shared{PerHost: perHost}}
			for _, r := range collect(ctx, pool, smtpCheck("192.0.2.1", test.ports[0]), smtpCheck("192.0.2.1", test.ports[1])) {
				when, cut := strings.CutPrefix(r.Detail, "the run's deadline came ")
				if r.Verdict != Untried || r.Obstacle != Deadline || !cut || (r.Tries == 0) != (when == beforeItsTurn) {
					t.Errorf("port %d: %s %s %q, %d tries", r.Port, r.Verdict, r.Obstacle, r.Detail, r.Tries)
				}
				came = append(came, when)
			}
			if slices.Sort(came); !slices.Equal(came, test.when) {
				t.Errorf("the deadline came %q, want %q", came, test.when)
			}
			if took := time.Since(began); took != 300*time.Millisecond {
				t.Errorf("it took %s", took)
			}
			if !errors.Is(context.Cause(ctx), ErrDeadline) {
				t.Error("the run ended before its deadline")
			}
		})
	}
}
