// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/wire"
)

// reason is why the server turned us away, "" if it did not, or did not say.
func (s seen) reason() wire.Reason {
	if s.peer().Refusal == "" {
		return ""
	}
	return s.Peer.Reason
}

// quote is a sentence with what the peer said first, "" if there is nothing to read in it.
func (s seen) quote() string {
	escapes := strings.Count(s.Evidence, `\x`)
	switch {
	case s.Evidence == "":
		return ""
	case tlsRecord().MatchString(s.Evidence):
		return " What came is TLS."
	case len(`\x00`)*escapes > len(s.Evidence)/3: // mostly binary: a person cannot read it
		return ""
	}
	return fmt.Sprintf(" It said: %s", strings.TrimSuffix(s.Evidence, `\r\n`))
}

// tlsRecord matches evidence that begins with a TLS record: an alert or a handshake (RFC
// 8446 section 5.1).
var tlsRecord = lazily(`^\\x1[56]\\x03`)

// lazily compiles a pattern at the first use, because few runs use it.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// saidByHost reports whether the host itself turned a connect away: with a reset, or in an
// ICMP message of its own.
func saidByHost(r probe.Result) bool {
	switch {
	case r.SaidBy.IsValid():
		return r.SaidBy == r.Address
	case r.Port == 0: // an endpoint mapper said so
		return false
	}
	return r.Verdict == probe.Refused
}

// refuses: the server turns us away, for a reason that has no finding of its own.
func refuses(s seen) bool {
	ownWords := []func(seen) bool{refusesStrangers, nameRefused, refusesAddress, limitsAddress, takesNoCommands, hasNoRootDSE}
	return s.Peer != nil && s.Peer.Refusal != "" && s.wanted() && !slices.ContainsFunc(ownWords, func(f func(seen) bool) bool { return f(s) })
}

// refusesRequired: other clients would be refused as well. A server that turns us away
// for our name or our question may work well for them.
func refusesRequired(s seen) bool {
	return refuses(s) && s.required() && s.reason() != wire.OurName && s.reason() != wire.OurQuestion
}

// refusesStrangers: the server works, but answers only clients that have logged in. An
// endpoint mapper that refuses a question which is always valid counts as one.
func refusesStrangers(s seen) bool {
	mapper := s.Check.Service.Protocol == "rpc" && s.Check.Service.RPC == nil
	return s.wanted() && (s.reason() == wire.NeedsLogin || mapper && s.reason() == wire.OurQuestion)
}

// strongAuthRequired is the result of LDAP for a bind that is not signed (RFC 4511
// appendix A.2).
const strongAuthRequired = 8

func sayRefusesStrangers(s seen) (text, hint string) {
	said := sentence(s.Peer.Refusal)
	switch s.Check.Service.Protocol {
	case "rpc":
		if s.Check.Service.RPC == nil {
			return "The endpoint mapper answers but does not tell unauthenticated clients where interfaces listen: " + said, rpcPolicy
		}
		return fmt.Sprintf("%s listens here but accepts no unauthenticated calls: %s", s.Check.Service.RPC.Name, said), rpcPolicy
	case "ldap", "cldap":
		if directoryOf(s.Result).Result == strongAuthRequired {
			return "The directory answers but requires the conversation to be signed or encrypted (LDAP signing): " + said,
				"That is a policy of the domain controller (Domain controller: LDAP server signing requirements). Programs that sign, or use LDAPS at 636, are accepted; " +
					"event 2889 on the controller names those that do not."
		}
		return "The directory answers but shows nothing to unauthenticated clients: " + said,
			"Nothing to do if anonymous access is disabled on purpose: clients and Exchange log in. To see whether a login works, run again with --credentials."
	case "socks":
		return "The proxy answers but requires a login, and Exchange's open-proxy test has none: " + said,
			"An open proxy answers without a login, so this one is not open to this computer."
	}
	return "The service answers but requires a login: " + said,
		"Nothing to do if that is intended: clients log in."
}

