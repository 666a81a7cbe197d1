// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"slices"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// upFrom is a version and all that came after it, Exchange Online too.
func upFrom(first string) []string { return append(between(first, "se"), catalog.Online) }

// between is the versions from first to last.
func between(first, last string) []string {
	from, to := slices.Index(catalog.Exchange, first), slices.Index(catalog.Exchange, last)+1
	return catalog.Exchange[from:to:to]
}

// Sources of many signs.
const (
	recog       = "Rapid7 recog"
	nmap        = "nmap-service-probes"
	matrix      = "Exchange Server supportability matrix" // which Windows, and so which IIS, each version runs on
	directories = "Microsoft documentation: default settings of the virtual directories"
	recorded    = "answers of real servers, in report/testdata/recorded/published.yaml"
)

// inChina names a server that runs there in its greeting.
const inChina = "https://github.com/jstedfast/MailKit/issues/711"

// onlineOnly and davmailOnly are the versions that nobody installs as Exchange Server.
var (
	onlineOnly  = []string{catalog.Online}
	davmailOnly = []string{catalog.DavMail}
)

// newMail is in the greetings of IMAP4 since 2010.
const newMail = "Microsoft Exchange IMAP4 service*ready"

// marks are what versions are known by.
var marks = []mark{
	// Greetings. The SMTP and NNTP services of 2000 and 2003 are those of Windows: 2003
	// runs on Windows 2000 (5.0.2195) as well as on Windows Server 2003 (6.0.3790).
	{protocol: "smtp", greeting: "Microsoft Exchange Internet Mail Connector", versions: []string{"4.0"}, weight: stated, source: "by analogy with 5.0"},
	{protocol: "smtp", greeting: "Microsoft ESMTP MAIL Service*Version: 5.0.2195.", versions: between("2000", "2003"), weight: implied, source: recog},
	{protocol: "smtp", greeting: "Microsoft ESMTP MAIL Service*Version: 6.0.3790.", versions: []string{"2003"}, weight: implied, source: recog},
	{protocol: "smtp", greeting: ".outlook.com Microsoft ESMTP MAIL Service",
		versions: onlineOnly, weight: stated, source: "https://github.com/ietf-tools/datatracker/pull/5888"},
	{protocol: "smtp", greeting: ".office365.com Microsoft ESMTP MAIL Service",
		versions: onlineOnly, weight: stated, source: "https://github.com/simonrob/email-oauth2-proxy/issues/95"},
	{protocol: "smtp", greeting: ".office365.us Microsoft ESMTP MAIL Service",
		versions: onlineOnly, weight: stated, source: "Microsoft 365 URLs and IP address ranges"},
	{protocol: "smtp", greeting: ".partner.outlook.cn Microsoft ESMTP MAIL Service", versions: onlineOnly, weight: stated, source: inChina},
	{protocol: "smtp", greeting: ".mx.microsoft Microsoft ESMTP MAIL Service",
		versions: onlineOnly, weight: stated, source: "Microsoft 365 URLs and IP address ranges"},
	{protocol: "smtp", greeting: "Microsoft ESMTP MAIL Service ready", versions: upFrom("2007"), weight: stated, source: recog},
	{protocol: "pop3", greeting: "Microsoft Exchange Server 2007 POP3", versions: []string{"2007"}, weight: stated, source: recog},
	{protocol: "imap", greeting: "Microsoft Exchange Server 2007 IMAP4", versions: []string{"2007"}, weight: stated, source: recog},
	{protocol: "pop3", greeting: "The Microsoft Exchange POP3 service is ready", versions: upFrom("2010"), weight: stated, source: recog},
	{protocol: "imap", greeting: "The Microsoft Exchange IMAP4 service is ready", versions: upFrom("2010"), weight: stated, source: recog},
	{protocol: "pop3", greeting: "+OK Microsoft Exchange POP3 service ready",
		versions: onlineOnly, weight: stated, source: "https://github.com/jstedfast/MailKit/issues/2016"},
	{protocol: "imap", greeting: "* OK Microsoft Exchange IMAP4 service ready",
		versions: onlineOnly, weight: stated, source: "https://github.com/jstedfast/MailKit/issues/2016"},
	{protocol: "imap", greeting: "* BYE Connection refused", versions: upFrom("2007"), weight: faint, source: nmap},
	{protocol: "imap", greeting: "* BYE Connection is closed. 1", versions: upFrom("2013"), weight: faint, source: nmap},
	{protocol: "pop3", greeting: "-ERR Connection is closed. 1", versions: upFrom("2013"), weight: faint, source: nmap},
	{protocol: "nntp", greeting: "NNTP* Version: 5.0.2195.", versions: between("2000", "2003"), weight: implied, source: recog},
	{protocol: "nntp", greeting: "NNTP* Version: 6.0.3790.", versions: []string{"2003"}, weight: implied, source: recog},
	{protocol: "link-state", greeting: "Version: 6.0.*Microsoft Routing Server", versions: []string{"2000"}, weight: stated, source: recog},
	{protocol: "link-state", greeting: "Version: 6.5.*Microsoft Routing Server", versions: []string{"2003"}, weight: stated, source: recog},
	{protocol: "smtp", greeting: "DavMail", versions: davmailOnly, weight: stated, source: "DavMail's source code"},
	{protocol: "pop3", greeting: "DavMail", versions: davmailOnly, weight: stated, source: "DavMail's source code"},
	{protocol: "imap", greeting: "DavMail", versions: davmailOnly, weight: stated, source: "DavMail's source code"},

	// What SMTP offers. XEXCH50 is in the transport service of 2013, too, which clients
	// seldom reach, beside XSHADOWREQUEST; and an Edge server, which has no GSSAPI, may offer
	// it in any version.
	{protocol: "smtp", offers: []string{"X-LINK2STATE"},
		said: "the extension X-LINK2STATE", versions: between("2000", "2003"), weight: implied, source: recorded},
	{protocol: "smtp", offers: []string{"XEXCH50"}, lacks: []string{"XSHADOWREQUEST", "X-EXPS"},
		said: "the extension XEXCH50", versions: between("5.0", "2010"), weight: faint, source: recorded},
	{protocol: "smtp", offers: []string{"XEXCH50", "X-EXPS GSSAPI"}, lacks: []string{"XSHADOWREQUEST"},
		said: "the extension XEXCH50", versions: between("5.0", "2010"), weight: faint, source: recorded},
	{protocol: "smtp", offers: []string{"XSHADOW"}, said: "the extension XSHADOW", versions: []string{"2010"}, weight: implied, source: recorded},
	{protocol: "smtp", offers: []string{"XSHADOWREQUEST"},
		said: "the extension XSHADOWREQUEST", versions: between("2013", "se"), weight: implied, source: recorded},
	{protocol: "smtp", offers: []string{"X-ANONYMOUSTLS"},
		said: "the extension X-ANONYMOUSTLS", versions: between("2007", "se"), weight: implied, source: recorded},
	{protocol: "smtp", offers: []string{"XRDST"}, said: "the extension XRDST", versions: between("2007", "se"), weight: implied, source: recorded},
	{protocol: "smtp", offers: []string{"X-ANONYMOUSTLS", "X-EXPS NTLM"}, lacks: []string{"X-EXPS GSSAPI", "XRDST"},
		said: "X-EXPS without GSSAPI", versions: between("2007", "se"), role: "edge", weight: implied, source: recorded},
	{protocol: "smtp", offers: []string{"X-EXPS"}, said: "the extension X-EXPS", versions: between("2000", "se"), weight: implied, source: recorded},
	{protocol: "smtp", greeting: "Microsoft ESMTP MAIL Service ready", offers: []string{"SMTPUTF8"},
		said: "the extension SMTPUTF8", versions: upFrom("2016"), weight: implied, source: recorded},
	{protocol: "smtp", greeting: "Microsoft ESMTP MAIL Service ready", offers: []string{"AUTH XOAUTH2"},
		said: "the login XOAUTH2", versions: onlineOnly, weight: implied, source: "https://github.com/simonrob/email-oauth2-proxy/issues/95"},

	// What IMAP4 and POP3 offer, in which order.
	{protocol: "imap", greeting: newMail, lacks: []string{"MOVE", "ID"},
		said: "IMAP4 without MOVE and ID", versions: between("2010", "2013"), weight: faint, source: "https://github.com/jstedfast/MailKit/issues/333"},
	{protocol: "imap", greeting: newMail, list: "AUTH=NTLM AUTH=GSSAPI AUTH=PLAIN",
		said: "PLAIN as the last login of IMAP4", versions: []string{"2010"}, weight: implied, source: "https://github.com/smiley22/S22.Imap/issues/57"},
	{protocol: "imap", greeting: newMail, list: "AUTH=PLAIN AUTH=NTLM AUTH=GSSAPI",
		said: "PLAIN as the first login of IMAP4", versions: between("2013", "se"), weight: implied, source: "https://github.com/jstedfast/MailKit/issues/1351"},
	{protocol: "imap", greeting: newMail, offers: []string{"ID"},
		said: "the IMAP4 extension ID", versions: upFrom("2013"), weight: implied, source: "https://github.com/jstedfast/MailKit/issues/265"},
	{protocol: "imap", greeting: newMail, offers: []string{"MOVE"},
		said: "the IMAP4 extension MOVE", versions: upFrom("2013"), weight: implied, source: "https://github.com/jstedfast/MailKit/issues/1351"},
	{protocol: "imap", greeting: newMail, offers: []string{"SASL-IR"},
		said: "the IMAP4 extension SASL-IR", versions: upFrom("2016"), weight: implied, source: "https://github.com/jstedfast/MailKit/issues/773"},
	{protocol: "imap", greeting: newMail, offers: []string{"UNSELECT"},
		said: "the IMAP4 extension UNSELECT", versions: upFrom("2016"), weight: implied, source: "https://github.com/jstedfast/MailKit/issues/773"},
	{protocol: "imap", greeting: "Microsoft Exchange", offers: []string{"AUTH=XOAUTH2"},
		said: "the login XOAUTH2", versions: onlineOnly, weight: implied, source: "https://github.com/simonrob/email-oauth2-proxy/issues/109"},
	{protocol: "pop3", greeting: "Microsoft Exchange", offers: []string{"SASL XOAUTH2"},
		said: "the login XOAUTH2", versions: onlineOnly, weight: implied, source: "https://github.com/simonrob/email-oauth2-proxy/issues/109"},
	{protocol: "pop3", list: "TOP USER PIPELINING EXPIRE NEVER UIDL",
		said: "the capabilities of the POP3 service of 2003", versions: []string{"2003"}, weight: implied, source: "https://github.com/jstedfast/MailKit/issues/391"},
	{protocol: "imap", list: "IMAP4 IMAP4rev1 IDLE", lacks: []string{"AUTH=GSSAPI", "AUTH=PLAIN", "STARTTLS"},
		said: "the order of what IMAP4 offers", versions: between("5.5", "2003"), weight: implied, source: nmap},

	// The web server. Only that of Exchange tells anything: since IIS 7.0 it has EWS and
	// /owa, and one that has not may be of another server behind the same name.
	{protocol: "http", fact: protocol.FactXBackEndTarget, words: ".outlook.com",
		versions: onlineOnly, weight: stated, source: "https://github.com/mguessan/davmail/issues/185"},
	{protocol: "http", fact: protocol.FactXFrontEndTarget, words: ".outlook.com",
		versions: onlineOnly, weight: stated, source: "https://github.com/mguessan/davmail/issues/185"},
	{protocol: "http", fact: protocol.FactXBackEndTarget, words: ".partner.outlook.cn", versions: onlineOnly, weight: stated, source: inChina},
	{protocol: "http", fact: protocol.FactXFrontEndTarget, words: ".partner.outlook.cn", versions: onlineOnly, weight: stated, source: inChina},
	{protocol: "http", fact: protocol.FactXProxyInfo, words: ".partner.outlook.cn", versions: onlineOnly, weight: stated, source: inChina},
	{protocol: "http", fact: protocol.FactXProxyInfo, words: ".outlook.com",
		versions: onlineOnly, weight: stated, source: "https://github.com/mguessan/davmail/issues/185"},
	{protocol: "http", fact: protocol.FactXFrontEnd, said: "the header X-FEServer", versions: upFrom("2013"), weight: stated, source: recorded},
	{protocol: "http", fact: protocol.FactRequestID, without: []string{protocol.FactXFrontEnd},
		said: "the header request-id", versions: upFrom("2013"), weight: faint, source: recorded},
	{protocol: "http", fact: protocol.FactLocation, words: "/exchweb/bin/auth/owalogon.asp",
		said: "the redirect to owalogon.asp", versions: []string{"2003"}, weight: implied, source: "Evolution's notes on forms-based authentication"},
	{protocol: "http", fact: protocol.FactLocation, words: "/owa/auth/logon.aspx",
		said: "the redirect to /owa/auth/logon.aspx", versions: upFrom("2007"), weight: implied, source: directories},
	{protocol: "http", path: "/ews/exchange.asmx", fact: protocol.FactServer, words: "Microsoft-IIS/6.", status: "401", without: []string{protocol.FactXFrontEnd, protocol.FactRequestID, protocol.FactXOWAVersion},
		said: "EWS without the header X-FEServer", versions: between("2007", "2010"), weight: faint, source: "https://github.com/fuel9/DisplayMonkey/issues/77"},
	{protocol: "http", path: "/ews/exchange.asmx", fact: protocol.FactServer, words: "Microsoft-IIS/7.", status: "401", without: []string{protocol.FactXFrontEnd, protocol.FactRequestID, protocol.FactXOWAVersion},
		said: "EWS without the header X-FEServer", versions: between("2007", "2010"), weight: faint, source: "https://github.com/fuel9/DisplayMonkey/issues/77"},
	{protocol: "http", path: "/ews/exchange.asmx", fact: protocol.FactServer, words: "Microsoft-IIS/8.", status: "401", without: []string{protocol.FactXFrontEnd, protocol.FactRequestID, protocol.FactXOWAVersion},
		said: "EWS without the header X-FEServer", versions: between("2007", "2010"), weight: faint, source: "https://github.com/fuel9/DisplayMonkey/issues/77"},
	{protocol: "http", inside: true, fact: protocol.FactServer, words: "Microsoft-IIS/4.0", versions: between("5.0", "5.5"), weight: faint, source: matrix},
	{protocol: "http", inside: true, fact: protocol.FactServer, words: "Microsoft-IIS/5.0", versions: between("5.5", "2003"), weight: faint, source: matrix},
	{protocol: "http", inside: true, fact: protocol.FactServer, words: "Microsoft-IIS/6.0", versions: between("2003", "2007"), weight: faint, source: matrix},
	{protocol: "http", inside: true, fact: protocol.FactServer, words: "Microsoft-IIS/7.0", versions: between("2007", "2010"), weight: faint, source: matrix},
	{protocol: "http", inside: true, fact: protocol.FactServer, words: "Microsoft-IIS/7.5", versions: between("2007", "2013"), weight: faint, source: matrix},
	{protocol: "http", inside: true, fact: protocol.FactServer, words: "Microsoft-IIS/8.0",
		versions: append(between("2010", "2016"), catalog.Online), weight: faint, source: matrix},
	{protocol: "http", inside: true, fact: protocol.FactServer, words: "Microsoft-IIS/8.5",
		versions: append(between("2010", "2016"), catalog.Online), weight: faint, source: matrix},
	{protocol: "http", inside: true, fact: protocol.FactServer, words: "Microsoft-IIS/10.0", versions: upFrom("2016"), weight: faint, source: matrix},
}
