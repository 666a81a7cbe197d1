// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"fmt"
	"net"

	"exreach/probe/protocol/wire"
)

// What we use of Q.931 (section 4): the discriminator that begins a message, two message
// types, the information elements of a status, and the size of a message without any.
const (
	q931Discriminator = 0x08
	q931Inquiry       = 0x75
	q931Status        = 0x7d
	q931CauseElement  = 0x08
	q931StateElement  = 0x14
	q931HeaderSize    = 5
)

// q931Call is the reference of a call that we never made. The answer has the reference
// with its highest bit turned on, which is q931Callee (Q.931 section 4.3).
const (
	q931Call   = 0x6578
	q931Callee = 0x8000
)

// q931Types names the messages that a server may answer with (Q.931 table 4-2).
var q931Types = map[byte]string{
	0x45:       "DISCONNECT",
	0x4d:       "RELEASE",
	0x5a:       "RELEASE COMPLETE",
	0x6e:       "NOTIFY",
	0x7b:       "INFORMATION",
	q931Status: "STATUS",
}

// q931Causes names the causes that a server may give for an unknown call (Q.850).
var q931Causes = map[byte]string{
	30:  "response to STATUS ENQUIRY",
	41:  "temporary failure",
	81:  "invalid call reference value",
	95:  "invalid message",
	97:  "message type not implemented",
	98:  "message not compatible with call state",
	101: "message not compatible with call state",
	111: "protocol error",
}

// askH323 asks an H.323 endpoint for the state of a call that does not exist (H.225.0
// section 7.3, Q.931 section 5.8.10). That makes no call, and no telephone rings. Whatever
// the endpoint says of this call is its answer.
func askH323(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, "H.323")
	q.At(Greet)
	if err := t.sendTPKT("the status inquiry", encodeQ931(q931Call, q931Inquiry, q931Display(q.Token)...)); err != nil {
		return Peer{}, err
	}
	b, err := t.readTPKT()
	if err != nil {
		return Peer{}, err
	}
	m, ok := decodeQ931(b)
	name, answers := q931Types[m.kind]
	switch {
	case !ok:
		return Peer{}, t.mismatch(t.waiting + " is a TPKT packet without a Q.931 message")
	case m.call&^q931Callee != q931Call:
		return Peer{}, t.mismatch(t.waiting + " is about another call")
	case !answers:
		return Peer{}, t.mismatch(fmt.Sprintf("%s is a message of type 0x%02x", t.waiting, m.kind))
	}
	return Peer{Facts: q931Facts(name, m.elements)}, nil
}

// q931Display is an element with a text for people (Q.931 section 4.5.16); nil without one.
func q931Display(text string) []byte {
	if text == "" {
		return nil
	}
	return append([]byte{0x28, byte(len(text))}, text...)
}

// q931Facts returns the facts of an answer: its name, the cause, the state of the call.
func q931Facts(name string, elements map[byte][]byte) map[string]string {
	facts := map[string]string{FactMessage: name}
	cause := elements[q931CauseElement]
	if len(cause) > 0 && cause[0]&0x80 == 0 {
		cause = cause[1:] // an octet about the recommendation (Q.850 section 2.2)
	}
	if len(cause) > 1 {
		value := cause[1] & 0x7f
		facts[FactCause] = wire.Numbered(fmt.Sprint(value), q931Causes[value])
	}
	if state := elements[q931StateElement]; len(state) == 1 {
		facts[FactCallState] = fmt.Sprint(state[0] & 0x3f)
	}
	return facts
}

// A q931Message is a message about a call.
type q931Message struct {
	call     uint16
	kind     byte
	elements map[byte][]byte
}

func encodeQ931(call uint16, kind byte, elements ...byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{q931Discriminator, 2}, call)
	return append(append(b, kind), elements...)
}

// decodeQ931 is the reverse of encodeQ931. It reports whether b is a message; an
// element that is cut short is left out.
func decodeQ931(b []byte) (q931Message, bool) {
	if len(b) < q931HeaderSize || b[0] != q931Discriminator || b[1] != 2 {
		return q931Message{}, false
	}
	m := q931Message{binary.BigEndian.Uint16(b[2:]), b[4], map[byte][]byte{}}
	for b = b[q931HeaderSize:]; len(b) > 0; {
		if b[0]&0x80 != 0 { // an element of one octet (Q.931 section 4.5.1)
			b = b[1:]
			continue
		}
		if len(b) < 2 || int(b[1]) > len(b)-2 {
			break
		}
		m.elements[b[0]] = b[2 : 2+int(b[1])]
		b = b[2+int(b[1]):]
	}
	return m, true
}

// answerH323 says of every call that it does not exist.
func answerH323(conn net.Conn, _ Stand) error {
	t := newTalk(conn, "H.323")
	t.waiting = "a status inquiry"
	b, err := t.readTPKT()
	if err != nil {
		return err
	}
	m, ok := decodeQ931(b)
	if !ok || m.kind != q931Inquiry {
		return t.mismatch("it asks something else than the state of a call")
	}
	const local, answersInquiry, null = 0x80, 0x80 | 30, 0
	status := []byte{q931CauseElement, 2, local, answersInquiry, q931StateElement, 1, null}
	return t.sendTPKT("the status", encodeQ931(m.call|q931Callee, q931Status, append(status, q931Display(Mark)...)...))
}
