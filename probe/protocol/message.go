// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// Limits of an exchange of messages.
const (
	maxDatagram = 65535   // bytes (RFC 768)
	maxQuestion = 8 << 10 // bytes of a datagram that a stand-in reads: clients ask less over UDP
	maxStray    = 16      // datagrams in answer to something else, before we give up
)

// An envelope frames the messages of a protocol: one in each datagram over UDP, each
// behind its length over TCP. The conversations of DNS, Kerberos, NTP and the like
// use it, both to ask and, as a stand-in, to answer. Deadlines are the caller's.
type envelope struct {
	want string // the protocol: "DNS"
	size int    // of the length before a message, in bytes; 0 for protocols over UDP alone
	most int    // bytes that a message may have over TCP
}

// A sight is what a message looks like by the bytes that have come so far.
type sight int

const (
	own   sight = iota // what we wait for, or too short to tell
	stray              // an answer of the protocol, but to something else
	alien              // not of the protocol
)

// send writes a message in one piece.
func (e envelope) send(conn net.Conn, network catalog.Network, message []byte) error {
	if network != catalog.UDP {
		length := binary.BigEndian.AppendUint32(nil, uint32(len(message)))
		message = slices.Concat(length[len(length)-e.size:], message)
	}
	if _, err := conn.Write(message); err != nil {
		return fmt.Errorf("sending a %s message: %w", e.want, err)
	}
	return nil
}

// answer returns the next message that looks like the answer. It calls look after
// every read, so a peer that sends a few bytes of another protocol and then waits is
// a mismatch, not a silent peer.
func (e envelope) answer(conn net.Conn, network catalog.Network, look func(head []byte) sight) ([]byte, error) {
	receive := e.fromStream
	if network == catalog.UDP {
		receive = e.fromDatagrams
	}
	message, err := receive(conn, look)
	if err != nil {
		return nil, fmt.Errorf("waiting for the answer: %w", err)
	}
	return message, nil
}

// exchange sends a message and returns what answers it.
func (e envelope) exchange(conn net.Conn, network catalog.Network, message []byte, look func(head []byte) sight) ([]byte, error) {
	if err := e.send(conn, network, message); err != nil {
		return nil, err
	}
	return e.answer(conn, network, look)
}

// fromDatagrams skips answers to other questions: a host on the path can forge the
// address that a datagram comes from more easily than the ID of our question.
func (e envelope) fromDatagrams(conn net.Conn, look func(head []byte) sight) ([]byte, error) {
	b := make([]byte, maxDatagram)
	for range maxStray {
		n, err := conn.Read(b)
		if err != nil {
			return nil, err
		}
		switch seen := look(b[:n]); {
		case seen == own && n > 0:
			return b[:n], nil
		case seen != stray:
			return nil, e.mismatch(fmt.Sprintf("a datagram of %d bytes that is something else", n))
		}
	}
	return nil, e.mismatch("many answers to what was not asked")
}

func (e envelope) fromStream(conn net.Conn, look func(head []byte) sight) ([]byte, error) {
	length, err := e.length(conn)
	if err != nil {
		return nil, err
	}
	message := make([]byte, length)
	for have := 0; have < length; {
		n, err := conn.Read(message[have:])
		have += n
		switch seen := look(message[:have]); {
		case seen == alien:
			return nil, e.mismatch("the first bytes are of something else")
		case seen == stray:
			return nil, e.mismatch("an answer to what was not asked")
		case err != nil && have < length:
			return nil, wire.UnexpectedEOF(err)
		}
	}
	return message, nil
}

// length reads the length of the next message. It fails at the first byte that
// shows it to be too long.
func (e envelope) length(conn net.Conn) (int, error) {
	var length int64
	for i := range e.size {
		b, err := wire.Octets{R: conn}.ReadByte()
		if err != nil && i > 0 {
			return 0, wire.UnexpectedEOF(err)
		}
		if err != nil {
			return 0, err
		}
		length = length<<8 | int64(b)
		if length<<(8*(e.size-i-1)) > int64(e.most) {
			return 0, e.mismatch(fmt.Sprintf("a length of more than %d bytes", e.most))
		}
	}
	if length == 0 {
		return 0, e.mismatch("a message of no bytes")
	}
	return int(length), nil
}

func (e envelope) mismatch(got string) error { return &wire.MismatchError{Want: e.want, Got: got} }

// serve answers messages until the client goes away. Reply is never called with an
// empty one, and must not keep what it is given. It returns nil to send no answer,
// which over TCP ends the conversation.
func (e envelope) serve(conn net.Conn, network catalog.Network, reply func(message []byte) []byte) error {
	var b []byte
	if network == catalog.UDP {
		b = make([]byte, maxQuestion)
	}
	for {
		message, err := e.request(conn, network, b)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var answer []byte
		if len(message) > 0 {
			answer = reply(message)
		}
		switch {
		case answer != nil:
			err = e.send(conn, network, answer)
		case network != catalog.UDP:
			err = e.mismatch("a request that has no answer")
		}
		if err != nil {
			return err
		}
	}
}

// fits returns the first of several answers to one datagram that is not longer than Most,
// nil where none is. Over TCP that is always the first.
func (s Stand) fits(answers ...[]byte) []byte {
	for _, answer := range answers {
		if answer != nil && (s.Most == 0 || s.Service.Network != catalog.UDP || len(answer) <= s.Most) {
			return answer
		}
	}
	return nil
}

// request reads the next message of a client, a datagram into b.
func (e envelope) request(conn net.Conn, network catalog.Network, b []byte) ([]byte, error) {
	if network == catalog.UDP {
		n, err := conn.Read(b)
		return b[:n], err
	}
	return e.fromStream(conn, func([]byte) sight { return own })
}

// factTime writes a time as it stands in facts: RFC 3339 in UTC, with milliseconds.
func factTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
