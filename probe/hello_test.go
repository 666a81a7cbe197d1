// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/standin"
)

// A hellos is a server under TLS that looks at the size of each hello, and does not
// answer some.
type hellos struct {
	config *tls.Config
	hang   func(size, try int) time.Duration // before it goes on
}

func newHellos(t *testing.T, hang func(size, try int) time.Duration) *hellos {
	t.Helper()
	a, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue("mail01.contoso.example", time.Now().AddDate(100, 0, 0)) // the clock of a bubble stands in 2000
	if err != nil {
		t.Fatal(err)
	}
	return &hellos{&tls.Config{Certificates: []tls.Certificate{cert}}, hang}
}

func (h *hellos) serve(_ netip.AddrPort, try int) (func(net.Conn), error) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		head, err := r.Peek(5)
		if err != nil {
			return
		}
		if pause := h.hang(int(binary.BigEndian.Uint16(head[3:])), try); pause > 0 {
			_ = c.SetReadDeadline(time.Now().Add(pause))
			_, _ = io.Copy(io.Discard, struct{ io.Reader }{c}) // until it is over, or the client has had enough
			_ = c.SetReadDeadline(time.Time{})
		}
		smtpServer(tls.Server(readAhead{c, r}, h.config))
	}, nil
}

type readAhead struct {
	net.Conn
	r io.Reader
}

func (c readAhead) Read(b []byte) (int, error) { return c.r.Read(b) }

// TestHelloSize wants a balancer that hangs at the size of our hello found out, and
// one that is only slow, or lost one, not taken for it. Such balancers are known of
// F5 (https://github.com/golang/go/issues/39271, RFC 7685); others do not take one
// that fills more than a packet, and hang or hang up at the keys of post-quantum
// groups (https://github.com/openssl/openssl/issues/27557, mail servers after
// STARTTLS; https://github.com/canonical/lxd/issues/14839).
func TestHelloSize(t *testing.T) {
	above := func(most int) func(int, int) time.Duration {
		return func(size, _ int) time.Duration {
			if size > most {
				return time.Minute
			}
			return 0
		}
	}
	for _, tt := range []struct {
		name   string
		hang   func(size, try int) time.Duration
		pool   Pool
		want   Verdict
		proven bool
	}{
		{"hangs at a large one", above(300), Pool{}, Answered, true},
		{"is slow", func(_, try int) time.Duration { return time.Duration(2-try) * 2 * time.Second }, Pool{}, Answered, false},
		{"one of two servers hangs", func(_, try int) time.Duration { return time.Duration(1-try%2) * time.Minute }, Pool{}, Answered, false},
		{"one of three servers hangs", func(_, try int) time.Duration { return max(0, time.Duration(1-try%3)) * time.Minute }, Pool{}, Answered, false},
		{"hangs at all", above(0), Pool{}, Silent, false},
		{"answers all", above(1 << 16), Pool{}, Answered, false},
		{"hangs at a large one, and is asked gently", above(300), Pool{Shared: &Shared{Gentle: true}}, Answered, true},
		{"hangs at all, and is asked gently", above(0), Pool{Shared: &Shared{Gentle: true}}, Silent, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNet{serve: newHellos(t, tt.hang).serve}
				tt.pool.Dial = network.dial
				if tt.pool.Shared == nil {
					tt.pool.Shared = new(Shared)
				}
				tt.pool.Shared.PerHost = 4
				first := smtpCheck("192.0.2.1", 465)
				first.Service.TLS = catalog.Implicit
				for _, res := range collect(t.Context(), &tt.pool, first, first) {
					proven := res.Peer != nil && res.Peer.TLS != nil && res.Peer.TLS.HelloFailed > 300 && res.Peer.TLS.Hello < 256
					if res.Verdict != tt.want || proven != tt.proven {
						t.Errorf("%s (the size was to blame: %t), want %s (%t): %s", res.Verdict, proven, tt.want, tt.proven, res.Detail)
					}
				}
				if network.open != 0 {
					t.Errorf("%d connections left open", network.open)
				}
			})
		})
	}
}

// TestHelloSizeAfterStartTLS wants the same found out where TLS begins in band.
func TestHelloSizeAfterStartTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHellos(t, nil)
		answer := func(c net.Conn) {
			stand := protocol.Stand{Host: "mail01.contoso.example", Version: "2019", Service: catalog.Service{Name: "smtp", TLS: catalog.StartTLS}}
			stand.StartTLS = func(plain net.Conn) (net.Conn, error) {
				r := bufio.NewReader(plain)
				if head, err := r.Peek(5); err != nil || binary.BigEndian.Uint16(head[3:]) > 300 {
					_, _ = io.Copy(io.Discard, r)
					return nil, io.EOF
				}
				return tls.Server(readAhead{plain, r}, h.config), nil
			}
			_ = protocol.Table["smtp"].Answer(c, stand)
		}
		network := &fakeNet{serve: func(netip.AddrPort, int) (func(net.Conn), error) { return answer, nil }}
		c := smtpCheck("192.0.2.1", 25)
		c.Service.TLS = catalog.StartTLS
		res := collect(t.Context(), &Pool{Dial: network.dial}, c)[0]
		if res.Verdict != Answered || res.Peer == nil || res.Peer.TLS == nil || res.Peer.TLS.HelloFailed <= 300 || res.Peer.Facts["starttls"] != "" {
			t.Errorf("%s: %s, %+v", res.Verdict, res.Detail, res.Peer)
		}
	})
}
