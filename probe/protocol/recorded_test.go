// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
)

// A recorded is what servers of a version said, as others published it. Names,
// addresses and times are replaced.
type recorded struct {
	version, role string
	port          uint16
	secured       bool   // under TLS
	want          string // with commas between the lines
	source        string
}

// check compares what the stand-in says to a command with the record.
func (r recorded) check(t *testing.T, protocol, command string) {
	t.Helper()
	s := standIn(protocol, catalog.StartTLS)
	if r.secured {
		s.Service.TLS = catalog.Implicit
	}
	s.Version, s.Service.Role = r.version, r.role
	s.Service.Ports = catalog.Ports{First: r.port, Last: r.port}
	s.StartTLS = func(conn net.Conn) (net.Conn, error) { return conn, nil }
	conn := hangsUpAfter([]byte(command + "\r\n"))
	if err := Table[protocol].Answer(conn, s); err != nil {
		t.Error(err)
	}
	_, said, _ := strings.Cut(strings.Join(conn.heard, ""), "\r\n") // after the greeting
	got := strings.Split(strings.TrimSuffix(withoutMark(said), "\r\n"), "\r\n")
	if want := listed(r.want); !slices.Equal(got, want) {
		t.Errorf("%s at %d, TLS %t:\n got %q\nwant %q\n(%s)", r.version, r.port, r.secured, got, want, r.source)
	}
}

// withoutMark is what a stand-in said, without the mark, which no record has.
func withoutMark(said string) string {
	return strings.NewReplacer(markBehind, "", "IMPLEMENTATION "+Mark+"\r\n", "").Replace(said)
}

const (
	recog   = "https://github.com/rapid7/recog (xml/pop_banners.xml, imap_banners.xml, smtp_banners.xml)"
	mailKit = "https://github.com/jstedfast/MailKit/issues/"
	telnet  = "https://learn.microsoft.com/en-us/exchange/mail-flow/test-smtp-telnet"
)

