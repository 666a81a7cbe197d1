// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// A script is a connection to a peer that says what it has to say, whatever it
// hears, and then hangs up.
type script struct {
	deaf
	io.Reader
	heard []string // write by write
}

func (s *script) Write(p []byte) (int, error) {
	s.heard = append(s.heard, string(p))
	return len(p), nil
}

// hangsUpAfter is a peer that says said and hangs up.
func hangsUpAfter(said []byte) *script { return &script{Reader: bytes.NewReader(said)} }

// deaf is the part of a connection that does not matter here.
type deaf struct{}

func (deaf) Close() error                     { return nil }
func (deaf) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv6loopback} }
func (deaf) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv6loopback} }
func (deaf) SetDeadline(time.Time) error      { return nil }
func (deaf) SetReadDeadline(time.Time) error  { return nil }
func (deaf) SetWriteDeadline(time.Time) error { return nil }

// endless is a peer that says the same words for ever.
type endless struct {
	deaf
	words string
	read  int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.words[e.read%len(e.words)]
		e.read++
	}
	return len(p), nil
}

func (e *endless) Write(p []byte) (int, error) { return len(p), nil }

// A recording is what a server once said, and what a client makes of it.
type recording struct {
	name     string
	protocol string
	tls      catalog.TLS // "" is none
	said     string      // lines end in LF here and in CR LF on the wire
	want     Peer
	got      string   // of the mismatch; "" for none
	heard    []string // what the client says
}

func (r recording) check(t *testing.T) {
	conn := hangsUpAfter([]byte(strings.ReplaceAll(r.said, "\n", "\r\n")))
	q := question(r.protocol, r.tls)
	peer, err := Table[r.protocol].Ask(conn, q)
	checkLearned(t, peer, err, r.want, r.got)
	heard := strings.TrimSpace(strings.Join(conn.heard, ""))
	if want := strings.Join(r.heard, "\r\n"); heard != want {
		t.Errorf("said %q, want %q", heard, want)
	}
	if len(conn.heard) != len(r.heard) {
		t.Errorf("%d commands took %d writes: %q", len(r.heard), len(conn.heard), conn.heard)
	}
}

// checkLearned fails where a conversation has not taught want, or has not ended in
// a mismatch that got got; "" is no mismatch, and no error.
func checkLearned(t *testing.T, peer Peer, err error, want Peer, got string) {
	t.Helper()
	mismatch, _ := errors.AsType[*wire.MismatchError](err)
	switch {
	case got == "" && err != nil:
		t.Errorf("error %v", err)
	case got != "" && (mismatch == nil || mismatch.Got != got):
		t.Errorf("error %v, want a mismatch that got %q", err, got)
	}
	if diff := cmp.Diff(want, told(t, peer)); diff != "" {
		t.Errorf("learned (-want +got):\n%s", diff)
	}
}

func TestBoundsOfText(t *testing.T) {
	for _, name := range speaksFirst {
		for _, words := range []string{"220 ", "220-a\r\n", "+OK ", "* OK ", "* a\r\n"} {
			peer := &endless{words: words}
			_, err := Table[name].Ask(peer, question(name, catalog.NoTLS))
			if _, ok := errors.AsType[*wire.MismatchError](err); !ok {
				t.Errorf("%s, endless %q: error %v", name, words, err)
			}
			if peer.read > maxTalk+4096 {
				t.Errorf("%s read %d bytes of an endless %q", name, peer.read, words)
			}
		}
	}
}

// TestForeignBytes: a peer that sends a few bytes which are not a line and then
// waits is a mismatch at once, and not silent after the deadline.
func TestForeignBytes(t *testing.T) {
	for said, got := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\n": "the greeting opens like HTTP",
		"ncacn_http/1.0":               "the greeting opens like RPC over HTTP",
		"SSH-2.0-OpenSSH_9.2p1\r\n":    "the greeting opens like SSH",
		"\x15\x03\x01\x00\x02\x02\x46": "the greeting opens like TLS",
		"\x05\x00\x0d\x03":             "the greeting opens like RPC",
	} {
		for _, name := range speaksFirst {
			conn := &script{Reader: io.MultiReader(strings.NewReader(said), silence{})}
			_, err := Table[name].Ask(conn, question(name, catalog.NoTLS))
			if mismatch, ok := errors.AsType[*wire.MismatchError](err); !ok || mismatch.Got != got {
				t.Errorf("%s, %q: error %v, want %q", name, said, err, got)
			}
		}
	}
}

// silence is a peer that runs into the deadline.
type silence struct{}

