// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"exreach/probe/protocol/kerberos"
)

// kpasswdEnvelope frames messages as Kerberos itself does (RFC 3244, section 2).
var kpasswdEnvelope = envelope{want: "Kerberos password change", size: 4, most: maxDatagram}

// The header of RFC 3244, section 2, in octets: two of the length of the whole message,
// two of the version, and two of the length of the AP-REQ or AP-REP behind the header.
const (
	kpasswdHeaderSize = 6
	kpasswdRequest    = 0xff80
	kpasswdReply      = 1
)

// kpasswdService is the principal of the service that changes passwords.
var kpasswdService = []string{"kadmin", "changepw"}

// askKpasswd asks for a password change that cannot happen: the ticket and the new
// password are empty ciphertexts, which no key opens, so the server does not even learn
// whose password it would be. The server refuses in a KRB-ERROR.
func askKpasswd(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	q.At(Greet)
	request, err := requestChange(realmOf(q.Host), q.Token)
	if err != nil {
		return p, err
	}
	message, err := kpasswdEnvelope.exchange(conn, q.Service.Network, request, lookKpasswd)
	if err != nil {
		return p, err
	}
	err = readChange(message, time.Now(), &p)
	return p, err
}

// lookKpasswd knows a reply by its version; some servers repeat that of the request.
// Windows may leave the header out (MIT's client expects both).
func lookKpasswd(head []byte) sight {
	switch {
	case len(head) > 0 && head[0] == kerberos.ApplicationTag(kerberos.ErrorReply):
		return own
	case len(head) > 2 && head[2] != kpasswdReply>>8 && head[2] != kpasswdRequest>>8:
		return alien
	case len(head) > 3 && !isKpasswdVersion(head):
		return alien
	}
	return own
}

func isKpasswdVersion(head []byte) bool {
	version := binary.BigEndian.Uint16(head[2:])
	return version == kpasswdReply || version == kpasswdRequest
}

// readChange reads a reply and notes what it says. We cannot read an AP-REP: all that it
// tells is that it came.
func readChange(message []byte, local time.Time, p *Peer) error {
	if message[0] == kerberos.ApplicationTag(kerberos.ErrorReply) {
		return readBareChange(message, local, p)
	}
	body, reply, ok := openKpasswd(message)
	switch {
	case !ok:
		return kpasswdEnvelope.mismatch("a header that does not fit its message")
	case len(reply) > 0 && reply[0] != kerberos.ApplicationTag(kerberos.APRep):
		return kpasswdEnvelope.mismatch("a reply without an AP-REP")
	case len(reply) > 0:
		return nil
	}
	e, ok := kerberos.ReadFault(body)
	if !ok {
		return kpasswdEnvelope.mismatch("a reply without a KRB-ERROR")
	}
	p.ofKerberos(e, local)
	if result := kpasswdResult(e.Data); result != "" {
		p.fact(FactResult, result)
		if e.Code == int64(binary.BigEndian.Uint16(e.Data)) {
			delete(p.Facts, FactError) // Samba repeats the result there
		}
	}
	return nil
}

// readBareChange reads a KRB-ERROR without a header. A KDC may answer with one, too, as
// it does not know our request: that is a mismatch.
func readBareChange(message []byte, local time.Time, p *Peer) error {
	e, ok := kerberos.ReadFault(message)
	switch {
	case !ok:
		return kpasswdEnvelope.mismatch("a KRB-ERROR with the wrong parts")
	case e.Code == kerberos.WrongType || len(e.Server) > 0 && e.Server[0] == kerberos.TGS:
		return kpasswdEnvelope.mismatch("a KDC")
	}
	p.ofKerberos(e, local)
	return nil
}

// openKpasswd takes a message apart. Counted is the AP-REQ or AP-REP, whose length is in
// the header; body is what stands behind that.
func openKpasswd(message []byte) (body, counted []byte, ok bool) {
	if len(message) < kpasswdHeaderSize || int(binary.BigEndian.Uint16(message)) != len(message) || !isKpasswdVersion(message) {
		return nil, nil, false
	}
	body = message[kpasswdHeaderSize:]
	size := int(binary.BigEndian.Uint16(message[4:]))
	if size > len(body) {
		return nil, nil, false
	}
	return body[size:], body[:size], true
}