// TestRecordedEHLO: the list that each version and port of Exchange answers EHLO with.
func TestRecordedEHLO(t *testing.T) {
	const hello = "250-mail.example.com Hello [::1], "
	for _, r := range []recorded{
		{"5.5", "", 25, false, hello + "250-XEXCH50, 250-HELP, 250-ETRN, 250-DSN, 250-SIZE 0, 250-AUTH LOGIN, 250 AUTH=LOGIN", recog},
		{"2003", "", 25, true, hello + "250-TURN, 250-SIZE, 250-ETRN, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-8bitmime, 250-BINARYMIME, 250-CHUNKING, 250-VRFY, " +
			"250-X-EXPS GSSAPI NTLM LOGIN, 250-X-EXPS=LOGIN, 250-AUTH GSSAPI NTLM LOGIN, 250-AUTH=LOGIN, 250-X-LINK2STATE, 250-XEXCH50, 250 OK",
			"a transcript of 2011 of Exchange 2003 (220 … Version: 6.0.3790.4675), and nmap-service-probes"},
		{"2000", "", 25, true, hello + "250-TURN, 250-ATRN, 250-SIZE, 250-ETRN, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-8bitmime, 250-BINARYMIME, 250-CHUNKING, 250-VRFY, " +
			"250-X-EXPS GSSAPI NTLM LOGIN, 250-X-EXPS=LOGIN, 250-AUTH GSSAPI NTLM LOGIN, 250-AUTH=LOGIN, 250-X-LINK2STATE, 250-XEXCH50, 250 OK",
			"the answers of a honeypot that plays Exchange 2000"},
		{"2010", "", 25, false, hello + "250-SIZE 10485760, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-STARTTLS, 250-X-ANONYMOUSTLS, 250-AUTH NTLM, 250-X-EXPS GSSAPI NTLM, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250-XEXCH50, 250-XRDST, 250 XSHADOW", "a log of git send-email in the archive of a mailing list"},
		{"2013", "client-access", 25, false, hello + "250-SIZE 37748736, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-STARTTLS, 250-X-ANONYMOUSTLS, 250-AUTH NTLM, 250-X-EXPS GSSAPI NTLM, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250 XRDST", telnet},
		{"2013", "client-access", 25, true, hello + "250-SIZE 37748736, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-AUTH NTLM LOGIN, 250-X-EXPS GSSAPI NTLM, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250 XRDST", "a transcript of 2017 of openssl s_client -starttls smtp"},
		{"2007", "", 25, false, hello + "250-SIZE 10485760, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-STARTTLS, 250-X-ANONYMOUSTLS, 250-AUTH NTLM, 250-X-EXPS GSSAPI NTLM, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250 XEXCH50", "a log of Thunderbird, with its connector's logins in place of AUTH"},
		{"2010", "", 587, true, hello + "250-SIZE 10485760, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-AUTH GSSAPI NTLM LOGIN, " +
			"250-8BITMIME, 250-BINARYMIME, 250 CHUNKING", "scans of Exchange 2010 on Windows Server 2008 R2"},
		{"2013", "mailbox", 2525, false, hello + "250-SIZE 37748736, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-STARTTLS, 250-X-ANONYMOUSTLS, 250-AUTH NTLM, 250-X-EXPS GSSAPI NTLM, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250-XEXCH50, 250-XRDST, 250 XSHADOWREQUEST", "Microsoft's article on 412 4.3.2 Service not active"},
		{"2013", "mailbox", 25, false, hello + "250-SIZE 37748736, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-STARTTLS, 250-X-ANONYMOUSTLS, 250-AUTH NTLM, 250-X-EXPS GSSAPI NTLM, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250-XEXCH50, 250-XRDST, 250 XSHADOWREQUEST", "Microsoft's article on 412 4.3.2 Service not active: a Mailbox server of its own"},
		{"2019", "", 25, false, hello + "250-SIZE 37748736, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-STARTTLS, 250-X-ANONYMOUSTLS, 250-AUTH NTLM, 250-X-EXPS GSSAPI NTLM, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250-SMTPUTF8, 250 XRDST", "a scan of September 2024"},
		{"online", "mail-exchanger", 25, false, "250-SN1NAM02FT0049.mail.protection.outlook.com Hello [::1], 250-SIZE 157286400, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-STARTTLS, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250 SMTPUTF8", "https://github.com/ietf-tools/datatracker/pull/5888"},
		{"online", "submission", 587, true, "250-AM3PR05CA0094.outlook.office365.com Hello [::1], 250-SIZE 157286400, 250-PIPELINING, 250-DSN, 250-ENHANCEDSTATUSCODES, 250-AUTH LOGIN XOAUTH2, " +
			"250-8BITMIME, 250-BINARYMIME, 250-CHUNKING, 250 SMTPUTF8", "https://github.com/simonrob/email-oauth2-proxy/issues/95"},
		{"davmail", "", 1025, false, "250-localhost.localdomain, 250-AUTH LOGIN PLAIN, 250-8BITMIME, 250 Hello", "https://github.com/mguessan/davmail/issues/185"},
	} {
		r.check(t, "smtp", "EHLO localhost.localdomain")
	}
}

// TestRecordedCAPABILITY: what IMAP4 offers tells one version from another.
func TestRecordedCAPABILITY(t *testing.T) {
	const (
		start = "* CAPABILITY IMAP4 IMAP4rev1 "
		end   = ", a OK CAPABILITY completed."
	)
	for _, r := range []recorded{
		{"5.5", "", 143, false, start + "IDLE LITERAL+ LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE AUTH=NTLM" + end, recog},
		{"2000", "", 143, false, start + "IDLE LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE LITERAL+ UIDPLUS CHILDREN AUTH=NTLM" + end, recog},
		{"2003", "", 993, true, start + "IDLE LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE LITERAL+ UIDPLUS CHILDREN AUTH=NTLM" + end, recog},
		{"2007", "", 143, false, start + "LOGINDISABLED STARTTLS IDLE NAMESPACE LITERAL+" + end, recog},
		{"2007", "", 993, true, start + "AUTH=NTLM AUTH=GSSAPI AUTH=PLAIN IDLE NAMESPACE LITERAL+" + end, recog},
		{"2010", "", 993, true, start + "AUTH=NTLM AUTH=GSSAPI AUTH=PLAIN CHILDREN IDLE NAMESPACE LITERAL+" + end, "https://github.com/smiley22/S22.Imap/issues/57"},
		{"2013", "", 143, false, start + "LOGINDISABLED STARTTLS UIDPLUS MOVE ID CHILDREN IDLE NAMESPACE LITERAL+" + end, mailKit + "1351"},
		{"2013", "", 993, true, start + "AUTH=PLAIN AUTH=NTLM AUTH=GSSAPI UIDPLUS MOVE ID CHILDREN IDLE NAMESPACE LITERAL+" + end, mailKit + "1351"},
		{"2016", "", 143, false, start + "LOGINDISABLED STARTTLS SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+" + end, mailKit + "773"},
		{"se", "", 993, true, start + "AUTH=PLAIN AUTH=NTLM AUTH=GSSAPI SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+" + end, mailKit + "773"},
		{"online", "outlook", 143, false, start + "LOGINDISABLED STARTTLS SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+" + end, mailKit + "2016"},
		{"online", "outlook", 993, true, start + "AUTH=XOAUTH2 LOGINDISABLED SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+" + end, mailKit + "2016"},
	} {
		r.check(t, "imap", "a CAPABILITY")
	}
}

