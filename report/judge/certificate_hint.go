// SPDX-License-Identifier: Apache-2.0

package judge

import "exreach/catalog"

// schannelLog is where Windows says what is wrong with the key of a certificate.
const schannelLog = "the System log has events 36870 and 36874 of Schannel"

// certificateHint is how the service comes by its certificate, and what to look at
// where it cannot use it.
func (s seen) certificateHint() string {
	switch spoken := s.Check.Service.Protocol; {
	case s.isOf(catalog.ExchangeOnline):
		return "Microsoft runs this server: check the service health of Microsoft 365 (admin.microsoft.com), then look for a device on the path that blocks TLS."
	case s.isOf(catalog.DavMail):
		return "Check the keystore of DavMail (davmail.ssl.keystoreFile and the passwords beside it in davmail.properties) and DavMail's log."
	case spoken == "winrm":
		return "Check the listener and its certificate: winrm enumerate winrm/config/listener, netsh http show sslcert."
	case s.asksController():
		return "Enroll a certificate for server authentication on the domain controller, with its name in it (certlm.msc, template Domain Controller or Kerberos Authentication). " +
			"Events 1220 and 36886 are logged while there is none."
	case !s.exchange():
		return "Check which certificate the service has (certlm.msc on Windows) and whether its private key can be read; " + schannelLog + "."
	case !s.has("2007"):
		return s.olderCertificateHint()
	}
	return s.exchangeCertificateHint()
}

// exchangeCertificateHint is certificateHint for 2007 and later. Front and back ends
// of one service, and components, are there since 2013.
func (s seen) exchangeCertificateHint() string {
	switch s.Check.Service.Protocol {
	case "ldap":
		return "AD LDS of an Edge server uses the certificate of its SMTP service: check that it is valid (Get-ExchangeCertificate), restart ADAM_MSExchange, " +
			"and if the certificate was replaced, subscribe the Edge server again (New-EdgeSubscription)."
	case "http", "caldav":
		hint := "Check the binding on the server (netsh http show sslcert, Get-WebBinding) and assign the certificate again: Enable-ExchangeCertificate -Services IIS"
		if s.has("2013") {
			hint += " for 443; the site Exchange Back End (444) has the certificate Microsoft Exchange"
		}
		return hint + ". Events 15021 of HttpEvent and 36870 of Schannel say what is missing."
	case "imap":
		return s.mailboxCertificateHint("Imap", "IMAP", "MSExchangeImap4", "MSExchangeIMAP4BE")
	case "pop3":
		return s.mailboxCertificateHint("Pop", "POP", "MSExchangePop3", "MSExchangePOP3BE")
	case "smtp":
		services := "MSExchangeTransport"
		if s.has("2013") && s.Check.Service.Role != "edge" {
			services = "MSExchangeFrontEndTransport and MSExchangeTransport"
		}
		return "Check which certificate the connector uses (Get-ReceiveConnector | Format-List Name,Fqdn,TlsCertificateName; Get-ExchangeCertificate), that it is valid and its private key can be read, " +
			"then Enable-ExchangeCertificate -Services SMTP and restart " + services + "."
	}
	return "Check which certificate the service has (Get-ExchangeCertificate, certlm.msc) and whether its private key can be read; " + schannelLog + "."
}

// mailboxCertificateHint is that of POP3 and IMAP4: the noun of their cmdlets, their
// name among the services of a certificate, and the services of Windows.
func (s seen) mailboxCertificateHint(noun, service, front, back string) string {
	look, restart := "Check the certificate", "the service "+front
	if s.has("2013") {
		look = "Check the component (Get-ServerComponentState -Identity SERVER -Component " + noun + "Proxy), then the certificate"
		restart = "the services " + front + " and " + back
	}
	return look + " (Get-" + noun + "Settings, Set-" + noun + "Settings -X509CertificateName, Enable-ExchangeCertificate -Services " + service + "), and restart " + restart + "."
}

// olderCertificateHint is that of 4.0 to 2003, whose certificates are those of IIS.
func (s seen) olderCertificateHint() string {
	switch {
	case s.Check.Service.Protocol == "http":
		return "In the properties of the web site in IIS (Directory Security), check the certificate and assign it again; " + schannelLog + "."
	case s.has("2000"):
		return "In Exchange System Manager (Protocols, the virtual server, Access), check the certificate and assign it again; " + schannelLog + "."
	}
	return "Check the certificate in Key Manager of IIS, which Exchange 5.5 takes its certificates from; " + schannelLog + "."
}

// asksController reports whether a domain controller is asked, and not the directory
// of an Edge server or of 5.5.
func (s seen) asksController() bool {
	return s.Check.Service.Protocol == "ldap" && s.Check.Service.Role != "edge" && (!s.exchange() || s.has("2000"))
}

// assigning names in brackets what gives a service another certificate: since 2007
// these cmdlets of Exchange.
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
	case s.has("2007"):
		return "(" + cmdlets + ")"
	case s.Check.Service.Protocol == "http":
		return "(the web site's properties in IIS, Directory Security)"
	case s.has("2000"):
		return "(Exchange System Manager, Protocols, the virtual server, Access)"
	}
	return "(Key Manager of IIS)"
}
