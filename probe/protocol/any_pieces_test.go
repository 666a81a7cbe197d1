// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// anyPlayed are greetings, and what is told of servers that give them.
var anyPlayed = []struct {
	greeting, reply string // what it says to every line; "" for nothing
	spoke, first    string // the protocol, and the first line of the greeting
}{
	{"220 mail01 ESMTP\r\n", "250 mail01\r\n", "smtp", "220 mail01 ESMTP"},
	{"220 ftp.example.com ESMTP\r\n", "250 ftp\r\n", "smtp", "220 ftp.example.com ESMTP"},
	{"220-mail01\r\n220 go on\r\n", "250 mail01\r\n", "smtp", "220-mail01"},
	{"220 ready\r\n", "500 what?\r\n", "", "220 ready"},
	{"220 (vsFTPd 3.0.5)\r\n", "530 log in\r\n", "ftp", "220 (vsFTPd 3.0.5)"},
	{"220-Welcome\r\n220 to FTP\r\n", "530 log in\r\n", "ftp", "220-Welcome"},
	{"421 4.3.2 not now\r\n", "", "smtp", "421 4.3.2 not now"},
	{"421 too many users\r\n", "", "", "421 too many users"}, // SMTP or FTP
	{"554 no mail here\r\n", "", "smtp", "554 no mail here"},
	{"+OK ready\r\n", "-ERR what?\r\n", "pop3", "+OK ready"},
	{"+OKAY\r\n", "", "", "+OKAY"},
	{"-ERR not now\r\n", "", "pop3", "-ERR not now"},
	{"-ERR max number of clients reached\r\n", "", "redis", "-ERR max number of clients reached"},
	{"* OK ready\r\n", "* BYE then\r\n", "imap", "* OK ready"},
	{"* BYE not now\r\n", "", "imap", "* BYE not now"},
	{"* OKAY\r\n", "", "", "* OKAY"},
	{"200 news\r\n", "500 what?\r\n", "nntp", "200 news"},
	{"ncacn_http/1.0", "", "ncacn-http", "ncacn_http/1.0"},
	{"SSH-2.0-OpenSSH_9.6\r\n", "", "ssh", "SSH-2.0-OpenSSH_9.6"},
	{"SSH-less\r\n", "", "", "SSH-less"},
	{"RFB 003.008\n", "", "vnc", "RFB 003.008"},
	{"@RSYNCD: 31.0\n", "", "rsync", "@RSYNCD: 31.0"},
	{"AMQP\x00\x00\x09\x01", "", "amqp", `AMQP\x00\x00\t\x01`},
	{"HTTP/1.1 408 Request Timeout\r\n\r\n", "", "http", "HTTP/1.1 408 Request Timeout"},
	{"\x15\x03\x01\x00\x02\x02\x28", "", "tls", `\x15\x03\x01\x00\x02\x02(`},
	{"\xff\xfb\x01", "", "telnet", `\xff\xfb\x01`},
	{"\xff\xfd\x0a", "", "telnet", `\xff\xfd`}, // the option 10 is no end of a line
	{"\xff\xfe\x01\xff\xfb\x03", "", "telnet", `\xff\xfe\x01\xff\xfb\x03`},
	{"\xff\xfe2\x002\x000\x00 \x00m\x00\r\x00\n\x00", "", "", `\xff\xfe2\x002\x000\x00 \x00m\x00\r\x00`},
	{"\xff\xfe\n\x002\x00", "", "", `\xff\xfe`}, // UTF-16, not DONT 10
	{"\xff\xff\xff\xff", "", "", `\xff\xff\xff\xff`},
	{"\xff\xfb", "", "", `\xff\xfb`},
	{"J\x00\x00\x00\x0a8.0.36\x00", "", "", `J\x00\x00\x00`},
	{"login: ", "", "", "login: "},
	{"hello\r\n", "", "", "hello"},
	{"\r\n \r\nhello\r\n", "", "", "hello"},
	{"\r\n220 mail01 ESMTP\r\n", "", "", "220 mail01 ESMTP"},
	{"\r\n", "", "", `\r\n`},
	{"2", "", "", "2"},
	{"\x00\x01\x16\x03\xfe", "", "", `\x00\x01\x16\x03\xfe`},
}