// TestRecordedCAPA: POP3 of 2003 was the first to know CAPA.
func TestRecordedCAPA(t *testing.T) {
	const unknown = "-ERR Protocol error. 14"
	for _, r := range []recorded{
		{"5.5", "", 110, false, unknown, recog},
		{"2000", "", 110, false, unknown, recog},
		{"2003", "", 110, false, "+OK Capability list follows, TOP, USER, PIPELINING, EXPIRE NEVER, UIDL, SASL NTLM, .", mailKit + "391"},
		{"2007", "", 110, false, "+OK, TOP, UIDL, STLS, .", recog},
		{"2007", "", 995, true, "+OK, TOP, UIDL, SASL PLAIN, USER, .", recog},
		{"2016", "", 995, true, "+OK, TOP, UIDL, SASL GSSAPI PLAIN, USER, .", mailKit + "119"},
		{"online", "outlook", 110, false, "+OK, TOP, UIDL, STLS, .", "https://github.com/simonrob/email-oauth2-proxy/issues/109"},
		{"online", "outlook", 995, true, "+OK, TOP, UIDL, SASL XOAUTH2, .", mailKit + "2016"},
		{"davmail", "", 1110, false, "+OK, TOP, USER, UIDL, .", "https://github.com/mguessan/davmail/issues/185"},
	} {
		r.check(t, "pop3", "CAPA")
	}
}

// TestRecordedGreetings: how servers greet that the catalogue's facts do not have.
func TestRecordedGreetings(t *testing.T) {
	const tail = "[RgBSADIAUAAyADgAMQBDAEEAMAAxADIAMgAuAEQARQBVAFAAMgA4ADEALgBQAFIATwBEAC4ATwBVAFQATABPAE8ASwAuAEMATwBNAA==]"
	for _, r := range []struct{ protocol, version, role, begins, ends, source string }{
		{"smtp", "online", "mail-exchanger", "220 SN1NAM02FT0049.mail.protection.outlook.com Microsoft ESMTP MAIL Service ready at ", "", "https://github.com/ietf-tools/datatracker/pull/5888"},
		{"smtp", "online", "submission", "220 AM3PR05CA0094.outlook.office365.com Microsoft ESMTP MAIL Service ready at ", "", "https://github.com/simonrob/email-oauth2-proxy/issues/95"},
		{"imap", "online", "outlook", "* OK Microsoft Exchange IMAP4 service ready. ", "(tcpproxy/15.21.0406.000 BACKENDAUTHENTICATE) " + tail, mailKit + "2016"},
		{"pop3", "online", "outlook", "+OK The Microsoft Exchange POP3 service is ready. ", tail, "https://github.com/simonrob/email-oauth2-proxy/issues/109"},
		{"smtp", "2003", "back-end", "220 mail.example.com Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready at  ", " ", recog},
		{"imap", "2016", "mailbox", "* OK The Microsoft Exchange IMAP4 service is ready.", "ready.", mailKit + "773"},
	} {
		s := standIn(r.protocol, catalog.StartTLS)
		s.Version, s.Service.Role = r.version, r.role
		conn := hangsUpAfter(nil)
		if err := Table[r.protocol].Answer(conn, s); err != nil {
			t.Error(err)
		}
		if got := strings.TrimSuffix(strings.Join(conn.heard, ""), "\r\n"); !strings.HasPrefix(got, r.begins) || !strings.HasSuffix(got, r.ends) {
			t.Errorf("%s of %s greets %q, not %q … %q (%s)", r.protocol, r.version, got, r.begins, r.ends, r.source)
		}
	}
}

