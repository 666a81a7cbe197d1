// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// exchangeVersions is every version of Exchange Server, in the order of release.
var exchangeVersions = []string{"4.0", "5.0", "5.5", "2000", "2003", "2007", "2010", "2013", "2016", "2019", "se"}

// online is the version that runs at Microsoft's, and speaks as the newest does.
const online = "online"

// davmail is the gateway that speaks the older protocols before Exchange.
const davmail = "davmail"

// since reports whether version is first or a later one.
func since(first, version string) bool {
	return slices.Index(exchangeVersions, version) >= slices.Index(exchangeVersions, first)
}

// upFrom is a version and all that came after it, Exchange Online too.
func upFrom(first string) []string {
	return append(slices.Clone(exchangeVersions[slices.Index(exchangeVersions, first):]), online)
}

// A sign is a greeting that some versions have and others have not. Setup and
// administrators may translate or change the text, so that each sign is as short
// as can be.
type sign struct {
	protocol string
	greeting string // what it says, in this order: * is anything, ersion is Version or version
	versions []string
}

// signs are the greetings that tell a version (Rapid7 recog, nmap). The SMTP and
// NNTP services of 2000 and 2003 are those of Windows: 2003 runs on Windows 2000
// (5.0.2195) as well as on Windows Server 2003 (6.0.3790).
var signs = []sign{
	{"smtp", "Microsoft Exchange Internet Mail Connector", []string{"4.0"}},
	{"smtp", "Microsoft Exchange Internet Mail Service 5.0.", []string{"5.0"}},
	{"smtp", "Microsoft Exchange Internet Mail Service 5.5.", []string{"5.5"}},
	{"smtp", "Microsoft ESMTP MAIL Service, Version: 5.0.2195.", []string{"2000", "2003"}},
	{"smtp", "Microsoft ESMTP MAIL Service, Version: 6.0.3790.", []string{"2003"}},
	{"smtp", "Microsoft ESMTP MAIL Service ready", upFrom("2007")},
	{"pop3", "Microsoft Exchange*ersion 5.0.", []string{"5.0"}},
	{"pop3", "Microsoft Exchange*ersion 5.5.", []string{"5.5"}},
	{"pop3", "Microsoft Exchange*ersion 6.0.", []string{"2000"}},
	{"pop3", "Microsoft Exchange*ersion 6.5.", []string{"2003"}},
	{"pop3", "Microsoft Exchange Server 2007 POP3", []string{"2007"}},
	{"pop3", "The Microsoft Exchange POP3 service is ready", upFrom("2010")},
	{"imap", "Microsoft Exchange*ersion 5.5.", []string{"5.5"}},
	{"imap", "Microsoft Exchange*ersion 6.0.", []string{"2000"}},
	{"imap", "Microsoft Exchange*ersion 6.5.", []string{"2003"}},
	{"imap", "Microsoft Exchange Server 2007 IMAP4", []string{"2007"}},
	{"imap", "The Microsoft Exchange IMAP4 service is ready", upFrom("2010")},
	{"nntp", "NNTP Service 5.00.* Version: 5.0.2195.", []string{"2000", "2003"}},
	{"nntp", "NNTP Service 6.0.3790.", []string{"2003"}},
	{"link-state", "Version: 6.0.*Microsoft Routing Server", []string{"2000"}},
	{"link-state", "Version: 6.5.*Microsoft Routing Server", []string{"2003"}},
	{"smtp", "DavMail", []string{"davmail"}},
	{"pop3", "DavMail", []string{"davmail"}},
	{"imap", "DavMail", []string{"davmail"}},
}

// on reports whether a greeting has the sign.
func (s sign) on(greeting string) bool {
	for part := range strings.SplitSeq(s.greeting, "*") {
		i := strings.Index(greeting, part)
		if i < 0 {
			return false
		}
		greeting = greeting[i+len(part):]
	}
	return true
}

