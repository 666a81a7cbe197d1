// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"io"
	"net"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// answerLDAP is a directory server for those who have not logged in: it shows its
// rootDSE, starts TLS and binds only whom s knows.
func answerLDAP(conn net.Conn, s Stand) error {
	frames := newLDAPFrames(conn)
	for {
		request, err := frames.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		id, op, _ := ldapParts(request)
		if op.Tag == ldap.ApplicationUnbindRequest {
			return nil
		}
		answers, upgrade := ldapReply(op, s)
		for _, answer := range answers {
			if _, err := conn.Write(ldapMessage(id, answer).Bytes()); err != nil {
				return err
			}
		}
		if upgrade {
			if conn, err = s.StartTLS(conn); err != nil {
				return err
			}
			frames, s.StartTLS = newLDAPFrames(conn), nil
		}
	}
}

// ldapReply answers one operation; upgrade says that the TLS handshake follows.
func ldapReply(op *ber.Packet, s Stand) (answers []*ber.Packet, upgrade bool) {
	switch op.Tag {
	case ldap.ApplicationBindRequest:
		return []*ber.Packet{bindLDAP(op, s)}, false
	case ldap.ApplicationSearchRequest:
		return searchLDAP(op, s), false
	case ldap.ApplicationExtendedRequest:
		answer := extendLDAP(op, s)
		return []*ber.Packet{answer}, answer.Children[0].Value == int64(ldap.LDAPResultSuccess)
	case ldap.ApplicationAbandonRequest:
		return nil, false
	}
	// The answer to any other operation has the next tag.
	return []*ber.Packet{ldapResult(op.Tag+1, ldap.LDAPResultUnwillingToPerform, "not here")}, false
}

func bindLDAP(op *ber.Packet, s Stand) *ber.Packet {
	const bound = ldap.ApplicationBindResponse
	switch {
	case len(op.Children) != 3:
		return ldapResult(bound, ldap.LDAPResultProtocolError, "a bind has three parts")
	case s.Version == "5.0" && op.Children[0].Value != int64(2):
		return ldapResult(bound, ldap.LDAPResultProtocolError, "this server knows LDAP version 2 only")
	case op.Children[2].Tag != 0:
		return ldapResult(bound, ldap.LDAPResultAuthMethodNotSupported, "only simple binds are known here")
	case op.Children[2].Data.Len() > 0 && !lets(s.Accounts, op.Children[1].Data.String(), op.Children[2].Data.String()):
		return ldapResult(bound, ldap.LDAPResultInvalidCredentials, "nobody has an account here")
	}
	return ldapResult(bound, ldap.LDAPResultSuccess, "")
}

// searchLDAP shows the rootDSE and nothing else.
func searchLDAP(op *ber.Packet, s Stand) []*ber.Packet {
	const done = ldap.ApplicationSearchResultDone
	switch {
	case len(op.Children) != 8:
		return []*ber.Packet{ldapResult(done, ldap.LDAPResultProtocolError, "a search has eight parts")}
	case s.Version == "5.0" || op.Children[0].Data.Len() > 0 || op.Children[1].Value != int64(ldap.ScopeBaseObject):
		return []*ber.Packet{ldapResult(done, ldap.LDAPResultOperationsError, "a bind with a name must come first")}
	}
	var wanted []string
	for _, name := range op.Children[7].Children {
		wanted = append(wanted, strings.ToLower(name.Data.String()))
	}
	all := len(wanted) == 0 || slices.Contains(wanted, "*") || slices.Contains(wanted, "+")
	attributes := ber.NewSequence("")
	for _, a := range standInDSE(s) {
		if all || slices.Contains(wanted, strings.ToLower(a.name)) {
			attributes.AppendChild(a.packet())
		}
	}
	entry := ldapOperation(ldap.ApplicationSearchResultEntry)
	entry.AppendChild(ldapString(""))
	entry.AppendChild(attributes)
	return []*ber.Packet{entry, ldapResult(done, ldap.LDAPResultSuccess, "")}
}

func extendLDAP(op *ber.Packet, s Stand) *ber.Packet {
	const extended = ldap.ApplicationExtendedResponse
	switch {
	case len(op.Children) == 0 || op.Children[0].Data.String() != ldapStartTLS:
		return ldapResult(extended, ldap.LDAPResultProtocolError, "only StartTLS is known here")
	case s.StartTLS == nil:
		return ldapResult(extended, ldap.LDAPResultUnavailable, "there is no certificate, or TLS is on already")
	}
	return ldapResult(extended, ldap.LDAPResultSuccess, "")
}

// A ldapAttribute is an attribute with its values.
type ldapAttribute struct {
	name   string
	values []string
}

func (a ldapAttribute) packet() *ber.Packet {
	set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	for _, v := range a.values {
		set.AppendChild(ldapString(v))
	}
	p := ber.NewSequence("")
	p.AppendChild(ldapString(a.name))
	p.AppendChild(set)
	return p
}