// rpcPolicy is why Windows refuses RPC without a login, and who is not affected.
const rpcPolicy = "The group policy \"Restrict Unauthenticated RPC clients\" (RestrictRemoteClients) on the server can cause this, and so can an RPC filter on the path. " +
	"Outlook and other programs still work if they authenticate to the endpoint mapper; the client policy for that is " +
	"\"Enable RPC Endpoint Mapper Client Authentication\" (EnableAuthEpResolution). exreach asks without a login: test with Outlook, or with rpcping as a domain user."

// rpcBusy is what to do about RPC that has no room for a call.
const rpcBusy = "Wait and check again with --gentle. If the answer is still the same, look on the server for a service that hangs or leaves connections open (netstat -ano), " +
	"and at its memory; what keeps the endpoint mapper (RpcEptMapper) busy holds up every RPC service."

// shortOf: the server lacks resources or has reached a limit, and has nothing against
// us.
func shortOf(s seen) bool {
	return s.reason() == wire.Unavailable || s.reason() == wire.Limited
}

// nameRefused: the server takes no mail from a host that introduces itself as exreach does.
// The RFC lets a server check the name but not refuse mail because of it (RFC 5321 section
// 4.1.4); many refuse all the same.
func nameRefused(s seen) bool {
	return s.wanted() && s.Check.Service.Protocol == "smtp" && s.reason() == wire.OurName
}

// Patterns that show what a refusal of EHLO is about.
const (
	aboutPTR  = `(?i)\breverse\b|\brDNS\b|\bPTR\b|\bcannot (?:find|resolve) your (?:host ?name|address)`
	aboutName = `(?i)\b(?:helo|ehlo|name|domain|host|host ?name|fqdn|lookup|dns)\b|resolv`
)

// refusalIs reports whether the refusal matches a pattern. The pattern is compiled here,
// because few runs need it.
func (s seen) refusalIs(pattern string) bool {
	return regexp.MustCompile(pattern).MatchString(s.Peer.Refusal)
}

func sayNameRefused(s seen) (text, hint string) {
	if s.Step == protocol.Greet || s.refusalIs(aboutPTR) {
		return fmt.Sprintf("The server works but refuses this computer because DNS has no name for its address (reverse lookup): %s Hosts that have one may be accepted.", sentence(s.Peer.Refusal)),
			"Give this computer matching reverse (PTR) and forward records in DNS, or test from a host that has them. " +
				"What follows the greeting, including STARTTLS, was not checked."
	}
	if !s.refusalIs(aboutName) {
		return fmt.Sprintf("The server greets and then refuses EHLO, both with a name that does not exist and with the address of this computer: %s "+
				"It does not say why: it may look up its clients and accept those with a real name, or it may not accept this address.", sentence(s.Peer.Refusal)),
			"Test from a host that has matching forward and reverse records in DNS, and check whether the server accepts this address (" + s.smtpLimits() + "). " +
				"What follows EHLO, including STARTTLS, was not checked."
	}
	return fmt.Sprintf("The server works but refuses how exreach introduces itself in EHLO (a name that does not exist, then its address): %s "+
			"It looks up its clients, so hosts with a real name may be accepted.", sentence(s.Peer.Refusal)),
		"Give this computer matching forward and reverse records in DNS, or test from a host that has them: " +
			"telnet to the port, then EHLO and its name. What follows EHLO, including STARTTLS, was not checked."
}

// nameReplaced: as nameRefused, but the server then accepted exreach's address instead.
func nameReplaced(s seen) bool {
	_, replaced := s.fact(protocol.FactNameRefused)
	return s.wanted() && replaced && s.reason() != wire.OurName
}

func sayNameReplaced(s seen) (text, hint string) {
	said, _ := s.fact(protocol.FactNameRefused)
	return fmt.Sprintf("The server looks up the name in EHLO and refused exreach's, which does not exist: %s It accepted the address instead.", sentence(said)),
		"Nothing to do. Clients and servers that send mail here need a name that exists in DNS."
}

// brokenReply: exreach can read the reply, but some programs cannot.
func brokenReply(s seen) bool {
	_, broken := s.fact(protocol.FactMalformed)
	return s.speaks("smtp") && broken
}

