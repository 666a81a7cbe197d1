// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	ldapwire "exreach/probe/protocol/ldap"
	"exreach/probe/protocol/wire"
)

// rootDSEFacts are the attributes of a rootDSE that hold one value each, by the
// name of the fact (MS-ADTS, section 3.1.1.3.2; RFC 3045).
var rootDSEFacts = []struct{ fact, attribute string }{
	{FactCurrentTime, "currentTime"},
	{FactDefaultContext, "defaultNamingContext"},
	{FactDNSHostName, "dnsHostName"},
	{FactDCFunctionality, "domainControllerFunctionality"},
	{FactDomainLevel, "domainFunctionality"},
	{FactDSService, "dsServiceName"},
	{FactForestLevel, "forestFunctionality"},
	{FactGlobalCatalog, "isGlobalCatalogReady"},
	{FactLDAPService, "ldapServiceName"},
	{FactSynchronized, "isSynchronized"},
	{FactVendor, "vendorName"},
	{FactVendorVersion, "vendorVersion"},
}

// rootDSELists are the attributes of a rootDSE that hold a list (RFC 4512, section 5.1).
// Each value becomes a capability of the Peer, behind the word in before.
var rootDSELists = []struct{ before, attribute string }{
	{"version ", "supportedLDAPVersion"},
	{"sasl ", "supportedSASLMechanisms"},
	{"naming context ", "namingContexts"},
	{"capability ", "supportedCapabilities"},
	{"extension ", "supportedExtension"},
}

// Capabilities of Active Directory and its kin (MS-ADTS, section 3.1.1.3.4.3).
const (
	capabilityAD   = "1.2.840.113556.1.4.800"
	capabilityADAM = "1.2.840.113556.1.4.1851" // AD LDS, which was called ADAM
)

// oidNames says what an administrator calls an object identifier.
var oidNames = map[string]string{
	capabilityAD:              "Active Directory",
	capabilityADAM:            "AD LDS",
	"1.2.840.113556.1.4.1670": "Windows Server 2003",
	"1.2.840.113556.1.4.1791": "signing and sealing",
	"1.2.840.113556.1.4.1880": "AD LDS with Digest",
	"1.2.840.113556.1.4.1920": "read-only domain controller",
	"1.2.840.113556.1.4.1935": "Windows Server 2008",
	"1.2.840.113556.1.4.2080": "Windows Server 2008 R2",
	"1.2.840.113556.1.4.2237": "Windows Server 2012",
	"1.3.6.1.4.1.4203.1.11.1": "password modify",
	"1.3.6.1.4.1.4203.1.11.3": "who am I",
	ldapwire.StartTLSOID:      "StartTLS",
}

// rootDSESearch asks for the rootDSE. It names each attribute: they are operational, and
// no wildcard for all of them works with every server. A server passes over the attribute
// that has our name, because it does not know it (RFC 4511 section 4.5.1.8).
func rootDSESearch(q Question) *ldap.SearchRequest {
	var names []string
	for _, f := range rootDSEFacts {
		names = append(names, f.attribute)
	}
	for _, l := range rootDSELists {
		names = append(names, l.attribute)
	}
	names = append(names, q.attributes()...)
	return ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", names, nil)
}

// attributes has the attribute whose name holds the token, and nothing without a token.
func (q Question) attributes() []string {
	if q.Token == "" {
		return nil
	}
	return []string{"exreach-" + q.Token}
}

// A Directory is what an answer over LDAP says. The judges of package report read it: the
// facts are for people.
type Directory struct {
	Kind     Kind
	NotReady bool // it says that its global catalogue may not be used yet
	Result   int  // the number of the result by which it turned us away; 0 if it did not
}

// A Kind is what a directory is.
type Kind string

// The kinds.
const (
	DomainController Kind = "domain controller"
	GlobalCatalogue  Kind = "global catalogue" // a domain controller, at one of the ports for that
	ADLDS            Kind = "AD LDS"
	OtherDirectory   Kind = "LDAP server"
)

// ldapTime is how LDAP writes a time (RFC 4517 section 3.3.13).
const ldapTime = "20060102150405.0Z"

