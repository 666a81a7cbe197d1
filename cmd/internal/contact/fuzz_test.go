// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"exreach/probe/standin"
)

// FuzzDesk: no words of a caller that does not know the code get it more than a nonce and
// a refusal.
func FuzzDesk(f *testing.F) {
	f.Add([]byte(`{"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}` + "\n" + `{"proof":"AAAA"}` + "\n" + `{"do":"begin","token":"aaaaaaaaaaaaaaaa"}` + "\n"))
	f.Add([]byte("{\"nonce\":null}\n{}\n"))
	f.Add(bytes.Repeat([]byte("["), 9000))
	b := newBench(f)
	f.Fuzz(func(t *testing.T, words []byte) {
		synctest.Test(t, func(t *testing.T) {
			b.Desk = &Desk{Code: NewCode(), Record: b.Record, Expect: b.Expect, Watch: func(v Visit) {
				if v.Proved {
					t.Error("the code is proved")
				}
			}}
			conn := b.open(t.Context(), from)
			l, err := secure(conn, farHost, implicit)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				_, _ = l.conn.Write(words)
				_ = l.conn.CloseWrite()
			}()
			if heard, _ := io.ReadAll(l.conn); len(heard) > 200 {
				t.Errorf("heard %q", heard)
			}
			if expected, _ := b.counts(); expected != 0 {
				t.Errorf("%d expected", expected)
			}
			_ = conn.Close()
		})
	})
}

// FuzzFarEnd: no words of a far end that does not know the code make a contact, and none of
// one that does make a request fail in another way than by an error.
func FuzzFarEnd(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}` + "\n" + `{"refused":true}` + "\n"))
	f.Add([]byte(`{"you":"192.0.2.7:1","token":"aaaaaaaaaaaaaaaa","record":{"schema":"exreach-listen/1","tool":"","listener":"","host":"","version":"","roles":null,"started":"2026-11-29T12:00:00Z","now":"2026-11-29T12:00:00Z","dropped":-1,"ports":null,"arrivals":null}}` + "\n"))
	cert := certificate(f)
	f.Fuzz(func(t *testing.T, words []byte) {
		for _, proved := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				near, distant := net.Pipe()
				go func() {
					defer distant.Close()
					conn := tls.Server(distant, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{standin.ContactProtocol}})
					if conn.Handshake() == nil {
						go func() { _, _ = io.Copy(io.Discard, conn) }()
						_, _ = conn.Write(words)
						_ = conn.Close()
					}
				}()
				if !proved {
					if _, err := meet(t.Context(), near, farHost, implicit, NewCode()); err == nil {
						t.Error("a contact stands")
					}
				} else if l, err := secure(near, farHost, implicit); err != nil {
					t.Fatal(err)
				} else if w, err := (&session{line: l}).ask(t.Context(), doBegin, "", requestTime); err == nil && w.Record.Check() != nil {
					t.Errorf("%+v", w)
				}
				_ = near.Close()
			})
		}
	})
}
