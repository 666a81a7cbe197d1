// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// reason is why the server turned us away, "" where it did not or did not tell.
func (s seen) reason() protocol.Reason {
	if s.Peer == nil || s.Peer.Refusal == "" {
		return ""
	}
	return s.Peer.Reason
}

// refusesStrangers: the server works, and answers nobody who has not logged in. An
// endpoint mapper that refuses a question which is always good is taken for one.
func refusesStrangers(s seen) bool {
	mapper := s.Check.Service.Protocol == "rpc" && s.Check.Service.RPC == nil
	return s.wanted() && (s.reason() == protocol.NeedsLogin || mapper && s.reason() == protocol.OurQuestion)
}

func sayRefusesStrangers(s seen) (text, hint string) {
	said := sentence(s.Peer.Refusal)
	switch s.Check.Service.Protocol {
	case "rpc":
		if s.Check.Service.RPC == nil {
			return "The endpoint mapper answers and does not tell strangers where interfaces listen: " + said, rpcPolicy
		}
		return fmt.Sprintf("%s listens here and takes no call from anybody without a login: %s", s.Check.Service.RPC.Name, said), rpcPolicy
	case "ldap", "cldap":
		return "The directory answers and shows nothing of itself to anybody without a login: " + said,
			"Nothing to do if anonymous access is switched off on purpose: clients log in. To see whether a login works, run again with --credentials."
	}
	return "The service answers and deals with nobody who has not logged in: " + said,
		"Nothing to do if that is meant to be so: clients log in."
}

// rpcPolicy is why Windows refuses RPC without a login, and who is not affected.
const rpcPolicy = "A group policy on the server can cause this, \"Restrict Unauthenticated RPC clients\" (RestrictRemoteClients), and so can an RPC filter on the path. " +
	"Outlook and other programs still work if they log in to the endpoint mapper; the policy for that on their side is " +
	"\"Enable RPC Endpoint Mapper Client Authentication\" (EnableAuthEpResolution). exreach asks without a login: test with Outlook, or with rpcping as a domain user."

// rpcBusy is what to do about RPC that has no room for a call.
const rpcBusy = "Wait and check again with --gentle. If it says the same then, look on the server for a service that hangs or leaves connections open (netstat -ano), " +
	"and at its memory; what keeps the endpoint mapper busy holds up every RPC service."

// shortOf: the server is short of something or has had enough, and has nothing
// against us.
func shortOf(s seen) bool {
	return s.reason() == protocol.Unavailable || s.reason() == protocol.Limited
}

// nameRefused: the server takes no mail from a host that introduces itself as
// exreach does. The RFC lets it check a name, and not refuse for it (RFC 5321
// section 4.1.4), but many do.
func nameRefused(s seen) bool {
	return s.wanted() && s.Check.Service.Protocol == "smtp" && s.reason() == protocol.OurName
}

func sayNameRefused(s seen) (text, hint string) {
	if s.Step == protocol.Greet {
		return fmt.Sprintf("The server works and refuses this computer because DNS has no name for its address (reverse lookup): %s Hosts that have one may pass.", sentence(s.Peer.Refusal)),
			"Have a PTR record made for the address of this computer, with a name that leads back to it, or test with a host that has one. " +
				"What follows the greeting, STARTTLS among it, was not checked."
	}
	return fmt.Sprintf("The server works and refuses what exreach introduces itself as, a name that does not exist or its address: %s "+
			"It looks up its callers, so hosts with a real name may pass.", sentence(s.Peer.Refusal)),
		"Give this computer a name in DNS that leads to its address and back, or test with a host that has one: " +
			"telnet to the port, then EHLO and that name. What follows EHLO, STARTTLS among it, was not checked."
}

// nameReplaced: as nameRefused, and the address was let in.
func nameReplaced(s seen) bool {
	_, replaced := s.fact(protocol.FactNameRefused)
	return s.wanted() && replaced && s.reason() != protocol.OurName
}

func sayNameReplaced(s seen) (text, hint string) {
	said, _ := s.fact(protocol.FactNameRefused)
	return fmt.Sprintf("The server looks up the name in EHLO and refused the one of exreach, which does not exist: %s It accepted the address in its place.", sentence(said)),
		"Nothing to do. Clients and servers that send mail here need a name that is in DNS."
}

// brokenReply: what a reply says can be read, and some programs will not.
func brokenReply(s seen) bool {
	_, broken := s.fact(protocol.FactMalformed)
	return s.speaks("smtp") && broken
}

func sayBrokenReply(s seen) (text, hint string) {
	command, _ := s.fact(protocol.FactMalformed)
	return fmt.Sprintf("The answer to %s breaks the rules of SMTP: each line must begin with the code, and a hyphen behind it on all but the last (RFC 5321 section 4.2.1). "+
			"Programs that are strict miss extensions such as STARTTLS.", command),
		"Exchange does not answer like this: look for the gateway, filter or script that answers in its place, and update or replace it."
}

// refusesAddress: the server has something against the address that we come from.
func refusesAddress(s seen) bool { return s.wanted() && s.reason() == protocol.OurAddress }

func refusesAddressRequired(s seen) bool { return refusesAddress(s) && s.required() }

func sayRefusesAddress(s seen) (text, hint string) {
	return fmt.Sprintf("The service answers and does not let in the address of this computer: %s", sentence(s.Peer.Refusal)),
		"Take the address off the block list that the text names, or off the server's own, and allow it there; from another address the service may work."
}

// limitsAddress: the server had enough of us. It works, or nobody would have been
// let in before.
func limitsAddress(s seen) bool { return s.wanted() && s.reason() == protocol.Limited }

func sayLimitsAddress(s seen) (text, hint string) {
	return fmt.Sprintf("The service answers and limits what it does for this computer, or for all: %s", sentence(s.Peer.Refusal)),
		"Wait some minutes and check again with --gentle. If it says the same then, look at the limits of connections on the server."
}

// takesNoCommands: a mail service greets and refuses every command.
func takesNoCommands(s seen) bool { return s.wanted() && s.reason() == protocol.NoCommands }

func takesNoCommandsRequired(s seen) bool { return takesNoCommands(s) && s.required() }

// proxyComponents are what the health manager of 2013 and later switches off, by
// protocol.
var proxyComponents = map[string]string{"imap": "ImapProxy", "pop3": "PopProxy"}

func sayTakesNoCommands(s seen) (text, hint string) {
	text = fmt.Sprintf("The service greets and then takes no command, not even one that is always good: %s Nobody can log in here.", sentence(s.Peer.Refusal))
	component, known := proxyComponents[s.Check.Service.Protocol]
	if !known || !since("2013", s.Check.Version) {
		return text, "Restart the service on the server and look at its log and the event log."
	}
	return text, fmt.Sprintf("See on the server whether the component is active (Get-ServerComponentState -Component %s) and make it so "+
		"(Set-ServerComponentState -Component %s -State Active -Requester HealthAPI); then restart the service.", component, component)
}

// loggedInBefore: an IMAP server that greets with PREAUTH.
func loggedInBefore(s seen) bool {
	_, preauth := s.fact(protocol.FactPreauth)
	return s.speaks("imap") && preauth
}

func sayLoggedInBefore(s seen) (text, hint string) {
	text = "The server greets with PREAUTH: it takes everybody who connects for somebody who has logged in."
	if s.Check.Service.TLS == catalog.StartTLS {
		text += " TLS cannot be started then (RFC 9051 section 7.1.4)."
	}
	return text + s.quote(),
		"Exchange never greets like this: see which program listens on the server (netstat -abno), and close the port if mail can be read there without a password."
}
