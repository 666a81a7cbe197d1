// SPDX-License-Identifier: Apache-2.0

package standin_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/standin"
)

// echo is a contact that says where the caller is, and gives back one line.
func echo(_ context.Context, conn *tls.Conn, from netip.AddrPort, _ *standin.Seat) {
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil {
		fmt.Fprintf(conn, "%s %s", from, line)
	}
}

// wants is TLS of a client with these protocols of ALPN.
func wants(protocols ...string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}
}

// contactOver makes a contact over a connection that is ready for TLS, and returns its answer.
func contactOver(conn net.Conn) (string, error) {
	secured := tls.Client(conn, wants(standin.ContactProtocol))
	if _, err := fmt.Fprint(secured, "hello\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(secured)
	return string(answer), err
}

// TestContact: a contact stands at every kind of port, and is no arrival of it.
func TestContact(t *testing.T) {
	for _, of := range []struct {
		name, protocol string
		tls            catalog.TLS
		before         string // what the client says before TLS
		lines          int    // of the server before that
	}{
		{"implicit TLS", "imap", catalog.Implicit, "", 0},
		{"STARTTLS", "smtp", catalog.StartTLS, "EHLO x\r\nSTARTTLS\r\n", -1},
		{"after a greeting", "pop3", catalog.NoTLS, "", 1},
		{"at once", "dns", catalog.NoTLS, "", 0},
		{"silent", "tcp", catalog.NoTLS, "", 0},
		{"directory", "ldap", catalog.NoTLS, "", 0},
		{"web", "http", catalog.NoTLS, "", 0},
		{"rpc", "rpc", catalog.NoTLS, "", 0},
		{"files", "smb", catalog.NoTLS, "", 0},
	} {
		t.Run(of.name, func(t *testing.T) {
			at := service("port", of.protocol, 1)
			at.TLS = of.tls
			if of.protocol == "http" {
				at.HTTP = &catalog.Directory{Path: "/"}
			}
			var ended int
			s := alone(t, at, func(s *standin.Server) {
				s.Contact = echo
				s.Watch = func(e standin.Event) {
					if _, ok := e.(standin.Ended); ok {
						ended++
					}
				}
			})
			conn := dial(t, s, at)
			fmt.Fprint(conn, of.before)
			heard(t, conn, of.lines)
			answer, err := contactOver(conn)
			if want := conn.LocalAddr().String() + " hello\n"; answer != want || err != nil {
				t.Errorf("the contact answered %q (%v), want %q", answer, err, want)
			}
			if all := s.RecordFor(here(), "").Arrivals; len(all) != 0 {
				t.Errorf("the contact was recorded as %+v", all)
			}
			_ = conn.Close()
			s.Close()
			if ended != 0 {
				t.Error("the contact was told of as the end of an arrival")
			}
		})
	}
}

// heard reads so many lines; -1 is until the answer to STARTTLS.
func heard(t *testing.T, conn net.Conn, lines int) {
	t.Helper()
	for b, line := make([]byte, 1), ""; lines != 0; {
		if _, err := conn.Read(b); err != nil {
			t.Fatal(err)
		}
		if line += string(b); b[0] != '\n' {
			continue
		}
		if lines--; lines < 0 && strings.HasPrefix(line, "220 2.0.0") {
			return
		}
		line = ""
	}
}

// TestOtherProtocols: a client that asks for no contact is served, whichever protocols it
// names, and cannot see that there is a contact. At a plain port it gets nothing under TLS.
func TestOtherProtocols(t *testing.T) {
	imaps := service("imaps", "imap", 993)
	imaps.TLS = catalog.Implicit
	s := alone(t, imaps, func(s *standin.Server) { s.Contact = echo })
	for _, config := range []*tls.Config{wants(), wants("h2", "http/1.1"), wants("imap")} {
		secured := tls.Client(dial(t, s, imaps), config)
		if line := greeting(secured); !strings.HasPrefix(line, "* OK") {
			t.Errorf("%q: greeted with %q", config.NextProtos, line)
		}
		if p := secured.ConnectionState().NegotiatedProtocol; p != "" {
			t.Errorf("%q: agreed on %q", config.NextProtos, p)
		}
		_ = secured.Close()
	}
	dns := service("dns", "dns", 53)
	s = alone(t, dns, func(s *standin.Server) { s.Contact = echo })
	for _, config := range []*tls.Config{wants(), wants("dot")} {
		if err := tls.Client(dial(t, s, dns), config).Handshake(); err == nil {
			t.Errorf("%q: TLS at a plain port", config.NextProtos)
		}
	}
	s = alone(t, imaps, func(*standin.Server) {})
	secured := tls.Client(dial(t, s, imaps), wants(standin.ContactProtocol))
	if line := greeting(secured); !strings.HasPrefix(line, "* OK") {
		t.Errorf("a server without contact greets %q", line)
	}
}

// TestSplitHello: the first byte of a TLS record may come alone.
func TestSplitHello(t *testing.T) {
	dns := service("dns", "dns", 53)
	s := alone(t, dns, func(s *standin.Server) { s.Contact = echo })
	conn := dial(t, s, dns)
	if answer, err := contactOver(&byBytes{conn}); err != nil || !strings.HasSuffix(answer, "hello\n") {
		t.Errorf("answered %q: %v", answer, err)
	}
}

// byBytes writes each byte alone.
type byBytes struct{ net.Conn }

func (b *byBytes) Write(all []byte) (int, error) {
	for i := range all {
		if _, err := b.Conn.Write(all[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(all), nil
}

// TestContacts: few contacts of a source at a time may have yet to prove the code, or wait for
// a refusal without room; and of those that have proved it there are so many and no more.
func TestContacts(t *testing.T) {
	imaps := service("imaps", "imap", 993)
	imaps.TLS = catalog.Implicit
	for name, test := range map[string]struct {
		sit  func(*standin.Seat) bool
		want int
	}{
		"unproved": {func(*standin.Seat) bool { return true }, 3},
		"proved":   {(*standin.Seat).Prove, 5},
		"waiting":  {func(s *standin.Seat) bool { s.Leave(); return true }, 8},
		"late":     {func(s *standin.Seat) bool { s.Leave(); return s.Prove() }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			s := alone(t, imaps, func(s *standin.Server) {
				s.Limits.Contacts = 5
				s.Contact = func(_ context.Context, conn *tls.Conn, _ netip.AddrPort, seat *standin.Seat) {
					if test.sit(seat) {
						fmt.Fprint(conn, "hello\n")
						<-over
					}
				}
			})
			defer close(over)
			stood := 0
			for range 8 {
				if greeting(tls.Client(dial(t, s, imaps), wants(standin.ContactProtocol))) != "" {
					stood++
				}
			}
			if stood != test.want {
				t.Errorf("%d contacts stood at once, want %d", stood, test.want)
			}
		})
	}
}
