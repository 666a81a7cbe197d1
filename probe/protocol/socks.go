// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"net"
	"time"

	"exreach/probe/protocol/wire"
)

// The octets of SOCKS 5 (RFC 1928 sections 3, 4 and 6).
const (
	socksVersion  = 5
	socksOpen     = 0x00 // the method without a login
	socksNoMethod = 0xff // none of the methods offered will do
	socksRefused  = 0x07 // the reply to a command that is not known
	socksReplies  = 0x08 // the highest reply code
)

var (
	socksHello = []byte{socksVersion, 1, socksOpen}
	// A command that RFC 1928 does not know, for no address: the proxy must say
	// so, and connects to no host.
	socksRequest = []byte{socksVersion, 0, 0, 1, 0, 0, 0, 0, 0, 0}
)

// askSOCKS finds out whether a SOCKS 5 proxy listens, and whether it wants a
// login. It asks for no connection. A proxy that knows only version 4 hangs up.
func askSOCKS(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, "SOCKS 5")
	q.At(Greet)
	if err := t.sendOctets("the hello", socksHello); err != nil {
		return Peer{}, err
	}
	b, err := t.octets(2, func(head []byte) bool {
		return head[0] == socksVersion && (len(head) < 2 || head[1] == socksOpen || head[1] == socksNoMethod)
	})
	if err != nil {
		return Peer{}, err
	}
	if b[1] == socksNoMethod {
		if err := t.endsHere(); err != nil {
			return Peer{}, err
		}
		return Peer{Refusal: "no acceptable authentication method", Reason: wire.NeedsLogin}, nil
	}
	q.At(Talk)
	if err := t.sendOctets("a command that is not known", socksRequest); err != nil {
		return Peer{}, err
	}
	b, err = t.octets(4, isSOCKSReply)
	if err != nil {
		return Peer{}, err
	}
	return Peer{Facts: map[string]string{FactMethod: "no authentication", FactReply: fmt.Sprintf("0x%02x", b[1])}}, nil
}

// endsHere fails if the peer says more: two octets of noise may look like a refusal,
// and nothing follows a refusal (RFC 1928 section 3). It does not wait long, because a
// server may leave it to the client to hang up.
func (t *talk) endsHere() error {
	if err := t.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := t.r.ReadByte(); err == nil {
		return t.mismatch(t.waiting + " goes on after a refusal")
	}
	return nil
}

// isSOCKSReply reports whether head, as far as it goes, begins a reply: the
// version, a code, a reserved zero, and a type of address.
func isSOCKSReply(head []byte) bool {
	switch {
	case head[0] != socksVersion,
		len(head) > 1 && head[1] > socksReplies,
		len(head) > 2 && head[2] != 0,
		len(head) > 3 && head[3] != 1 && head[3] != 3 && head[3] != 4:
		return false
	}
	return true
}

// answerSOCKS is an open proxy that carries out no command.
func answerSOCKS(conn net.Conn, _ Stand) error {
	t := newTalk(conn, "SOCKS 5")
	t.waiting = "the hello"
	head, err := t.octets(2, func(head []byte) bool { return head[0] == socksVersion })
	if err != nil {
		return err
	}
	if _, err := t.octets(int(head[1]), nil); err != nil {
		return err
	}
	if err := t.sendOctets("the method", []byte{socksVersion, socksOpen}); err != nil {
		return err
	}
	if _, err := t.octets(len(socksRequest), func(head []byte) bool { return head[0] == socksVersion }); err != nil {
		return err
	}
	return t.sendOctets("the reply", append([]byte{socksVersion, socksRefused, 0, 3, byte(len(Mark))}, Mark+"\x00\x00"...))
}
