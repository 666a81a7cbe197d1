// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// An Answer is what a service said. Signs compares some hundred patterns with it.
type Answer struct {
	service, protocol, path string // path is "" for other protocols than HTTP
	port                    uint16
	verdict                 probe.Verdict
	peer                    *protocol.Peer // nil where nothing is known of one
	greeting, lower         []string       // the lines of the greeting, and the same in lower case
	releases                *catalog.Releases
}

// AnswerTo returns what the service of a result said.
func AnswerTo(r probe.Result) Answer {
	of := r.Check.Service
	return Answer{service: of.Name, protocol: of.Protocol, path: of.Page(), port: r.Port, verdict: r.Verdict, peer: r.Peer, releases: r.Check.Releases}.withGreeting()
}

// withGreeting sets the lines of the greeting from the peer.
func (a Answer) withGreeting() Answer {
	if a.peer == nil {
		return a
	}
	a.greeting = append([]string{a.peer.Greeting}, a.peer.GreetingRest...)
	for _, line := range a.greeting {
		a.lower = append(a.lower, strings.ToLower(line))
	}
	return a
}

// greets returns the first line of the greeting that matches the words.
func (a Answer) greets(words string) (string, bool) {
	words = strings.ToLower(words)
	i := slices.IndexFunc(a.lower, func(line string) bool { return matchesLower(line, words) })
	if i < 0 {
		return "", false
	}
	return a.greeting[i], true
}

// offers reports whether the answer has a capability of this keyword. If words has more
// than the keyword, the rest is a pattern that the text behind the keyword must match.
func (a Answer) offers(words string) bool {
	first, rest, more := strings.Cut(words, " ")
	return slices.ContainsFunc(a.peer.Capabilities, func(line string) bool {
		word, after, _ := strings.Cut(line, " ")
		return strings.EqualFold(word, first) && (!more || matches(after, rest))
	})
}

// matches reports whether text has all parts of a pattern in their order, in upper or lower
// case. An asterisk stands for anything between two parts. Setup translates texts and
// administrators change them, so a pattern is as short as possible.
func matches(text, pattern string) bool {
	return matchesLower(strings.ToLower(text), strings.ToLower(pattern))
}

// matchesLower is matches for a text and a pattern in lower case.
func matchesLower(text, pattern string) bool {
	for part := range strings.SplitSeq(pattern, "*") {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// mask matches a greeting that a firewall's SMTP inspection has overwritten: Cisco's
// leaves the digits 2 and 0 (PIX from 5.1 on, ASA), or nothing. Before 5.1, PIX said
// SMTP/cmap and what it had made of the rest.
var mask = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^220[ -]?[*20 ]*\*{4}[*20 ]*(?:\\r|$)|^220 SMTP/cmap`)
})

// IsMasked reports whether a firewall has overwritten a greeting.
func IsMasked(greeting string) bool { return mask().MatchString(greeting) }

// maskedKeyword matches what Cisco's inspection makes of an EHLO keyword.
var maskedKeyword = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^X{3,}[A-Z]?$`) })

// MaskedKeyword returns the first keyword that a firewall has overwritten, "" if none.
func (a Answer) MaskedKeyword() string {
	for _, line := range a.peer.Capabilities {
		if word := Keyword(line); maskedKeyword().MatchString(word) {
			return word
		}
	}
	return ""
}

// Keyword returns the first word of a capability, in capitals.
func Keyword(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return strings.ToUpper(word)
}

// windowsSMTP matches the greeting of the SMTP service that is part of Windows (IIS).
// Exchange 2000 and 2003 run in it; later versions have their own service.
var windowsSMTP = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)Microsoft ESMTP MAIL Service,? Version: ([0-9.]+)`)
})

// WindowsSMTP returns the version in the greeting of the SMTP service of Windows, "" if
// there is none. A version of Exchange, which some administrators put there, does not count.
func (a Answer) WindowsSMTP() string {
	for _, line := range a.greeting {
		if found := windowsSMTP().FindStringSubmatch(line); found != nil && a.greetedBuilds(line) == nil {
			return found[1]
		}
	}
	return ""
}
