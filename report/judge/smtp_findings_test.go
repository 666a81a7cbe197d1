// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// What the SMTP services of Exchange and of Windows say.
const (
	greets2019 = "220 mail01.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026 10:30:00 +0100"
	greetsIIS  = "220 mail01 Microsoft ESMTP MAIL Service, Version: 10.0.17763.1697 ready at Mon, 2 Mar 2026 10:30:00 +0100"
	greets2003 = "220 mail01.contoso.com Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready at Mon, 2 Mar 2026 10:30:00 +0100"
	masked     = "220 ****************2****0***"
)

// offers2019 is what an anonymous connector of 2019 offers.
var offers2019 = []string{"SIZE 37748736", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "X-ANONYMOUSTLS", "AUTH NTLM", "X-EXPS GSSAPI NTLM", "8BITMIME", "BINARYMIME", "CHUNKING", "XRDST"}

// smtp is a mail service that greets and offers so.
func smtp(greeting string, offers ...string) change {
	return func(r *probe.Result) {
		r.Check.Service.Protocol = "smtp"
		r.Evidence = greeting + `\r\n`
		r.Peer = &protocol.Peer{Greeting: greeting, Capabilities: offers}
	}
}

func also(name, value string) change {
	return func(r *probe.Result) {
		if r.Peer.Facts == nil {
			r.Peer.Facts = map[string]string{}
		}
		r.Peer.Facts[name] = value
	}
}

func version(name string) change { return func(r *probe.Result) { r.Check.Version = name } }
func role(name string) change    { return func(r *probe.Result) { r.Check.Service.Role = name } }
func step(s protocol.Step) change {
	return func(r *probe.Result) { r.Step = s }
}

func port(n uint16) change {
	return func(r *probe.Result) { r.Port, r.Check.Service.Ports = n, catalog.Ports{First: n, Last: n} }
}

func evidence(text string) change { return func(r *probe.Result) { r.Evidence = text } }

var (
	healthySMTP = smtp(greets2019, offers2019...)
	withoutTLS  = all(starttls, also("starttls", "not offered"))
)

