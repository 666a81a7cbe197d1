// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"exreach/probe/protocol/wire"
)

// A greeter is a protocol whose servers speak first.
type greeter struct {
	head  string // how a greeting begins
	spoke string
	must  string // text that the greeting has to contain to tell the protocol without an answer
	ask   func(net.Conn, Question) (Peer, error)
	size  int // of the whole greeting in bytes; 0 for a line
}

// anyGreeters: the first whose head fits counts. Where ask is nil, the protocol is only
// named: exreach does not speak it, or the server does not wait for a question.
var anyGreeters = []greeter{
	{head: "220", spoke: "smtp", must: "SMTP", ask: askSMTP}, // FTP greets with it, too
	{head: "421 4.", spoke: "smtp", ask: askSMTP},            // with the enhanced status code of RFC 3463
	{head: "421", spoke: "smtp", must: "SMTP", ask: askSMTP},
	{head: "554 ", spoke: "smtp", ask: askSMTP},
	{head: "554-", spoke: "smtp", ask: askSMTP},
	{head: "+OK ", spoke: "pop3", ask: askPOP3},
	{head: "+OK\r", spoke: "pop3", ask: askPOP3},
	{head: "-ERR max number of clients reached", spoke: "redis"},
	{head: "-ERR ", spoke: "pop3", ask: askPOP3},
	{head: "-ERR\r", spoke: "pop3", ask: askPOP3},
	{head: "* OK ", spoke: "imap", ask: askIMAP},
	{head: "* BYE ", spoke: "imap", ask: askIMAP},
	{head: "* PREAUTH ", spoke: "imap", ask: askIMAP},
	{head: "200 ", spoke: "nntp", must: "NNTP", ask: askNNTP},
	{head: "201 ", spoke: "nntp", must: "NNTP", ask: askNNTP},
	{head: ncacnGreeting, spoke: "ncacn-http", ask: askNcacnHTTP, size: len(ncacnGreeting)},
	{head: "SSH-1.", spoke: "ssh"},
	{head: "SSH-2.", spoke: "ssh"},
	{head: "RFB 00", spoke: "vnc"},
	{head: "@RSYNCD:", spoke: "rsync"},
	{head: "AMQP\x00", spoke: "amqp", size: 8},
	{head: "AMQP\x01", spoke: "amqp", size: 8},
	{head: "AMQP\x02", spoke: "amqp", size: 8},
	{head: "AMQP\x03", spoke: "amqp", size: 8},
	{head: "SIP/2.0 ", spoke: "sip"},
	{head: "HTTP/1.", spoke: "http"},
	{head: "HTTP/2", spoke: "http"},
	{head: "\x15\x03\x00\x00\x02", spoke: onlyTLS, size: 7}, // an alert (RFC 8446 section 6)
	{head: "\x15\x03\x01\x00\x02", spoke: onlyTLS, size: 7},
	{head: "\x15\x03\x02\x00\x02", spoke: onlyTLS, size: 7},
	{head: "\x15\x03\x03\x00\x02", spoke: onlyTLS, size: 7},
}

// greeterOf returns the protocol that a greeting begins like, nil if there is none.
func greeterOf(head []byte) *greeter {
	for i := range anyGreeters {
		if g := &anyGreeters[i]; strings.HasPrefix(string(head), g.head) {
			return g
		}
	}
	return nil
}

// greetedAny waits for a greeting. heard reports whether one came; the Peer is then what
// the server told of itself.
func greetedAny(conn net.Conn, q Question, wait time.Duration) (p Peer, heard bool, err error) {
	until := time.Now().Add(wait)
	r := bufio.NewReaderSize(conn, maxLine)
	head, err := greetingIn(conn, r, until)
	switch {
	case len(head) > 0:
		p, err = goOnIn(readAhead{conn, r}, q, head, err)
		return p, true, err
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return p, false, fmt.Errorf("waiting for the greeting: %w", err)
	case time.Now().Before(until): // the time of the check is over, or the run
		return p, false, nothingSaid(err)
	}
	return p, false, nil
}

// greetingIn returns the greeting, whose first byte must come until then. It waits for the
// rest as long as pauseAfter says, and TrialTime in all. It leaves all of it in r.
func greetingIn(conn net.Conn, r *bufio.Reader, until time.Time) (head []byte, err error) {
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	var last time.Time
	for {
		_ = conn.SetReadDeadline(until)
		_, err = r.Peek(len(head) + 1)
		head, _ = r.Peek(r.Buffered())
		pause := pauseAfter(head)
		if err != nil || pause == 0 {
			return head, err
		}
		now := time.Now()
		if last.IsZero() {
			last = now.Add(TrialTime)
		}
		if until = now.Add(pause); until.After(last) {
			until = last
		}
	}
}