// Versions returns the versions that the peer of an entry can be by its own
// account, in the order of release, and what it said for it: several where that
// is ambiguous, none where it said nothing of the kind. Exchange Online is among
// them as "online", DavMail as "davmail".
func Versions(e Entry) (candidates []string, from string) {
	if e.Verdict != string(probe.Answered) || e.Peer == nil {
		return nil, ""
	}
	return admitted(e.Protocol, e.Peer)
}

// admitted is Versions, of a peer that answered.
func admitted(protocol string, p *protocol.Peer) (candidates []string, said string) {
	for _, h := range buildHeaders {
		if candidates = versionsOf(p.Facts[h.fact]); candidates != nil {
			return candidates, h.header + " " + p.Facts[h.fact]
		}
	}
	if name := p.Facts["x_feserver"]; name != "" {
		return upFrom("2013"), "the header X-FEServer, which came with 2013"
	}
	for _, s := range signs {
		if s.protocol == protocol && s.on(p.Greeting) {
			return s.versions, fmt.Sprintf("the greeting %q", p.Greeting)
		}
	}
	return nil, ""
}

// buildHeaders are the headers that hold a build number, as facts.
var buildHeaders = []struct{ fact, header string }{
	{"x_owa_version", "X-OWA-Version"},
	{"ms_webstorage", "MS-WebStorage"},
	{"ms_server_activesync", "MS-Server-ActiveSync"},
}

// builds are the versions by the beginning of their build number, as
// Get-ExchangeServer and X-OWA-Version show it.
var builds = map[[2]int]string{
	{6, 0}: "2000", {6, 5}: "2003", {8, 0}: "2007", {8, 1}: "2007", {8, 2}: "2007", {8, 3}: "2007",
	{14, 0}: "2010", {14, 1}: "2010", {14, 2}: "2010", {14, 3}: "2010",
	{15, 0}: "2013", {15, 1}: "2016", {15, 2}: "2019", {15, 20}: online,
}

// firstSE is the third number of the first build of the Subscription Edition,
// which is 15.2 as 2019 is. It is not confirmed by the sources of the catalogue.
const firstSE = 2562

// versionsOf returns the version of a build number such as 15.2.1544.4.
func versionsOf(build string) []string {
	var parts []int
	for part := range strings.SplitSeq(build, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		parts = append(parts, n)
	}
	if len(parts) < 2 {
		return nil
	}
	version, known := builds[[2]int{parts[0], parts[1]}]
	switch {
	case !known:
		return nil
	case version == "2019" && len(parts) < 3:
		return []string{"2019", "se"}
	case version == "2019" && parts[2] >= firstSE:
		return []string{"se"}
	}
	return []string{version}
}

// exchange reports whether the check is of an Exchange server.
func (s seen) exchange() bool {
	return slices.Contains(exchangeVersions, s.Check.Version) && !slices.Contains(catalog.SupportRoles, s.Check.Service.Role)
}

// versionDiffers: the server admits to another version than the one it was
// checked as. What the SMTP service of Windows answers is told apart.
func versionDiffers(s seen) bool {
	if !s.wanted() || !s.exchange() || s.Verdict != probe.Answered || s.Peer == nil || iisSMTP(s) {
		return false
	}
	candidates, _ := admitted(s.Check.Service.Protocol, s.Peer)
	return len(candidates) > 0 && !slices.Contains(candidates, s.Check.Version)
}

func sayVersionDiffers(s seen) (text, hint string) {
	candidates, said := admitted(s.Check.Service.Protocol, s.Peer)
	text = fmt.Sprintf("The server was checked as %s and says that it is %s: %s.", s.Check.Version, strings.Join(candidates, " or "), said)
	if slices.Equal(candidates, []string{"2019"}) || slices.Equal(candidates, []string{"se"}) {
		text += fmt.Sprintf(" Both have 15.2; that SE begins with 15.2.%d is not confirmed.", firstSE)
	}
	return text, fmt.Sprintf("Check it as what it is (--version %s, or the topology file): other ports may be wanted.", candidates[len(candidates)-1])
}