// TestRecordedUM: Unified Messaging writes the names of headers in capitals, and
// sends a call on to a worker process.
func TestRecordedUM(t *testing.T) {
	for _, r := range []struct {
		version string
		tls     catalog.TLS
		port    uint16
		request string
		status  string
		lines   []string
	}{
		{"2010", catalog.NoTLS, 5060, "INVITE sip:101@pabx.local;user=phone SIP/2.0", "302 Moved Temporarily", []string{ // johanveldhuis.nl, 2010-12-31
			"CALL-ID: x", "CONTACT: <sip:101@mail.example.com:5065;user=phone;transport=Tcp;maddr=mail.example.com>", "CONTENT-LENGTH: 0", "CSEQ: 1 INVITE", "SERVER: RTCC/3.5.0.0"}},
		{"2010", catalog.Mutual, 5061, "INVITE sip:101@pabx.local SIP/2.0", "302 Moved Temporarily", []string{
			"CONTACT: <sip:101@mail.example.com:5066;user=phone;transport=Tls;maddr=mail.example.com>"}},
		{"2010", catalog.NoTLS, 5065, "INVITE sip:101@pabx.local SIP/2.0", "405 Method Not Allowed", nil},
		{"2007", catalog.NoTLS, 5060, "OPTIONS sip:mail.example.com SIP/2.0", "200 OK", []string{"SERVER: RTCC/3.5.0.0"}},
		{"2013", catalog.NoTLS, 5060, "OPTIONS sip:mail.example.com SIP/2.0", "200 OK", []string{"SERVER: RTCC/5.0.0.0 MSExchangeUM/15.00.1497.002"}},
		{"2016", catalog.NoTLS, 5060, "OPTIONS sip:mail.example.com SIP/2.0", "200 OK", []string{"SERVER: RTCC/5.0.0.0 MSExchangeUM/15.01.2507.006"}},
	} {
		s := standIn("sip", r.tls)
		s.Version, s.Service.Ports = r.version, catalog.Ports{First: r.port, Last: r.port}
		method, _, _ := strings.Cut(r.request, " ")
		conn := hangsUpAfter([]byte(r.request + "\r\nCall-ID: x\r\nCSeq: 1 " + method + "\r\n\r\n"))
		if err := answerSIP(conn, s); err != nil {
			t.Error(err)
		}
		said := strings.Split(strings.Join(conn.heard, ""), "\r\n")
		if said[0] != "SIP/2.0 "+r.status {
			t.Errorf("%s at %d: %q", r.version, r.port, said[0])
		}
		for _, line := range r.lines {
			if !slices.Contains(said, line) {
				t.Errorf("%s at %d: no %q in %q", r.version, r.port, line, said)
			}
		}
	}
}

// TestRecordedLevels: the functional levels of Windows (MS-ADTS, section 6.1.4.2),
// and the capabilities of 2012 and later in the order of rootDSEs on the web.
func TestRecordedLevels(t *testing.T) {
	const since2012 = "1.2.840.113556.1.4.800, 1.2.840.113556.1.4.1670, 1.2.840.113556.1.4.1791, 1.2.840.113556.1.4.1935, 1.2.840.113556.1.4.2080, 1.2.840.113556.1.4.2237"
	for version, want := range map[string]struct{ level, capabilities string }{
		"2000": {"", "1.2.840.113556.1.4.800"},
		"2003": {"2", "1.2.840.113556.1.4.800, 1.2.840.113556.1.4.1670, 1.2.840.113556.1.4.1791"},
		"2010": {"4", strings.TrimSuffix(since2012, ", 1.2.840.113556.1.4.2237")},
		"2013": {"6", since2012},
		"2019": {"7", since2012},
		"se":   {"10", since2012}, // Windows Server 2025
	} {
		s := standIn("ldap", catalog.NoTLS)
		s.Version = version
		level, capabilities := "", ""
		for _, a := range standInDSE(s) {
			switch a.name {
			case "domainControllerFunctionality":
				level = a.values[0]
			case "supportedCapabilities":
				capabilities = strings.Join(a.values, ", ")
			}
		}
		if level != want.level || capabilities != want.capabilities {
			t.Errorf("%s: level %q with %s", version, level, capabilities)
		}
	}
}
