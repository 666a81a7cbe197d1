// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/standin"
)

var from = netip.MustParseAddrPort("192.0.2.7:50123")

// certificate makes the certificate of a stand-in.
func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	authority, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(farHost, time.Now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// A bench is a desk, and connections to it in memory.
type bench struct {
	*Desk
	cert tls.Certificate

	mu        sync.Mutex // guards the fields below
	expected  []string
	forgotten []string
}

// counts returns how many tokens are expected, or were, and how many were forgotten.
func (b *bench) counts() (expected, forgotten int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.expected), len(b.forgotten)
}

func newBench(t testing.TB) *bench {
	b := &bench{cert: certificate(t)}
	b.Desk = &Desk{
		Code: NewCode(),
		Record: func(source netip.Addr, token string) far.Record {
			now := time.Now()
			return far.Record{Schema: far.Schema, Listener: "amber", Started: now, Now: now, Dropped: -1, Arrivals: []far.Arrival{
				{Network: catalog.TCP, Port: 25, From: netip.AddrPortFrom(source, 4711), At: now},
			}}
		},
		Expect: func(source netip.Addr, token string) func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.expected = append(b.expected, token)
			return func() {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.forgotten = append(b.forgotten, token)
			}
		},
	}
	return b
}

// open opens a connection that the desk serves, as from a source.
func (b *bench) open(ctx context.Context, from netip.AddrPort) net.Conn {
	near, distant := net.Pipe()
	go func() {
		defer distant.Close()
		conn := tls.Server(distant, &tls.Config{Certificates: []tls.Certificate{b.cert}, NextProtos: []string{standin.ContactProtocol}, MinVersion: tls.VersionTLS13})
		if conn.Handshake() == nil {
			b.Serve(ctx, conn, from, &standin.Seat{})
			_ = conn.Close()
		}
	}()
	return near
}

var implicit = catalog.Service{Protocol: "http", TLS: catalog.Implicit}

// TestContact: with the code, both ends prove it, and the desk tells a caller how it sees
// it and what arrived; it expects the token until long after the last request.
func TestContact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		conn := b.open(t.Context(), from)
		defer conn.Close()
		s, err := meet(t.Context(), conn, farHost, implicit, b.Code)
		if err != nil {
			t.Fatal(err)
		}
		w, err := s.ask(t.Context(), doBegin, "", requestTime)
		token := w.Token
		if err != nil || w.You != from || w.Record.Listener != "amber" || len(w.Record.Arrivals) != 0 || w.Ahead.Abs() > w.Loose {
			t.Fatalf("%+v, %v", w, err)
		}
		time.Sleep(idleTime - time.Second)
		w, err = s.ask(t.Context(), doRecord, token, requestTime)
		if err != nil || len(w.Record.Arrivals) != 1 || w.Record.Arrivals[0].From.Addr() != from.Addr() {
			t.Fatalf("%+v, %v", w, err)
		}
		for do, want := range map[string]string{doRecord: "did not give", "reverse": "does not know"} {
			bad := token
			if do == doRecord {
				bad = "supportedldapver" // is in what others say
			}
			if _, err := s.ask(t.Context(), do, bad, requestTime); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", do, err)
			}
		}
		time.Sleep(expectFor - time.Second)
		synctest.Wait()
		if expected, forgotten := b.counts(); expected != 1 || forgotten != 0 {
			t.Errorf("expected %d, forgotten %d", expected, forgotten)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if _, forgotten := b.counts(); forgotten != 1 {
			t.Errorf("forgotten %d", forgotten)
		}
		if _, err := s.ask(t.Context(), doRecord, token, requestTime); err == nil {
			t.Error("an idle contact does not end")
		}
	})
}

// TestWrongCode: whoever does not know the code gets one answer, later each time; another
// source does not wait for that, nor does who knows the code.
func TestWrongCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			began := time.Now()
			conn := b.open(t.Context(), from)
			_, err := meet(t.Context(), conn, farHost, implicit, NewCode())
			conn.Close()
			if refused := new(refusedError); !errors.As(err, &refused) || refused.opened || !refused.spoke {
				t.Errorf("attempt %d: %v", i, err)
			}
			if took := time.Since(began); took != want*time.Second {
				t.Errorf("attempt %d took %s, want %d s", i, took, want)
			}
		}
		for _, source := range []string{"192.0.2.7:1", "192.0.2.8:1"} {
			began := time.Now()
			conn := b.open(t.Context(), netip.MustParseAddrPort(source))
			if _, err := meet(t.Context(), conn, farHost, implicit, b.Code); err != nil || time.Since(began) > 0 {
				t.Errorf("%s: %v after %s", source, err, time.Since(began))
			}
			conn.Close()
		}
		time.Sleep(wrongFor)
		began := time.Now()
		conn := b.open(t.Context(), from)
		_, _ = meet(t.Context(), conn, farHost, implicit, NewCode())
		conn.Close()
		if took := time.Since(began); took != time.Second {
			t.Errorf("after a while it took %s", took)
		}
	})
}

