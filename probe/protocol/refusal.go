// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"regexp"
	"strings"
	"sync"

	"exreach/probe/protocol/wire"
)

// turnAway notes a refusal; empty strings take back the one before.
func (p *Peer) turnAway(text string, why wire.Reason) { p.Refusal, p.Reason = text, why }

// whenAsked compiles a pattern only when a caller first asks for it: few runs meet a
// refusal, and otherwise every start would pay for it.
func whenAsked(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// What mail servers say when they have something against us. They have no codes
// for it, or do not use them.
var (
	nameWords  = whenAsked(`(?i)\b(?:helo|ehlo|host ?name|domain name|fqdn|fully[- ]qualified)\b`)
	banWords   = whenAsked(`(?i)\b(?:banned|blocked|(?:block|black|deny) ?list(?:ed)?|spamhaus|spamcop|(?:dns)?[rb]bl|reputation|fail2ban|intrusion prevention)\b|\bclient host rejected: access denied`)
	ptrWords   = whenAsked(`(?i)\breverse (?:dns|host ?name|mapping|lookup|record)|\brDNS\b|\bPTR\b|\bcannot (?:find|resolve) your (?:host ?name|address)`)
	limitWords = whenAsked(`(?i)\bthrottl|\bgr[ea]y-?list|\btoo (?:many|fast|often)\b|\brate.?limit|\b(?:limit|maximum)\b.*\bexceeded\b|\bexceeded\b.*\blimit\b|\bmaximum number\b|\[(?:LIMIT|IN-?USE|LOGIN-DELAY)\]`)
	// Exchange numbers why it closes a connection (MailKit issue 849 has 14, node-imap issue 561 has 15).
	troubleWords = whenAsked(`(?i)\bconnection (?:is )?closed\. \d|\bunavailable\b|\bnot available\b|\bshutting down\b|\boverload|\btry again later\b|\[(?:UNAVAILABLE|SYS/TEMP|SERVERBUG)\]`)
)

// reasonOf returns the reason that a mail server's words tell, "" where they tell none.
func reasonOf(text string) wire.Reason {
	switch {
	case limitWords().MatchString(text):
		return wire.Limited
	case ptrWords().MatchString(text):
		return wire.OurName
	case banWords().MatchString(text):
		return wire.OurAddress
	case troubleWords().MatchString(text):
		return wire.Unavailable
	}
	return ""
}

// mute reports whether text is how Exchange refuses a command that it knows but does
// not take in its present state. If it says so to a command that is good at any time,
// it takes none at all.
func mute(text string) bool {
	return strings.Contains(text, "Command is not valid in this state") || strings.Contains(text, "Command received in Invalid state")
}

// leftSaying notes a refusal, and reports that it did, if a mail server refused a
// command that is good at any time, gave a reason, and hung up (err): the server then
// turned us away, not the command.
func (p *Peer) leftSaying(refused string, err error) bool {
	why := reasonOf(refused)
	if why == "" || err == nil || !hungUp(err) {
		return false
	}
	delete(p.Facts, FactStartTLS)
	p.turnAway(refused, why)
	return true
}

// muteMail notes that a mail server takes no command. That it does not take the one
// that starts TLS is then no fact of its own.
func muteMail(p *Peer, said string) {
	delete(p.Facts, FactStartTLS)
	p.turnAway(said, wire.NoCommands)
}
