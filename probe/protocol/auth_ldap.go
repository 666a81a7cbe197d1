// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// saslSPNEGO is the mechanism under which a domain controller takes NTLM, with
// no wrapping around its messages (MS-SPNG section 3.3). The bind of NTLM's own,
// which go-ldap has, is Windows' alone (MS-ADTS section 5.1.1.1.3).
const saslSPNEGO = "GSS-SPNEGO"

// loginLDAP binds by name and password, under TLS, and by NTLM, anywhere.
func loginLDAP(w *ldapWire, l *ldap.Conn, q Question, p *Peer) {
	if q.Credentials == nil {
		return
	}
	attempts := login{q, p}
	if err := q.Private(); err != nil {
		attempts.say("simple: not tried: " + err.Error())
	} else if !attempts.once("simple", func(c Credentials) error {
		return judgeBind(w.cause(l.Bind(c.Name(), c.Password.Reveal())))
	}) {
		return
	}
	if !slices.Contains(p.Capabilities, "sasl "+saslSPNEGO) {
		attempts.say("ntlm: not offered")
		return
	}
	attempts.once("ntlm", func(c Credentials) error { return bindNTLM(w, c) })
}

// bindNTLM binds in the two rounds that NTLM takes.
func bindNTLM(w *ldapWire, c Credentials) error {
	respond := beginNTLM(c)
	var challenge []byte
	for range 2 {
		message, err := respond(challenge)
		if err != nil {
			return notPossible("%v", err)
		}
		answer, err := w.ask(saslBind(saslSPNEGO, message))
		if err != nil {
			return err
		}
		err = ldapOutcome(ldap.GetLDAPError(answer))
		if refusal, ok := errors.AsType[*ldapRefusal](err); !ok || refusal.code != ldap.LDAPResultSaslBindInProgress {
			return judgeBind(err)
		}
		challenge = serverCredentials(answer)
	}
	return notPossible("%v", errNoMore)
}

// saslBind is a bind with the message of a mechanism (RFC 4511 section 4.2).
func saslBind(mechanism string, message []byte) *ber.Packet {
	op := ldapOperation(ldap.ApplicationBindRequest)
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 3, ""))
	op.AppendChild(ldapString(""))
	sasl := ber.Encode(ber.ClassContext, ber.TypeConstructed, 3, nil, "")
	sasl.AppendChild(ldapString(mechanism))
	sasl.AppendChild(ldapString(string(message)))
	op.AppendChild(sasl)
	return op
}

// serverCredentials is what the server's side of a mechanism says (RFC 4511
// section 4.2.2).
func serverCredentials(answer *ber.Packet) []byte {
	_, op, _ := ldapParts(answer)
	for _, part := range op.Children {
		if part.ClassType == ber.ClassContext && part.Tag == 7 {
			return part.Data.Bytes()
		}
	}
	return nil
}

// badBindings is in the text of a domain controller that wants NTLM tied to its
// TLS connection (SEC_E_BAD_BINDINGS), which is not done here.
const badBindings = "80090346"

// judgeBind tells a refusal of the credentials from one of the method.
func judgeBind(err error) error {
	refusal, ok := errors.AsType[*ldapRefusal](err)
	if !ok {
		return err
	}
	denied := refusal.code == ldap.LDAPResultInvalidCredentials && !strings.Contains(refusal.text, badBindings)
	return &loginRefusal{text: refusal.Error(), denied: denied}
}

// ask sends a request that go-ldap does not know and returns its answer. None of
// go-ldap's may be under way.
func (w *ldapWire) ask(op *ber.Packet) (*ber.Packet, error) {
	id := w.sent.Load() + 1
	w.asked.Store(id)
	if _, err := w.Write(ldapMessage(id, op).Bytes()); err != nil {
		return nil, fmt.Errorf("sending a bind: %w", err)
	}
	answer, ok := <-w.own
	if !ok {
		return nil, fmt.Errorf("waiting for the answer to a bind: %w", w.failure())
	}
	return answer, nil
}
