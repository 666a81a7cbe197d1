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

	"exreach/probe/protocol/kerberos"
	"exreach/probe/protocol/wire"
)

// kerberosEnvelope frames messages as RFC 4120, section 7.2, has it. The highest bit of
// the length is for extensions, and no answer of a KDC comes near the limit.
var kerberosEnvelope = envelope{want: "Kerberos", size: 4, most: maxDatagram}

// noRealm is the realm that we ask for where the host's name tells none. It cannot exist
// (RFC 2606), and a KDC says so.
const noRealm = "EXREACH.INVALID"

// askKerberos asks a KDC for a ticket for a user who does not exist (RFC 4120,
// section 3.1). It sends no password, so it cannot lock an account. The KDC's error says
// that there is no such client, and what time it is.
func askKerberos(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	q.At(Greet)
	request, err := requestAS(realmOf(q.Host), q.clientName(), time.Now())
	if err != nil {
		return p, err
	}
	message, err := kerberosEnvelope.exchange(conn, q.Service.Network, request, lookKerberos)
	if err != nil {
		return p, err
	}
	local := time.Now()
	if message[0] == kerberos.ApplicationTag(kerberos.ASRep) {
		realm, ok := kerberos.ReadASRep(message)
		if !ok {
			return p, kerberosEnvelope.mismatch("an AS-REP with the wrong parts")
		}
		p.fact(FactRealm, realm)
		p.clocks(time.Time{}, local)
		return p, nil
	}
	e, ok := kerberos.ReadFault(message)
	if !ok {
		return p, kerberosEnvelope.mismatch("a KRB-ERROR with the wrong parts")
	}
	p.ofKerberos(e, local)
	switch e.Code {
	case kerberos.Unavailable:
		p.turnAway(e.String(), wire.Unavailable)
	case kerberos.Generic:
		p.turnAway(e.String(), "")
	}
	return p, nil
}

// lookKerberos knows an answer by its first byte.
func lookKerberos(head []byte) sight {
	if len(head) > 0 && head[0] != kerberos.ApplicationTag(kerberos.ErrorReply) && head[0] != kerberos.ApplicationTag(kerberos.ASRep) {
		return alien
	}
	return own
}

// realmOf is the realm that a host is most likely in: by convention the domain,
// in upper case.
func realmOf(host string) string {
	return cmp.Or(strings.ToUpper(wire.DomainOf(host)), noRealm)
}

// krbLife is the lifetime that we ask for the ticket: a working day, as Windows does.
const krbLife = 10 * time.Hour

// requestAS is an AS-REQ of a user without pre-authentication.
func requestAS(realm, user string, now time.Time) ([]byte, error) {
	var nonce [4]byte
	_, _ = rand.Read(nonce[:])
	return kerberos.Sequence(kerberos.ASReq, func(b *cryptobyte.Builder) {
		kerberos.AddInt(b, 1, kerberos.Version)
		kerberos.AddInt(b, 2, kerberos.ASReq)
		kerberos.AddField(b, 4, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				kerberos.AddField(b, 0, func(b *cryptobyte.Builder) { b.AddASN1BitString(make([]byte, 4)) })
				kerberos.AddField(b, 1, func(b *cryptobyte.Builder) { kerberos.AddPrincipal(b, kerberos.NamePrincipal, user) })
				kerberos.AddField(b, 2, func(b *cryptobyte.Builder) { kerberos.AddString(b, realm) })
				kerberos.AddField(b, 3, func(b *cryptobyte.Builder) { kerberos.AddPrincipal(b, kerberos.NameService, kerberos.TGS, realm) })
				kerberos.AddField(b, 5, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(now.Add(krbLife).UTC()) })
				kerberos.AddInt(b, 7, int64(binary.BigEndian.Uint32(nonce[:])>>1))
				kerberos.AddField(b, 8, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						for _, kind := range []int64{kerberos.AES256, kerberos.AES128, kerberos.RC4} {
							b.AddASN1Int64(kind)
						}
					})
				})
			})
		})
	})
}

// answerKerberos is a KDC that knows no account.
func answerKerberos(conn net.Conn, s Stand) error {
	realm := realmOf(s.Host)
	return kerberosEnvelope.serve(conn, s.Service.Network, func(message []byte) []byte {
		if message[0] != kerberos.ApplicationTag(kerberos.ASReq) {
			return nil
		}
		e := kerberos.Fault{Code: kerberos.UnknownClient, Realm: realm, Server: []string{kerberos.TGS, realm}}
		return s.fits(faultsKerberos(e)...)
	})
}

// faultsKerberos returns an error as a message, with the mark and, shorter, without it.
func faultsKerberos(e kerberos.Fault) (messages [][]byte) {
	now := time.Now()
	for _, e.Text = range []string{Mark, ""} {
		if message, err := e.Message(now); err == nil {
			messages = append(messages, message)
		}
	}
	return messages
}

// ofKerberos notes what an error says about the server; local is when the error came.
// Some servers only repeat the realm that we asked for, so noRealm is no fact.
func (p *Peer) ofKerberos(e kerberos.Fault, local time.Time) {
	if e.Realm != noRealm {
		p.fact(FactRealm, e.Realm)
	}
	p.clocks(e.At, local)
	p.fact(FactError, e.String())
	p.fact(FactErrorText, e.Text)
}