// TestOneRefusal: nonsense of any kind is answered as a wrong code is.
func TestOneRefusal(t *testing.T) {
	for name, words := range map[string]string{
		"no JSON":     "hello\n",
		"short nonce": `{"nonce":"AAAA"}` + "\n",
		"long line":   strings.Repeat("x", lineLimit-1) + "\n",
		"nothing":     "",
		"a request":   `{"do":"record","token":"aaaaaaaaaaaaaaaa"}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				conn := b.open(t.Context(), from)
				defer conn.Close()
				began := time.Now()
				l, err := secure(conn, farHost, implicit)
				if err != nil {
					t.Fatal(err)
				}
				if words != "" {
					_, _ = l.conn.Write([]byte(words))
				}
				var got struct {
					Refused bool
					Nonce   []byte
				}
				want := firstDelay
				if words == "" {
					want += proofTime
				}
				if err := l.receive(lineLimit, &got); err != nil || !got.Refused || got.Nonce != nil || time.Since(began) != want {
					t.Errorf("%+v, %v after %s", got, err, time.Since(began))
				}
				if expected, _ := b.counts(); expected != 0 {
					t.Error("the caller is expected")
				}
			})
		})
	}
}

// TestLocked: while many of one source wait for a refusal, the right code is heard from it,
// and waits as a wrong one does.
func TestLocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		for range mostWaiting {
			go func() {
				conn := b.open(t.Context(), from)
				defer conn.Close()
				_, _ = meet(t.Context(), conn, farHost, implicit, NewCode())
			}()
		}
		synctest.Wait()
		conn, began := b.open(t.Context(), from), time.Now()
		defer conn.Close()
		if _, err := meet(t.Context(), conn, farHost, implicit, b.Code); err != nil || time.Since(began) != firstDelay<<mostWaiting {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// TestManySources: the memory for wrong codes is bounded, and IPv6 does not lift it.
func TestManySources(t *testing.T) {
	var w wrongs
	now := time.Now()
	for i := range 2 * wrongSources {
		_, over := w.begin(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
		over()
	}
	if len(w.sources) > wrongSources+1 {
		t.Errorf("%d sources", len(w.sources))
	}
	first, _ := w.begin(netip.MustParseAddr("2001:db8::1"), now.Add(time.Hour))
	second, _ := w.begin(netip.MustParseAddr("2001:db8::2"), now.Add(time.Hour))
	if first != firstDelay || second != 2*firstDelay || len(w.sources) > 1 {
		t.Errorf("%s, %s, %d sources", first, second, len(w.sources))
	}
}

// TestIntercepted: a proxy that opens TLS on the way and passes everything on is found
// out, with either certificate, and learns nothing that opens another connection.
func TestIntercepted(t *testing.T) {
	for name, alpn := range map[string][]string{"passes ALPN": {standin.ContactProtocol}, "has no ALPN": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				proxy := otherCertificate(t)
				near, middle := net.Pipe()
				go func() {
					defer middle.Close()
					inside := tls.Server(middle, &tls.Config{Certificates: []tls.Certificate{proxy}, NextProtos: alpn})
					outside := tls.Client(b.open(t.Context(), from), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{standin.ContactProtocol}})
					defer outside.Close()
					if inside.Handshake() != nil || outside.Handshake() != nil {
						return
					}
					go relay(outside, inside)
					relay(inside, outside)
				}()
				defer near.Close()
				_, err := meet(t.Context(), near, farHost, implicit, b.Code)
				refused := new(refusedError)
				if !errors.As(err, &refused) || !refused.opened || refused.spoke != (alpn != nil) || !strings.Contains(err.Error(), "Contoso Proxy CA") {
					t.Errorf("%+v", err)
				}
				if expected, _ := b.counts(); expected != 0 {
					t.Error("the proxy is expected")
				}
			})
		})
	}
}

func relay(to, from net.Conn) {
	defer to.Close()
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// TestOtherVersion: a listener that speaks another version of the contact is told apart.
func TestOtherVersion(t *testing.T) {
	near, distant := net.Pipe()
	defer near.Close()
	cert := certificate(t)
	go func() {
		defer distant.Close()
		_ = tls.Server(distant, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"exreach-contact/2"}}).Handshake()
	}()
	if _, err := meet(t.Context(), near, farHost, implicit, NewCode()); !errors.Is(err, errOtherVersion) {
		t.Errorf("%v", err)
	}
}

// TestHostileFarEnd: what a far end sends instead of its part is an error, never a panic
// nor without end.
func TestHostileFarEnd(t *testing.T) {
	for name, words := range map[string]string{
		"nothing":   "",
		"no JSON":   "hello\n",
		"no nonce":  "{}\n{}\n{}\n",
		"endless":   strings.Repeat("x", 1<<20),
		"reflected": `{"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}` + "\n" + `{"proof":"AAAA"}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, distant := net.Pipe()
				cert := certificate(t)
				go func() {
					defer distant.Close()
					conn := tls.Server(distant, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{standin.ContactProtocol}})
					if conn.Handshake() == nil {
						go func() { _, _ = io.Copy(io.Discard, conn) }()
						_, _ = conn.Write([]byte(words))
						_ = conn.Close()
					}
				}()
				if _, err := meet(t.Context(), near, farHost, implicit, NewCode()); err == nil {
					t.Error("a contact stands")
				}
				near.Close()
			})
		})
	}
}
