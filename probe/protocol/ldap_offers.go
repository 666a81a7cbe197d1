// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"slices"
	"strings"

	raw "exreach/probe/protocol/ldap"
)

// directoryCapabilities are those of Active Directory that came with a version of
// Windows Server, in that order: 2003, signing and sealing, 2008, 2008 R2 and 2012
// (MS-ADTS, section 3.1.1.3.4.3). No later version added one.
var directoryCapabilities = []string{
	"1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1791", "1.2.840.113556.1.4.1935", "1.2.840.113556.1.4.2080", "1.2.840.113556.1.4.2237",
}

// directoryLevels are the functional levels of the domain controllers that a version
// of Exchange usually met, and how many of directoryCapabilities these have; "" stands for any other. Those of 2000 have none yet. 10 is Windows
// Server 2025 (MS-ADTS, section 6.1.4.2).
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
		{"supportedExtension", []string{raw.StartTLSOID}},
		{"isSynchronized", []string{"TRUE"}},
	}
	at, known := directoryLevels[s.Version]
	if !known {
		at = directoryLevels[""]
	}
	has := directoryCapabilities[:at.capabilities]
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
	if at.level == "" {
		return directory
	}
	for _, name := range []string{"domainFunctionality", "forestFunctionality", "domainControllerFunctionality"} {
		directory = append(directory, ldapAttribute{name, []string{at.level}})
	}
	return directory
}
