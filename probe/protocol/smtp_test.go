// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// smtpRecordings are conversations in the words of real servers (names changed):
// Exchange of five generations, Postfix, what a firewall makes of them, and
// servers that are something else.
var smtpRecordings = []recording{
	{
		name: "Exchange 5.5",
		said: "220 mail.example.com ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2653.13) ready\n" +
			"250-mail.example.com Hello [192.0.2.7]\n250-XEXCH50\n250-HELP\n250-ETRN\n250-DSN\n250-SIZE 0\n250-AUTH LOGIN\n250 AUTH=LOGIN\n" +
			"221 closing connection\n",
		want: Peer{
			Greeting:     "220 mail.example.com ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2653.13) ready",
			Capabilities: []string{"XEXCH50", "HELP", "ETRN", "DSN", "SIZE 0", "AUTH LOGIN", "AUTH=LOGIN"},
			Facts:        map[string]string{"introduction": "mail.example.com Hello [192.0.2.7]"},
		},
		heard: []string{"EHLO exreach.invalid", "QUIT"},
	},
	{
		name: "Exchange 2000, no TLS",
		tls:  catalog.StartTLS,
		said: "220 mail.example.com Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready at  Tue, 3 Feb 2004 10:00:00 +0100 \n" +
			"250-mail.example.com Hello [192.0.2.7]\n250-TURN\n250-ATRN\n250-X-LINK2STATE\n250-XEXCH50\n250 OK\n" +
			"221 2.0.0 mail.example.com Service closing transmission channel\n",
		want: Peer{
			Greeting:     "220 mail.example.com Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready at  Tue, 3 Feb 2004 10:00:00 +0100 ",
			Capabilities: []string{"TURN", "ATRN", "X-LINK2STATE", "XEXCH50", "OK"},
			Facts:        map[string]string{"starttls": "not offered", "introduction": "mail.example.com Hello [192.0.2.7]"},
		},
		heard: []string{"EHLO exreach.invalid", "QUIT"},
	},
	{
		name: "Exchange 2003, TLS refused",
		tls:  catalog.StartTLS,
		said: "220 mail.example.com Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready at  Tue, 3 Feb 2009 10:00:00 +0100 \n" +
			"250-mail.example.com Hello [192.0.2.7]\n250-TLS\n250-STARTTLS\n250 OK\n" +
			"454 4.3.3 TLS not available due to temporary reason\n221 2.0.0 bye\n",
		want: Peer{
			Greeting:     "220 mail.example.com Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready at  Tue, 3 Feb 2009 10:00:00 +0100 ",
			Capabilities: []string{"TLS", "STARTTLS", "OK"},
			Facts:        map[string]string{"starttls": "454 4.3.3 TLS not available due to temporary reason", "introduction": "mail.example.com Hello [192.0.2.7]"},
		},
		heard: []string{"EHLO exreach.invalid", "STARTTLS", "QUIT"},
	},
	{
		name: "Exchange 2010, capabilities before and after TLS become one list",
		tls:  catalog.StartTLS,
		said: "220 mail.example.com Microsoft ESMTP MAIL Service ready at Tue, 3 Feb 2015 10:00:00 +0100\n" +
			"250-mail.example.com Hello [192.0.2.7]\n250-SIZE\n250-STARTTLS\n250-X-ANONYMOUSTLS\n250-AUTH NTLM\n250 XSHADOW\n" +
			"220 2.0.0 SMTP server ready\n" +
			"250-mail.example.com Hello [192.0.2.7]\n250-SIZE\n250-AUTH NTLM LOGIN\n250 XSHADOW\n221 2.0.0 bye\n",
		want: Peer{
			Greeting:     "220 mail.example.com Microsoft ESMTP MAIL Service ready at Tue, 3 Feb 2015 10:00:00 +0100",
			Capabilities: []string{"SIZE", "STARTTLS", "X-ANONYMOUSTLS", "AUTH NTLM", "XSHADOW", "AUTH NTLM LOGIN"},
			Facts:        map[string]string{"introduction": "mail.example.com Hello [192.0.2.7]"},
		},
		heard: []string{"EHLO exreach.invalid", "STARTTLS", "EHLO exreach.invalid", "QUIT"},
	},
	{
		name: "Exchange 2016 under back pressure",
		said: "421 4.3.2 Service not available\n",
		want: Peer{
			Greeting: "421 4.3.2 Service not available",
			Refusal:  "421 4.3.2 Service not available",
			Reason:   wire.Unavailable,
		},
		heard: []string{"QUIT"},
	},
	{
		name: "a relay that turns us away in two lines",
		said: "554-relay.example.com\n554 Your access to this mail system has been rejected\n221 bye\n",
		want: Peer{
			Greeting:     "554-relay.example.com",
			GreetingRest: []string{"554 Your access to this mail system has been rejected"},
			Refusal:      "554 relay.example.com Your access to this mail system has been rejected",
		},
		heard: []string{"QUIT"},
	},
	{
		name: "Postfix with postscreen, which teases first",
		said: "220-mail.example.com ESMTP\n220 mail.example.com ESMTP Postfix (Debian/GNU)\n250-mail.example.com\n250-PIPELINING\n250 CHUNKING\n221 2.0.0 Bye\n",
		want: Peer{
			Greeting:     "220-mail.example.com ESMTP",
			GreetingRest: []string{"220 mail.example.com ESMTP Postfix (Debian/GNU)"},
			Capabilities: []string{"PIPELINING", "CHUNKING"},
		},
		heard: []string{"EHLO exreach.invalid", "QUIT"},
	},
	{
		name: "postscreen, which turns us away behind the teaser",
		said: "220-mail.example.com ESMTP\n521 5.7.1 Blocked\n",
		want: Peer{
			Greeting:     "220-mail.example.com ESMTP",
			GreetingRest: []string{"521 5.7.1 Blocked"},
			Refusal:      "521 mail.example.com ESMTP 5.7.1 Blocked",
			Reason:       wire.OurAddress,
		},
		heard: []string{"QUIT"},
	},
	{
		name: "behind an ASA that masks the banner and the keywords",
		tls:  catalog.StartTLS,
		said: "220 ****************2****0***\n250-mail.example.com\n250-SIZE 10485760\n250-XXXXXXXA\n250 XXXB\n221 2.0.0 bye\n",
		want: Peer{
			Greeting:     "220 ****************2****0***",
			Capabilities: []string{"SIZE 10485760", "XXXXXXXA", "XXXB"},
			Facts:        map[string]string{"starttls": "not offered"},
		},
		heard: []string{"EHLO exreach.invalid", "QUIT"},
	},
	{
		name:  "behind a PIX that lets no EHLO through",
		said:  "220 SMTP/cmap____read\n500 Command unrecognized: \"XXXX exreach.invalid\"\n250 mail.example.com\n221 bye\n",
		want:  Peer{Greeting: "220 SMTP/cmap____read", Facts: map[string]string{"hello": "HELO"}},
		heard: []string{"EHLO exreach.invalid", "HELO exreach.invalid", "QUIT"},
	},
	{
		name:  "EHLO answered with 421",
		said:  "220 a\n421 4.4.1 Connection timed out\n",
		want:  Peer{Greeting: "220 a", Refusal: "421 4.4.1 Connection timed out", Reason: wire.Unavailable},
		heard: []string{"EHLO exreach.invalid", "QUIT"},
	},
	{
		name: "our name is not wanted, and neither is our address",
		said: "220 a\n550 5.7.1 Host not found\n550 5.7.1 Client host rejected: cannot find your hostname\n550 5.7.1 Host not found\n221 bye\n",
		want: Peer{
			Greeting: "220 a",
			Refusal:  "550 5.7.1 Client host rejected: cannot find your hostname",
			Reason:   wire.OurName,
		},
		heard: []string{"EHLO exreach.invalid", "EHLO [IPv6:::1]", "HELO [IPv6:::1]", "QUIT"},
	},
	{ // https://github.com/chatmail/core/issues/1847
		name: "Postfix with reject_unknown_helo_hostname lets our address in",
		tls:  catalog.StartTLS,
		said: "220 mx.example.com ESMTP Postfix\n450 4.7.1 <exreach.invalid>: Helo command rejected: Host not found\n" +
			"250-mx.example.com\n250-STARTTLS\n250 CHUNKING\n220 2.0.0 Ready to start TLS\n" +
			"250-mx.example.com\n250 AUTH LOGIN\n221 2.0.0 Bye\n",
		want: Peer{
			Greeting:     "220 mx.example.com ESMTP Postfix",
			Capabilities: []string{"STARTTLS", "CHUNKING", "AUTH LOGIN"},
			Facts:        map[string]string{FactNameRefused: "450 4.7.1 <exreach.invalid>: Helo command rejected: Host not found"},
		},
		heard: []string{"EHLO exreach.invalid", "EHLO [IPv6:::1]", "STARTTLS", "EHLO [IPv6:::1]", "QUIT"},
	},
	{ // https://github.com/zone-eu/zone-mta/issues/162
		name: "cPanel's Exim takes neither",
		said: "220 server.example.com ESMTP Exim 4.97\n550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)\n" +
			"550 Access denied - Invalid HELO name (See RFC2821 4.1.1.3)\n550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)\n221 bye\n",
		want: Peer{
			Greeting: "220 server.example.com ESMTP Exim 4.97",
			Refusal:  "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.3)",
			Reason:   wire.OurName,
		},
		heard: []string{"EHLO exreach.invalid", "EHLO [IPv6:::1]", "HELO [IPv6:::1]", "QUIT"},
	},
	{ // https://github.com/mocktools/go-smtp-mock/issues/54
		name: "a server that says 501 to both words, and takes the address",
		said: "220 Welcome\n501 HELO requires domain address\n250 Received\n221 Closing connection\n",
		want: Peer{
			Greeting: "220 Welcome",
			Facts:    map[string]string{FactNameRefused: "501 HELO requires domain address"},
		},
		heard: []string{"EHLO exreach.invalid", "EHLO [IPv6:::1]", "QUIT"},
	},
	{
		name: "a server without EHLO that looks our name up",
		said: "220 a\n500 Command unrecognized\n504 5.5.2 <exreach.invalid>: Helo command rejected: need fully-qualified hostname\n250 a\n221 bye\n",
		want: Peer{
			Greeting: "220 a",
			Facts: map[string]string{"hello": "HELO",
				FactNameRefused: "504 5.5.2 <exreach.invalid>: Helo command rejected: need fully-qualified hostname"},
		},
		heard: []string{"EHLO exreach.invalid", "HELO exreach.invalid", "HELO [IPv6:::1]", "QUIT"},
	},
	{
		name: "a name that is refused with the code of an unknown command",
		said: "220 a\n500 5.7.1 Cannot resolve your domain\n250-a\n250 SIZE\n221 bye\n",
		want: Peer{Greeting: "220 a", Capabilities: []string{"SIZE"}, Facts: map[string]string{FactNameRefused: "500 5.7.1 Cannot resolve your domain"}},

		heard: []string{"EHLO exreach.invalid", "EHLO [IPv6:::1]", "QUIT"},
	},
	{
		name:  "EHLO comes from an address on a list",
		said:  "220 a\n554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org\n554 5.7.1 blocked using zen.spamhaus.org\n554 no\n221 bye\n",
		want:  Peer{Greeting: "220 a", Refusal: "554 5.7.1 blocked using zen.spamhaus.org", Reason: wire.OurAddress},
		heard: []string{"EHLO exreach.invalid", "EHLO [IPv6:::1]", "HELO [IPv6:::1]", "QUIT"},
	},
	{
		name:  "short of resources at EHLO",
		said:  "220 a\n452 4.3.1 Insufficient system resources\n452 4.3.1 Insufficient system resources\n221 bye\n",
		want:  Peer{Greeting: "220 a", Refusal: "452 4.3.1 Insufficient system resources", Reason: wire.Unavailable},
		heard: []string{"EHLO exreach.invalid", "EHLO [IPv6:::1]", "QUIT"},
	},
	{ // a server whose lines all look like the last one; as separate packets: https://github.com/aio-libs/aiosmtpd/issues/389
		name: "an EHLO reply without hyphens",
		tls:  catalog.StartTLS,
		said: "220 a\n250 a\n250 SIZE 1000\n250 STARTTLS\n454 no\n221 bye\n",
		want: Peer{
			Greeting:     "220 a",
			Capabilities: []string{"SIZE 1000", "STARTTLS"},
			Facts:        map[string]string{FactMalformed: "EHLO", FactStartTLS: "454 no"},
		},
		heard: []string{"EHLO exreach.invalid", "STARTTLS", "QUIT"},
	},
	{
		name: "an EHLO reply with lines that have no code",
		said: "220 a\n250-a\nSIZE 1000\n\n250 STARTTLS\n221 bye\n",
		want: Peer{
			Greeting:     "220 a",
			Capabilities: []string{"SIZE 1000", "", "STARTTLS"},
			Facts:        map[string]string{FactMalformed: "EHLO"},
		},
		heard: []string{"EHLO exreach.invalid", "QUIT"},
	},
	{
		name:  "STARTTLS answered with 421",
		tls:   catalog.StartTLS,
		said:  "220 a\n250-a\n250 STARTTLS\n421 too busy\n",
		want:  Peer{Greeting: "220 a", Capabilities: []string{"STARTTLS"}, Refusal: "421 too busy", Reason: wire.Unavailable},
		heard: []string{"EHLO exreach.invalid", "STARTTLS", "QUIT"},
	},
	{
		name:  "vsftpd",
		said:  "220 (vsFTPd 3.0.3)\n530 Please login with USER and PASS.\n530 Please login with USER and PASS.\n",
		want:  Peer{Greeting: "220 (vsFTPd 3.0.3)"},
		got:   "it speaks in reply codes but knows neither EHLO nor HELO",
		heard: []string{"EHLO exreach.invalid", "HELO exreach.invalid"},
	},
	{
		name:  "ProFTPD",
		said:  "220 ProFTPD Server ready.\n500 EHLO not understood\n500 HELO not understood\n",
		want:  Peer{Greeting: "220 ProFTPD Server ready."},
		got:   "it speaks in reply codes but knows neither EHLO nor HELO",
		heard: []string{"EHLO exreach.invalid", "HELO exreach.invalid"},
	},
	{
		name:  "a password is asked for",
		said:  "220 a\n500 no\n331 Password required\n",
		want:  Peer{Greeting: "220 a"},
		got:   "the reply to HELO exreach.invalid has code 331",
		heard: []string{"EHLO exreach.invalid", "HELO exreach.invalid"},
	},
	{
		name: "NNTP of Exchange 2003",
		said: "200 NNTP Service 6.0.3790.3959 Version: 6.0.3790.3959 Posting Allowed\n",
		want: Peer{Greeting: "200 NNTP Service 6.0.3790.3959 Version: 6.0.3790.3959 Posting Allowed"},
		got:  "the greeting opens like NNTP",
	},
	{name: "POP3", said: "+OK ready\n", got: "the greeting opens like POP3"},
	{name: "IMAP", said: "* OK ready\n", got: "the greeting opens like IMAP"},
	{name: "a code that SMTP has not", said: "999 ready\n", got: "the greeting does not open like SMTP"},
	{name: "two digits", said: "22\n", got: "the greeting does not open like SMTP"},
	{name: "a word behind the code", said: "220ready\n", got: "the greeting does not open like SMTP"},
	{name: "no text at all", said: "220\n250\n221\n", want: Peer{Greeting: "220"}, heard: []string{"EHLO exreach.invalid", "QUIT"}},
}

