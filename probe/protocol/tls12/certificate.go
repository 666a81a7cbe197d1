// SPDX-License-Identifier: Apache-2.0

package tls12

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// mostNames is how many parts of a distinguished name we read, and how many subject
// alternative names.
const mostNames = 256

var errNoCertificate = errors.New("no certificate in DER")

// A Certificate is the part of an X.509 certificate that an administrator looks at. The
// reports have it, whether crypto/x509 or ReadCertificate has read it. In the chains of a
// report's document, one that has only its fingerprint stands for the whole certificate,
// which is there once.
type Certificate struct {
	SHA256     string    `json:"sha256,omitempty"` // the fingerprint: of the whole certificate in DER, in lower-case hex
	Subject    string    `json:"subject,omitempty"`
	CommonName string    `json:"-"` // of the subject
	Issuer     string    `json:"issuer,omitempty"`
	Names      []string  `json:"names,omitempty"`      // subject alternative names
	MoreNames  int       `json:"more_names,omitempty"` // how many more there were than Names keeps
	NotBefore  time.Time `json:"not_before,omitzero"`  // zero where it could not be read
	NotAfter   time.Time `json:"not_after,omitzero"`   // the same
	Key        string    `json:"key,omitempty"`        // "RSA 2048"
	SelfSigned bool      `json:"self_signed,omitempty"`
}

// IsEndless reports whether the certificate does not expire (RFC 5280 section 4.1.2.5).
func (c Certificate) IsEndless() bool {
	return c.NotAfter.Equal(time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC))
}

// Fingerprint returns the SHA256 of a certificate in DER.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// ReadCertificate reads a certificate that crypto/x509 refuses, and takes what is in it
// as it is. crypto/x509 is stricter than Windows and OpenSSL are: it refuses a whole
// certificate for one letter in a name.
func ReadCertificate(der []byte) (Certificate, error) {
	parts, err := partsOf(der)
	if err != nil {
		return Certificate{}, err
	}
	from, to := readValidity(parts.validity)
	subject := readName(parts.subject)
	return Certificate{
		SHA256:     Fingerprint(der),
		Subject:    subject.String(),
		CommonName: commonName(subject),
		Issuer:     readName(parts.issuer).String(),
		Names:      readAlternatives(parts.rest),
		NotBefore:  from,
		NotAfter:   to,
		Key:        readKey(parts.key),
		SelfSigned: string(parts.subject) == string(parts.issuer),
	}, nil
}

// A rawCertificate has the fields of a certificate, still encoded (RFC 5280 section
// 4.1). Rest is what follows the key.
type rawCertificate struct{ issuer, validity, subject, key, rest cryptobyte.String }

func partsOf(der []byte) (p rawCertificate, err error) {
	in := cryptobyte.String(der)
	var outer, tbs, skipped cryptobyte.String
	if !in.ReadASN1(&outer, tag.SEQUENCE) || !outer.ReadASN1(&tbs, tag.SEQUENCE) ||
		!tbs.SkipOptionalASN1(tag.Tag(0).Constructed().ContextSpecific()) || !tbs.ReadASN1(&skipped, tag.INTEGER) || !tbs.ReadASN1(&skipped, tag.SEQUENCE) ||
		!tbs.ReadASN1(&p.issuer, tag.SEQUENCE) || !tbs.ReadASN1(&p.validity, tag.SEQUENCE) || !tbs.ReadASN1(&p.subject, tag.SEQUENCE) ||
		!tbs.ReadASN1(&p.key, tag.SEQUENCE) {
		return p, errNoCertificate
	}
	p.rest = tbs
	return p, nil
}

// readValidity reads the two dates. One that cannot be read stays zero.
func readValidity(in cryptobyte.String) (from, to time.Time) {
	for _, t := range []*time.Time{&from, &to} {
		var text cryptobyte.String
		var kind tag.Tag
		if !in.ReadAnyASN1(&text, &kind) {
			return from, to
		}
		layouts := []string{"20060102150405Z0700", "200601021504Z0700"}
		if kind == tag.UTCTime {
			layouts = []string{"060102150405Z0700", "0601021504Z0700"}
		}
		for _, layout := range layouts {
			if at, err := time.Parse(layout, string(text)); err == nil {
				if kind == tag.UTCTime && at.Year() >= 2050 { // RFC 5280 section 4.1.2.5.1
					at = at.AddDate(-100, 0, 0)
				}
				*t = at.UTC()
				break
			}
		}
	}
	return from, to
}

// commonName is the CN of a distinguished name, "" where it has none.
func commonName(name pkix.RDNSequence) string {
	var parts pkix.Name
	parts.FillFromRDNSequence(&name)
	return parts.CommonName
}

// readName reads a distinguished name.
func readName(in cryptobyte.String) pkix.RDNSequence {
	var name pkix.RDNSequence
	for !in.Empty() && len(name) < mostNames {
		var set cryptobyte.String
		if !in.ReadASN1(&set, tag.SET) {
			break
		}
		var rdn pkix.RelativeDistinguishedNameSET
		for !set.Empty() {
			var pair, value cryptobyte.String
			var kind tag.Tag
			var a pkix.AttributeTypeAndValue
			if !set.ReadASN1(&pair, tag.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&a.Type) || !pair.ReadAnyASN1(&value, &kind) {
				break
			}
			a.Value = readText(kind, value)
			rdn = append(rdn, a)
		}
		name = append(name, rdn)
	}
	return name
}

