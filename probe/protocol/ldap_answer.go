// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"io"
	"net"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	ldapwire "exreach/probe/protocol/ldap"
)

// answerLDAP is a directory server that shows every client its rootDSE, and nothing
// else. It starts TLS, and takes simple binds of the accounts of s and anonymous ones.
func answerLDAP(conn net.Conn, s Stand) error {
	frames := ldapwire.NewFrames(conn)
	for {
		request, err := frames.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		id, op, _ := ldapwire.Parts(request)
		if op.Tag == ldap.ApplicationUnbindRequest {
			return nil
		}
		answers, upgrade := ldapReply(op, s)
		for _, answer := range answers {
			if _, err := conn.Write(ldapwire.Message(id, answer).Bytes()); err != nil {
				return err
			}
		}
		if upgrade {
			if conn, err = s.StartTLS(conn); err != nil {
				return err
			}
			frames, s.StartTLS = ldapwire.NewFrames(conn), nil
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
	return []*ber.Packet{ldapwire.Result(op.Tag+1, ldap.LDAPResultUnwillingToPerform, "not here")}, false
}

func bindLDAP(op *ber.Packet, s Stand) *ber.Packet {
	const bound = ldap.ApplicationBindResponse
	switch {
	case len(op.Children) != 3:
		return ldapwire.Result(bound, ldap.LDAPResultProtocolError, "a bind has three parts")
	case s.Version == "5.0" && op.Children[0].Value != int64(2):
		return ldapwire.Result(bound, ldap.LDAPResultProtocolError, "this server knows LDAP version 2 only")
	case op.Children[2].Tag != 0:
		return ldapwire.Result(bound, ldap.LDAPResultAuthMethodNotSupported, "only simple binds are known here")
	case op.Children[2].Data.Len() > 0 && !lets(s.Accounts, op.Children[1].Data.String(), op.Children[2].Data.String()):
		return ldapwire.Result(bound, ldap.LDAPResultInvalidCredentials, "there are no accounts here")
	}
	return ldapwire.Result(bound, ldap.LDAPResultSuccess, Mark)
}

// searchLDAP shows the rootDSE and nothing else.
func searchLDAP(op *ber.Packet, s Stand) []*ber.Packet {
	const done = ldap.ApplicationSearchResultDone
	switch {
	case len(op.Children) != 8:
		return []*ber.Packet{ldapwire.Result(done, ldap.LDAPResultProtocolError, "a search has eight parts")}
	case s.Version == "5.0" || op.Children[0].Data.Len() > 0 || op.Children[1].Value != int64(ldap.ScopeBaseObject):
		return []*ber.Packet{ldapwire.Result(done, ldap.LDAPResultOperationsError, "a bind with a name must come first")}
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
	entry := ldapwire.Operation(ldap.ApplicationSearchResultEntry)
	entry.AppendChild(ldapwire.OctetString(""))
	entry.AppendChild(attributes)
	return []*ber.Packet{entry, ldapwire.Result(done, ldap.LDAPResultSuccess, Mark)}
}

func extendLDAP(op *ber.Packet, s Stand) *ber.Packet {
	const extended = ldap.ApplicationExtendedResponse
	switch {
	case len(op.Children) == 0 || op.Children[0].Data.String() != ldapwire.StartTLSOID:
		return ldapwire.Result(extended, ldap.LDAPResultProtocolError, "only StartTLS is known here")
	case s.StartTLS == nil:
		return ldapwire.Result(extended, ldap.LDAPResultUnavailable, "there is no certificate, or TLS is on already")
	}
	return ldapwire.Result(extended, ldap.LDAPResultSuccess, "")
}

// A ldapAttribute is an attribute with its values.
type ldapAttribute struct {
	name   string
	values []string
}

func (a ldapAttribute) packet() *ber.Packet {
	set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	for _, v := range a.values {
		set.AppendChild(ldapwire.OctetString(v))
	}
	p := ber.NewSequence("")
	p.AppendChild(ldapwire.OctetString(a.name))
	p.AppendChild(set)
	return p
}

// directoryCapabilities are the capabilities that versions of Windows Server added to
// Active Directory, in their order: 2003, signing and sealing, 2008, 2008 R2 and 2012
// (MS-ADTS, section 3.1.1.3.4.3). No later version added one.
var directoryCapabilities = []string{
	"1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1791", "1.2.840.113556.1.4.1935", "1.2.840.113556.1.4.2080", "1.2.840.113556.1.4.2237",
}

// directoryLevels are the functional levels of the domain controllers that a version
// of Exchange usually met, and how many of directoryCapabilities these have; "" stands
// for any other version. The domain controllers of Exchange 2000 have no level yet. 10 is
// Windows Server 2025 (MS-ADTS, section 6.1.4.2).
var directoryLevels = map[string]struct {
	level        string
	capabilities int
}{
	"2000": {"", 0},
	"2003": {"2", 2},
	"2007": {"3", 3},
	"2010": {"4", 4},
	"2013": {"6", 5},
	"se":   {"10", 5},
	"":     {"7", 5},
}

// standInDSE is the rootDSE of the server that s stands for.
func standInDSE(s Stand) []ldapAttribute {
	short, domain, _ := strings.Cut(s.Host, ".")
	root := "DC=" + strings.ReplaceAll(domain, ".", ",DC=")
	site := "CN=Default-First-Site-Name,CN=Sites,CN=Configuration," + root
	directory := []ldapAttribute{
		{"supportedLDAPVersion", []string{"3", "2"}},
		{"dnsHostName", []string{s.Host}},
		{"dsServiceName", []string{"CN=NTDS Settings,CN=" + strings.ToUpper(short) + ",CN=Servers," + site}},
		{"supportedSASLMechanisms", []string{"GSSAPI", "GSS-SPNEGO", "EXTERNAL", "DIGEST-MD5"}},
		{"supportedExtension", []string{ldapwire.StartTLSOID}},
		{"isSynchronized", []string{"TRUE"}},
	}
	windows, ok := directoryLevels[s.Version]
	if !ok {
		windows = directoryLevels[""]
	}
	has := directoryCapabilities[:windows.capabilities]
	switch {
	case s.Version == "davmail":
		return []ldapAttribute{{"objectClass", []string{"top"}}, {"namingContexts", []string{"ou=people"}}}
	case s.Service.Name == "srs" || s.Version == "5.5" || s.Service.Role == "server" && slices.Contains([]string{"2000", "2003"}, s.Version):
		return []ldapAttribute{{"supportedLDAPVersion", []string{"2", "3"}}} // the directory of 5.5
	case strings.HasPrefix(s.Service.Name, "edge-ldap"):
		return append(directory,
			ldapAttribute{"supportedCapabilities", slices.Concat([]string{capabilityADAM}, has, []string{"1.2.840.113556.1.4.1880"})},
			ldapAttribute{"namingContexts", []string{"CN=Configuration,CN={5A1F2C0E-8B7D-4D6C-9E35-0F4B6A7C8D21}", "OU=MSExchangeGateway"}})
	}
	directory = append(directory,
		ldapAttribute{"supportedCapabilities", append([]string{capabilityAD}, has...)},
		ldapAttribute{"namingContexts", []string{root, "CN=Configuration," + root}},
		ldapAttribute{"defaultNamingContext", []string{root}},
		ldapAttribute{"ldapServiceName", []string{domain + ":" + strings.ToLower(short) + "$@" + strings.ToUpper(domain)}},
		ldapAttribute{"isGlobalCatalogReady", []string{"TRUE"}})
	if windows.level == "" {
		return directory
	}
	for _, name := range []string{"domainFunctionality", "forestFunctionality", "domainControllerFunctionality"} {
		directory = append(directory, ldapAttribute{name, []string{windows.level}})
	}
	return directory
}