// pauseAfter returns how long the next byte of a greeting may take, 0 where all of it has
// come. What may become a greeting that exreach knows has more time than other bytes.
func pauseAfter(head []byte) time.Duration {
	switch {
	case len(head) >= maxLine:
		return 0
	case mayOpenTelnet(head):
		return TrialTime
	case opensTelnet(head):
		return patience // Telnet has no last byte
	case bytes.IndexByte(unblank(head), '\n') >= 0:
		return 0
	}
	for _, g := range anyGreeters {
		n := min(len(head), len(g.head))
		if string(head[:n]) != g.head[:n] {
			continue
		}
		if g.size > 0 && len(head) >= g.size {
			return 0
		}
		return TrialTime
	}
	return patience
}

// mayOpenTelnet reports whether head ends in the middle of a command of Telnet, or where
// the next byte tells Telnet from UTF-16.
func mayOpenTelnet(head []byte) bool {
	rest := head
	for opensTelnet(rest) {
		rest = rest[3:]
	}
	switch len(rest) {
	case 0:
		return len(head) == 3 && head[1] == telnetDont
	case 1:
		return rest[0] == telnetIAC
	case 2:
		return rest[0] == telnetIAC && rest[1] >= telnetWill && rest[1] <= telnetDont
	}
	return false
}

// goOnIn goes on in the protocol that a greeting begins like. ended says why the greeting
// came to no end.
func goOnIn(conn net.Conn, q Question, head []byte, ended error) (Peer, error) {
	p := spokenBy(head)
	if p.Spoke == "ftp" {
		_, _ = io.WriteString(conn, "QUIT\r\n")
		return p, nil
	}
	if g := greeterOf(head); g != nil && p.Spoke == "" {
		return g.goOn(conn, q)
	}
	if errors.Is(ended, io.EOF) {
		return p, fmt.Errorf("waiting for the rest of the greeting: %w", io.ErrUnexpectedEOF)
	}
	return p, nil
}

// goOn asks in the protocol. The server has spoken it if it answers, or if its greeting
// can be of no other.
func (g *greeter) goOn(conn net.Conn, q Question) (Peer, error) {
	heard := &hears{Conn: conn}
	q.At = unlessFirst(q.At)
	p, err := g.ask(heard, q)
	told := spokenBy(heard.head)
	answered := err == nil && !strings.HasPrefix(p.Refusal, g.head) // a greeting that refuses is no answer
	if foreign := (*wire.MismatchError)(nil); errors.As(err, &foreign) || told.Spoke != "" && !answered {
		return told, nil
	}
	if answered || strings.Contains(strings.ToUpper(lineOf(heard.head)), g.must) {
		p.Spoke = g.spoke
	}
	p.Greeting = cmp.Or(p.Greeting, told.Greeting)
	return p, err
}

// unlessFirst leaves out the first call of at. The Greet step has begun; a second call would
// start its count of bytes anew.
func unlessFirst(at func(Step)) func(Step) {
	begun := false
	return func(step Step) {
		if begun {
			at(step)
		}
		begun = true
	}
}

// spokenBy makes a Peer of the first bytes of a server, whose protocol it names if it
// knows it and exreach has not to ask in it.
func spokenBy(head []byte) Peer {
	p := Peer{Greeting: firstLine(head)}
	if g := greeterOf(head); g != nil && g.ask == nil {
		p.Spoke = g.spoke
		if g.size > 0 {
			p.Greeting = firstLine(head[:min(g.size, len(head))])
		}
	}
	switch {
	case isFTP(head):
		p.Spoke = "ftp"
	case isTelnet(head):
		p.Spoke = "telnet"
	}
	return p
}

// isFTP reports whether a greeting is one of FTP (RFC 959 section 5.4). A mail server may
// be called ftp.example.com.
func isFTP(head []byte) bool {
	var greeting strings.Builder
	for line := range bytes.Lines(head) {
		if !bytes.HasPrefix(line, []byte("220")) {
			break
		}
		greeting.Write(bytes.ToUpper(line))
	}
	return strings.Contains(greeting.String(), "FTP") && !strings.Contains(greeting.String(), "SMTP")
}

// isTelnet reports whether a greeting negotiates as Telnet does (RFC 854). Text in UTF-16
// may begin like IAC DONT (FF FE), so another command must follow that, or nothing.
func isTelnet(head []byte) bool {
	if !opensTelnet(head) {
		return false
	}
	return head[1] != telnetDont || len(head) == 3 || head[3] == telnetIAC
}

// opensTelnet reports whether a command of Telnet with an option comes first.
func opensTelnet(head []byte) bool {
	return len(head) > 2 && head[0] == telnetIAC && head[1] >= telnetWill && head[1] <= telnetDont
}

// unblank leaves out blank lines at the beginning.
func unblank(head []byte) []byte { return bytes.TrimLeft(head, " \t\r\n") }

// lineOf returns the first line of what a server said that is not blank, or all of it if it
// is nothing but blanks.
func lineOf(head []byte) string {
	line, _, _ := bytes.Cut(unblank(head), []byte("\n"))
	if len(line) == 0 {
		line = head
	}
	return strings.TrimRight(string(line), "\r")
}

// firstLine returns the first line of what a server said, as people can read it.
func firstLine(head []byte) string { return wire.Printable(lineOf(head), maxFirstLine) }

const maxFirstLine = 200 // bytes