func TestRecordedSMTP(t *testing.T) {
	for _, r := range smtpRecordings {
		r.protocol = "smtp"
		t.Run(r.name, r.check)
	}
}

// TestLoneLF: line ends without CR are good enough.
func TestLoneLF(t *testing.T) {
	peer, err := askSMTP(hangsUpAfter([]byte("220 a\n250-b\n250 SIZE\n221 bye\n")), question("smtp", catalog.NoTLS))
	if err != nil || peer.Greeting != "220 a" || len(peer.Capabilities) != 1 || peer.Capabilities[0] != "SIZE" {
		t.Errorf("error %v, learned %+v", err, peer)
	}
}

// TestEHLOAnswers: what EHLO lists depends on the version, the port and TLS.
func TestEHLOAnswers(t *testing.T) {
	for _, test := range []struct {
		name, version string
		port          uint16
		has, lacks    []string
	}{
		{"an old server has no extensions", "5.0", 25, nil, []string{"SIZE"}},
		{"a list of 2003", "2003", 25, []string{"X-LINK2STATE", "STARTTLS"}, []string{"X-ANONYMOUSTLS"}},
		{"a list of 2010", "2010", 25, []string{"XSHADOW", "X-ANONYMOUSTLS", "STARTTLS"}, nil},
		{"between servers", "2019", 25, []string{"X-ANONYMOUSTLS", "X-EXPS", "XRDST"}, []string{"XSHADOW"}},
		{"for submission", "2019", 587, []string{"AUTH", "STARTTLS"}, []string{"X-ANONYMOUSTLS", "X-EXPS"}},
	} {
		q, s := question("smtp", catalog.NoTLS), standIn("smtp", catalog.StartTLS)
		s.Version, s.Service.Ports = test.version, catalog.Ports{First: test.port, Last: test.port}
		s.StartTLS = func(conn net.Conn) (net.Conn, error) { return conn, nil }
		peer, err := meet(t, askSMTP, answerSMTP, q, s, enough)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		for _, word := range test.has {
			if !offers(peer.Capabilities, word) {
				t.Errorf("%s: no %s in %q", test.name, word, peer.Capabilities)
			}
		}
		for _, word := range test.lacks {
			if offers(peer.Capabilities, word) {
				t.Errorf("%s: %s in %q", test.name, word, peer.Capabilities)
			}
		}
	}
}