// TestAnyPieces: into which pieces TCP cuts a greeting makes no difference to what is told
// of the server, nor to how the check ends if the server hangs up afterwards.
func TestAnyPieces(t *testing.T) {
	for _, p := range anyPlayed {
		for _, hangsUp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%.24q %t", p.greeting, hangsUp), func(t *testing.T) {
				t.Parallel()
				pause := patience - 100*time.Millisecond
				if p.spoke != "" {
					pause = time.Second
				}
				whole, err := anyOfPieces(t, player{said: p.greeting, at: len(p.greeting), reply: p.reply, hangsUp: hangsUp})
				if !hangsUp && (err != nil || whole.Spoke != p.spoke || whole.Greeting != p.first) {
					t.Fatalf("spoke %q, greeting %q, %v; want %q, %q", whole.Spoke, whole.Greeting, err, p.spoke, p.first)
				}
				want := fmt.Sprintf("%q %q %t", whole.Spoke, whole.Greeting, err == nil)
				for at := range len(p.greeting) { // 0 is byte by byte
					cut := player{said: p.greeting, at: at, pause: pause, reply: p.reply, hangsUp: hangsUp}
					if at == 0 {
						cut.pause = 100 * time.Millisecond
					}
					peer, err := anyOfPieces(t, cut)
					if got := fmt.Sprintf("%q %q %t", peer.Spoke, peer.Greeting, err == nil); got != want {
						t.Errorf("cut at %d: %s (%v), whole: %s", at, got, err, want)
					}
				}
			})
		}
	}
}

// TestAnyLate: a greeting that comes while exreach tries TLS is told like any other, and so
// is what a server answers to TLS and to HTTP.
func TestAnyLate(t *testing.T) {
	for _, test := range []struct {
		player
		spoke, first string
		wrong        bool
	}{
		{player{said: "220 mail01 ESMTP\r\n", late: 2 * time.Second, reply: "250 mail01\r\n"}, "smtp", "220 mail01 ESMTP", false},
		{player{said: "220 (vsFTPd 3.0.5)\r\n", late: 2 * time.Second}, "ftp", "220 (vsFTPd 3.0.5)", false},
		{player{said: "SSH-2.0-OpenSSH_9.6\r\n", late: 2 * time.Second}, "ssh", "SSH-2.0-OpenSSH_9.6", false},
		{player{said: "hello\r\n", late: 2 * time.Second}, "", "hello", false},
		{player{reply: "SSH-2.0-OpenSSH_9.6\r\n"}, "ssh", "SSH-2.0-OpenSSH_9.6", false},
		{player{reply: "220 what?\r\n"}, "", "220 what?", false}, // it does not greet
		{player{reply: "-ERR what?\r\n"}, "", "-ERR what?", false},
		{player{reply: "500 what?\r\n"}, "", "500 what?", false},
		{player{reply: "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"}, "http", "HTTP/1.1 400 Bad Request", false},
		{player{reply: "HTTP/1.1 nonsense\r\n\r\n"}, "http", "HTTP/1.1 nonsense", false},
		{player{reply: "\x15\x03\x01\x00\x02\x02\x28"}, "", "", true}, // TLS failed
	} {
		t.Run(fmt.Sprintf("%.24q %.24q", test.said, test.reply), func(t *testing.T) {
			t.Parallel()
			for at := range len(test.said + test.reply) {
				server := test.player
				server.at, server.pause = at, 100*time.Millisecond
				peer, err := anyOfPieces(t, server)
				if peer.Spoke != test.spoke || peer.Greeting != test.first || (err != nil) != test.wrong {
					t.Errorf("cut at %d: spoke %q, greeting %q, %v; want %q, %q", at, peer.Spoke, peer.Greeting, err, test.spoke, test.first)
				}
			}
		})
	}
}