var smtpTests = []findingTest{
	{"smtp-banner-masked", Pass, Warn, smtp(masked, "SIZE"), healthySMTP, []string{masked, "inspect esmtp"}},
	{"smtp-banner-masked", Pass, Warn, smtp("220 *************************************"), smtp("220 mail.contoso.com ESMTP *** no spam ***"), nil},
	{"smtp-banner-masked", Pass, Warn, smtp("220 SMTP/cmap____read"), smtp("220 cmap.contoso.com ESMTP"), nil},
	{"smtp-banner-masked", Fail, Pass, all(smtp(""), verdict(probe.Mismatch, ""), evidence(`220********************0*\r\n`)),
		all(smtp(""), verdict(probe.Mismatch, ""), evidence(`220x mail01\r\n`)), []string{"fixup"}},
	{"smtp-ehlo-refused", Pass, Warn, all(smtp(greets2019), also("hello", "HELO")), healthySMTP, []string{"RFC 821"}},
	{"smtp-ehlo-refused", Pass, Warn, all(smtp(greets2019), also("hello", "HELO"), version("5.5")), all(smtp(greets2019), also("hello", "HELO"), version("5.0")), nil},
	{"smtp-keywords-masked", Pass, Warn, smtp(greets2019, "SIZE 10485760", "XXXXXXXA", "XXXB"), healthySMTP, []string{"(XXXXXXXA)"}},
	{"smtp-keywords-masked", Pass, Warn, smtp(greets2019, "AUTH NTLM", "XXXX"), smtp(greets2019, "XEXCH50", "XSHADOW", "XXE"), []string{"(XXXX)"}},
	{"starttls-no-certificate", Pass, Warn, all(smtp(greets2019, "SIZE", "X-ANONYMOUSTLS"), withoutTLS), all(smtp(greets2019, "SIZE"), withoutTLS),
		[]string{"no firewall removed it", "Enable-ExchangeCertificate"}},
	{"starttls-missing", Pass, Warn, all(smtp(greets2019, "SIZE"), withoutTLS), all(smtp(greets2019, "SIZE", "X-ANONYMOUSTLS"), withoutTLS),
		[]string{"removes both"}},
	{"starttls-missing", Pass, Warn, all(smtp(greets2019, "SIZE"), withoutTLS, port(587)), all(healthySMTP, starttls), []string{"Either the service has no certificate"}},
	{"smtp-iis", Pass, Warn, smtp(greetsIIS), healthySMTP, []string{"version 10.0.17763.1697", "not Exchange 2019", "SMTPSVC"}},
	{"smtp-iis", Pass, Warn, smtp(greets2003), all(smtp(greets2003), version("2003")), nil},
	{"smtp-banner-changed", Pass, Pass, smtp("220 mx.contoso.com at your service", offers2019...), healthySMTP, []string{"mx.contoso.com at your service", "Get-ReceiveConnector"}},
	{"smtp-banner-changed", Pass, Pass, all(smtp("220 mx.contoso.com", offers587...), hello("mx.contoso.com Hello [192.0.2.7]"), port(587)), smtp("220 mx.contoso.com", "AUTH PLAIN"), nil},
	{"smtp-banner-changed", Pass, Pass, all(smtp("220 mx.contoso.com ESMTP Postfix", offers2019...)), smtp("220 mx.contoso.com", "AUTH NTLM CRAM-MD5"), nil},
	{"smtp-other-product", Pass, Warn, smtp("220 mail.contoso.com ESMTP Postfix", "PIPELINING", "STARTTLS"), smtp("220 mx.contoso.com at your service", offers2019...),
		[]string{"Postfix answers, not Exchange", "ESMTP Postfix", "past it"}},
	{"smtp-other-product", Pass, Warn, smtp("220 mail.contoso.com at your service", "PIPELINING", "STARTTLS"), healthySMTP, []string{"Another product answers", "cloud"}},
	// Postfix with the NTLM of Cyrus SASL: Exchange never offers CRAM-MD5.
	{"smtp-other-product", Pass, Warn, all(smtp("220 mail.contoso.com ready", append([]string{"AUTH NTLM CRAM-MD5"}, offers587...)...), hello("mail.contoso.com Hello [192.0.2.7]")),
		all(smtp("220 mail.contoso.com ready", offers587...), hello("mail.contoso.com Hello [192.0.2.7]")), nil},
	// Windows' own service offers the same, in small letters.
	{"smtp-other-product", Pass, Warn, all(smtp("220 mail.contoso.com ready", "TURN", "8bitmime", "BINARYMIME", "CHUNKING", "OK"), hello("mail.contoso.com Hello [192.0.2.7]")), healthySMTP, nil},
	{"smtp-other-product", Pass, Warn, all(smtp("220 mail.contoso.com ESMTP Postfix"), version("online")), all(smtp("220 AM3PR05CA0094.outlook.office365.com Microsoft ESMTP MAIL Service ready at Wed"), version("online")), nil},
	{"smtp-other-product", Pass, Warn, all(smtp("220 mail.contoso.com ESMTP Postfix"), version("davmail")), all(smtp("220 DavMail 6.2.2 SMTP ready at Mon"), version("davmail")), []string{"not DavMail"}},
	{"pop3-other-product", Pass, Warn, mailbox("pop3", "+OK Dovecot (Ubuntu) ready.", "CAPA", "TOP", "UIDL", "RESP-CODES"), mailbox("pop3", "+OK The Microsoft Exchange POP3 service is ready.", "TOP", "UIDL", "STLS"),
		[]string{"Dovecot answers, not Exchange"}},
	{"pop3-other-product", Pass, Warn, mailbox("pop3", "+OK POP3 ready", "USER", "UIDL", "TOP"), mailbox("pop3", "+OK our own words", "TOP", "UIDL", "SASL NTLM GSSAPI PLAIN", "USER", "STLS"), []string{"Another product"}},
	{"pop3-other-product", Pass, Warn, mailbox("pop3", "+OK POP3 ready", "TOP", "UIDL", "SASL CRAM-MD5"), all(mailbox("pop3", "+OK Authorized Users Only!", "TOP", "USER", "PIPELINING", "EXPIRE NEVER", "UIDL", "SASL NTLM"), version("2003")), nil},
	{"imap-other-product", Pass, Warn, mailbox("imap", "* OK Dovecot ready.", "IMAP4rev1", "SASL-IR", "ID"), mailbox("imap", "* OK The Microsoft Exchange IMAP4 service is ready.", "IMAP4", "IMAP4rev1", "STARTTLS"),
		[]string{"Dovecot answers, not Exchange"}},
	{"imap-other-product", Pass, Warn, mailbox("imap", "* OK ready", "IMAP4", "IMAP4rev1", "ACL", "QUOTA", "LITERAL+"),
		mailbox("imap", "* OK our own words", "IMAP4", "IMAP4rev1", "LOGINDISABLED", "STARTTLS", "UIDPLUS", "MOVE", "ID", "CHILDREN", "IDLE", "NAMESPACE", "LITERAL+"), nil},
	{"mail-filter", Pass, Pass, all(smtp("220-InterScan Version 3.6-Build_1182 (mail.contoso.com): Ready"), behindLine(greets2003), version("2003")), all(smtp(greets2003), version("2003")), []string{"InterScan", "passes on"}},
	{"smtp-other-product", Pass, Warn, smtp("220 mail.contoso.com ESMTP Postfix"), all(smtp("220 mail.contoso.com ESMTP Postfix"), role("internet")), nil},
	{"smtp-other-product", Pass, Warn, smtp("220 mail.contoso.com ESMTP Postfix"), smtp(masked), nil},
	{"smtp-other-product", Pass, Warn, smtp("220 mail.contoso.com ESMTP Postfix"), smtp(greetsIIS), nil},
	{"smtps-suspected", Fail, Pass, all(smtp(""), port(465), verdict(probe.Silent, ""), step(protocol.Greet)), all(smtp(""), port(587), verdict(probe.Silent, ""), step(protocol.Greet)),
		[]string{"No version of Exchange", "587"}},
	{"smtps-suspected", Fail, Pass, all(smtp(""), port(465), verdict(probe.Mismatch, ""), evidence(`\x15\x03\x01\x00\x02\x02\x16`)),
		all(smtp(""), port(465), verdict(probe.Mismatch, ""), evidence(`HTTP/1.0 400 Bad Request`)), nil},
	{"mail-shield", Warn, Pass, smtp("220 mail01 avast! SMTP proxy ready."), healthySMTP, []string{"avast! SMTP proxy", "Switch off"}},
	{"mail-shield", Fail, Pass, all(smtp("421 Cannot connect to SMTP server mail01 (192.0.2.10:25), connect error 10060"), verdict(probe.Cut, "")), nil, nil},
}

// offers587 is what Exchange offers its users.
var offers587 = []string{"SIZE 37748736", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "AUTH GSSAPI NTLM", "8BITMIME", "BINARYMIME", "CHUNKING"}

// hello is what the reply to EHLO begins with.
func hello(text string) change { return also(protocol.FactIntroduction, text) }

// behindLine is one more line of the greeting.
func behindLine(text string) change {
	return func(r *probe.Result) { r.Peer.GreetingRest = append(r.Peer.GreetingRest, text) }
}

// mailbox is a server of POP3 or IMAP4 that greets and offers.
func mailbox(protocol, greeting string, offers ...string) change {
	return func(r *probe.Result) {
		smtp(greeting, offers...)(r)
		r.Check.Service.Protocol, r.Check.Service.Name = protocol, protocol
	}
}
