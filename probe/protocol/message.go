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

// Bounds of a conversation in messages.
const (
	maxDatagram = 65535 // bytes (RFC 768)
	maxStray    = 16    // datagrams that are passed over in search of an answer
)

// An envelope is how a protocol sends its messages: each in a datagram over UDP,
// each behind its length over TCP.
type envelope struct {
	want string // the protocol: "DNS"
	size int    // bytes of the length; 0 where there is UDP only
	most int    // bytes of a message over TCP
}

// A sight is what a message looks like before it is read in full.
type sight int

const (
	own   sight = iota // the answer that is waited for
	stray              // of the protocol, but an answer to something else
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

// answer returns the next message that looks like the answer. Look is asked
// about what there is so far, so a peer which sends a few foreign bytes
// over TCP and waits is not called silent.
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

// fromDatagrams passes over answers to other questions: the source of a datagram
// is easily forged, and what is in it less so.
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

// length reads the length of the next message. It gives up on the byte that
// makes it too long.
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

// serve answers messages until the client goes away. Reply gets no empty ones
// and returns nil for what deserves no answer; over TCP that ends the
// conversation.
func (e envelope) serve(conn net.Conn, network catalog.Network, reply func(message []byte) []byte) error {
	b := make([]byte, maxDatagram)
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
			err = e.mismatch("a request that nobody answers")
		}
		if err != nil {
			return err
		}
	}
}

// request reads the next message of a client, a datagram into b.
func (e envelope) request(conn net.Conn, network catalog.Network, b []byte) ([]byte, error) {
	if network == catalog.UDP {
		n, err := conn.Read(b)
		return b[:n], err
	}
	return e.fromStream(conn, func([]byte) sight { return own })
}

// factTime is a time as facts have it: RFC 3339 in UTC, with milliseconds.
func factTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
