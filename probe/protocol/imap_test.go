// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

var imapRecordings = []recording{
	{
		name: "Exchange 5.5",
		said: "* OK Microsoft Exchange IMAP4rev1 server version 5.5.2653.23 (mail.example.com) ready\n" +
			"* CAPABILITY IMAP4 IMAP4rev1 IDLE LITERAL+ LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE AUTH=NTLM\na1 OK CAPABILITY completed.\n* BYE\na4 OK\n",
		want: Peer{
			Greeting:     "* OK Microsoft Exchange IMAP4rev1 server version 5.5.2653.23 (mail.example.com) ready",
			Capabilities: []string{"IMAP4", "IMAP4rev1", "IDLE", "LITERAL+", "LOGIN-REFERRALS", "MAILBOX-REFERRALS", "NAMESPACE", "AUTH=NTLM"},
		},
		heard: []string{"a1 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name: "Exchange 2003, German",
		said: "* OK Der Microsoft Exchange Server 2003 IMAP4rev1-Server, Version 6.5.7638.1 (mail.example.com), steht zur Verfügung.\n" +
			"* CAPABILITY IMAP4rev1\na1 OK\n* BYE\na4 OK\n",
		want: Peer{
			Greeting:     "* OK Der Microsoft Exchange Server 2003 IMAP4rev1-Server, Version 6.5.7638.1 (mail.example.com), steht zur Verfügung.",
			Capabilities: []string{"IMAP4rev1"},
		},
		heard: []string{"a1 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name: "Exchange 2016",
		tls:  catalog.StartTLS,
		said: "* OK The Microsoft Exchange IMAP4 service is ready.\n* CAPABILITY IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS\na1 OK CAPABILITY completed.\n" +
			"a2 OK Begin TLS negotiation now.\n* CAPABILITY IMAP4 IMAP4rev1 AUTH=PLAIN\na3 OK CAPABILITY completed.\n* BYE\na4 OK\n",
		want: Peer{
			Greeting:     "* OK The Microsoft Exchange IMAP4 service is ready.",
			Capabilities: []string{"IMAP4", "IMAP4rev1", "LOGINDISABLED", "STARTTLS", "AUTH=PLAIN"},
		},
		heard: []string{"a1 CAPABILITY", "a2 STARTTLS", "a3 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name: "TLS refused",
		tls:  catalog.StartTLS,
		said: "* ok ready\n* capability imap4rev1 starttls\na1 ok\na2 BAD not now\n* BYE\na4 OK\n",
		want: Peer{
			Greeting:     "* ok ready",
			Capabilities: []string{"imap4rev1", "starttls"},
			Facts:        map[string]string{"starttls": "BAD not now"},
		},
		heard: []string{"a1 CAPABILITY", "a2 STARTTLS", "a4 LOGOUT"},
	},
	{
		name:  "a session that needs no login, without CAPABILITY or TLS",
		tls:   catalog.StartTLS,
		said:  "* PREAUTH ready\na1 BAD what?\na5 OK\n* BYE\na4 OK\n",
		want:  Peer{Greeting: "* PREAUTH ready", Facts: map[string]string{FactPreauth: "yes", FactCapabilities: "BAD what?"}},
		heard: []string{"a1 CAPABILITY", "a5 NOOP", "a4 LOGOUT"},
	},
	{ // https://github.com/zammad/zammad/issues/682
		name: "Exchange 2016 that takes no command",
		tls:  catalog.StartTLS,
		said: "* OK The Microsoft Exchange IMAP4 service is ready.\na1 BAD Command received in Invalid state.\na2 BAD Command received in Invalid state.\n" +
			"a5 BAD Command received in Invalid state.\n",
		want: Peer{
			Greeting: "* OK The Microsoft Exchange IMAP4 service is ready.",
			Facts:    map[string]string{FactCapabilities: "BAD Command received in Invalid state."},
			Refusal:  "BAD Command received in Invalid state.",
			Reason:   wire.NoCommands,
		},
		heard: []string{"a1 CAPABILITY", "a2 STARTTLS", "a5 NOOP"},
	},
	{
		name: "a server that hides its capabilities and starts TLS",
		tls:  catalog.StartTLS,
		said: "* OK ready\na1 NO not before TLS\na2 OK\n* CAPABILITY IMAP4rev1\na3 OK\n* BYE\na4 OK\n",
		want: Peer{Greeting: "* OK ready", Capabilities: []string{"IMAP4rev1"}},

		heard: []string{"a1 CAPABILITY", "a2 STARTTLS", "a3 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name: "capabilities in the greeting alone",
		tls:  catalog.StartTLS,
		said: "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\na1 OK done\n* BYE\na4 OK\n",
		want: Peer{
			Greeting:     "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready",
			Capabilities: []string{"IMAP4rev1", "LOGINDISABLED"},
			Facts:        map[string]string{FactStartTLS: NotOffered},
		},
		heard: []string{"a1 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name: "capabilities behind bytes that are no text",
		said: "* OK \xff\xff\xff\xff\xff\xff\xff\xff\xff [capability IMAP4rev1\na1 OK done\n* BYE\na4 OK\n",
		want: Peer{
			Greeting:     "* OK \xff\xff\xff\xff\xff\xff\xff\xff\xff [capability IMAP4rev1",
			Capabilities: []string{"IMAP4rev1"},
		},
		heard: []string{"a1 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name: "lines before the greeting",
		said: "* NO [ALERT] disk is full\n* CAPABILITY IMAP4rev1\n* OK ready\n* CAPABILITY IMAP4rev1 IDLE\na1 OK done\n* BYE\na4 OK\n",
		want: Peer{Greeting: "* OK ready", Capabilities: []string{"IMAP4rev1", "IDLE"}},

		heard: []string{"a1 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name: "an address that is banned",
		said: "* BYE Your address is temporarily banned\n",
		want: Peer{
			Greeting: "* BYE Your address is temporarily banned", Refusal: "* BYE Your address is temporarily banned", Reason: wire.OurAddress,
		},
	},
	{
		name: "Dovecot",
		said: "* OK [CAPABILITY IMAP4rev1 SASL-IR] Dovecot (Debian) ready.\n* CAPABILITY IMAP4rev1 SASL-IR STARTTLS\na1 OK Pre-login capabilities listed.\n* BYE\na4 OK\n",
		want: Peer{
			Greeting:     "* OK [CAPABILITY IMAP4rev1 SASL-IR] Dovecot (Debian) ready.",
			Capabilities: []string{"IMAP4rev1", "SASL-IR", "STARTTLS"},
		},
		heard: []string{"a1 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name: "literals and notices on the way; braces in text are no literal",
		said: "* OK ready\n* LIST () \"/\" {14}\na1 OK\nab\ncde {2}\nxy\n* OK [ALERT] hello {99}\n* CAPABILITY IMAP4rev1\na1 OK\n* BYE\na4 OK\n",
		want: Peer{
			Greeting:     "* OK ready",
			Capabilities: []string{"IMAP4rev1"},
		},
		heard: []string{"a1 CAPABILITY", "a4 LOGOUT"},
	},
	{
		name:  "a server that is full",
		said:  "* BYE Connection refused\n",
		want:  Peer{Greeting: "* BYE Connection refused", Refusal: "* BYE Connection refused"},
		heard: nil,
	},
	{
		name:  "a server that goes away in the middle",
		said:  "* OK ready\n* BYE Connection is closed. 14\n",
		want:  Peer{Greeting: "* OK ready", Refusal: "* BYE Connection is closed. 14", Reason: wire.Unavailable},
		heard: []string{"a1 CAPABILITY"},
	},
	{
		name:  "a literal beyond all bounds",
		said:  "* OK ready\n* LIST {999999999}\nabc\n",
		want:  Peer{Greeting: "* OK ready"},
		got:   "the reply to a1 CAPABILITY does not end",
		heard: []string{"a1 CAPABILITY"},
	},
	{
		name:  "an answer to another question",
		said:  "* OK ready\nb7 OK\n",
		want:  Peer{Greeting: "* OK ready"},
		got:   "the reply to a1 CAPABILITY does not open like IMAP",
		heard: []string{"a1 CAPABILITY"},
	},
	{name: "SMTP", said: "220 ready\n", got: "the greeting opens like SMTP or FTP"},
	{name: "POP3", said: "+OK ready\n", got: "the greeting opens like POP3"},
	{name: "a response that is no greeting", said: "* SEARCH 1\n", got: "the greeting does not open like IMAP"},
}

func TestRecordedIMAP(t *testing.T) {
	for _, r := range imapRecordings {
		r.protocol = "imap"
		t.Run(r.name, r.check)
	}
}
