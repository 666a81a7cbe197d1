// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"

	"exreach/catalog"
	"exreach/probe"
)

// unreached are the verdicts of a connect that failed.
var unreached = []probe.Verdict{probe.TimedOut, probe.Refused, probe.Prohibited, probe.Unreachable}

// dropped are those of the unreached verdicts that a living host does not give for a port
// that is merely closed.
var dropped = []probe.Verdict{probe.TimedOut, probe.Unreachable}

func isUnreached(r probe.Result) bool { return slices.Contains(unreached, r.Verdict) }

// unexplained: the connect failed, and no firewall or router said that it forbids the
// connect.
func (s seen) unexplained() bool {
	return isUnreached(s.Result) && s.Verdict != probe.Prohibited && (s.Verdict != probe.Refused || !s.saidOnPath())
}

// addressDead: the service answers at another address of the name, and nothing
// at this one.
func addressDead(s seen) bool {
	return s.unexplained() && s.here().dead && s.host.answered[rowOf(s.Result)]
}

func sayAddressDead(s seen) (text, hint string) {
	if s.here().refuses {
		return fmt.Sprintf("The host at %s is up but serves nothing, while other addresses of %s answer (%s): some connections of clients go there.", s.Address, s.Check.Host, s.living()),
			fmt.Sprintf("Start the services at %s, or remove its address from the DNS records of %s until then.", s.Address, s.Check.Host)
	}
	return fmt.Sprintf("Nothing answers at %s, but other addresses of %s do (%s): some connections of clients go to the dead one.", s.Address, s.Check.Host, s.living()),
		fmt.Sprintf("Bring the server at %s back, or remove its address from the DNS records of %s until then.", s.Address, s.Check.Host)
}

// living lists the addresses at which something answers.
func (s seen) living() string { return listed(s.host.living) }

// ipv6Dead: as addressDead, and all IPv6 addresses of the host are dead, but no IPv4 one.
func ipv6Dead(s seen) bool { return s.Address.Is6() && s.host.ipv6Dead && addressDead(s) }

func sayIPv6Dead(s seen) (text, hint string) {
	return fmt.Sprintf("Nothing answers over IPv6, but over IPv4 the same host does (%s): clients that try IPv6 first must wait until that fails.", s.living()),
		fmt.Sprintf("%s Or remove the AAAA record of %s from DNS.", s.askFor(firewallAdmin, "IPv6"), s.Check.Host)
}

// port25Blocked: port 25 does not connect, but port 587 of the same server answers.
func port25Blocked(s seen) bool {
	return s.Port == 25 && s.unexplained() && s.someHere(func(r probe.Result) bool {
		return r.Port == 587 && r.Verdict == probe.Answered
	})
}

func sayPort25Blocked(s seen) (text, hint string) {
	return fmt.Sprintf("TCP 25 of %s does not connect (%s), but 587 of the same server answers: Internet providers and many networks block outgoing connections to port 25.", s.target(), s.Verdict),
		fmt.Sprintf("Ask the Internet provider and the firewall administrator whether TCP 25 %s to %s is blocked, and check from another network; users and devices submit mail on port 587.", s.from(), s.target())
}

// onlyUDP: TCP does not connect, but the same protocol answers at the same port over UDP.
func onlyUDP(s seen) bool { return s.lostOver(catalog.TCP) && s.answersOver(catalog.UDP) }

// onlyTCP is the reverse of onlyUDP.
func onlyTCP(s seen) bool { return s.lostOver(catalog.UDP) && s.answersOver(catalog.TCP) }

func (s seen) lostOver(n catalog.Network) bool {
	return s.Check.Service.Network == n && s.unexplained()
}

func (s seen) answersOver(n catalog.Network) bool {
	return s.someAtPort(s.Port, func(r probe.Result) bool {
		return r.Check.Service.Network == n && r.Verdict == probe.Answered && r.Check.Service.Protocol == s.Check.Service.Protocol
	})
}

func sayOnlyUDP(s seen) (text, hint string) {
	return fmt.Sprintf("UDP %d answers but TCP %d does not connect (%s): small queries work, but large answers fail, such as long DNS records "+
			"and the Kerberos tickets of users in many groups.", s.Port, s.Port, s.Verdict),
		fmt.Sprintf("The firewall rule probably covers UDP only: %s", lower(s.ask(firewallAdmin)))
}

func sayOnlyTCP(s seen) (text, hint string) {
	return fmt.Sprintf("TCP %d answers but UDP %d does not (%s): many programs try UDP first and fall back to TCP slowly or not at all.", s.Port, s.Port, s.Verdict),
		fmt.Sprintf("The firewall rule probably covers TCP only: %s", lower(s.ask(firewallAdmin)))
}

// everything reports whether the control port answers here.
func (s seen) everything() bool { return s.here().everything }

func controlAnswers(s seen) bool { return s.Check.IsControl() }

