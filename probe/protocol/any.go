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
	"time"

	"exreach/catalog"
)

// How long a server whose protocol is not known has for each kind of answer. Most ports
// leave all but one of these unanswered, so the times are short.
const (
	greetingTime = time.Second     // for the first words, without being spoken to
	TrialTime    = 3 * time.Second // for the answer to TLS, and for that to HTTP
)

// ErrNothingSaid says that a server took the connection and then said nothing that shows
// what it speaks: no greeting, and no answer to TLS or HTTP.
var ErrNothingSaid = errors.New("neither a greeting nor an answer to TLS or HTTP")

// onlyTLS is what a server speaks that says nothing inside TLS that shows more.
const onlyTLS = "tls"

// askAny finds out what a server speaks, and sets Peer.Spoke to it. It waits for a
// greeting, and goes on in the protocol that this belongs to. If none comes, it tries TLS,
// and inside it again a greeting and then HTTP; if the server does not speak TLS, it
// connects again and tries HTTP. It logs in nowhere.
func askAny(conn net.Conn, q Question) (Peer, error) {
	q.Credentials = nil
	q.At(Greet)
	if q.Service.Network == catalog.UDP {
		return askAnyUDP(conn)
	}
	p, heard, err := greetedAny(conn, q, greetingTime)
	if heard || err != nil {
		return p, err
	}
	q.At(TLS)
	plain := &hears{Conn: conn}
	secured, err := q.StartTLS(plain)
	switch {
	case err == nil:
		return insideTLS(secured, q)
	case plain.heardTLS():
		return Peer{}, err
	}
	q.At(Greet)
	head := plain.whole() // a greeting that came late, or a complaint about TLS
	late := spokenBy(head)
	switch {
	case late.Spoke != "" && late.Spoke != "http":
		return late, nil
	case late.Spoke == "" && greeterOf(head) != nil:
		return greetedLate(q, late)
	}
	if p, err = plainHTTP(q, err); p.Greeting == "" && late.Greeting != "" && errors.Is(err, ErrNothingSaid) {
		return late, nil
	}
	return p, err
}

// greetedLate waits for a greeting once more, and longer, on a connection that has not
// tried TLS before the greeting. If none comes, late has to do.
func greetedLate(q Question, late Peer) (Peer, error) {
	if q.Redial == nil {
		return late, nil
	}
	conn, err := q.Redial()
	if err != nil {
		return late, nil
	}
	p, heard, err := greetedAny(conn, q, TrialTime)
	if !heard {
		return late, nil
	}
	return p, err
}

// insideTLS finds out what a server speaks inside TLS. That it speaks TLS is enough.
func insideTLS(conn net.Conn, q Question) (Peer, error) {
	q.At(Greet)
	q.Service.TLS = catalog.Implicit
	p, heard, err := greetedAny(conn, q, patience)
	if heard {
		return p, err
	}
	if err == nil {
		p, _ = tryHTTP(conn, q)
	}
	if p.Spoke == "" {
		p.Spoke = onlyTLS
	}
	return p, nil
}

// plainHTTP asks for HTTP on a new connection, because the server does not speak TLS.
func plainHTTP(q Question, tlsFailed error) (Peer, error) {
	if q.Redial == nil {
		return Peer{}, nothingSaid(tlsFailed)
	}
	conn, err := q.Redial()
	if err != nil {
		if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
			err = nothingSaid(err) // the port has accepted a connection before
		}
		return Peer{}, err
	}
	p, err := tryHTTP(conn, q)
	if p.Spoke == "" && p.Greeting == "" {
		return p, nothingSaid(err)
	}
	return p, nil
}

// nothingSaid keeps why: whether time was up or the server hung up, and whether the run
// was interrupted.
func nothingSaid(why error) error { return fmt.Errorf("%w: %w", ErrNothingSaid, why) }

// tryHTTP asks for the root of a web server. Peer.Spoke is empty if what answers is none.
func tryHTTP(conn net.Conn, q Question) (Peer, error) {
	_ = conn.SetReadDeadline(time.Now().Add(TrialTime))
	heard := &hears{Conn: conn}
	p, err := askHTTP(heard, q)
	_ = conn.SetReadDeadline(time.Time{})
	if len(heard.head) == 0 {
		return Peer{}, err
	}
	told := spokenBy(heard.whole())
	if err == nil || told.Spoke == "http" {
		p.Spoke, p.Greeting = "http", cmp.Or(p.Greeting, told.Greeting)
		return p, nil
	}
	return told, nil
}

// askAnyUDP sends a datagram without content: no other is known to mean nothing to every
// service. Any answer shows that the port is open.
func askAnyUDP(conn net.Conn) (Peer, error) {
	if _, err := conn.Write(nil); err != nil {
		return Peer{}, fmt.Errorf("sending an empty datagram: %w", err)
	}
	b := make([]byte, maxDatagram)
	n, err := conn.Read(b)
	if err != nil {
		return Peer{}, fmt.Errorf("waiting for an answer: %w", err)
	}
	return Peer{Greeting: fmt.Sprintf("answered an empty datagram with %s", catalog.Count(n, "byte"))}, nil
}

// answerAny is a server that greets in no protocol that exreach knows.
func answerAny(conn net.Conn, s Stand) error {
	if s.Service.Network == catalog.UDP {
		if _, err := conn.Read(make([]byte, maxDatagram)); err != nil {
			return err
		}
	}
	_, err := io.WriteString(conn, s.Host+" is ready\r\n")
	if err == nil && s.Service.Network != catalog.UDP {
		return answerTCP(conn, s)
	}
	return err
}

// hears is a connection that keeps the first bytes that come over it.
type hears struct {
	net.Conn
	head []byte
}

func (c *hears) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.head = append(c.head, b[:min(n, maxLine-len(c.head))]...)
	return n, err
}

// whole returns what the server says up to the end of a line, or a pause. The client that read
// from the connection may have stopped at the first byte that its protocol does not have.
func (c *hears) whole() []byte {
	if len(c.head) == 0 {
		return nil
	}
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(c.head), c.Conn), maxLine)
	head, _ := greetingIn(c.Conn, r, time.Now().Add(patience))
	return head
}

// heardTLS reports whether the server answered with a record of TLS (RFC 8446 section
// 5.1): an alert, or a handshake.
func (c *hears) heardTLS() bool {
	return len(c.head) >= 5 && (c.head[0] == 0x15 || c.head[0] == 0x16) && c.head[1] == 3 && c.head[2] <= 4
}
