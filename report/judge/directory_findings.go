// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
)

// directoryOf returns what a directory says of itself, the zero Directory if nothing.
func directoryOf(r probe.Result) protocol.Directory {
	return valueOf(seen{Result: r}.peer().Directory)
}

// globalCatalogPorts are those of the global catalogue, plain and with TLS.
var globalCatalogPorts = []uint16{3268, 3269}

// gcNotReady: a domain controller answers at the port of the global catalogue, but is no
// global catalogue, or not a ready one.
func gcNotReady(s seen) bool {
	d := directoryOf(s.Result)
	return s.speaks("ldap") && slices.Contains(globalCatalogPorts, s.Port) && (d.Kind == protocol.DomainController || d.NotReady)
}

func sayGCNotReady(s seen) (text, hint string) {
	return fmt.Sprintf("A domain controller answers at %s, but it is not a ready global catalogue: it knows only its own domain, "+
			"and Exchange does not use it for recipients and the address book.", s.port()),
		"On the domain controller, check that it is a global catalogue (nltest /dsgetdc: /gc) and has replicated all domains: isGlobalCatalogReady must be TRUE; event 1119 of Directory Service records when it became so."
}

// notADomainController: another directory answers in place of a domain controller. One that
// shows nothing of itself may be anything, so it does not count.
func notADomainController(s seen) bool {
	kind := directoryOf(s.Result).Kind
	return s.speaks("ldap") && s.Check.Service.Role == "domain-controller" && (kind == protocol.ADLDS || kind == protocol.OtherDirectory)
}

// activeDirectory reports whether Active Directory answers where the directory of Exchange
// 5.5 should: on a domain controller, it holds 389 and 636. The role "server" has that
// directory: in 5.0 and 5.5, and in 2000 and 2003, where it means a 5.5 server beside them.
func activeDirectory(r probe.Result) bool {
	c := r.Check
	if r.Peer == nil || c.Service.Protocol != "ldap" || c.Service.Role != "server" || c.Releases.Family(c.Version) != catalog.ExchangeServer || !c.Releases.Since("5.0", c.Version) || c.Releases.Since("2007", c.Version) {
		return false
	}
	kind := directoryOf(r).Kind
	return kind == protocol.DomainController || kind == protocol.GlobalCatalogue
}

func activeDirectoryAnswers(s seen) bool { return s.speaks("ldap") && activeDirectory(s.Result) }

func sayActiveDirectoryAnswers(s seen) (text, hint string) {
	return fmt.Sprintf("Active Directory answers at %s, not the directory of Exchange 5.5: on a domain controller, 5.5 must use another port.", s.port()),
		"Exchange Administrator (5.5) shows under Protocols, LDAP which port it uses (390 is usual): check that one."
}

func sayNotADomainController(s seen) (text, hint string) {
	what := "it has none of its capabilities"
	if directoryOf(s.Result).Kind == protocol.ADLDS {
		what = "it is AD LDS, as on an Edge Transport server"
	}
	return fmt.Sprintf("A directory answers, but it is not Active Directory: %s.", what),
		fmt.Sprintf("Check that the name is that of a domain controller (nltest /dsgetdc: on a Windows member of the domain), and %s.", s.listener())
}

// maxSkew is how far apart two clocks may be for Kerberos, by default
// (RFC 4120, section 8.2).
const maxSkew = 5 * time.Minute

func clockSkew(s seen) bool {
	skew, known := s.skew()
	return s.wanted() && known && skew.Abs() > maxSkew
}

// skew returns by how much, at least, the server's clock is ahead of ours; it is negative
// if the server's clock is behind. If the conversation did not note when the server's time
// came, that was at some moment between the start of the run and the result.
func (s seen) skew() (ahead time.Duration, known bool) {
	if s.Peer == nil || s.Peer.Clock == nil {
		return 0, false
	}
	from, to, server := s.started, s.At, s.Peer.Clock.Server
	if local := s.Peer.Clock.Local; !local.IsZero() {
		from, to = local, local
	}
	switch {
	case server.Before(from):
		return server.Sub(from), true
	case !to.IsZero() && server.After(to):
		return server.Sub(to), true
	}
	return 0, true
}

func sayClockSkew(s seen) (text, hint string) {
	skew, _ := s.skew()
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("The server's clock is %s %s that of this machine: at more than five minutes Kerberos fails, and logons with it.",
			catalog.Elapsed(skew.Abs()), direction),
		"Compare both with a third clock, then correct the wrong one. On the server, w32tm /query /status shows where it has its time from."
}