// readText decodes a string of any of the kinds that names have.
func readText(kind tag.Tag, value []byte) string {
	const bmpString = tag.Tag(30)
	if kind == bmpString && len(value)%2 == 0 {
		units := make([]uint16, len(value)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(value[2*i:])
		}
		return string(utf16.Decode(units))
	}
	if utf8.Valid(value) {
		return string(value)
	}
	var latin strings.Builder // what TeletexString is in practice
	for _, b := range value {
		latin.WriteRune(rune(b))
	}
	return latin.String()
}

// readAlternatives returns the DNS names and addresses among the subject alternative
// names, which stand in the rest of a rawCertificate (RFC 5280 section 4.2.1.6).
func readAlternatives(rest cryptobyte.String) []string {
	const dnsName, ipAddress = 2, 7
	alternatives := asn1.ObjectIdentifier{2, 5, 29, 17}
	var names []string
	for _, list := range extensionsOf(rest, alternatives) {
		for !list.Empty() && len(names) < mostNames {
			var value cryptobyte.String
			var kind tag.Tag
			if !list.ReadAnyASN1(&value, &kind) {
				break
			}
			switch kind {
			case tag.Tag(dnsName).ContextSpecific():
				names = append(names, readText(kind, value))
			case tag.Tag(ipAddress).ContextSpecific():
				if ip, ok := netip.AddrFromSlice(value); ok {
					names = append(names, ip.String())
				}
			}
		}
	}
	return names
}

// extensionsOf returns the values of the extensions of one kind, which are lists.
func extensionsOf(rest cryptobyte.String, kind asn1.ObjectIdentifier) []cryptobyte.String {
	var found []cryptobyte.String
	var wrapped, list cryptobyte.String
	for _, unique := range []tag.Tag{1, 2} {
		if !rest.SkipOptionalASN1(unique.ContextSpecific()) {
			return nil
		}
	}
	if !rest.ReadASN1(&wrapped, tag.Tag(3).Constructed().ContextSpecific()) || !wrapped.ReadASN1(&list, tag.SEQUENCE) {
		return nil
	}
	for !list.Empty() {
		var extension, octets, value cryptobyte.String
		var id asn1.ObjectIdentifier
		if !list.ReadASN1(&extension, tag.SEQUENCE) || !extension.ReadASN1ObjectIdentifier(&id) ||
			!extension.SkipOptionalASN1(tag.BOOLEAN) || !extension.ReadASN1(&octets, tag.OCTET_STRING) {
			break
		}
		if id.Equal(kind) && octets.ReadASN1(&value, tag.SEQUENCE) {
			found = append(found, value)
		}
	}
	return found
}

// readCertificateKey returns the key of a certificate if it is one of RSA.
func readCertificateKey(der []byte) *rsa.PublicKey {
	parts, err := partsOf(der)
	if err != nil {
		return nil
	}
	_, key := readRSA(parts.key)
	return key
}

// readRSA returns the algorithm of a key, and the key itself where it is one of RSA, nil
// where not. RSASSA-PSS is another algorithm for the same key (RFC 4055).
func readRSA(info cryptobyte.String) (algorithm string, key *rsa.PublicKey) {
	var kind, bits, sequence cryptobyte.String
	var id asn1.ObjectIdentifier
	if !info.ReadASN1(&kind, tag.SEQUENCE) || !kind.ReadASN1ObjectIdentifier(&id) {
		return "", nil
	}
	if algorithm = id.String(); !isRSA[algorithm] {
		return algorithm, nil
	}
	n, e := new(big.Int), 0
	if !info.ReadASN1(&bits, tag.BIT_STRING) || !bits.Skip(1) || !bits.ReadASN1(&sequence, tag.SEQUENCE) ||
		!sequence.ReadASN1Integer(n) || !sequence.ReadASN1Integer(&e) || n.Sign() <= 0 || e <= 0 {
		return algorithm, nil
	}
	return algorithm, &rsa.PublicKey{N: n, E: e}
}

var isRSA = map[string]bool{"1.2.840.113549.1.1.1": true, "1.2.840.113549.1.1.10": true}

// keyNames names the kinds of keys other than RSA, and the curves of ECDSA (RFC 5480, RFC
// 5639, RFC 8410).
var keyNames = map[string]string{
	"1.2.840.10040.4.1":     "DSA",
	"1.3.101.112":           "Ed25519",
	"1.3.101.113":           "Ed448",
	"1.2.840.10045.3.1.7":   "ECDSA P-256",
	"1.3.132.0.34":          "ECDSA P-384",
	"1.3.132.0.35":          "ECDSA P-521",
	"1.3.132.0.10":          "ECDSA secp256k1",
	"1.3.36.3.3.2.8.1.1.7":  "ECDSA brainpoolP256r1",
	"1.3.36.3.3.2.8.1.1.11": "ECDSA brainpoolP384r1",
	"1.3.36.3.3.2.8.1.1.13": "ECDSA brainpoolP512r1",
}

// readKey names the kind and size of a key: "RSA 2048".
func readKey(info cryptobyte.String) string {
	algorithm, rsaKey := readRSA(info)
	if rsaKey != nil {
		return fmt.Sprintf("RSA %d", rsaKey.N.BitLen())
	}
	var kind cryptobyte.String
	var curve asn1.ObjectIdentifier
	if info.ReadASN1(&kind, tag.SEQUENCE) && kind.SkipOptionalASN1(tag.OBJECT_IDENTIFIER) && kind.ReadASN1ObjectIdentifier(&curve) {
		algorithm = curve.String()
	}
	if name, known := keyNames[algorithm]; known {
		return name
	}
	return "unknown"
}
