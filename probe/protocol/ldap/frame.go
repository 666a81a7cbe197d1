// SPDX-License-Identifier: Apache-2.0

// Package ldap stands between go-ldap and the network (RFC 4511): it checks frames before
// anything decodes them, and has the connection that go-ldap reads and writes. It does
// not bind or search by itself. Its users call it ldapwire, because they need go-ldap as
// well. It imports package wire, and no conversation.
package ldap

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net"

	ber "github.com/go-asn1-ber/asn1-ber"

	"exreach/probe/protocol/wire"
)

// What an LDAP peer may send in one conversation. A rootDSE is a few kilobytes
// in some hundred elements; the decoder spends about 400 bytes on each element
// and copies the content once for each level around it.
const (
	maxBytes    = 1 << 20
	MaxElements = 10_000
	maxDepth    = 10 // a value of a search entry is at level 6, of a control at 4
)

// Frames reads LDAP messages (RFC 4511, section 5.1) from a connection, never a byte
// more than the message. It decodes only what is safe to decode; anything else is a
// *MismatchError. A Link and the stand-ins read through it.
type Frames struct {
	conn     net.Conn
	bytes    int // that the peer may still send
	elements int // that its messages may still have
}

// NewFrames reads the messages of a new conversation.
func NewFrames(conn net.Conn) *Frames {
	return &Frames{conn: conn, bytes: maxBytes, elements: MaxElements}
}

// Next returns the next message: a sequence of at least the message ID and the
// operation, both of their proper type.
func (f *Frames) Next() (*ber.Packet, error) {
	body, err := f.read()
	if err != nil {
		return nil, err
	}
	f.bytes -= len(body)
	if err := f.check(body, 1); err != nil {
		return nil, err
	}
	message := ber.NewSequence("")
	for rest := bytes.NewReader(body); rest.Len() > 0; {
		part, err := ber.ReadPacket(rest)
		if err != nil {
			return nil, Mismatch(err.Error())
		}
		message.AppendChild(part)
	}
	if _, _, ok := Parts(message); !ok {
		return nil, Mismatch("a BER sequence without a message ID and an operation")
	}
	return message, nil
}

// read returns the content of the next frame.
func (f *Frames) read() ([]byte, error) {
	var tag [1]byte
	if _, err := io.ReadFull(f.conn, tag[:]); err != nil {
		return nil, err
	}
	// We look at the tag before we wait for another byte: a server of another protocol
	// may have said all it wants to.
	if tag[0] != berSequence {
		return nil, Mismatch("it does not begin with a BER sequence")
	}
	length, err := berLength(wire.Octets{R: f.conn})
	if err != nil {
		return nil, wire.UnexpectedEOF(err)
	}
	if length > f.bytes {
		return nil, Mismatch(fmt.Sprintf("a message of %d bytes, with %d left of what is read of one peer", length, f.bytes))
	}
	// The buffer grows with what arrives, not with what the length promises.
	body, err := io.ReadAll(io.LimitReader(f.conn, int64(length)))
	if err == nil && len(body) < length {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}

// check reports why b is not a run of BER elements as RFC 4511, section 5.1
// allows them: definite lengths that stay within what is around them, and no
// universal types but those of LDAP.
func (f *Frames) check(b []byte, depth int) error {
	if depth > maxDepth {
		return Mismatch("BER elements nested too deep")
	}
	for len(b) > 0 {
		if f.elements--; f.elements < 0 {
			return Mismatch("too many BER elements")
		}
		rest := bytes.NewReader(b[1:])
		length, err := berLength(rest)
		if err == io.EOF || err == nil && length > rest.Len() {
			return Mismatch("a BER length beyond the end of the message")
		}
		if err != nil {
			return err
		}
		tag, content := b[0], b[len(b)-rest.Len():][:length]
		if !berAllowed(tag, length) {
			return Mismatch(fmt.Sprintf("a BER element of type %#02x and length %d", tag, length))
		}
		if tag&berConstructed != 0 {
			if err := f.check(content, depth+1); err != nil {
				return err
			}
		}
		b = b[len(b)-rest.Len()+length:]
	}
	return nil
}

// BER identifier octets (X.690, section 8.1.2).
const (
	berBoolean     = 0x01
	berInteger     = 0x02
	berOctets      = 0x04
	berEnumerated  = 0x0a
	berSequence    = 0x30
	berSet         = 0x31
	berConstructed = 0x20
	berClass       = 0xc0
	berNumber      = 0x1f // all ones: the tag number follows in octets of its own
)

// berAllowed reports whether LDAP has elements of this type and length.
func berAllowed(tag byte, length int) bool {
	if tag&berClass != 0 {
		return tag&berNumber != berNumber
	}
	switch tag {
	case berBoolean:
		return length == 1
	case berInteger, berEnumerated:
		return length >= 1 && length <= 4 // RFC 4511: no integer above 2³¹−1
	case berOctets, berSequence, berSet:
		return true
	}
	return false
}

// berLength reads a definite length (X.690, section 8.1.3). It returns errors of r
// unchanged.
func berLength(r io.ByteReader) (int, error) {
	first, err := r.ReadByte()
	if err != nil || first < 0x80 {
		return int(first), err
	}
	// Windows always takes the form with four octets. RFC 4511, section 5.1
	// forbids the indefinite form.
	count := int(first & 0x7f)
	if count == 0 || count > 4 {
		return 0, Mismatch(fmt.Sprintf("a BER length that begins with %#02x", first))
	}
	var length uint32
	for range count {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		length = length<<8 | uint32(b)
	}
	return int(min(length, math.MaxInt32)), nil
}

// Parts returns the message ID and the operation of a message.
func Parts(message *ber.Packet) (id int64, op *ber.Packet, ok bool) {
	if len(message.Children) < 2 {
		return 0, nil, false
	}
	number, op := message.Children[0], message.Children[1]
	id, ok = number.Value.(int64)
	ok = ok && id >= 0 && number.Tag == ber.TagInteger && number.ClassType == ber.ClassUniversal
	return id, op, ok && op.ClassType == ber.ClassApplication
}

// Message puts an operation into a message.
func Message(id int64, op *ber.Packet) *ber.Packet {
	m := ber.NewSequence("")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	m.AppendChild(op)
	return m
}

// Operation returns an empty operation; the caller appends its parts.
func Operation(tag ber.Tag) *ber.Packet {
	return ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
}

// Result is an operation that tells how another ended (RFC 4511, section
// 4.1.9).
func Result(tag ber.Tag, code int64, text string) *ber.Packet {
	op := Operation(tag)
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	op.AppendChild(OctetString(""))
	op.AppendChild(OctetString(text))
	return op
}

// OctetString returns a string as messages have it.
func OctetString(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

// Mismatch is the error for a peer that does not speak LDAP.
func Mismatch(got string) error { return &wire.MismatchError{Want: "LDAP", Got: got} }
