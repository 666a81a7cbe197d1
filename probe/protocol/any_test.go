// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
)

// saying is a server that says words, and then listens.
func saying(words string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = io.WriteString(conn, words)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// answers is the server's side of a protocol.
func answers(name string) func(net.Conn) {
	return func(conn net.Conn) { _ = Table[name].Answer(conn, standIn(name, catalog.NoTLS)) }
}

// TestAny: what is told of a server of which nothing was known. The servers are real
// listeners; TLS is real, too.
func TestAny(t *testing.T) {
	cert := throwAway(t)
	inTLS := func(serve func(net.Conn)) func(net.Conn) {
		return func(conn net.Conn) {
			c := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}})
			defer c.Close()
			if c.Handshake() == nil {
				serve(c)
			}
		}
	}
	late := func(conn net.Conn) { // complains about TLS in its own protocol
		_, _ = conn.Read(make([]byte, 512))
		_, _ = io.WriteString(conn, "SSH-2.0-slow\r\n")
		_, _ = io.Copy(io.Discard, conn)
	}
	for name, test := range map[string]struct {
		serve    func(net.Conn)
		spoke    string
		greeting string // its beginning
		wrong    error
	}{
		"smtp":         {answers("smtp"), "smtp", "220 ", nil},
		"pop3":         {answers("pop3"), "pop3", "+OK ", nil},
		"imap":         {answers("imap"), "imap", "* OK ", nil},
		"nntp":         {answers("nntp"), "nntp", "200 ", nil},
		"ncacn-http":   {answers("ncacn-http"), "ncacn-http", "", nil},
		"smtp, busy":   {saying("421 4.3.2 Service not available\r\n"), "smtp", "421 4.3.2", nil},
		"imap, busy":   {saying("* BYE too many connections\r\n"), "imap", "* BYE", nil},
		"ftp":          {saying("220 (vsFTPd 3.0.5)\r\n"), "ftp", "220 (vsFTPd 3.0.5)", nil},
		"ftp, lines":   {saying("220-Welcome to FTP\r\n220 go on\r\n"), "ftp", "220-Welcome", nil},
		"ssh":          {saying("SSH-2.0-OpenSSH_9.6\r\n"), "ssh", "SSH-2.0-OpenSSH_9.6", nil},
		"ssh, late":    {late, "ssh", "SSH-2.0-slow", nil},
		"vnc":          {saying("RFB 003.008\n"), "vnc", "RFB 003.008", nil},
		"telnet":       {saying("\xff\xfd\x18\xff\xfd\x20"), "telnet", `\xff`, nil},
		"mysql":        {saying("J\x00\x00\x00\x0a8.0.36\x00"), "", `J\x00`, nil},
		"own words":    {saying("hello, who is there?\n"), "", "hello, who", nil},
		"220 alone":    {func(c net.Conn) { replies(c, "220 ready\r\n", "500 what?\r\n") }, "", "220 ready", nil},
		"http":         {site, "http", "HTTP/1.1 204", nil},
		"https":        {inTLS(site), "http", "HTTP/1.1 204", nil},
		"imaps":        {inTLS(answers("imap")), "imap", "* OK ", nil},
		"tls alone":    {inTLS(func(net.Conn) {}), "tls", "", nil},
		"http, broken": {func(c net.Conn) { replies(c, "", "HTTP/1.1 nonsense\r\n\r\n") }, "http", "HTTP/1.1 nonsense", nil},
		"hangs up":     {func(net.Conn) {}, "", "", io.EOF},
		"half a word":  {func(c net.Conn) { _, _ = io.WriteString(c, "hel") }, "", "hel", io.ErrUnexpectedEOF},
		"nothing":      {func(c net.Conn) { _, _ = c.Read(make([]byte, 512)) }, "", "", ErrNothingSaid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := anyAt(t, listening(t, test.serve))
			if !errors.Is(err, test.wrong) || p.Spoke != test.spoke || !strings.HasPrefix(p.Greeting, test.greeting) {
				t.Errorf("spoke %q, greeting %q, %v; want %q, %q, %v", p.Spoke, p.Greeting, err, test.spoke, test.greeting, test.wrong)
			}
		})
	}
}

// replies sends a greeting and then one reply to everything that comes.
func replies(conn net.Conn, greeting, reply string) {
	_, _ = io.WriteString(conn, greeting)
	for b := make([]byte, 4096); ; {
		if _, err := conn.Read(b); err != nil {
			return
		}
		_, _ = io.WriteString(conn, reply)
	}
}

// site is a web server that hangs up on everything else.
func site(conn net.Conn) {
	b := make([]byte, 4096)
	if n, _ := conn.Read(b); strings.HasPrefix(string(b[:n]), "GET / HTTP/1.1\r\n") {
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
	}
}

// listening serves on loopback until the test is over.
func listening(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// anyAt asks a port in the protocol any, as package probe does.
func anyAt(t *testing.T, addr string) (Peer, error) {
	t.Helper()
	var open net.Conn
	dial := func() (net.Conn, error) {
		if open != nil {
			open.Close()
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		open = conn
		return conn, conn.SetDeadline(time.Now().Add(enough))
	}
	conn, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { open.Close() }()
	q := question("any", catalog.NoTLS)
	q.Redial = dial
	q.StartTLS = func(conn net.Conn) (net.Conn, error) {
		c := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		_ = conn.SetDeadline(time.Now().Add(TrialTime))
		defer conn.SetDeadline(time.Now().Add(enough))
		return c, c.Handshake()
	}
	return Table["any"].Ask(conn, q)
}

// TestAnyOverUDP: any answer to an empty datagram shows that the port is open; without
// one, nothing is known.
func TestAnyOverUDP(t *testing.T) {
	q, s := questionUDP("any"), standInUDP("any")
	p, err := meetUDP(t, Table["any"].Ask, Table["any"].Answer, q, s, enough)
	if want := "answered an empty datagram with 27 bytes"; err != nil || p.Greeting != want {
		t.Errorf("%q, %v; want %q", p.Greeting, err, want)
	}
	if p, err := meetUDP(t, Table["any"].Ask, Table["dns"].Answer, q, standInUDP("dns"), 100*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("silence is %+v, %v", p, err)
	}
}
