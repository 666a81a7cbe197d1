// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"

	"exreach/probe/protocol/wire"
)

// A handshake of .NET's NegotiateStream goes in frames. The header of a frame is its
// kind, the version 1.0, and the size of what follows (MS-NNS section 2.2.1).
const (
	nnsError      = 0x15
	nnsInProgress = 0x16
	nnsHeader     = 5
	nnsErrorSize  = 8
)

// nnsInvalidToken is SEC_E_INVALID_TOKEN (MS-ERREF).
const nnsInvalidToken = 0x80090308

// nnsStatuses names the errors that a handshake is likely to end in (MS-ERREF).
var nnsStatuses = map[uint32]string{
	nnsInvalidToken: "SEC_E_INVALID_TOKEN",
	0x8009030c:      "SEC_E_LOGON_DENIED",
	0x8009030e:      "SEC_E_NO_CREDENTIALS",
	0x80090302:      "SEC_E_UNSUPPORTED_FUNCTION",
	0x80090304:      "SEC_E_INTERNAL_ERROR",
}

// nnsToken is no token but a boolean in BER. It names no account, and a server can only
// say that it is invalid.
var nnsToken = []byte{1, 1, 0xff}

// askLogCopier talks to the log copier of a database availability group. The log copier
// does not greet, and Microsoft does not document what it speaks once a server has
// authenticated. So we see only that it authenticates as .NET does. Many other services
// do: the proof is weak, and the facts say so.
func askLogCopier(conn net.Conn, q Question) (Peer, error) {
	q.At(Greet)
	status, err := spoilNNS(newTalk(conn, ".NET NegotiateStream"))
	if err != nil {
		return Peer{}, err
	}
	return Peer{Facts: map[string]string{FactProof: "weak", FactError: status}}, nil
}

// spoilNNS begins a handshake with an invalid token and returns the error with which the
// server ends it. The conversation of net.tcp uses it, too.
func spoilNNS(t *talk) (status string, err error) {
	if err := t.sendOctets("the handshake", nnsFrame(nnsInProgress, nnsToken)); err != nil {
		return "", err
	}
	// An error has eight octets. Its code is in the last four, behind four zeros.
	beginning := nnsFrame(nnsError, make([]byte, nnsErrorSize))[:nnsHeader+nnsErrorSize/2]
	b, err := t.octets(nnsHeader+nnsErrorSize, func(head []byte) bool {
		return bytes.HasPrefix(beginning, head[:min(len(head), len(beginning))])
	})
	if err != nil {
		return "", err
	}
	code := binary.BigEndian.Uint32(b[len(beginning):])
	if code == 0 {
		return "", t.mismatch(t.waiting + " is an error without a code")
	}
	return wire.Numbered(fmt.Sprintf("0x%08x", code), nnsStatuses[code]), nil
}

func nnsFrame(kind byte, payload []byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{kind, 1, 0}, uint16(len(payload)))
	return append(head, payload...)
}

// answerLogCopier is a server that calls every token invalid.
func answerLogCopier(conn net.Conn, _ Stand) error {
	return refuseNNS(newTalk(conn, ".NET NegotiateStream"))
}

// refuseNNS is the server's side of a handshake: it reads a token and calls it invalid.
func refuseNNS(t *talk) error {
	t.waiting = "a handshake"
	head, err := t.octets(nnsHeader, func(head []byte) bool { return head[0] == nnsInProgress })
	if err != nil {
		return err
	}
	if _, err := t.octets(int(binary.BigEndian.Uint16(head[3:])), nil); err != nil {
		return err
	}
	code := binary.BigEndian.AppendUint64(nil, nnsInvalidToken)
	return t.sendOctets("the error", nnsFrame(nnsError, code))
}
