// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// directoryOf is what a directory says of itself.
func directoryOf(r probe.Result) protocol.Directory {
	if r.Peer == nil || r.Peer.Directory == nil {
		return protocol.Directory{}
	}
	return *r.Peer.Directory
}

// globalCatalogPorts are those of the global catalogue, plain and with TLS.
var globalCatalogPorts = []uint16{3268, 3269}

// gcNotReady: a domain controller answers at the port of the global catalogue
// and is none, or none yet.
func gcNotReady(s seen) bool {
	d := directoryOf(s.Result)
	return s.speaks("ldap") && slices.Contains(globalCatalogPorts, s.Port) && (d.Kind == protocol.DomainController || d.NotReady)
}

func gcNotReadyRequired(s seen) bool { return gcNotReady(s) && s.required() }

func sayGCNotReady(s seen) (text, hint string) {
	return fmt.Sprintf("A domain controller answers at %s, but it is not a ready global catalogue: it knows only its own domain, "+
			"and Exchange does not use it for recipients and the address book.", s.port()),
		"Check that it is a global catalogue (nltest /dsgetdc: /gc) and has replicated all domains: isGlobalCatalogReady must be TRUE; event 1119 of Directory Service records when it became so."
}

// notADomainController: another directory answers for a domain controller. One
// that shows nothing of itself may be any.
func notADomainController(s seen) bool {
	kind := directoryOf(s.Result).Kind
	return s.speaks("ldap") && s.Check.Service.Role == "domain-controller" && (kind == protocol.ADLDS || kind == protocol.OtherDirectory)
}

// activeDirectory reports whether a domain controller answers where the
// directory of Exchange 5.5 should: on one, Active Directory holds 389 and 636. The role
// "server" has a directory of its own in 5.0 and 5.5, and as 2000 and 2003 know them.
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

func notADomainControllerRequired(s seen) bool { return notADomainController(s) && s.required() }

func sayNotADomainController(s seen) (text, hint string) {
	what := "it has none of its capabilities"
	if directoryOf(s.Result).Kind == protocol.ADLDS {
		what = "it is AD LDS, as on an Edge Transport server"
	}
	return fmt.Sprintf("A directory answers, but it is not Active Directory: %s.", what),
		"Check that the name resolves to a domain controller (nltest /dsgetdc:), and on the server which program uses the port (netstat -abno)."
}

// maxSkew is how far apart two clocks may be for Kerberos, by default
// (RFC 4120, section 8.2).
const maxSkew = 5 * time.Minute

func clockSkew(s seen) bool {
	skew, known := s.skew()
	return s.wanted() && known && skew.Abs() > maxSkew
}

// skew is by how much the server's clock is ahead of ours, at least. Where it is
// not known when its time came, that was at some moment between the start of the
// run and the result.
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
			skew.Abs().Round(time.Second), direction),
		"Compare both with a third clock (w32tm /stripchart /computer:NAME), then correct the wrong one: w32tm /query /status shows its time source."
}

// hasNoRootDSE: 5.0 speaks LDAP 2, which has no rootDSE (RFC 1777). That it answers the
// search at all is proof enough.
func hasNoRootDSE(s seen) bool {
	return s.Check.Version == "5.0" && s.Check.Service.Protocol == "ldap" && directoryOf(s.Result).Result == 1
}