// describeLDAP notes what the rootDSE says. An Exchange 5.5 directory may have
// an empty one, or none.
func describeLDAP(found *ldap.SearchResult, q Question, p *Peer) {
	dse := &ldap.Entry{}
	if len(found.Entries) > 0 {
		dse = found.Entries[0]
	}
	kind := kindLDAP(dse, q.Service.Ports.First)
	p.fact(FactKind, string(kind))
	p.Directory = &Directory{Kind: kind, NotReady: strings.EqualFold(dse.GetEqualFoldAttributeValue("isGlobalCatalogReady"), "FALSE")}
	if at, err := time.Parse(ldapTime, dse.GetEqualFoldAttributeValue("currentTime")); err == nil {
		p.Clock = &Clock{Server: at}
	}
	for _, f := range rootDSEFacts {
		p.fact(f.fact, dse.GetEqualFoldAttributeValue(f.attribute))
	}
	for _, l := range rootDSELists {
		for _, value := range dse.GetEqualFoldAttributeValues(l.attribute) {
			p.Capabilities = append(p.Capabilities, wire.Numbered(l.before+value, oidNames[value]))
		}
	}
}

// globalCatalogPorts are those of the global catalogue, plain and with TLS.
var globalCatalogPorts = []uint16{3268, 3269}

// kindLDAP tells a domain controller, a global catalogue and AD LDS from other
// servers. A global catalogue that is not ready answers on its port, but only with the
// domain's own objects: that is a domain controller.
func kindLDAP(dse *ldap.Entry, port uint16) Kind {
	capabilities := dse.GetEqualFoldAttributeValues("supportedCapabilities")
	ready := strings.EqualFold(dse.GetEqualFoldAttributeValue("isGlobalCatalogReady"), "TRUE")
	switch {
	case slices.Contains(capabilities, capabilityADAM):
		return ADLDS
	case !slices.Contains(capabilities, capabilityAD):
		return OtherDirectory
	case ready && slices.Contains(globalCatalogPorts, port):
		return GlobalCatalogue
	}
	return DomainController
}

// refuseLDAP notes the refusal of a server that did not show its rootDSE.
func refuseLDAP(r *ldapwire.Refusal, p *Peer) {
	p.fact(FactKind, string(OtherDirectory))
	p.refusedLDAP(r)
	p.Directory.Kind = OtherDirectory
}

// refusedLDAP notes the result by which the server turned us away. It replaces p.Directory.
func (p *Peer) refusedLDAP(r *ldapwire.Refusal) {
	p.fact(FactResultCode, strconv.Itoa(r.Code))
	p.Directory = &Directory{Result: r.Code}
	p.fact(FactWindowsError, r.WindowsError())
	p.turnAway(r.Error(), reasonOfLDAP(r))
}

// ldapReasons says what a result means to a client that has not logged in (RFC 4511
// appendix A.2). Servers that let no client in without a login give any of the
// first six: OpenLDAP 8 and 48, 389 Directory Server 48, OpenDJ 53, others 50.
var ldapReasons = map[int]wire.Reason{
	ldap.LDAPResultStrongAuthRequired:          wire.NeedsLogin,
	ldap.LDAPResultConfidentialityRequired:     wire.NeedsLogin,
	ldap.LDAPResultInappropriateAuthentication: wire.NeedsLogin,
	ldap.LDAPResultInvalidCredentials:          wire.NeedsLogin,
	ldap.LDAPResultInsufficientAccessRights:    wire.NeedsLogin,
	ldap.LDAPResultUnwillingToPerform:          wire.NeedsLogin,
	ldap.LDAPResultReferral:                    wire.OurQuestion,
	ldap.LDAPResultBusy:                        wire.Unavailable,
	ldap.LDAPResultUnavailable:                 wire.Unavailable,
}

// notAuthenticated is ERROR_NOT_AUTHENTICATED (MS-ERREF section 2.2), which
// Active Directory puts behind an operations error.
const notAuthenticated = "000004DC"

func reasonOfLDAP(r *ldapwire.Refusal) wire.Reason {
	if r.WindowsError() == notAuthenticated {
		return wire.NeedsLogin
	}
	return ldapReasons[r.Code]
}