func sayControlAnswers(s seen) (text, hint string) {
	return fmt.Sprintf("TCP %d accepts a connection, although nothing uses that port: something accepts every connection in the server's place, "+
			"such as a SYN proxy, a transparent proxy or a honeypot. An accepted connection proves nothing here.", s.Port),
		s.inquire(fmt.Sprintf("what answers for %s, and run again from a network whose path does not lead through it.", s.target()))
}

// provesNothing: the check is a bare connect, and connects always succeed here.
func provesNothing(s seen) bool {
	connected := s.Verdict == probe.Answered && s.Check.Service.IsBare()
	return (connected || exposed(s) && s.Verdict != probe.Answered) && s.everything()
}

func sayProvesNothing(s seen) (text, hint string) {
	return "It accepts connections, but so does an unused port here: whether the server itself can be reached is not known.",
		fmt.Sprintf("Check from a network where not everything at %s answers.", s.target())
}

// mailPorts are those that mail shields watch.
var mailPorts = []uint16{25, 110, 119, 143, 465, 563, 587, 993, 995}

// shield matches what anti-virus programs between a mail program and its server say
// (nmap's patterns).
var shield = lazily(`AVG (?:POP3|ESMTP|IMAP) Proxy|avast! (?:SMTP|POP3|IMAP|NNTP) [Pp]roxy|ISafe POP3 Proxy|` +
	`connection limit in (?:avast!|AVG) exceeded|Cannot connect to (?:SMTP|POP|IMAP) server .*connect error`)

// shieldBanner: the peer's first words are those of a mail shield.
func shieldBanner(s seen) bool {
	return slices.Contains(mailPorts, s.Port) && shield().MatchString(s.Evidence)
}

// mailShield: as shieldBanner, or mail ports connect but none answers as it should,
// and everything else at the address is dropped.
func mailShield(s seen) bool {
	return shieldBanner(s) || slices.Contains(mailPorts, s.Port) && !isUnreached(s.Result) && s.here().onlyMail
}

func sayMailShield(s seen) (text, hint string) {
	if shieldBanner(s) {
		return fmt.Sprintf("An anti-virus program that scans mail answered, not the server.%s", s.quote()),
			"Switch off the mail shield of this machine during the check, or check from another machine."
	}
	hint = "Switch off the mail shield of this machine during the check, or check from another machine; then check whether the server is up."
	if s.greetsFirst() {
		hint += " A server that delays its greeting looks the same. " + s.moreTime()
	}
	return fmt.Sprintf("At %s mail ports accept connections but none answers as it should, and everything else is dropped: "+
		"an anti-virus program on this machine (mail shield) or a mail proxy on the path may have accepted the connections.", s.target()), hint
}

// shunned: a port that had answered fell silent while this one was asked.
func shunned(s seen) bool { return fellSilent(s.Result) }

func fellSilent(r probe.Result) bool {
	return r.Verdict == probe.TimedOut && r.Witness != nil && !r.Witness.Answers
}

func sayShunned(s seen) (text, hint string) {
	return fmt.Sprintf("No reply to %s over %s, and TCP %d of %s, which had answered before, stopped answering too: %s. Whether %s is open is not known.",
			s.tries(), catalog.Elapsed(s.Took), s.Witness.Port, s.target(), shunsUs, s.port()),
		fmt.Sprintf("Wait until TCP %d answers again, which takes a few minutes if a firewall blocked this computer, then check again with --gentle.", s.Witness.Port)
}

const shunsUs = "a firewall on the path blocks this computer after many connections in a short time, or the host or the path went down in the meantime"

// shunnedMidway: the conversation stopped, and a port of the address that had answered fell
// silent as well.
func shunnedMidway(s seen) bool { return s.Verdict == probe.Silent && s.here().shuns }

func sayShunnedMidway(s seen) (text, hint string) {
	return fmt.Sprintf("%s accepted the connection and then said nothing, and other ports of %s stopped answering too: %s.", s.port(), s.target(), shunsUs),
		"Wait until the host answers again, which takes a few minutes if a firewall blocked this computer, then check again with --gentle."
}

// crowdedOut: the port answered alone, but not while other connections to its host were
// open.
func crowdedOut(s seen) bool { return s.Crowded != nil && !stillCrowdedOut(s) }

// crowdedWords is what a port did while other connections were open.
var crowdedWords = map[probe.Verdict]string{
	probe.Refused:     "was refused",
	probe.Prohibited:  "was prohibited",
	probe.Unreachable: "was reported unreachable",
	probe.TimedOut:    "did not reply",
	probe.Cut:         "was disconnected",
	probe.Answered:    "was turned away",
}

const limitsConnections = "the server, or a firewall in front of it, limits the connections of one source"

func sayCrowdedOut(s seen) (text, hint string) {
	return fmt.Sprintf("%s %s while exreach had up to %s to %s open, and answered when it was asked again alone: %s.",
			s.port(), crowdedWords[s.Crowded.Verdict], catalog.Count(s.Crowded.Open, "connection"), s.target(), limitsConnections),
		"The port answers when it is asked alone. Users behind one address (NAT, a proxy) share such a limit: ask the administrator for its value. " +
			"--per-host 2 or --gentle keeps exreach below it."
}