// TestAnyUnfinished: what does not come to an end is told for what it is, in a time that the
// server does not set.
func TestAnyUnfinished(t *testing.T) {
	for _, test := range []struct {
		said, reply  string
		at           int
		pause        time.Duration
		spoke, first string
		err          error
	}{
		{"22", "", 1, 10 * time.Second, "", "2", nil},
		{"220 mai", "", 7, 0, "", "220 mai", os.ErrDeadlineExceeded},
		{"220 mail01 ESMTP\r\n", "250 mail01\r\n", 0, time.Second, "smtp", "220 mail01 ESMTP", nil},
		{"220 to the server of FTP\r\n", "500 what?\r\n", 0, time.Second, "ftp", "220 to the server of FTP", nil},
		{"SSH-2.0-" + strings.Repeat("x", 60), "", 0, 1100 * time.Millisecond, "", "SSH", nil},
		{strings.Repeat("x", 1<<20), "", 1000, 0, "", strings.Repeat("x", maxFirstLine-3) + "...", nil},
		{"220 " + strings.Repeat("x", 1<<20), "", 1000, 0, "", "220 " + strings.Repeat("x", maxFirstLine-7) + "...", nil},
		{"* OK " + strings.Repeat("x", 1<<20), "", 1000, 0, "", "* OK " + strings.Repeat("x", maxFirstLine-8) + "...", nil},
	} {
		peer, err := anyOfPieces(t, player{said: test.said, at: test.at, pause: test.pause, reply: test.reply})
		if peer.Spoke != test.spoke || peer.Greeting != test.first || !errors.Is(err, test.err) {
			t.Errorf("%.30q: spoke %q, greeting %q, %v; want %q, %q, %v", test.said, peer.Spoke, peer.Greeting, err, test.spoke, test.first, test.err)
		}
	}
}

// A player is a server that says everything in pieces.
type player struct {
	late    time.Duration // before the first piece
	said    string        // its greeting; "" for none
	at      int           // where the first piece ends; 0 for a piece per byte
	pause   time.Duration // between two pieces
	reply   string        // to all that it hears; "" for none
	hangsUp bool          // after the greeting
}

func (p player) serve(conn net.Conn) {
	defer conn.Close()
	heard := make(chan bool, 100)
	go func() {
		defer close(heard)
		for b := make([]byte, maxLine); ; heard <- true {
			if _, err := conn.Read(b); err != nil {
				return
			}
		}
	}()
	time.Sleep(p.late)
	p.say(conn, p.said)
	if p.hangsUp {
		return
	}
	for range heard {
		p.say(conn, p.reply)
	}
}

func (p player) say(conn net.Conn, words string) {
	pieces := strings.Split(words, "")
	if at := min(p.at, len(words)); at > 0 {
		pieces = []string{words[:at], words[at:]}
	}
	for i, piece := range pieces {
		if i > 0 {
			time.Sleep(p.pause)
		}
		if _, err := io.WriteString(conn, piece); err != nil {
			return
		}
	}
}

// anyOfPieces asks a player in the protocol any. No time passes for the test.
func anyOfPieces(t *testing.T, server player) (peer Peer, err error) {
	synctest.Test(t, func(t *testing.T) {
		var conn net.Conn
		dial := func() (net.Conn, error) {
			if conn != nil {
				conn.Close()
			}
			ours, theirs := net.Pipe()
			go server.serve(theirs)
			conn = leashed{ours, time.Now().Add(time.Minute)}
			return conn, conn.SetDeadline(time.Time{})
		}
		q := question("any", "")
		q.Redial = dial
		q.StartTLS = func(conn net.Conn) (net.Conn, error) {
			_ = conn.SetDeadline(time.Now().Add(TrialTime))
			defer conn.SetDeadline(time.Time{})
			c := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
			return c, c.Handshake()
		}
		first, _ := dial()
		peer, err = Table["any"].Ask(first, q)
		conn.Close()
		time.Sleep(time.Minute) // for the server to notice
	})
	return peer, err
}

// leashed is a connection whose deadlines are never after the end of the check, as those of
// package probe.
type leashed struct {
	net.Conn
	end time.Time
}

func (l leashed) until(t time.Time) time.Time {
	if t.IsZero() || t.After(l.end) {
		return l.end
	}
	return t
}

func (l leashed) SetDeadline(t time.Time) error     { return l.Conn.SetDeadline(l.until(t)) }
func (l leashed) SetReadDeadline(t time.Time) error { return l.Conn.SetReadDeadline(l.until(t)) }
