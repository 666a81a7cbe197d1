// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Message types and the version of the protocol (RFC 4120, sections 5.10 and
// 7.5.6); a type is the tag of its message, too.
const (
	krbVersion = 5
	krbASReq   = 10
	krbASRep   = 11
	krbAPReq   = 14
	krbAPRep   = 15
	krbError   = 30
)

// Encryption types, the best first (RFC 3962, RFC 4757): a KDC looks for one in
// common before it looks for the client.
const (
	krbAES256 = 18
	krbAES128 = 17
	krbRC4    = 23
)

// Kinds of principal names (RFC 4120, section 6.2).
const (
	krbNamePrincipal = 1
	krbNameService   = 2
)

// krbTGS is the service that sells tickets to the others.
const krbTGS = "krbtgt"

// maxParts is how many parts of a name are read.
const maxParts = 256

// Kerberos' messages are DER (RFC 4120, section 5): sequences inside of a tag
// that tells the message, whose fields have tags that tell their numbers.

// krbSequence is a whole message.
func krbSequence(kind uint8, fields cryptobyte.BuilderContinuation) ([]byte, error) {
	var b cryptobyte.Builder
	addKRBSequence(&b, kind, fields)
	return b.Bytes()
}

func addKRBSequence(b *cryptobyte.Builder, kind uint8, fields cryptobyte.BuilderContinuation) {
	b.AddASN1(asn1.Tag(applicationTag(kind)), func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, fields) })
}

// applicationTag is the first byte of a message (X.690, section 8.1.2).
func applicationTag(kind uint8) byte { return 0x60 | kind }

func addPrincipal(b *cryptobyte.Builder, kind int64, parts ...string) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addKRBInt(b, 0, kind)
		addField(b, 1, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, part := range parts {
					addKRBString(b, part)
				}
			})
		})
	})
}

// addField adds a field of a sequence: every one has a tag around its own.
func addField(b *cryptobyte.Builder, number uint8, value cryptobyte.BuilderContinuation) {
	b.AddASN1(field(number), value)
}

func field(number uint8) asn1.Tag { return asn1.Tag(number).ContextSpecific().Constructed() }

func addKRBInt(b *cryptobyte.Builder, number uint8, value int64) {
	addField(b, number, func(b *cryptobyte.Builder) { b.AddASN1Int64(value) })
}

// krbStringTag is GeneralString (X.680, section 8.4).
const krbStringTag = asn1.Tag(27)

func addKRBString(b *cryptobyte.Builder, s string) {
	b.AddASN1(krbStringTag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(s)) })
}

// krbMessage opens a message of the given type up to the fields that are its
// own.
func krbMessage(message []byte, kind uint8) (cryptobyte.String, bool) {
	s := cryptobyte.String(message)
	var version, said int64
	ok := s.ReadASN1(&s, asn1.Tag(applicationTag(kind))) && s.ReadASN1(&s, asn1.SEQUENCE) &&
		readKRBInt(&s, 0, &version) && version == krbVersion &&
		readKRBInt(&s, 1, &said) && said == int64(kind)
	return s, ok
}

// skipField passes over a field that may be missing.
func skipField(s *cryptobyte.String, number uint8) bool {
	return s.SkipOptionalASN1(field(number))
}

func readKRBInt(s *cryptobyte.String, number uint8, value *int64) bool {
	var inner cryptobyte.String
	return s.ReadASN1(&inner, field(number)) && inner.ReadASN1Integer(value)
}

func readKRBTime(s *cryptobyte.String, number uint8, value *time.Time) bool {
	var inner cryptobyte.String
	return s.ReadASN1(&inner, field(number)) && inner.ReadASN1GeneralizedTime(value)
}

func readKRBString(s *cryptobyte.String, number uint8, value *string) bool {
	var inner, text cryptobyte.String
	ok := s.ReadASN1(&inner, field(number)) && inner.ReadASN1(&text, krbStringTag)
	*value = string(text)
	return ok
}

func readOctets(s *cryptobyte.String, number uint8, value *[]byte) bool {
	var inner, octets cryptobyte.String
	ok := s.ReadASN1(&inner, field(number)) && inner.ReadASN1(&octets, asn1.OCTET_STRING)
	*value = octets
	return ok
}

func readPrincipal(s *cryptobyte.String, number uint8, parts *[]string) bool {
	var inner, names cryptobyte.String
	if !s.ReadASN1(&inner, field(number)) || !inner.ReadASN1(&inner, asn1.SEQUENCE) ||
		!inner.SkipASN1(field(0)) || !inner.ReadASN1(&names, field(1)) || !names.ReadASN1(&names, asn1.SEQUENCE) {
		return false
	}
	for !names.Empty() && len(*parts) < maxParts {
		var part cryptobyte.String
		if !names.ReadASN1(&part, krbStringTag) {
			return false
		}
		*parts = append(*parts, string(part))
	}
	return true
}