// hasNoRootDSE: the directory of 5.0 speaks LDAP 2, which has no rootDSE (RFC 1777). It is
// proof enough that it answers the search at all.
func hasNoRootDSE(s seen) bool {
	return s.Check.Version == "5.0" && s.Check.Service.Protocol == "ldap" && directoryOf(s.Result).Result == 1
}

// notRegistered: the endpoint mapper answered and does not list the interface,
// so there was no port to dial.
func notRegistered(s seen) bool {
	return s.Parent != "" && s.Port == 0 && s.Verdict == probe.Refused
}

func sayNotRegistered(s seen) (text, hint string) {
	name := s.Check.Service.Name
	if rpc := s.Check.Service.RPC; rpc != nil {
		name = fmt.Sprintf("%s (%s)", rpc.Name, rpc.UUID)
	}
	return fmt.Sprintf("The endpoint mapper answers but does not list %s: its service is stopped, or an RPC filter on the path hides it.", name),
		"Start the service on the server; if it is running, look for a firewall that passes only listed RPC interfaces (TMG, ASA DCERPC inspection)."
}

// notTold: the endpoint mapper answered but does not say where the interface listens.
func notTold(s seen) bool { return s.Parent != "" && s.Verdict == probe.Unresolved }

func sayNotTold(s seen) (text, hint string) {
	mapper := s.parent()
	text = "The endpoint mapper answers but does not say where this interface listens, so whether it can be reached is unknown."
	if mapper != nil && mapper.Peer != nil && mapper.Peer.Refusal != "" {
		text += " It said: " + sentence(mapper.Peer.Refusal)
	}
	if mapper != nil && shortOf(seen{Result: *mapper}) {
		return text, rpcBusy
	}
	return text, rpcPolicy
}

// parent is the result that led to this one, or nil.
func (s seen) parent() *probe.Result {
	return s.here().planned[namedRow{s.Check.Service.Role, s.Parent}]
}

// dynamicPortBlocked: the endpoint mapper answered, and the port that it named
// is filtered.
func dynamicPortBlocked(s seen) bool {
	filtered := s.Verdict == probe.TimedOut || s.Verdict == probe.Prohibited
	return s.Parent != "" && filtered
}

func sayDynamicPortBlocked(s seen) (text, hint string) {
	hint = s.askFor(firewallAdmin, fmt.Sprintf("the server's dynamic RPC ports (now %s)", s.port())) + " Or give the service a static port and have only that one allowed."
	if s.Check.Service.Note != "" {
		hint += " " + sentence(s.Check.Service.Note)
	}
	if s.Check.Service.Restart != "" {
		hint += " After the change: " + sentence(s.Check.Service.Restart)
	}
	return fmt.Sprintf("The endpoint mapper answers and names %s, which is filtered: the firewall allows the mapper but not the ports that it hands out.",
		s.port()), hint
}

func behindNotAsked(s seen) bool {
	return len(s.Check.Behind) > 0 && s.Verdict != probe.Answered && s.wanted()
}

func sayBehindNotAsked(s seen) (text, hint string) {
	var names []string
	for _, b := range s.Check.Behind {
		names = append(names, b.Service.Name)
	}
	return fmt.Sprintf("Not asked, because only this endpoint mapper knows their ports: %s.", strings.Join(names, ", ")),
		"Fix the endpoint mapper first, then run again."
}

// noneRegistered: the endpoint mapper answers, but lists no interface of this role,
// although the role must have some.
func noneRegistered(s seen) bool {
	required := func(c catalog.Check) bool { return c.Want == catalog.Required }
	return s.speaks("rpc") && slices.ContainsFunc(s.Check.Behind, required) && !slices.ContainsFunc(s.Check.Behind, s.registered)
}

// registered reports whether the endpoint map has the interface of c, in any
// version and over any transport.
func (s seen) registered(c catalog.Check) bool {
	return slices.ContainsFunc(s.Peer.Endpoints, func(e rpc.Endpoint) bool { return e.UUID == c.Service.RPC.UUID })
}

func sayNoneRegistered(s seen) (text, hint string) {
	return fmt.Sprintf("The endpoint mapper answers with %s, but lists none of the interfaces of this role: its services are stopped, "+
			"an RPC filter on the path hides them, or this is another server.", catalog.Count(len(s.Peer.Endpoints), "endpoint")),
		"Check on the server that the services are running (Test-ServiceHealth), and query the mapper from the server's own subnet; " +
			"if it lists them there, look for a firewall that passes only listed RPC interfaces (TMG, ASA DCERPC inspection)."
}
