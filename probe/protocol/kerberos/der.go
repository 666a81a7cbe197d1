// SPDX-License-Identifier: Apache-2.0

// Package kerberos reads and writes what Kerberos puts on the wire (RFC 4120): the fields
// of its messages, and the error that a KDC answers strangers with. The conversations of
// Kerberos and kpasswd put their messages together from it. It has no keys, makes no
// tickets, and imports nothing of exreach.
package kerberos

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Message types and the version of the protocol (RFC 4120, sections 5.10 and
// 7.5.6); a type is the tag of its message, too.
const (
	Version    = 5
	ASReq      = 10
	ASRep      = 11
	APReq      = 14
	APRep      = 15
	ErrorReply = 30
)

// Encryption types, the best first (RFC 3962, RFC 4757). We offer them because a KDC
// looks for one in common before it looks for the client.
const (
	AES256 = 18
	AES128 = 17
	RC4    = 23
)

// Kinds of principal names (RFC 4120, section 6.2).
const (
	NamePrincipal = 1
	NameService   = 2
)

// TGS is the service that sells tickets to the others.
const TGS = "krbtgt"

// maxParts is how many parts of a name we read.
const maxParts = 256

// Kerberos' messages are DER (RFC 4120, section 5): a tag that tells the type of the
// message, and in it a sequence of fields, each in a tag that tells its number.

// Sequence returns a whole message of the type kind, with what fields adds.
func Sequence(kind uint8, fields cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	AddSequence(&b, kind, fields)
	return b.Bytes()
}

// AddSequence adds to b what Sequence returns: a ticket within a message, say.
func AddSequence(b *cryptobyte.Builder, kind uint8, fields cryptobyte.BuilderContinuation) {
	b.AddASN1(asn1.Tag(ApplicationTag(kind)), func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, fields) })
}

// ApplicationTag is the first byte of a message (X.690, section 8.1.2).
func ApplicationTag(kind uint8) byte { return 0x60 | kind }

// AddPrincipal adds the name of a principal.
func AddPrincipal(b *cryptobyte.Builder, kind int64, parts ...string) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		AddInt(b, 0, kind)
		AddField(b, 1, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, part := range parts {
					AddString(b, part)
				}
			})
		})
	})
}

// AddField adds a field of a sequence, in the tag with its number.
func AddField(b *cryptobyte.Builder, number uint8, value cryptobyte.BuilderContinuation) {
	b.AddASN1(Field(number), value)
}

// Field is the tag around a field of a sequence.
func Field(number uint8) asn1.Tag { return asn1.Tag(number).ContextSpecific().Constructed() }

// AddInt adds a field with a number.
func AddInt(b *cryptobyte.Builder, number uint8, value int64) {
	AddField(b, number, func(b *cryptobyte.Builder) { b.AddASN1Int64(value) })
}

// stringTag is GeneralString (X.680, section 8.4).
const stringTag = asn1.Tag(27)

// AddString adds a string of Kerberos.
func AddString(b *cryptobyte.Builder, s string) {
	b.AddASN1(stringTag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

// krbMessage opens a message of the given type, checks its first two fields (the version
// and the type) and returns the rest.
func krbMessage(message []byte, kind uint8) (cryptobyte.String, bool) {
	s := cryptobyte.String(message)
	var version, said int64
	ok := s.ReadASN1(&s, asn1.Tag(ApplicationTag(kind))) && s.ReadASN1(&s, asn1.SEQUENCE) &&
		ReadInt(&s, 0, &version) && version == Version &&
		ReadInt(&s, 1, &said) && said == int64(kind)
	return s, ok
}

// skipField passes over a field that may be missing.
func skipField(s *cryptobyte.String, number uint8) bool {
	return s.SkipOptionalASN1(Field(number))
}

// ReadInt reads a field with a number.
func ReadInt(s *cryptobyte.String, number uint8, value *int64) bool {
	var inner cryptobyte.String
	return s.ReadASN1(&inner, Field(number)) && inner.ReadASN1Integer(value)
}

func readKRBTime(s *cryptobyte.String, number uint8, value *time.Time) bool {
	var inner cryptobyte.String
	return s.ReadASN1(&inner, Field(number)) && inner.ReadASN1GeneralizedTime(value)
}

// ReadString reads a field with a string of Kerberos.
func ReadString(s *cryptobyte.String, number uint8, value *string) bool {
	var inner, text cryptobyte.String
	ok := s.ReadASN1(&inner, Field(number)) && inner.ReadASN1(&text, stringTag)
	*value = string(text)
	return ok
}

func readOctets(s *cryptobyte.String, number uint8, value *[]byte) bool {
	var inner, octets cryptobyte.String
	ok := s.ReadASN1(&inner, Field(number)) && inner.ReadASN1(&octets, asn1.OCTET_STRING)
	*value = octets
	return ok
}

// ReadPrincipal reads a field with the name of a principal and appends its parts.
func ReadPrincipal(s *cryptobyte.String, number uint8, parts *[]string) bool {
	var inner, names cryptobyte.String
	if !s.ReadASN1(&inner, Field(number)) || !inner.ReadASN1(&inner, asn1.SEQUENCE) ||
		!inner.SkipASN1(Field(0)) || !inner.ReadASN1(&names, Field(1)) || !names.ReadASN1(&names, asn1.SEQUENCE) {
		return false
	}
	for !names.Empty() && len(*parts) < maxParts {
		var part cryptobyte.String
		if !names.ReadASN1(&part, stringTag) {
			return false
		}
		*parts = append(*parts, string(part))
	}
	return true
}