// TestLoginNeedsTLS: submission offers a login with a password under TLS alone.
func TestLoginNeedsTLS(t *testing.T) {
	for how, want := range map[catalog.TLS]bool{catalog.NoTLS: false, catalog.StartTLS: true, catalog.Implicit: true} {
		s := standIn("smtp", how)
		s.Service.Ports = catalog.Ports{First: 587, Last: 587}
		s.StartTLS = func(conn net.Conn) (net.Conn, error) { return conn, nil }
		peer, err := meet(t, askSMTP, answerSMTP, question("smtp", how), s, enough)
		if err != nil || slices.Contains(peer.Capabilities, "AUTH GSSAPI NTLM LOGIN") != want {
			t.Errorf("TLS %s: error %v, capabilities %q", how, err, peer.Capabilities)
		}
	}
}

// TestServerSide: what a client that is not ours hears.
func TestServerSide(t *testing.T) {
	for _, test := range []struct{ name, say, hear string }{
		{"smtp", "HELO a\r\nNOOP\r\nMAIL FROM:<>\r\nquit\r\n", "220 250 250 451 221"},
		{"pop3", "NOOP\r\nUSER a\r\nquit\r\n", "+OK -ERR -ERR +OK"},
		{"imap", "x NOOP\r\nx LOGIN a b\r\nx STARTTLS\r\n\r\nx logout\r\n", "* x x x * * x"},
	} {
		conn := hangsUpAfter([]byte(test.say))
		if err := Table[test.name].Answer(conn, standIn(test.name, catalog.NoTLS)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		var words []string
		for line := range strings.SplitSeq(strings.TrimSpace(strings.Join(conn.heard, "")), "\r\n") {
			word, _, _ := strings.Cut(line, " ")
			words = append(words, word)
		}
		if got := strings.Join(words, " "); got != test.hear {
			t.Errorf("%s: heard %q, want %q", test.name, got, test.hear)
		}
	}
}
