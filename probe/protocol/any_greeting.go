// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"exreach/probe/protocol/wire"
)

// anyGreeters are the protocols in which askAny goes on, by how their greeting begins.
var anyGreeters = []struct {
	head, spoke string
	ask         func(net.Conn, Question) (Peer, error)
}{
	{"220", "smtp", askSMTP},
	{"421", "smtp", askSMTP},
	{"554", "smtp", askSMTP},
	{"+OK", "pop3", askPOP3},
	{"-ERR", "pop3", askPOP3},
	{"* OK", "imap", askIMAP},
	{"* BYE", "imap", askIMAP},
	{"* PREAUTH", "imap", askIMAP},
	{"200 ", "nntp", askNNTP},
	{"201 ", "nntp", askNNTP},
	{"ncacn_http/1.0", "ncacn-http", askNcacnHTTP},
}

// otherGreetings are the first words of servers whose protocol exreach does not speak, or
// that do not wait for a question.
var otherGreetings = []struct{ head, spoke string }{
	{"SSH-", "ssh"},
	{"RFB ", "vnc"},
	{"@RSYNCD:", "rsync"},
	{"AMQP", "amqp"},
	{"SIP/", "sip"},
	{"\xff\xfb", "telnet"}, // RFC 854: WILL, WONT, DO, DONT
	{"\xff\xfc", "telnet"},
	{"\xff\xfd", "telnet"},
	{"\xff\xfe", "telnet"},
	{"HTTP/", "http"},
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

// greetingIn returns what the server says until then, up to the end of the first line or
// until it pauses. It leaves all of it in r.
func greetingIn(conn net.Conn, r *bufio.Reader, until time.Time) (head []byte, err error) {
	_ = conn.SetReadDeadline(until)
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	for err == nil && len(head) < maxLine && !bytes.ContainsRune(head, '\n') {
		_, err = r.Peek(len(head) + 1)
		head, _ = r.Peek(r.Buffered())
		_ = conn.SetReadDeadline(time.Now().Add(patience))
	}
	return head, err
}

// goOnIn goes on in the protocol that a greeting begins like. ended says why the greeting
// came to no end.
func goOnIn(conn net.Conn, q Question, head []byte, ended error) (Peer, error) {
	if isFTP(head) {
		_, err := io.WriteString(conn, "QUIT\r\n")
		return spokenBy(head), err
	}
	for _, g := range anyGreeters {
		if !strings.HasPrefix(string(head), g.head) {
			continue
		}
		p, err := g.ask(conn, q)
		if foreign := (*wire.MismatchError)(nil); errors.As(err, &foreign) {
			return spokenBy(head), nil
		}
		p.Spoke = g.spoke
		return p, err
	}
	if errors.Is(ended, io.EOF) {
		return spokenBy(head), fmt.Errorf("waiting for the rest of the greeting: %w", io.ErrUnexpectedEOF)
	}
	return spokenBy(head), nil
}

// spokenBy makes a Peer of the first bytes of a server, whose protocol it names if it
// knows it.
func spokenBy(head []byte) Peer {
	p := Peer{Greeting: firstLine(head)}
	for _, g := range otherGreetings {
		if strings.HasPrefix(string(head), g.head) {
			p.Spoke = g.spoke
		}
	}
	if isFTP(head) {
		p.Spoke = "ftp"
	}
	return p
}

// isFTP reports whether a greeting is one of FTP (RFC 959 section 5.4).
func isFTP(head []byte) bool {
	line := strings.ToUpper(firstLine(head))
	return strings.HasPrefix(line, "220") && strings.Contains(line, "FTP")
}

// firstLine returns the first line of what a server said, as people can read it.
func firstLine(head []byte) string {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return wire.Printable(strings.TrimRight(string(line), "\r"), maxFirstLine)
}

const maxFirstLine = 200 // bytes
