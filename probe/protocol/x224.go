// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"exreach/probe/protocol/wire"
)

// The kinds of TPDU in class 0 (X.224 section 13, which is ISO 8073).
const (
	x224Request    = 0xe0
	x224Confirm    = 0xd0
	x224Disconnect = 0x80
	x224Data       = 0xf0
	x224Error      = 0x70
)

// x224Whole marks a data TPDU as the last of its message.
const x224Whole = 0x80

// x224Kinds names the TPDUs for people.
var x224Kinds = map[byte]string{
	x224Request:    "a connection request",
	x224Confirm:    "a connection confirm",
	x224Disconnect: "a disconnect request",
	x224Data:       "data",
	x224Error:      "a TPDU error",
}

// x224Reasons says why a connection was refused (X.224 section 13.5.3).
var x224Reasons = map[byte]string{
	0:   "no reason given",
	1:   "congestion at the TSAP",
	2:   "no session entity at the TSAP",
	3:   "address unknown",
	128: "normal disconnect by the session entity",
	129: "congestion at connect time",
	130: "negotiation failed",
	131: "duplicate source reference",
	132: "mismatched references",
	133: "protocol error",
	135: "reference overflow",
	136: "refused on this network connection",
	138: "invalid length",
}

// A tpdu is one TPDU, which X.400, T.120 and RDP send. Its kind says which fields count.
type tpdu struct {
	kind         byte
	dest, source uint16 // references: the receiver's, the sender's
	class        byte   // of a request and a confirm; the reason of a disconnect, the cause of an error
	variable     []byte // the parameters of a request, a confirm and a disconnect
	data         []byte // of data
}

// encode returns p as it goes into a TPKT packet.
func (p tpdu) encode() []byte {
	if p.kind == x224Data {
		return append([]byte{2, x224Data, x224Whole}, p.data...)
	}
	b := []byte{byte(6 + len(p.variable)), p.kind}
	b = binary.BigEndian.AppendUint16(b, p.dest)
	b = binary.BigEndian.AppendUint16(b, p.source)
	return append(append(b, p.class), p.variable...)
}

// decodeTPDU is the reverse of encode. It reports whether b holds a TPDU.
func decodeTPDU(b []byte) (tpdu, bool) {
	if len(b) < 3 || int(b[0]) >= len(b) || b[0] < 2 {
		return tpdu{}, false
	}
	head, data := b[1:1+int(b[0])], b[1+int(b[0]):]
	p := tpdu{kind: head[0] & 0xf0}
	switch p.kind {
	case x224Data:
		p.data = data
		return p, len(head) == 2
	case x224Error:
		if len(head) < 4 {
			return p, false
		}
		p.class = head[3]
		return p, true
	case x224Request, x224Confirm, x224Disconnect:
		if len(head) < 6 {
			return p, false
		}
		p.dest, p.source = binary.BigEndian.Uint16(head[1:]), binary.BigEndian.Uint16(head[3:])
		p.class, p.variable = head[5], head[6:]
		return p, true
	}
	return p, false
}

// callingTSAP is the parameter with the selector of the calling side (X.224 section
// 13.3.4); nil without a token.
func callingTSAP(token string) []byte {
	if token == "" {
		return nil
	}
	return append([]byte{0xc1, byte(len(token))}, token...)
}

// calledTSAP is the parameter with the selector of the called side (X.224 section 13.4.4).
func calledTSAP(selector string) []byte {
	return append([]byte{0xc2, byte(len(selector))}, selector...)
}

// sendTPDU writes one TPDU; what names it for errors.
func (t *talk) sendTPDU(what string, p tpdu) error { return t.sendTPKT(what, p.encode()) }

// readTPDU returns the next TPDU.
func (t *talk) readTPDU() (tpdu, error) {
	b, err := t.readTPKT()
	if err != nil {
		return tpdu{}, err
	}
	p, ok := decodeTPDU(b)
	if !ok {
		return p, t.mismatch(t.waiting + " is a TPKT packet without an X.224 TPDU")
	}
	return p, nil
}

// connectX224 asks for a transport connection. If the server answers with a disconnect
// or a TPDU error, that is the refusal, and err is nil.
func (t *talk) connectX224(request tpdu) (confirm tpdu, refusal string, err error) {
	if err := t.sendTPDU("the connection request", request); err != nil {
		return tpdu{}, "", err
	}
	p, err := t.readTPDU()
	if err != nil {
		return p, "", err
	}
	switch p.kind {
	case x224Confirm:
		return p, "", nil
	case x224Disconnect:
		return p, "X.224 disconnect: " + wire.Numbered(fmt.Sprint(p.class), x224Reasons[p.class]), nil
	case x224Error:
		return p, fmt.Sprintf("X.224 error: cause %d", p.class), nil
	}
	return p, "", t.mismatch(t.waiting + " is " + x224Kinds[p.kind])
}

// exchangeX224 sends one message on a transport connection and returns the one
// that answers it. Any server of X.224 confirms a connection, but only the right
// one knows the words of the layer above: a peer that hangs up on them is
// something else.
func (t *talk) exchangeX224(what string, data []byte) ([]byte, error) {
	if err := t.sendTPDU(what, tpdu{kind: x224Data, data: data}); err != nil {
		return nil, err
	}
	p, err := t.readTPDU()
	_, foreign := errors.AsType[*wire.MismatchError](err)
	switch {
	case foreign, errors.Is(err, os.ErrDeadlineExceeded):
		return nil, err
	case err != nil:
		return nil, t.mismatch("it confirms any X.224 connection and hangs up at " + what)
	case p.kind != x224Data:
		return nil, t.mismatch(t.waiting + " is " + x224Kinds[p.kind])
	}
	return p.data, nil
}

// acceptX224 reads a connection request and sends the TPDU that confirm returns for
// it.
func (t *talk) acceptX224(confirm func(request tpdu) tpdu) error {
	t.waiting = "a connection request"
	p, err := t.readTPDU()
	if err != nil {
		return err
	}
	if p.kind != x224Request {
		return t.mismatch("it begins with " + x224Kinds[p.kind])
	}
	return t.sendTPDU("the connection confirm", confirm(p))
}

// The header of a TPKT packet, and the smallest packet (RFC 1006 section 6).
const (
	tpktVersion = 3
	tpktHeader  = 4
	tpktLeast   = 7
)

// sendTPKT writes one packet; what names it for errors.
func (t *talk) sendTPKT(what string, payload []byte) error {
	head := binary.BigEndian.AppendUint16([]byte{tpktVersion, 0}, uint16(tpktHeader+len(payload)))
	return t.sendOctets(what, append(head, payload...))
}

// readTPKT returns what the next packet holds.
func (t *talk) readTPKT() ([]byte, error) {
	head, err := t.octets(tpktHeader, func(head []byte) bool {
		return bytes.HasPrefix([]byte{tpktVersion, 0}, head[:min(2, len(head))])
	})
	if err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	if size < tpktLeast {
		return nil, t.mismatch(t.waiting + " is a TPKT packet that is too short")
	}
	return t.octets(size-tpktHeader, nil)
}
