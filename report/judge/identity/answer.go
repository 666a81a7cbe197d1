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

// An Answer is what a service said. Some hundred patterns are held against it.
type Answer struct {
	service, protocol, path string // path is "" for other protocols than HTTP
	port                    uint16
	verdict                 probe.Verdict
	peer                    *protocol.Peer // nil where nothing is known of one
	greeting, lower         []string       // the lines of the greeting, and the same in lower case
	releases                *catalog.Releases
}

// AnswerTo is what the service of the result said.
func AnswerTo(r probe.Result) Answer {
	of := r.Check.Service
	return Answer{service: of.Name, protocol: of.Protocol, path: of.Page(), port: r.Port, verdict: r.Verdict, peer: r.Peer, releases: r.Check.Releases}.withGreeting()
}

// withGreeting takes the lines of the greeting from the peer.
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

// greets returns the line of the greeting that has the words.
func (a Answer) greets(words string) (string, bool) {
	words = strings.ToLower(words)
	i := slices.IndexFunc(a.lower, func(line string) bool { return matchesLower(line, words) })
	if i < 0 {
		return "", false
	}
	return a.greeting[i], true
}

// offers reports whether a capability begins with these words: a keyword alone, or
// with what stands behind it.
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

// mask is a greeting after a firewall's SMTP inspection has been at it: Cisco's
// leaves the digits 2 and 0 (PIX from 5.1 on, ASA), or nothing. Before, it said
// SMTP/cmap and what it had made of the rest.
var mask = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^220[ -]?[*20 ]*\*{4}[*20 ]*(?:\\r|$)|^220 SMTP/cmap`)
})

// IsMasked reports whether a firewall has overwritten a greeting.
func IsMasked(greeting string) bool { return mask().MatchString(greeting) }

// maskedKeyword is what Cisco's inspection makes of an EHLO keyword.
var maskedKeyword = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^X{3,}[A-Z]?$`) })

// MaskedKeyword is the first keyword that is written over.
func (a Answer) MaskedKeyword() string {
	for _, line := range a.peer.Capabilities {
		if word := Keyword(line); maskedKeyword().MatchString(word) {
			return word
		}
	}
	return ""
}

// Keyword is the first word of a capability.
func Keyword(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return strings.ToUpper(word)
}

// windowsSMTP is the greeting of the SMTP service that is part of Windows (IIS).
// Exchange 2000 and 2003 run in it; later ones have their own.
var windowsSMTP = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)Microsoft ESMTP MAIL Service,? Version: ([0-9.]+)`)
})

// WindowsSMTP is the version of the SMTP service of Windows, where its greeting tells
// one. Some administrators have put Exchange's there.
func (a Answer) WindowsSMTP() string {
	for _, line := range a.greeting {
		if found := windowsSMTP().FindStringSubmatch(line); found != nil && a.greetedBuilds(line) == nil {
			return found[1]
		}
	}
	return ""
}