func sayBrokenReply(s seen) (text, hint string) {
	command, _ := s.fact(protocol.FactMalformed)
	return fmt.Sprintf("The answer to %s violates SMTP: each line must begin with the code, followed by a hyphen on every line but the last (RFC 5321 section 4.2.1). "+
			"Strict programs miss extensions such as STARTTLS.", command),
		"Exchange does not answer like this: look for the gateway, filter or script that answers in its place, and update or replace it."
}

// refusesAddress: the server rejects our address.
func refusesAddress(s seen) bool { return s.wanted() && s.reason() == wire.OurAddress }

func sayRefusesAddress(s seen) (text, hint string) {
	return fmt.Sprintf("The service answers but rejects the address of this computer: %s", sentence(s.Peer.Refusal)),
		"Remove the address from the block list that the text names, or from the server's own; from another address the service may work."
}

// limitsAddress: exreach has reached a limit of the server. The server works, because it
// accepted connections before.
func limitsAddress(s seen) bool { return s.wanted() && s.reason() == wire.Limited }

func sayLimitsAddress(s seen) (text, hint string) {
	return fmt.Sprintf("The service answers but limits this computer, or all clients: %s", sentence(s.Peer.Refusal)),
		"Wait a few minutes and check again with --gentle. If the answer is the same, check the connection limits on the server."
}

// takesNoCommands: a mail service greets and refuses every command.
func takesNoCommands(s seen) bool { return s.wanted() && s.reason() == wire.NoCommands }

// proxyComponents are the components that the health manager of 2013 and later switches
// off, by protocol.
var proxyComponents = map[string]string{"imap": "ImapProxy", "pop3": "PopProxy"}

func sayTakesNoCommands(s seen) (text, hint string) {
	text = fmt.Sprintf("The service greets but accepts no commands, not even one that is always valid: %s Nobody can log in here.", sentence(s.Peer.Refusal))
	component, known := proxyComponents[s.Check.Service.Protocol]
	if !known || !s.since("2013") {
		return text, "Restart the service on the server and check its log and the event log."
	}
	return text, fmt.Sprintf("Check on the server whether the component is active (Get-ServerComponentState -Identity SERVER -Component %s | Format-List); "+
		"if not, its LocalStates show who switched it off, and the same requester must switch it on "+
		"(Set-ServerComponentState -Identity SERVER -Component %s -State Active -Requester REQUESTER); then restart the service.", component, component)
}

// loggedInBefore: an IMAP server that greets with PREAUTH.
func loggedInBefore(s seen) bool {
	_, preauth := s.fact(protocol.FactPreauth)
	return s.speaks("imap") && preauth
}

func sayLoggedInBefore(s seen) (text, hint string) {
	text = "The server greets with PREAUTH: it treats every client as logged in."
	if s.Check.Service.TLS == catalog.StartTLS {
		text += " TLS cannot be started then (RFC 9051 section 7.1.4)."
	}
	return text + s.quote(),
		fmt.Sprintf("Exchange never greets like this: check %s, and close the port if mail can be read there without a password.", s.listener())
}

func credentialsRefused(s seen) bool {
	_, refused := s.peer().Logins.Refused()
	return refused
}

func sayCredentialsRefused(s seen) (text, hint string) {
	refused, _ := s.peer().Logins.Refused()
	return fmt.Sprintf("The service works but refuses the credentials (%s): %s", refused.Method, sentence(refused.Said)),
		"Check that the name and the password are right, and that the account is not locked and may log in here. They were not tried again on this host."
}

// credentialsUnused: no login was accepted and none refused, so the credentials prove
// nothing.
func credentialsUnused(s seen) bool {
	return len(s.peer().Logins) > 0 && !s.peer().Logins.Accepted() && !credentialsRefused(s)
}

func sayCredentialsUnused(s seen) (text, hint string) {
	return fmt.Sprintf("The credentials prove nothing here: %s", sentence(s.peer().Logins.String())),
		"A password is sent only inside TLS 1.2 or 1.3, to a server whose certificate proves its name, and never again once the host has refused it. The text above says what is missing."
}
