// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"slices"
	"testing"

	"exreach/probe"
	"exreach/probe/protocol"
)

var (
	from2007 = []string{"2007", "2010", "2013", "2016", "2019", "se", "online"}
	from2010 = []string{"2010", "2013", "2016", "2019", "se", "online"}
	from2013 = []string{"2013", "2016", "2019", "se", "online"}
)

// Greetings as servers gave them (Rapid7 recog, nmap, public transcripts).
func TestVersionsOfGreetings(t *testing.T) {
	for _, test := range []struct {
		protocol, greeting string
		want               []string
	}{
		{"smtp", "220 mail Microsoft Exchange Internet Mail Service 5.0.1460.8 ready", []string{"5.0"}},
		{"smtp", "220 mail.example.com ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2653.13) ready", []string{"5.5"}},
		{"smtp", "220 mail Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready at  Tue, 1 Apr 2003 10:00:00 +0100", []string{"2000", "2003"}},
		{"smtp", greets2003, []string{"2003"}},
		{"smtp", greets2019, from2007},
		{"smtp", greetsIIS, nil},
		{"smtp", "220 mail.example.com ESMTP Postfix", nil},
		{"smtp", masked, nil},
		{"smtp", "220 DavMail 6.2.2 SMTP ready at Mon, 2 Mar 2026", []string{"davmail"}},
		{"pop3", "+OK Microsoft Exchange POP3 server version 5.5.2654.50 ready", []string{"5.5"}},
		{"pop3", "+OK Microsoft Exchange 2000 POP3 server version 6.0.6603.0 (mail.example.com) ready.", []string{"2000"}},
		{"pop3", "+OK Microsoft Exchange Server 2003 POP3 server version 6.5.6944.0 (mail.example.com) ready.", []string{"2003"}},
		{"pop3", "+OK Microsoft Exchange Server 2003 POP3-Server Version 6.5.7638.1 (mail.example.com) bereit.", []string{"2003"}},
		{"pop3", "+OK Microsoft Exchange Server 2007 POP3 service ready", []string{"2007"}},
		{"pop3", "+OK The Microsoft Exchange POP3 service is ready.", from2010},
		{"pop3", "+OK Dovecot ready.", nil},
		{"imap", "* OK Microsoft Exchange IMAP4rev1 server version 5.5.2448.8 (mail.example.com) ready", []string{"5.5"}},
		{"imap", "* OK Microsoft Exchange 2000 IMAP4rev1 server version 6.0.6249.0 (mail.example.com) ready.", []string{"2000"}},
		{"imap", "* OK Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail.example.com) ready.", []string{"2003"}},
		{"imap", "* OK Microsoft Exchange Server 2007 IMAP4 service ready", []string{"2007"}},
		{"imap", "* OK The Microsoft Exchange IMAP4 service is ready. [QgBMADAAUABSADAAMQA=]", from2010},
		{"imap", "* OK The Microsoft Exchange POP3 service is ready.", nil},
		{"nntp", "200 NNTP Service 5.00.0984 Version: 5.0.2195.6702 Posting Allowed", []string{"2000", "2003"}},
		{"nntp", "200 NNTP Service 6.0.3790.3959 Version: 6.0.3790.3959 Posting Allowed", []string{"2003"}},
		{"link-state", "{0000004c} NODEINFO (5) {38}Version: 6.5.7638.1 Microsoft Routing Server ready", []string{"2003"}},
		{"link-state", "{0000004c} NODEINFO (5) {38}Version: 6.0.6249.0 Microsoft Routing Server ready", []string{"2000"}},
	} {
		e := Answer{protocol: test.protocol, verdict: probe.Answered, peer: &protocol.Peer{Greeting: test.greeting}}
		checkVersions(t, e, test.want, test.greeting)
	}
}

func TestVersionsOfBuilds(t *testing.T) {
	for build, want := range map[string][]string{
		"8.3.83.6": {"2007"}, "14.3.123.4": {"2010"}, "15.0.1497.2": {"2013"}, "15.00.1497.002": {"2013"}, "15.1.2507.6": {"2016"},
		"15.2.1544.4": {"2019"}, "15.2.1748.10": {"2019"}, "15.2.2562.17": {"se"}, "15.2": {"2019", "se"}, "15.20.8989.16": {"online"},
		"6.5.7638.1": {"2003"}, "16.0.1.1": nil, "15": nil, "15.x.1": nil, "": nil, "99999999999999999999.1": nil,
	} {
		for _, fact := range []string{"x_owa_version", "ms_webstorage"} {
			e := Answer{protocol: "http", verdict: probe.Answered, peer: &protocol.Peer{Facts: map[string]string{fact: build}}}
			checkVersions(t, e, want, build)
		}
	}
	named := &protocol.Peer{Facts: map[string]string{"x_feserver": "MAIL01"}}
	checkVersions(t, Answer{protocol: "http", verdict: probe.Answered, peer: named}, from2013, "X-FEServer")
}

func checkVersions(t *testing.T, e Answer, want []string, said string) {
	t.Helper()
	got, from := Admitted(known, e.withGreeting().Signs())
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", said, got, want)
	}
	if (from != "") != (len(want) > 0) {
		t.Errorf("%s: from %q", said, from)
	}
}

// Who has not answered has not said anything, whatever came.
func TestVersionsOfNobody(t *testing.T) {
	checkVersions(t, Answer{protocol: "smtp", verdict: probe.Answered}, nil, "nothing")
	checkVersions(t, Answer{protocol: "smtp", verdict: probe.Mismatch, peer: &protocol.Peer{Greeting: greets2003}}, nil, "a mismatch")
}