// stillCrowdedOut: the host turned this check away to the end although it let in others of
// the same port, or in the end it turned away every port.
func stillCrowdedOut(s seen) bool {
	return s.Crowded != nil && slices.Contains([]probe.Verdict{probe.Cut, probe.Refused, probe.Prohibited, probe.Unreachable}, s.Verdict)
}

func sayStillCrowdedOut(s seen) (text, hint string) {
	if s.Verdict != probe.Cut {
		return fmt.Sprintf("%s of %s %s, and so was a port that had accepted connections of this run: a firewall blocks this computer after many connections in a short time, "+
				"or the server stopped in the meantime. Whether this port is open is not known.", s.port(), s.target(), crowdedWords[s.Crowded.Verdict]),
			"Wait until the block ends, then check again with --gentle, which opens one connection at a time."
	}
	return fmt.Sprintf("%s of %s answered other checks of this run, and then %s: %s, or the service stopped in the meantime. Whether this part of it works is not known.",
			s.port(), s.target(), crowdedWords[s.Crowded.Verdict], limitsConnections),
		"Check again with --gentle, which opens one connection at a time."
}

// likelyProhibited: the port timed out, and a router or firewall forbids other ports of the
// address. Senders of ICMP limit themselves to a few messages a second (RFC 1812 section
// 4.3.2.8; Linux' icmp_ratelimit, Cisco's "ip icmp rate-limit unreachable") and drop the
// rest.
func likelyProhibited(s seen) bool {
	return s.Verdict == probe.TimedOut && !fellSilent(s.Result) && s.here().forbids != nil
}

// forbids reports whether a firewall or router refused a connect. A closed port of the host
// itself does not count.
func forbids(r probe.Result) bool {
	return r.Verdict == probe.Prohibited || r.Verdict == probe.Refused && r.SaidBy.IsValid() && r.SaidBy != r.Address
}

func sayLikelyProhibited(s seen) (text, hint string) {
	other := seen{Result: *s.here().forbids}
	who, whom := "A firewall or router", firewallAdmin
	switch {
	case other.saidOnPath():
		who, whom = other.SaidBy.String(), "the administrator of "+other.SaidBy.String()
	case other.SaidBy.IsValid():
		who, whom = "The firewall of "+s.target()+" itself", "the administrator of the server's own firewall"
	}
	return fmt.Sprintf("No reply to %s over %s. %s forbids other ports of %s (%s): it probably forbids this one too, but sends only a few ICMP messages a second.",
			s.tries(), catalog.Elapsed(s.Took), who, s.target(), other.port()),
		s.ask(whom)
}

// saysNothing: the connect succeeded, which proves nothing, because an unused port connects
// as well.
func saysNothing(s seen) bool {
	return !s.Check.IsControl() && connectedOnly(s.Result) && s.everything()
}

// connectedOnly reports whether a connect succeeded and what followed proves nothing.
func connectedOnly(r probe.Result) bool {
	switch r.Verdict {
	case probe.Answered:
		return r.Check.Service.IsBare()
	case probe.Silent, probe.Mismatch, probe.Cut, probe.BadTLS:
		return true
	}
	return false
}

func saySaysNothing(s seen) (text, hint string) {
	return fmt.Sprintf("It accepted the connection but did not answer as it should (%s), and an unused port here accepts connections too: something on the path answers in place of %s. "+
			"Intrusion prevention systems start to do so when a source has opened many connections.", s.Verdict, s.target()),
		s.inquire(fmt.Sprintf("whether it answers in place of %s or has blocked this computer; then check again with --gentle.", s.target()))
}

// undecided reports whether nothing is known of a service although something was
// observed: a limit of connections turned the check away, or a device answers in the
// service's place, and had not yet begun to when other services of the address were proven.
// Nor does the silence after an empty datagram tell anything.
func (s seen) undecided() bool {
	return stillCrowdedOut(s) || saysNothing(s) && s.here().proven || emptyUnanswered(s)
}

// proven reports whether a service spoke its own protocol.
func proven(r probe.Result) bool {
	return r.Verdict == probe.Answered && !r.Check.Service.IsBare() && !r.Check.IsControl() && r.Check.Service.Network == catalog.TCP
}

// unseen: nothing shows that the host is up, though a service there must answer. That a
// service which must not answer gave no answer proves nothing then.
func (s seen) unseen() bool {
	return s.here().needed && !s.host.heard[s.Address] && gradeOf(s.want, s.Verdict) == Pass
}

func sayUnseen(s seen) (text, hint string) {
	return fmt.Sprintf("Nothing at %s answered at all, so it cannot be determined whether %s is closed or the host is down.", s.target(), s.port()),
		"Find out first why the required services do not answer, then check again."
}
