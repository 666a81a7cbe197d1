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
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// Limits of a talk.
const (
	maxTalk  = 64 << 10               // bytes that the peer may say in all
	maxLine  = 4 << 10                // bytes of one line
	patience = 500 * time.Millisecond // how long we wait for words that may never come, such as the reply to a farewell
)

// A talk is one side of a conversation over a stream, and reads no more than its limits.
// The protocols that speak in lines use it, and so do those of octets.go.
type talk struct {
	conn    net.Conn
	r       *bufio.Reader
	want    string // the protocol: "SMTP"
	waiting string // what is read next, for errors
	line    int    // most bytes of one line
	left    int    // bytes that may still be read
}

func newTalk(conn net.Conn, want string) *talk {
	return &talk{conn: conn, r: bufio.NewReader(conn), want: want, waiting: "the greeting", line: maxLine, left: maxTalk}
}

// send writes lines in one piece: firewalls that inspect SMTP judge packets,
// and take a command that arrives in parts for a wrong one (Cisco 113423).
func (t *talk) send(lines ...string) error { return t.say(lines[0], lines...) }

// say is send for lines that no error may repeat, such as passwords: it names them what.
func (t *talk) say(what string, lines ...string) error {
	t.waiting = "the reply to " + what
	if _, err := io.WriteString(t.conn, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		return fmt.Errorf("sending %s: %w", what, err)
	}
	return nil
}

// readLine returns the next line without its end, which is CR LF or LF alone.
// If fits is not nil, readLine calls it after every byte with the line so far, end
// included: a peer that sends a few foreign bytes and waits must not be called silent.
func (t *talk) readLine(fits func(head []byte) bool) (string, error) {
	var line []byte
	for {
		b, err := t.r.ReadByte()
		if err == io.EOF && len(line) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", fmt.Errorf("waiting for %s: %w", t.waiting, err)
		}
		line = append(line, b)
		t.left--
		switch {
		case t.left < 0:
			return "", t.mismatch(t.waiting + " does not end")
		case fits != nil && !fits(line):
			return "", t.foreign(line)
		case b == '\n':
			return strings.TrimSuffix(string(line[:len(line)-1]), "\r"), nil
		case len(line) >= t.line:
			return "", t.mismatch(t.waiting + " has a line without an end")
		}
	}
}

// goesOn reports whether the next line is there and begins with word. If wait is true,
// it gives the peer a moment to say it. It returns an error only if the time of the
// whole conversation is over.
func (t *talk) goesOn(word string, wait bool) (bool, error) {
	if until := time.Now().Add(patience); t.r.Buffered() == 0 && wait && t.conn.SetReadDeadline(until) == nil {
		_, err := t.r.Peek(1)
		_ = t.conn.SetReadDeadline(time.Time{})
		if errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(until) {
			return false, fmt.Errorf("waiting for more: %w", err)
		}
	}
	head, _ := t.r.Peek(min(len(word), t.r.Buffered()))
	return string(head) == word, nil
}

// skip drops n bytes.
func (t *talk) skip(n int) error {
	if t.left -= n; t.left < 0 {
		return t.mismatch(t.waiting + " does not end")
	}
	if _, err := io.CopyN(io.Discard, t.r, int64(n)); err != nil {
		return fmt.Errorf("waiting for %s: %w", t.waiting, err)
	}
	return nil
}

// command returns the next command of a client.
func (t *talk) command() (string, error) {
	t.waiting = "a command"
	return t.readLine(nil)
}

// next is what a server does after a reply.
type next int

const (
	goOn next = iota
	startTLS
	hangUp
)

// serve greets and answers each command as reply says, until reply returns hangUp or
// the client hangs up. It tells reply whether TLS protects the connection.
func (t *talk) serve(s Stand, greeting string, reply func(command string, secured bool) ([]string, next)) error {
	if err := t.send(greeting); err != nil {
		return err
	}
	for secured := s.Service.TLS.First(); ; {
		command, err := t.command()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		lines, next := reply(command, secured)
		err = t.send(lines...)
		if next == hangUp {
			return nil // clients seldom wait for the last word
		}
		if err == nil && next == startTLS {
			err, secured = t.startTLS(s.StartTLS), true
		}
		if err != nil {
			return err
		}
	}
}

