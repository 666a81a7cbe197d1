// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/standin"
)

// greetingAfter is a server that takes so long to greet, if anybody is still there.
func greetingAfter(delay time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(delay))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		_ = c.SetReadDeadline(time.Time{})
		smtpServer(c)
	}
}

// closingAfter is a server that says nothing, and hangs up.
func closingAfter(delay time.Duration) func(net.Conn) {
	return func(net.Conn) { time.Sleep(delay) }
}

// TestOverdue wants a peer that says nothing to be asked again beside the first
// connection, which goes on: whoever answers first is believed.
func TestOverdue(t *testing.T) {
	full := func(c net.Conn) { sayingServer("421 4.3.2 too many connections\r\n")(c) }
	each := func(conns ...func(net.Conn)) func(netip.AddrPort, int) (func(net.Conn), error) {
		return func(_ netip.AddrPort, try int) (func(net.Conn), error) { return conns[min(try, len(conns))-1], nil }
	}
	tests := []struct {
		name    string
		pool    Pool
		serve   func(netip.AddrPort, int) (func(net.Conn), error)
		verdict Verdict
		refused bool
		took    time.Duration
		tries   int // 0 is as many as it takes
	}{
		{"in time", Pool{}, each(greetingAfter(400 * time.Millisecond)), Answered, false, 400 * time.Millisecond, 1},
		{"the first is lost", Pool{}, each(silentServer, smtpServer), Answered, false, 500 * time.Millisecond, 2},
		{"both are slow", Pool{}, each(greetingAfter(2 * time.Second)), Answered, false, 2 * time.Second, 2},
		{"the second is dropped", Pool{}, each(greetingAfter(1900*time.Millisecond), nil), Answered, false, 1900 * time.Millisecond, 0},
		{"the second is one too many", Pool{}, each(greetingAfter(2*time.Second), full), Answered, false, 2 * time.Second, 2},
		{"the first is lost, and the second one too many", Pool{}, each(silentServer, full), Answered, true, 20 * time.Second, 2},
		{"the first is cut, and the second is lost", Pool{}, each(closingAfter(time.Second), silentServer), Cut, false, 20 * time.Second, 2},
		{"both are lost", Pool{}, always(silentServer), Silent, false, 20 * time.Second, 2},
		{"gentle", Pool{Shared: &Shared{Gentle: true}}, each(silentServer, smtpServer), Silent, false, 20 * time.Second, 1},
		{"one conversation at a time", Pool{Shared: &Shared{PerHost: 1}}, always(silentServer), Silent, false, 20 * time.Second, 2},
		{"a password", Pool{Credentials: &protocol.Credentials{User: "anna", Password: protocol.NewSecret("secret")}}, each(silentServer, smtpServer), Silent, false, 20 * time.Second, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNet{serve: tt.serve}
				tt.pool.Dial = network.dial
				res := collect(t.Context(), &tt.pool, smtpCheck("192.0.2.1", 25))[0]
				took := res.Took.Round(time.Microsecond)
				refused := res.Peer != nil && res.Peer.Refusal != ""
				if res.Verdict != tt.verdict || refused != tt.refused || took != tt.took || tt.tries > 0 && res.Tries != tt.tries {
					t.Errorf("%s (refused: %t) in %s after %d tries, want %s (%t) in %s after %d: %s",
						res.Verdict, refused, took, res.Tries, tt.verdict, tt.refused, tt.took, tt.tries, res.Detail)
				}
				if network.open != 0 {
					t.Errorf("%d connections left open", network.open)
				}
			})
		})
	}
}

// TestOverdueInTLS wants the second connection to have the whole time of a check,
// though the first one gives up its handshake sooner.
func TestOverdueInTLS(t *testing.T) {
	a, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue("mail01.contoso.example", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	late := func(c net.Conn) {
		time.Sleep(9800 * time.Millisecond)
		smtpServer(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}}))
	}
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: func(_ netip.AddrPort, try int) (func(net.Conn), error) {
			if try == 1 {
				return silentServer, nil
			}
			return late, nil
		}}
		c := smtpCheck("192.0.2.1", 465)
		c.Service.TLS = catalog.Implicit
		res := collect(t.Context(), &Pool{Dial: network.dial}, c)[0]
		if res.Verdict != Answered || res.Took.Round(time.Microsecond) != 10300*time.Millisecond {
			t.Errorf("%s in %s: %s", res.Verdict, res.Took, res.Detail)
		}
	})
}

// TestAnsweredUnseen wants an answer that came while this program was stopped to
// count, although it is overdue when the program goes on.
func TestAnsweredUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asleep := func(ctx context.Context, _ catalog.Network, _ netip.AddrPort) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				smtpServer(far)
			}()
			<-ctx.Done()
			return near, nil
		}
		res := collect(t.Context(), &Pool{Dial: asleep}, smtpCheck("192.0.2.1", 25))[0]
		if res.Verdict != Answered {
			t.Errorf("%s: %s", res.Verdict, res.Detail)
		}
	})
}