// kpasswdResults are the results of a change (RFC 3244, section 2).
var kpasswdResults = []string{
	"KRB5_KPASSWD_SUCCESS", "KRB5_KPASSWD_MALFORMED", "KRB5_KPASSWD_HARDERROR", "KRB5_KPASSWD_AUTHERROR",
	"KRB5_KPASSWD_SOFTERROR", "KRB5_KPASSWD_ACCESSDENIED", "KRB5_KPASSWD_BAD_VERSION", "KRB5_KPASSWD_INITIAL_FLAG_NEEDED",
}

// kpasswdResult returns the result inside a KRB-ERROR, which is a code and a text, ""
// where there is none.
func kpasswdResult(data []byte) string {
	if len(data) < 2 {
		return ""
	}
	code, text := binary.BigEndian.Uint16(data), strings.TrimSpace(string(data[2:]))
	if int(code) >= len(kpasswdResults) {
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(code, " ", kpasswdResults[code], " ", text))
}

// frameKpasswd puts the header before a message.
func frameKpasswd(version uint16, counted, body []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(kpasswdHeaderSize+len(counted)+len(body)))
	b = binary.BigEndian.AppendUint16(b, version)
	b = binary.BigEndian.AppendUint16(b, uint16(len(counted)))
	return slices.Concat(b, counted, body)
}

// requestChange is a request of the right form with nothing inside. What should be
// ciphertext begins with the token.
func requestChange(realm, token string) ([]byte, error) {
	const ticket, private = 1, 21 // RFC 4120, sections 5.3 and 5.7.1
	counted, err := kerberos.Sequence(kerberos.APReq, func(b *cryptobyte.Builder) {
		kerberos.AddInt(b, 0, kerberos.Version)
		kerberos.AddInt(b, 1, kerberos.APReq)
		kerberos.AddField(b, 2, func(b *cryptobyte.Builder) { b.AddASN1BitString(make([]byte, 4)) })
		kerberos.AddField(b, 3, func(b *cryptobyte.Builder) {
			kerberos.AddSequence(b, ticket, func(b *cryptobyte.Builder) {
				kerberos.AddInt(b, 0, kerberos.Version)
				kerberos.AddField(b, 1, func(b *cryptobyte.Builder) { kerberos.AddString(b, realm) })
				kerberos.AddField(b, 2, func(b *cryptobyte.Builder) { kerberos.AddPrincipal(b, kerberos.NameService, kpasswdService...) })
				addNothing(b, 3, token)
			})
		})
		addNothing(b, 4, "")
	})
	if err != nil {
		return nil, err
	}
	body, err := kerberos.Sequence(private, func(b *cryptobyte.Builder) {
		kerberos.AddInt(b, 0, kerberos.Version)
		kerberos.AddInt(b, 1, private)
		addNothing(b, 3, "")
	})
	return frameKpasswd(kpasswdRequest, counted, body), err
}

// addNothing adds encrypted data of a plausible length that means nothing.
func addNothing(b *cryptobyte.Builder, number uint8, token string) {
	nothing := make([]byte, 64)
	copy(nothing, token)
	kerberos.AddField(b, number, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			kerberos.AddInt(b, 0, kerberos.AES256)
			kerberos.AddField(b, 2, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nothing) })
		})
	})
}

// answerKpasswd is a server that refuses every ticket.
func answerKpasswd(conn net.Conn, s Stand) error {
	e := kerberos.Fault{
		Code: kerberos.Modified, Realm: realmOf(s.Host), Server: kpasswdService,
		Data: append([]byte{0, 3}, "no ticket is believed here"...),
	}
	return kpasswdEnvelope.serve(conn, s.Service.Network, func(message []byte) []byte {
		_, request, ok := openKpasswd(message)
		if !ok || len(request) == 0 || request[0] != kerberos.ApplicationTag(kerberos.APReq) {
			return nil
		}
		replies := faultsKerberos(e)
		for i, body := range replies {
			replies[i] = frameKpasswd(kpasswdReply, nil, body)
		}
		return s.fits(replies...)
	})
}
