// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// kerberosEnvelope is that of RFC 4120, section 7.2. The highest bit of the
// length is for extensions, and no answer of a KDC comes near the limit.
var kerberosEnvelope = envelope{want: "Kerberos", size: 4, most: maxDatagram}

// noRealm is the realm to ask for where the host's name does not tell. It can
// not exist (RFC 2606), and a KDC says so.
const noRealm = "EXREACH.INVALID"

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

// askKerberos asks a KDC for a ticket for somebody who does not exist (RFC 4120,
// section 3.1). No password is in play, so that no account can be locked. The
// KDC's error says that there is no such client, and what time it has.
func askKerberos(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	q.At(Greet)
	request, err := requestAS(realmOf(q.Host), time.Now())
	if err != nil {
		return p, err
	}
	if err := kerberosEnvelope.send(conn, q.Service.Network, request); err != nil {
		return p, err
	}
	message, err := kerberosEnvelope.answer(conn, q.Service.Network, lookKerberos)
	if err != nil {
		return p, err
	}
	local := time.Now()
	if message[0] == applicationTag(krbASRep) {
		realm, ok := readASRep(message)
		if !ok {
			return p, notKerberos("an AS-REP with the wrong parts")
		}
		p.fact(FactRealm, realm)
		p.clocks(time.Time{}, local)
		return p, nil
	}
	e, ok := readKRBError(message)
	if !ok {
		return p, notKerberos("a KRB-ERROR with the wrong parts")
	}
	e.describe(&p, local)
	switch e.code {
	case krbUnavailable:
		p.turnAway(e.String(), Unavailable)
	case krbGeneric:
		p.turnAway(e.String(), "")
	}
	return p, nil
}

// lookKerberos knows an answer by its first byte.
func lookKerberos(head []byte) sight {
	if len(head) > 0 && head[0] != applicationTag(krbError) && head[0] != applicationTag(krbASRep) {
		return alien
	}
	return own
}

// realmOf is the realm that a host is most likely in: by convention the domain,
// in upper case.
func realmOf(host string) string {
	return cmp.Or(strings.ToUpper(domainOf(host)), noRealm)
}

// Encryption types, the best first (RFC 3962, RFC 4757): a KDC looks for one in
// common before it looks for the client.
const (
	krbAES256 = 18
	krbAES128 = 17
	krbRC4    = 23
)

// krbLife is how long the ticket should be good for: a working day, as Windows
// asks for.
const krbLife = 10 * time.Hour

// requestAS is an AS-REQ without pre-authentication.
func requestAS(realm string, now time.Time) ([]byte, error) {
	var nonce [4]byte
	_, _ = rand.Read(nonce[:])
	return krbSequence(krbASReq, func(b *cryptobyte.Builder) {
		addKRBInt(b, 1, krbVersion)
		addKRBInt(b, 2, krbASReq)
		addField(b, 4, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addField(b, 0, func(b *cryptobyte.Builder) { b.AddASN1BitString(make([]byte, 4)) })
				addField(b, 1, func(b *cryptobyte.Builder) { addPrincipal(b, krbNamePrincipal, clientName) })
				addField(b, 2, func(b *cryptobyte.Builder) { addKRBString(b, realm) })
				addField(b, 3, func(b *cryptobyte.Builder) { addPrincipal(b, krbNameService, krbTGS, realm) })
				addField(b, 5, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(now.Add(krbLife).UTC()) })
				addKRBInt(b, 7, int64(binary.BigEndian.Uint32(nonce[:])>>1))
				addField(b, 8, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						for _, kind := range []int64{krbAES256, krbAES128, krbRC4} {
							b.AddASN1Int64(kind)
						}
					})
				})
			})
		})
	})
}

// Kinds of principal names (RFC 4120, section 6.2).
const (
	krbNamePrincipal = 1
	krbNameService   = 2
)

// krbTGS is the service that sells tickets to the others.
const krbTGS = "krbtgt"

func notKerberos(got string) error { return &MismatchError{Want: "Kerberos", Got: got} }

// answerKerberos is a KDC that knows nobody.
func answerKerberos(conn net.Conn, s Stand) error {
	realm := realmOf(s.Host)
	return kerberosEnvelope.serve(conn, s.Service.Network, func(message []byte) []byte {
		if message[0] != applicationTag(krbASReq) {
			return nil
		}
		answer, err := newKRBError(krbUnknownClient, realm, krbTGS, realm).message(time.Now())
		if err != nil {
			return nil
		}
		return answer
	})
}