func (silence) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestErrorsOfTheConnection(t *testing.T) {
	greetings := map[string]string{"smtp": "220 a\r\n", "pop3": "+OK a\r\n", "imap": "* OK a\r\n"}
	for _, name := range speaksFirst {
		for _, want := range []error{io.EOF, os.ErrDeadlineExceeded, net.ErrClosed} {
			for _, said := range []string{"", greetings[name]} {
				conn := &script{Reader: io.MultiReader(strings.NewReader(said), fails{want})}
				peer, err := Table[name].Ask(conn, question(name, catalog.NoTLS))
				if !errors.Is(err, want) {
					t.Errorf("%s, %v after %q: error %v", name, want, said, err)
				}
				if peer.Greeting != strings.TrimSpace(said) {
					t.Errorf("%s, %v after %q: greeting %q", name, want, said, peer.Greeting)
				}
			}
			conn := &script{Reader: io.MultiReader(strings.NewReader(greetings[name][:2]), fails{io.EOF})}
			if _, err := Table[name].Ask(conn, question(name, catalog.NoTLS)); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, cut in the greeting: error %v", name, err)
			}
		}
	}
}

type fails struct{ err error }

func (f fails) Read([]byte) (int, error) { return 0, f.err }

// TestPlainTextBehindGoAhead: what a man in the middle puts behind the go-ahead
// for TLS goes into the handshake, and never into the protected conversation.
func TestPlainTextBehindGoAhead(t *testing.T) {
	for name, said := range map[string]string{
		"smtp": "220 a\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n250-a\r\n250 INJECTED\r\n",
		"pop3": "+OK a\r\n+OK\r\nSTLS\r\n.\r\n+OK go\r\n+OK\r\nINJECTED\r\n.\r\n",
		"imap": "* OK a\r\n* CAPABILITY STARTTLS\r\na1 OK\r\na2 OK go\r\n* CAPABILITY INJECTED\r\na3 OK\r\n",
	} {
		var handshake []byte
		q := question(name, catalog.StartTLS)
		q.StartTLS = func(conn net.Conn) (net.Conn, error) {
			handshake, _ = io.ReadAll(conn)
			return conn, nil
		}
		peer, err := Table[name].Ask(hangsUpAfter([]byte(said)), q)
		if err == nil || slices.Contains(peer.Capabilities, "INJECTED") {
			t.Errorf("%s: error %v, capabilities %q", name, err, peer.Capabilities)
		}
		if !strings.Contains(string(handshake), "INJECTED") {
			t.Errorf("%s: the handshake saw %q", name, handshake)
		}
	}
}

// TestSlowFarewell: a server that does not answer QUIT costs little time.
func TestSlowFarewell(t *testing.T) {
	for name, said := range map[string]string{
		"smtp": "220 a\r\n250 a\r\n",
		"pop3": "+OK a\r\n-ERR\r\n",
		"imap": "* OK a\r\na1 OK\r\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			client.SetDeadline(time.Now().Add(time.Hour))
			go func() {
				io.WriteString(server, said)
			}()
			go io.Copy(io.Discard, server)
			began := time.Now()
			if _, err := Table[name].Ask(client, question(name, catalog.NoTLS)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s waited %v for the answer to its farewell", name, took)
			}
			client.Close()
		})
	}
}

// TestAnswersLikeTheVersion: what every version greets with is what the catalogue
// of facts has, and no template word is left in it.
func TestAnswersLikeTheVersion(t *testing.T) {
	for _, test := range []struct{ name, version, greeting string }{
		{"smtp", "4.0", "220 mail.example.com Microsoft Exchange Internet Mail Connector 4."},
		{"smtp", "5.0", "220 mail.example.com Microsoft Exchange Internet Mail Service 5.0."},
		{"smtp", "5.5", "220 mail.example.com ESMTP Server (Microsoft Exchange Internet Mail Service 5.5."},
		{"smtp", "2000", "220 mail.example.com Microsoft ESMTP MAIL Service, Version: 5.0.2195."},
		{"smtp", "2003", "220 mail.example.com Microsoft ESMTP MAIL Service, Version: 6.0.3790."},
		{"smtp", "2007", "220 mail.example.com Microsoft ESMTP MAIL Service ready at "},
		{"smtp", "se", "220 mail.example.com Microsoft ESMTP MAIL Service ready at "},
		{"pop3", "5.5", "+OK Microsoft Exchange POP3 server version 5.5."},
		{"pop3", "2000", "+OK Microsoft Exchange 2000 POP3 server version 6.0.6603.0 (mail.example.com) ready."},
		{"pop3", "2007", "+OK Microsoft Exchange Server 2007 POP3 service ready"},
		{"pop3", "2016", "+OK The Microsoft Exchange POP3 service is ready."},
		{"imap", "2003", "* OK Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail.example.com) ready."},
		{"imap", "2016", "* OK The Microsoft Exchange IMAP4 service is ready."},
	} {
		s := standIn(test.name, catalog.NoTLS)
		s.Version = test.version
		peer, err := meet(t, Table[test.name].Ask, Table[test.name].Answer, question(test.name, catalog.NoTLS), s, enough)
		if err != nil || !strings.HasPrefix(peer.Greeting, test.greeting) || strings.Contains(peer.Greeting, "DATE") {
			t.Errorf("%s of %s greets with %q (error %v)", test.name, test.version, peer.Greeting, err)
		}
	}
}
