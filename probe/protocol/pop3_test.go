// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

var pop3Recordings = []recording{
	{
		name:  "Exchange 5.5 knows no CAPA",
		said:  "+OK Microsoft Exchange POP3 server version 5.5.2654.50 ready\n-ERR Protocol Error\n+OK\n",
		want:  Peer{Greeting: "+OK Microsoft Exchange POP3 server version 5.5.2654.50 ready", Facts: map[string]string{FactCapabilities: "-ERR Protocol Error"}},
		heard: []string{"CAPA", "QUIT"},
	},
	{
		name: "Exchange 2000, where TLS is wanted",
		tls:  catalog.StartTLS,
		said: "+OK Microsoft Exchange 2000 POP3 server version 6.0.6603.0 (mail.example.com) ready.\n-ERR Protocol Error\n-ERR Protocol Error\n+OK\n",
		want: Peer{
			Greeting: "+OK Microsoft Exchange 2000 POP3 server version 6.0.6603.0 (mail.example.com) ready.",
			Facts:    map[string]string{FactStartTLS: NotOffered, FactCapabilities: "-ERR Protocol Error"},
		},
		heard: []string{"CAPA", "STLS", "QUIT"},
	},
	{ // https://github.com/zammad/zammad/issues/682
		name: "Exchange 2016 that takes no command",
		tls:  catalog.StartTLS,
		said: "+OK The Microsoft Exchange POP3 service is ready.\n-ERR Command is not valid in this state.\n-ERR Command is not valid in this state.\n",
		want: Peer{
			Greeting: "+OK The Microsoft Exchange POP3 service is ready.",
			Refusal:  "-ERR Command is not valid in this state.",
			Reason:   wire.NoCommands,
		},
		heard: []string{"CAPA", "QUIT"},
	},
	{
		name: "another server that takes no command, not even QUIT",
		tls:  catalog.StartTLS,
		said: "+OK ready\n-ERR try later\n-ERR try later\n-ERR try later\n",
		want: Peer{
			Greeting: "+OK ready",
			Facts:    map[string]string{FactCapabilities: "-ERR try later"},
			Refusal:  "-ERR try later",
			Reason:   wire.NoCommands,
		},
		heard: []string{"CAPA", "STLS", "QUIT"},
	},
	{ // as twisted/twisted#10740 has it of servers without CAPA; https://github.com/twisted/twisted/issues/10740
		name: "a server without CAPA that starts TLS",
		tls:  catalog.StartTLS,
		said: "+OK ready\n-ERR unknown command\n+OK begin\n+OK\nUSER\n.\n+OK bye\n",
		want: Peer{Greeting: "+OK ready", Capabilities: []string{"USER"}, Facts: map[string]string{}},

		heard: []string{"CAPA", "STLS", "CAPA", "QUIT"},
	},
	{
		name: "Exchange 2010",
		tls:  catalog.StartTLS,
		said: "+OK The Microsoft Exchange POP3 service is ready.\n+OK\nTOP\nUIDL\nSTLS\n.\n+OK Begin TLS negotiation.\n+OK\nTOP\nUIDL\nSASL PLAIN\nUSER\n.\n+OK bye\n",
		want: Peer{
			Greeting:     "+OK The Microsoft Exchange POP3 service is ready.",
			Capabilities: []string{"TOP", "UIDL", "STLS", "SASL PLAIN", "USER"},
		},
		heard: []string{"CAPA", "STLS", "CAPA", "QUIT"},
	},
	{
		name: "Exchange 2016, TLS refused",
		tls:  catalog.StartTLS,
		said: "+OK The Microsoft Exchange POP3 service is ready. [QQBCAEMA]\n+OK\nSTLS\n.\n-ERR Command is not valid in this state.\n+OK\n",
		want: Peer{
			Greeting:     "+OK The Microsoft Exchange POP3 service is ready. [QQBCAEMA]",
			Capabilities: []string{"STLS"},
			Facts:        map[string]string{"starttls": "-ERR Command is not valid in this state."},
		},
		heard: []string{"CAPA", "STLS", "QUIT"},
	},
	{
		name: "Dovecot",
		said: "+OK Dovecot (Debian) ready.\n+OK\nCAPA\nTOP\n..stuffed\nUSER\n.\n+OK Logging out\n",
		want: Peer{
			Greeting:     "+OK Dovecot (Debian) ready.",
			Capabilities: []string{"CAPA", "TOP", ".stuffed", "USER"},
		},
		heard: []string{"CAPA", "QUIT"},
	},
	{
		name:  "a server that is full",
		said:  "-ERR Connection refused, too many connections\n",
		want:  Peer{Greeting: "-ERR Connection refused, too many connections", Refusal: "-ERR Connection refused, too many connections", Reason: wire.Limited},
		heard: []string{"QUIT"},
	},
	{name: "SMTP", said: "220 ready\n", got: "the greeting opens like SMTP or FTP"},
	{name: "IMAP", said: "* OK ready\n", got: "the greeting opens like IMAP"},
	{name: "half a status", said: "+O\n", got: "the greeting does not open like POP3"},
}

func TestRecordedPOP3(t *testing.T) {
	for _, r := range pop3Recordings {
		r.protocol = "pop3"
		t.Run(r.name, r.check)
	}
}
