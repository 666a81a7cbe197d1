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
	"exreach/probe/protocol/tls12"
)

// soon is how long before its end a certificate is worth a warning: time enough
// for an internal request and the change that follows.
const soon = 21 * 24 * time.Hour

// amongServers reports whether the check stands for an Exchange server that connects. For
// use among servers, setup installs self-signed certificates, and TLS is opportunistic.
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
func (s seen) leaf() *tls12.Certificate {
	if !s.wanted() {
		return nil
	}
	return serverLeaf(s.Result)
}

// serverLeaf is the certificate of the server that answered, or nil.
func serverLeaf(r probe.Result) *tls12.Certificate {
	if r.Peer == nil || r.Peer.TLS == nil || len(r.Peer.TLS.Chain) == 0 {
		return nil
	}
	return &r.Peer.TLS.Chain[0]
}

func expired(s seen) bool {
	c := s.leaf()
	return c != nil && !c.NotAfter.IsZero() && s.started.After(c.NotAfter) // zero: it could not be read
}

func notYetValid(s seen) bool {
	c := s.leaf()
	return c != nil && s.started.Before(c.NotBefore)
}

func expiresSoon(s seen) bool {
	c := s.leaf()
	return c != nil && !c.NotAfter.IsZero() && !expired(s) && c.NotAfter.Sub(s.started) <= soon
}

// otherName: the certificate is for other names. The rule leaves out a host that was given
// by its address, because no name was asked for.
func otherName(s seen) bool {
	_, err := netip.ParseAddr(s.Check.Host)
	return err != nil && s.leaf() != nil && !s.tls().NameMatches && !s.tls().NameInSubject
}

func selfSigned(s seen) bool {
	c := s.leaf()
	return c != nil && c.SelfSigned && !s.tls().Trusted && !s.tls().Unjudged
}

func untrusted(s seen) bool {
	c := s.leaf()
	return c != nil && !c.SelfSigned && !s.tls().Trusted && !s.tls().Unjudged
}

func sayExpired(s seen) (text, hint string) {
	c := s.leaf()
	return fmt.Sprintf("The certificate expired on %s, %s ago: %s.", day(c.NotAfter), days(c.NotAfter, s.started), holder(*c)),
		"Renew it and assign it to the service " + s.assigning("New-ExchangeCertificate, Enable-ExchangeCertificate") + "."
}

func sayNotYetValid(s seen) (text, hint string) {
	c := s.leaf()
	return fmt.Sprintf("The certificate is not valid until %s, in %s: %s.", day(c.NotBefore), days(s.started, c.NotBefore), holder(*c)),
		"Compare the clock of this machine with the server's; if both are right, keep using the old certificate until then."
}

