// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	ldapwire "exreach/probe/protocol/ldap"
)

// saslSPNEGO is the mechanism under which a domain controller takes NTLM, with
// no wrapping around its messages (MS-SPNG section 3.3). Go-ldap has a bind for NTLM, but
// only Windows knows that one (MS-ADTS section 5.1.1.1.3).
const saslSPNEGO = "GSS-SPNEGO"

// loginLDAP binds by NTLM, with or without TLS, and then by name and password, under TLS
// only. NTLM comes first: a server that refuses it is not told the password.
func loginLDAP(w *ldapwire.Link, l *ldap.Conn, q Question, p *Peer) {
	if q.Credentials == nil {
		return
	}
	attempts := login{q, p}
	if !slices.Contains(p.Capabilities, "sasl "+saslSPNEGO) {
		attempts.note("ntlm", Undecided, "not offered")
	} else if _, goesOn := attempts.once("ntlm", func(c Credentials) error { return bindNTLM(w, c) }); !goesOn {
		return
	}
	if err := q.Private(); err != nil {
		attempts.note("simple", Undecided, "not tried: "+err.Error())
		return
	}
	attempts.once("simple", func(c Credentials) error {
		return judgeBind(w.Cause(l.Bind(c.Name(), c.Password.Reveal())))
	})
}

// bindNTLM binds in the two rounds that NTLM takes.
func bindNTLM(w *ldapwire.Link, c Credentials) error {
	respond := beginNTLM(c)
	var challenge []byte
	for _, given := range []bool{false, true} {
		message, err := respond(challenge)
		if err != nil {
			return notPossible("%v", err)
		}
		answer, err := w.Ask(saslBind(saslSPNEGO, message))
		if err != nil {
			return err
		}
		err = ldapwire.Outcome(ldap.GetLDAPError(answer))
		refusal, refused := errors.AsType[*ldapwire.Refusal](err)
		switch {
		case refused && refusal.Code == ldap.LDAPResultSaslBindInProgress:
			challenge = serverCredentials(answer)
			continue
		case given:
			return judgeBind(err)
		case refused:
			return notPossible("%s", bindCode(refusal))
		case err == nil:
			return errTooEarly
		}
		return err
	}
	return unclear("%v", errNoMore)
}

// saslBind is a bind with the message of a mechanism (RFC 4511 section 4.2).
func saslBind(mechanism string, message []byte) *ber.Packet {
	op := ldapwire.Operation(ldap.ApplicationBindRequest)
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 3, ""))
	op.AppendChild(ldapwire.OctetString(""))
	sasl := ber.Encode(ber.ClassContext, ber.TypeConstructed, 3, nil, "")
	sasl.AppendChild(ldapwire.OctetString(mechanism))
	sasl.AppendChild(ldapwire.OctetString(string(message)))
	op.AppendChild(sasl)
	return op
}

// serverCredentials returns the mechanism's message in the server's answer to a bind,
// nil where there is none (RFC 4511 section 4.2.2).
func serverCredentials(answer *ber.Packet) []byte {
	_, op, _ := ldapwire.Parts(answer)
	for _, part := range op.Children {
		if part.ClassType == ber.ClassContext && part.Tag == 7 {
			return part.Data.Bytes()
		}
	}
	return nil
}

// badBindings is in the text of a domain controller that wants NTLM tied to its
// TLS connection (SEC_E_BAD_BINDINGS). We do not do that.
const badBindings = "80090346"

// unsuitedBinds are the results of a bind whose credentials the server did not look
// at: the method, or the way in which the name is written, does not suit.
var unsuitedBinds = []int{
	ldap.LDAPResultAuthMethodNotSupported, ldap.LDAPResultStrongAuthRequired, ldap.LDAPResultConfidentialityRequired,
	ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultInappropriateAuthentication,
}

// judgeBind tells a refusal of the credentials from one of the method. Any other refusal
// is Unanswered: the server may have counted it as a failure.
func judgeBind(err error) error {
	refusal, ok := errors.AsType[*ldapwire.Refusal](err)
	if !ok {
		return err
	}
	r := &loginRefusal{text: bindCode(refusal), outcome: Unanswered}
	invalid := refusal.Code == ldap.LDAPResultInvalidCredentials
	switch {
	case slices.Contains(unsuitedBinds, refusal.Code), invalid && strings.Contains(refusal.Text, badBindings):
		r.outcome = Undecided
	case slices.Contains(shutAccounts, winData(refusal)), refusal.Code == ldap.LDAPResultConstraintViolation, saysLocked(refusal.Text):
		r.outcome = Locked
	case invalid:
		r.outcome = Denied
	}
	return r
}

// shutAccounts are the Windows errors of Active Directory for a password that has
// expired, an account that is disabled, one that has expired, a password that must
// be changed and an account that is locked (Microsoft, "Common Active Directory
// bind errors"). Other directories say constraintViolation where the account is locked.
var shutAccounts = []string{"532", "533", "701", "773", "775"}

// dataOf finds the Windows error in the text of a domain controller.
var dataOf = regexp.MustCompile(`, data ([0-9a-f]{1,8}), v`)

func winData(r *ldapwire.Refusal) string {
	if data := dataOf.FindStringSubmatch(r.Text); data != nil {
		return data[1]
	}
	return ""
}

// bindCode returns the result of a refusal and, of its text, the Windows errors alone.
func bindCode(r *ldapwire.Refusal) string {
	text := strings.TrimSpace(fmt.Sprintf("%d %s", r.Code, ldap.LDAPResultCodeMap[uint16(r.Code)]))
	if data := winData(r); data != "" {
		text += ", data " + data
	}
	if strings.Contains(r.Text, badBindings) {
		text += ", " + badBindings
	}
	return text
}