// greeting returns what s greets with in a protocol: the greeting that the catalogue has
// for its version, or usual where it has none.
func greeting(s Stand, protocol, usual string) string {
	text := cmp.Or(s.Releases.Greeting(s.Version, protocol), usual)
	now := time.Now()
	return strings.NewReplacer(
		"HOST", s.Host,
		"DATE", now.Format("Mon, 2 Jan 2006 15:04:05 -0700"),
		"CTIME", now.Format("Mon Jan 02 15:04:05 MST 2006"), // DavMail's
	).Replace(text)
}

// offersTLS reports whether s offers TLS in band at this point.
func offersTLS(s Stand, secured bool) bool {
	return s.StartTLS != nil && s.Service.TLS == catalog.StartTLS && !secured
}

// startTLS does the handshake and goes on over its connection. Bytes that were
// read ahead go into the handshake: what a plain peer put behind its go-ahead
// must not pass for protected talk (RFC 2595 section 4, RFC 3207 section 6).
func (t *talk) startTLS(handshake func(net.Conn) (net.Conn, error)) error {
	conn, err := handshake(readAhead{t.conn, t.r})
	if err != nil {
		return err
	}
	t.conn, t.r = conn, bufio.NewReader(conn)
	return nil
}

// clientTLS is startTLS within a client's conversation.
func (t *talk) clientTLS(q Question) error {
	q.At(TLS)
	if err := t.startTLS(q.StartTLS); err != nil {
		return err
	}
	q.At(Talk)
	return nil
}

// readAhead is a connection whose next bytes wait in a reader.
type readAhead struct {
	net.Conn
	r *bufio.Reader
}

func (c readAhead) Read(p []byte) (int, error) { return c.r.Read(p) }

// farewell says goodbye, and returns the answer, or why none came. The outcome is known
// by then, so it does not wait long for a server that is slow to answer.
func (t *talk) farewell(command string) (string, error) {
	if err := t.send(command); err != nil {
		return "", err
	}
	if err := t.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	return t.readLine(nil)
}

func (t *talk) mismatch(got string) error {
	return &wire.MismatchError{Want: t.want, Got: got}
}

// foreign returns the mismatch for a line that does not fit. The bytes that came along
// with the line help to name its protocol.
func (t *talk) foreign(line []byte) error {
	rest, _ := t.r.Peek(t.r.Buffered())
	return t.mismatch(t.waiting + " " + wire.OpensLike(string(line)+string(rest), t.want))
}

// opens reports whether head, as far as it goes, begins like one of words.
func opens(head []byte, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool {
		n := min(len(head), len(word))
		return bytes.EqualFold(head[:n], []byte(word[:n]))
	})
}

// dotted reads lines up to the one that is a dot (RFC 1939 section 3, RFC 3977 section
// 3.1.1). It takes off the dot that the server puts before a line's own.
func (t *talk) dotted() (lines []string, err error) {
	for {
		line, err := t.readLine(nil)
		if err != nil || line == "." {
			return lines, err
		}
		lines = append(lines, strings.TrimPrefix(line, "."))
	}
}

// opensWithCode reports whether head, as far as it goes, begins with a reply code whose
// first digit is from least to 5, and then with a character of behind.
func opensWithCode(head []byte, least byte, behind string) bool {
	for i, b := range head[:min(len(head), 4)] {
		switch {
		case i == 0 && (b < least || b > '5'), i < 3 && (b < '0' || b > '9'), i == 3 && !strings.ContainsRune(behind, rune(b)):
			return false
		}
	}
	return true
}

// verb splits a command into its first word, in upper case, and the rest.
func verb(line string) (string, string) {
	word, rest, _ := strings.Cut(line, " ")
	return strings.ToUpper(word), rest
}

// offers reports whether a list of capability lines has one whose keyword is
// word.
func offers(capabilities []string, word string) bool {
	return slices.ContainsFunc(capabilities, func(line string) bool {
		keyword, _ := verb(line)
		return keyword == word
	})
}

// merge adds the lines of more that are not in list. It makes one list of what a server
// offers before and after TLS: STARTTLS, gone afterwards, stays in it, and the logins
// that need TLS come behind.
func merge(list, more []string) []string {
	for _, line := range more {
		if len(list) < maxList && !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list
}
