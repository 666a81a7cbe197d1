// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"io"
	"net"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	raw "exreach/probe/protocol/ldap"
)

// answerLDAP is a directory server for those who have not logged in: it shows its
// rootDSE, starts TLS and binds only whom s knows.
func answerLDAP(conn net.Conn, s Stand) error {
	frames := raw.NewFrames(conn)
	for {
		request, err := frames.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		id, op, _ := raw.Parts(request)
		if op.Tag == ldap.ApplicationUnbindRequest {
			return nil
		}
		answers, upgrade := ldapReply(op, s)
		for _, answer := range answers {
			if _, err := conn.Write(raw.Message(id, answer).Bytes()); err != nil {
				return err
			}
		}
		if upgrade {
			if conn, err = s.StartTLS(conn); err != nil {
				return err
			}
			frames, s.StartTLS = raw.NewFrames(conn), nil
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
	return []*ber.Packet{raw.Result(op.Tag+1, ldap.LDAPResultUnwillingToPerform, "not here")}, false
}

func bindLDAP(op *ber.Packet, s Stand) *ber.Packet {
	const bound = ldap.ApplicationBindResponse
	switch {
	case len(op.Children) != 3:
		return raw.Result(bound, ldap.LDAPResultProtocolError, "a bind has three parts")
	case s.Version == "5.0" && op.Children[0].Value != int64(2):
		return raw.Result(bound, ldap.LDAPResultProtocolError, "this server knows LDAP version 2 only")
	case op.Children[2].Tag != 0:
		return raw.Result(bound, ldap.LDAPResultAuthMethodNotSupported, "only simple binds are known here")
	case op.Children[2].Data.Len() > 0 && !lets(s.Accounts, op.Children[1].Data.String(), op.Children[2].Data.String()):
		return raw.Result(bound, ldap.LDAPResultInvalidCredentials, "nobody has an account here")
	}
	return raw.Result(bound, ldap.LDAPResultSuccess, "")
}

// searchLDAP shows the rootDSE and nothing else.
func searchLDAP(op *ber.Packet, s Stand) []*ber.Packet {
	const done = ldap.ApplicationSearchResultDone
	switch {
	case len(op.Children) != 8:
		return []*ber.Packet{raw.Result(done, ldap.LDAPResultProtocolError, "a search has eight parts")}
	case s.Version == "5.0" || op.Children[0].Data.Len() > 0 || op.Children[1].Value != int64(ldap.ScopeBaseObject):
		return []*ber.Packet{raw.Result(done, ldap.LDAPResultOperationsError, "a bind with a name must come first")}
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
	entry := raw.Operation(ldap.ApplicationSearchResultEntry)
	entry.AppendChild(raw.OctetString(""))
	entry.AppendChild(attributes)
	return []*ber.Packet{entry, raw.Result(done, ldap.LDAPResultSuccess, "")}
}

func extendLDAP(op *ber.Packet, s Stand) *ber.Packet {
	const extended = ldap.ApplicationExtendedResponse
	switch {
	case len(op.Children) == 0 || op.Children[0].Data.String() != raw.StartTLSOID:
		return raw.Result(extended, ldap.LDAPResultProtocolError, "only StartTLS is known here")
	case s.StartTLS == nil:
		return raw.Result(extended, ldap.LDAPResultUnavailable, "there is no certificate, or TLS is on already")
	}
	return raw.Result(extended, ldap.LDAPResultSuccess, "")
}

// A ldapAttribute is an attribute with its values.
type ldapAttribute struct {
	name   string
	values []string
}

func (a ldapAttribute) packet() *ber.Packet {
	set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	for _, v := range a.values {
		set.AppendChild(raw.OctetString(v))
	}
	p := ber.NewSequence("")
	p.AppendChild(raw.OctetString(a.name))
	p.AppendChild(set)
	return p
}
