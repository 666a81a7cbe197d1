// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// soon is how long before its end a certificate is worth a warning: time enough
// for an internal request and the change that follows.
const soon = 21 * 24 * time.Hour

// amongServers reports whether an Exchange server connects. Among them self-signed
// certificates are what setup installs, and TLS is opportunistic.
func (s seen) amongServers() bool { return catalog.KindOf(s.Check.From) == catalog.Servers }

// forPeople reports whether a program of a user depends on the certificate: the
// service is needed, and there is nothing before TLS to fall back to.
func (s seen) forPeople() bool {
	c := s.Check
	return catalog.KindOf(c.From) == catalog.People && c.Want == catalog.Required && c.Service.TLS.First()
}

// tls is what the handshake of a wanted service showed, or nil.
func (s seen) tls() *protocol.TLSInfo {
	if s.Peer == nil || !s.wanted() {
		return nil
	}
	return s.Peer.TLS
}

// leaf is the server's certificate where the service is wanted, or nil.
func (s seen) leaf() *protocol.Certificate {
	if !s.wanted() {
		return nil
	}
	return serverLeaf(s.Result)
}

// serverLeaf is the certificate of the server that answered, or nil.
func serverLeaf(r probe.Result) *protocol.Certificate {
	if r.Peer == nil || r.Peer.TLS == nil || len(r.Peer.TLS.Chain) == 0 {
		return nil
	}
	return &r.Peer.TLS.Chain[0]
}

func expired(s seen) bool {
	c := s.leaf()
	return c != nil && !c.NotAfter.IsZero() && s.started.After(c.NotAfter) // zero: it could not be read
}

func expiredForPeople(s seen) bool { return expired(s) && s.forPeople() }

func notYetValid(s seen) bool {
	c := s.leaf()
	return c != nil && s.started.Before(c.NotBefore)
}

func notYetValidForPeople(s seen) bool { return notYetValid(s) && s.forPeople() }

func expiresSoon(s seen) bool {
	c := s.leaf()
	return c != nil && !c.NotAfter.IsZero() && !expired(s) && c.NotAfter.Sub(s.started) <= soon
}

// otherName says nothing about a host that was given by its address: no name
// was asked for.
func otherName(s seen) bool {
	_, err := netip.ParseAddr(s.Check.Host)
	return err != nil && s.leaf() != nil && !s.tls().NameMatches && !s.tls().NameInSubject
}

func otherNameAmongServers(s seen) bool { return otherName(s) && s.amongServers() }

func selfSigned(s seen) bool {
	c := s.leaf()
	return c != nil && c.SelfSigned && !s.tls().Trusted && !s.tls().Unjudged
}

func selfSignedAmongServers(s seen) bool { return selfSigned(s) && s.amongServers() }

func untrusted(s seen) bool {
	c := s.leaf()
	return c != nil && !c.SelfSigned && !s.tls().Trusted && !s.tls().Unjudged
}

func untrustedAmongServers(s seen) bool { return untrusted(s) && s.amongServers() }

func sayExpired(s seen) (text, hint string) {
	c := s.leaf()
	return fmt.Sprintf("The certificate expired on %s, %s ago: %s.", day(c.NotAfter), days(s.started.Sub(c.NotAfter)), holder(*c)),
		"Renew it and assign it to the service " + s.assigning("New-ExchangeCertificate, Enable-ExchangeCertificate") + "."
}

func sayNotYetValid(s seen) (text, hint string) {
	c := s.leaf()
	return fmt.Sprintf("The certificate is not valid until %s, in %s: %s.", day(c.NotBefore), days(c.NotBefore.Sub(s.started)), holder(*c)),
		"Compare the clock of this machine with the server's; if both are right, keep using the old certificate until then."
}

func sayExpiresSoon(s seen) (text, hint string) {
	c := s.leaf()
	return fmt.Sprintf("The certificate expires on %s, in %s: %s.", day(c.NotAfter), days(c.NotAfter.Sub(s.started)), holder(*c)),
		"Renew it now and assign it to the service " + s.assigning("New-ExchangeCertificate, Enable-ExchangeCertificate") + "."
}

func sayOtherName(s seen) (text, hint string) {
	c := s.leaf()
	names := "no names"
	if len(c.Names) > 0 {
		names = listedOf(c.Names, c.MoreNames)
	}
	return fmt.Sprintf("The certificate is not for %s: it is %s, for %s.", s.Check.Host, holder(*c), names),
		"Use a name that is in the certificate, or have one issued with this name among its subject alternative names."
}

// commonNameOnly: the name is in the certificate, where not everybody looks.
func commonNameOnly(s seen) bool { return s.leaf() != nil && s.tls().NameInSubject }

func commonNameOnlyAmongServers(s seen) bool { return commonNameOnly(s) && s.amongServers() }

func sayCommonNameOnly(s seen) (text, hint string) {
	return fmt.Sprintf("The certificate has %s only as its common name, and no subject alternative names: %s. "+
			"Windows and Outlook accept that; browsers, phones and most other programs do not.", s.Check.Host, s.leaf().Subject),
		"Have a certificate issued with this name among its subject alternative names."
}

func saySelfSigned(s seen) (text, hint string) {
	text = fmt.Sprintf("The certificate is self-signed: %s.", holder(*s.leaf()))
	switch {
	case s.amongServers() && s.asksController():
		return text, "Programs that use LDAPS have to trust it: have the domain controller enroll one of your own authority (certlm.msc), or install this one on them."
	case s.amongServers():
		return text, "Nothing to do between Exchange servers: setup installs such a certificate, and they do not check it."
	}
	return text, "Assign a certificate from an authority that the clients trust " + s.assigning("Enable-ExchangeCertificate") + "."
}

func sayUntrusted(s seen) (text, hint string) {
	c := s.leaf()
	why := ""
	if s.tls().TrustError != "" {
		why = " (" + strings.TrimSuffix(s.tls().TrustError, ".") + ")"
	}
	return fmt.Sprintf("This machine does not trust the issuer of the certificate, %s%s.", c.Issuer, why),
		"If it is your own authority, install its root certificate on the clients, and check that the server sends its intermediate certificates; " +
			"if nobody recognises it, a device on the path may be intercepting TLS (TLS inspection)."
}

// holder is whom a certificate is for. Names alone may tell (RFC 5280 section
// 4.1.2.6).
func holder(c protocol.Certificate) string {
	switch {
	case c.Subject != "":
		return c.Subject
	case len(c.Names) > 0:
		return "no subject, names " + listedOf(c.Names, c.MoreNames)
	}
	return "no subject and no names"
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// days is a span in whole days.
func days(d time.Duration) string {
	if d < 24*time.Hour {
		return "less than a day"
	}
	return catalog.Count(int(d/(24*time.Hour)), "day")
}

// listed joins names for a sentence and leaves out what would fill a screen.
func listed(names []string) string { return listedOf(names, 0) }

// listedOf is listed where there are more names than are known.
func listedOf(names []string, more int) string {
	const most = 6
	shown := names[:min(len(names), most)]
	more += len(names) - len(shown)
	if more == 0 {
		return strings.Join(shown, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), more)
}
