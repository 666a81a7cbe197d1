// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"

	"exreach/catalog"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// quotedFact names a fact as people know it, with its value: "X-OWA-Version 14.3.361.1".
func quotedFact(fact, value string) string {
	switch fact {
	case protocol.FactOWABuild:
		return "the path of OWA's pages " + value
	case protocol.FactServer:
		return "Server: " + value
	}
	return protocol.HeaderOf(fact) + " " + value
}

const buildTable = "Exchange Server build numbers and release dates"

// builds returns the signs that are build numbers, each once, and those that name a host of
// Exchange Online. A build that no known version has is a sign without versions.
func (a Answer) builds() []Sign {
	var signs []Sign
	add := func(build string, s Sign) {
		s.Versions, s.Source = a.releases.OfBuild(build), buildTable
		if len(s.Versions) > 0 && a.passedOnline() {
			s.Versions = a.releases.Of(catalog.ExchangeOnline) // whose builds were 15.0 and 15.1 until 2018
		}
		if s = a.ofExchange(s); !slices.ContainsFunc(signs, s.isSame) {
			signs = append(signs, s)
		}
	}
	for _, f := range protocol.BuildFacts {
		w := stated
		if f.Shared {
			w = faint
		}
		for value := range strings.SplitSeq(a.peer.Facts[f.Name], ",") { // a header that came twice
			value = strings.TrimSpace(value)
			_, build, found := strings.Cut(value, f.Before)
			if found && a.isBuild(f.Name, build) {
				add(build, Sign{Said: quotedFact(f.Name, value), weight: w})
			}
		}
	}
	for _, line := range a.greeting {
		said := quotedGreeting(line)
		for _, build := range a.greetedBuilds(line) {
			add(build, Sign{Said: said, weight: stated, greeting: true})
		}
		if name := greetedHost(line); ofOnline(name) {
			signs = append(signs, a.ofExchange(Sign{
				Said: "the host " + name + " in the greeting", Versions: a.releases.Of(catalog.ExchangeOnline), Source: "https://github.com/simonrob/email-oauth2-proxy/issues/109",
				weight: stated, greeting: true,
			}))
		}
	}
	return signs
}

// passedOnline reports whether the answer came through a server of Exchange Online.
func (a Answer) passedOnline() bool {
	return slices.ContainsFunc([]string{protocol.FactXBackEndTarget, protocol.FactXFrontEndTarget, protocol.FactXProxyInfo}, func(fact string) bool { return ofOnline(a.peer.Facts[fact]) })
}

// ofOnline reports whether a server's name is one of Exchange Online.
func ofOnline(name string) bool {
	return matches(name, ".outlook.com") || matches(name, ".partner.outlook.cn") || matches(name, ".exchangelabs.com")
}

// isBuild reports whether the value of a fact is a build, even one that no version has.
// Many products send a level of ActiveSync or a copied build: that fact counts only if
// Exchange or its web server answers.
func (a Answer) isBuild(fact, value string) bool {
	if !catalog.IsBuild(value) && a.releases.OfBuild(value) == nil {
		return false
	}
	w := a.peer.Web
	return fact != activeSync || w != nil && (w.Origin == web.OfExchange || w.Origin == web.OfIIS)
}

// activeSync is the fact that products other than Exchange send as well.
const activeSync = protocol.FactMSServerEAS

// greetedNumber finds the numbers of a greeting that may be builds. A number in brackets is
// an address.
var greetedNumber = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[^0-9.\[])([0-9]+(?:\.[0-9]+)+)`)
})

// newestWindows is the first number of the newest version of Windows.
const newestWindows = 10

// greetedBuilds returns the build numbers of Exchange in a line of a greeting that names
// it, in whatever language: "Microsoft Exchange 2000 POP3-Server, Version 6.0.6603.0". The
// SMTP service of Windows gives its own, and Exchange's if an administrator has put it there.
func (a Answer) greetedBuilds(line string) []string {
	windows := matches(line, "Microsoft ESMTP MAIL Service")
	if !windows && !matches(line, "Microsoft Exchange") {
		return nil
	}
	var builds []string
	for _, found := range greetedNumber().FindAllStringSubmatch(line, -1) {
		build := strings.TrimSuffix(found[1], ".")
		first, _, _ := strings.Cut(build, ".")
		if n, err := strconv.Atoi(first); windows && (err != nil || n <= newestWindows) {
			continue // its own: 5.0.2195, 8.0.9200
		}
		if a.releases.OfBuild(build) != nil || a.releases.IsNewBuild(build) {
			builds = append(builds, build)
		}
	}
	return builds
}

// greetedTail matches the end of a POP3 or IMAP4 greeting that names the server in UTF-16
// and Base64.
var greetedTail = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[([A-Za-z0-9+/]{16,}={0,2})\]\s*$`) })

// greetedHost returns the name of the server that greetedTail matches, "" if there is none.
func greetedHost(line string) string {
	if !strings.HasSuffix(strings.TrimSpace(line), "]") {
		return ""
	}
	found := greetedTail().FindStringSubmatch(line)
	if found == nil {
		return ""
	}
	octets, err := base64.StdEncoding.DecodeString(found[1])
	if err != nil || len(octets)%2 != 0 {
		return ""
	}
	units := make([]uint16, 0, len(octets)/2)
	for i := 0; i < len(octets); i += 2 {
		units = append(units, uint16(octets[i])|uint16(octets[i+1])<<8)
	}
	return wire.Printable(string(utf16.Decode(units)), maxHost)
}

// maxHost is the length of a host's name, at most (RFC 1035 section 2.3.4).
const maxHost = 255