func sayExpiresSoon(s seen) (text, hint string) {
	c := s.leaf()
	return fmt.Sprintf("The certificate expires on %s, in %s: %s.", day(c.NotAfter), days(s.started, c.NotAfter), holder(*c)),
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

// commonNameOnly: the certificate has the name only where not every client looks for it.
func commonNameOnly(s seen) bool { return s.leaf() != nil && s.tls().NameInSubject }

func sayCommonNameOnly(s seen) (text, hint string) {
	return fmt.Sprintf("The certificate has %s only as its common name, and no subject alternative names: %s. "+
			"Windows and Outlook accept that; browsers, phones and most other programs do not.", s.Check.Host, s.leaf().Subject),
		"Have a certificate issued with this name among its subject alternative names."
}

func saySelfSigned(s seen) (text, hint string) {
	text = fmt.Sprintf("The certificate is self-signed: %s.", holder(*s.leaf()))
	switch {
	case s.amongServers() && s.asksController():
		return text, "Programs that use LDAPS must trust it: enroll a certificate from your own authority on the domain controller (certlm.msc), or install this one on their computers."
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
			"if you do not recognise it, a device on the path may be intercepting TLS (TLS inspection)."
}

// holder says whom a certificate is for. Some have no subject, but names (RFC 5280 section
// 4.1.2.6).
func holder(c tls12.Certificate) string {
	switch {
	case c.Subject != "":
		return c.Subject
	case len(c.Names) > 0:
		return "no subject, names " + listedOf(c.Names, c.MoreNames)
	}
	return "no subject and no names"
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// days says how many whole days lie between two times.
func days(from, to time.Time) string {
	if n := catalog.Days(from, to); n > 0 {
		return catalog.Count(n, "day")
	}
	return "less than a day"
}

// listed joins names for a sentence and only counts those that would fill a screen.
func listed(names []string) string { return listedOf(names, 0) }

// listedOf is listed for a list that was cut short: more is how many names it lacks.
func listedOf(names []string, more int) string {
	const most = 6
	shown := names[:min(len(names), most)]
	more += len(names) - len(shown)
	if more == 0 {
		return strings.Join(shown, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), more)
}

// schannelLog is where Windows says what is wrong with the key of a certificate.
const schannelLog = "the System log has events 36870 and 36874 of Schannel"

// certificateHint says where the service gets its certificate from, and what to check if it
// cannot use it.
func (s seen) certificateHint() string {
	switch spoken := s.Check.Service.Protocol; {
	case s.isOf(catalog.ExchangeOnline):
		return "Microsoft runs this server: check the service health of Microsoft 365 (admin.microsoft.com), then look for a device on the path that blocks TLS."
	case s.isOf(catalog.DavMail):
		return "Check the keystore of DavMail (davmail.ssl.keystoreFile and its passwords in davmail.properties) and DavMail's log."
	case spoken == "winrm":
		return "Check the listener and its certificate: winrm enumerate winrm/config/listener, netsh http show sslcert."
	case s.asksController():
		return "Enroll a certificate for server authentication on the domain controller, with its name in it (certlm.msc, template Domain Controller or Kerberos Authentication). " +
			"Events 1220 and 36886 are logged while there is none."
	case !s.exchange():
		return "Check which certificate the service has (certlm.msc on Windows) and whether its private key can be read; " + schannelLog + "."
	case !s.atLeast("2007"):
		return s.olderCertificateHint()
	}
	return s.exchangeCertificateHint()
}

// exchangeCertificateHint is certificateHint for Exchange 2007 and later. Since 2013, a
// service has a front end and a back end, and there are components.
func (s seen) exchangeCertificateHint() string {
	switch s.Check.Service.Protocol {
	case "ldap":
		return "AD LDS of an Edge server uses the certificate of its SMTP service: check that it is valid (Get-ExchangeCertificate), restart ADAM_MSExchange, " +
			"and if the certificate was replaced, subscribe the Edge server again (New-EdgeSubscription)."
	case "http", "caldav":
		hint := "Check the binding on the server (netsh http show sslcert, Get-WebBinding) and assign the certificate again: Enable-ExchangeCertificate -Services IIS"
		if s.atLeast("2013") {
			hint += " for 443; the site Exchange Back End (444) has the certificate Microsoft Exchange"
		}
		return hint + ". Events 15021 of HttpEvent and 36870 of Schannel say what is missing."
	case "imap":
		return s.mailboxCertificateHint("Imap", "IMAP", "MSExchangeImap4", "MSExchangeIMAP4BE")
	case "pop3":
		return s.mailboxCertificateHint("Pop", "POP", "MSExchangePop3", "MSExchangePOP3BE")
	case "smtp":
		services := "MSExchangeTransport"
		if s.atLeast("2013") && s.Check.Service.Role != "edge" {
			services = "MSExchangeFrontEndTransport and MSExchangeTransport"
		}
		return "Check which certificate the connector uses (Get-ReceiveConnector | Format-List Name,Fqdn,TlsCertificateName; Get-ExchangeCertificate), that it is valid and its private key can be read, " +
			"then Enable-ExchangeCertificate -Services SMTP and restart " + services + "."
	}
	return "Check which certificate the service has (Get-ExchangeCertificate, certlm.msc) and whether its private key can be read; " + schannelLog + "."
}

// mailboxCertificateHint is the hint for POP3 and IMAP4, given the noun of their cmdlets,
// their name in Enable-ExchangeCertificate -Services, and their two Windows services.
func (s seen) mailboxCertificateHint(noun, service, front, back string) string {
	look, restart := "Check the certificate", "the service "+front
	if s.atLeast("2013") {
		look = "Check the component (Get-ServerComponentState -Identity SERVER -Component " + noun + "Proxy), then the certificate"
		restart = "the services " + front + " and " + back
	}
	return look + " (Get-" + noun + "Settings, Set-" + noun + "Settings -X509CertificateName, Enable-ExchangeCertificate -Services " + service + "), and restart " + restart + "."
}

// olderCertificateHint is the hint for 4.0 to 2003, which use the certificates of IIS.
func (s seen) olderCertificateHint() string {
	switch {
	case s.Check.Service.Protocol == "http":
		return "In the properties of the web site in IIS (Directory Security), check the certificate and assign it again; " + schannelLog + "."
	case s.atLeast("2000"):
		return "In Exchange System Manager (Protocols, the virtual server, Access), check the certificate and assign it again; " + schannelLog + "."
	}
	return "Check the certificate in Key Manager of IIS, which Exchange 5.5 takes its certificates from; " + schannelLog + "."
}

// asksController reports whether a domain controller is asked, and not the directory
// of an Edge server or of 5.5.
func (s seen) asksController() bool {
	return s.Check.Service.Protocol == "ldap" && s.Check.Service.Role != "edge" && (!s.exchange() || s.atLeast("2000"))
}

// assigning says in brackets with what an administrator gives the service another
// certificate: for Exchange since 2007, these cmdlets.
func (s seen) assigning(cmdlets string) string {
	switch {
	case s.isOf(catalog.DavMail):
		return "(davmail.ssl.keystoreFile in davmail.properties)"
	case s.isOf(catalog.ExchangeOnline):
		return "(Microsoft runs this server)"
	case s.asksController():
		return "(certlm.msc on the domain controller)"
	case !s.exchange() || s.Check.Service.Protocol == "winrm" || s.Check.Service.Protocol == "rdp":
		return "(certlm.msc on Windows)"
	case s.atLeast("2007"):
		return "(" + cmdlets + ")"
	case s.Check.Service.Protocol == "http":
		return "(the web site's properties in IIS, Directory Security)"
	case s.atLeast("2000"):
		return "(Exchange System Manager, Protocols, the virtual server, Access)"
	}
	return "(Key Manager of IIS)"
}
