// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// ircRecordings are conversations in the words of real servers (names changed).
var ircRecordings = []recording{
	{
		name: "Exchange 2000 Chat",
		said: ":chat 800 * 0 0 ANON,NTLM 512 *\n:chat 432 * 0 :Erroneous nickname\nERROR :Closing Link\n",
		want: Peer{
			Greeting: ":chat 800 * 0 0 ANON,NTLM 512 *",
			Facts:    map[string]string{"ircx": "0 0 ANON,NTLM 512 *"},
		},
	},
	{
		name: "ngircd",
		said: ":irc.example.com 451 * :Connection not registered\n:irc.example.com 432 * 0 :Erroneous nickname\nERROR :Closing connection\n",
		want: Peer{Greeting: ":irc.example.com 451 * :Connection not registered"},
	},
	{
		name: "a server that looks the client up",
		said: "NOTICE AUTH :*** Looking up your hostname\nNOTICE AUTH :*** No ident response\n:irc 451 * MODE :You have not registered\n",
		want: Peer{Greeting: "NOTICE AUTH :*** Looking up your hostname"},
	},
	{
		name: "a notice with a prefix, a ping, and an unknown numeric",
		said: ":irc NOTICE * :*** hello\nPING :1234\n:irc 020 * :wait\n:irc 432 * 0 :Erroneous nickname\n",
		want: Peer{Greeting: ":irc NOTICE * :*** hello"},
	},
	{
		name: "a full server",
		said: "ERROR :Closing Link: 192.0.2.7 (Too many connections)\n",
		want: Peer{
			Greeting: "ERROR :Closing Link: 192.0.2.7 (Too many connections)",
			Refusal:  "ERROR :Closing Link: 192.0.2.7 (Too many connections)",
			Reason:   wire.Limited,
		},
	},
	{
		name: "banned",
		said: ":irc 465 * :You are banned from this server\n",
		want: Peer{
			Greeting: ":irc 465 * :You are banned from this server",
			Refusal:  ":irc 465 * :You are banned from this server",
			Reason:   wire.OurAddress,
		},
	},
	{name: "SMTP", said: "220 mail ESMTP\n", got: "the reply to MODE ISIRCX opens like SMTP or FTP"},
	{name: "HTTP", said: "HTTP/1.1 400 Bad Request\n", got: "the reply to MODE ISIRCX opens like HTTP"},
	{name: "a prefix and words", said: ":hello world\n", got: "the reply to MODE ISIRCX does not open like IRC"},
	{name: "a prefix and no more", said: ":hello\n", got: "the reply to MODE ISIRCX does not open like IRC"},
	{name: "a notice, then another protocol", said: "NOTICE AUTH :hi\n220 mail\n", want: Peer{Greeting: "NOTICE AUTH :hi"}, got: "the reply to MODE ISIRCX opens like SMTP or FTP"},
}

func TestRecordedIRC(t *testing.T) {
	for _, r := range ircRecordings {
		r.protocol, r.heard = "irc", []string{"MODE ISIRCX\r\nNICK 0"}
		if r.got == "" {
			r.heard = append(r.heard, "QUIT")
		}
		t.Run(r.name, r.check)
	}
}

// TestSlowIRC: a server that said something of IRC and then takes its time to look
// the client up has been reached; one that said nothing is silent.
func TestSlowIRC(t *testing.T) {
	conn := &script{Reader: io.MultiReader(strings.NewReader("NOTICE AUTH :*** Checking Ident\r\n"), silence{})}
	peer, err := askIRC(conn, question("irc", catalog.NoTLS))
	if err != nil || peer.Greeting == "" {
		t.Errorf("error %v, %+v", err, peer)
	}
	for _, said := range []string{"", "N", "NOTICE AUTH :*** Che", ":irc"} {
		conn := &script{Reader: io.MultiReader(strings.NewReader(said), silence{})}
		if _, err := askIRC(conn, question("irc", catalog.NoTLS)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%q: error %v", said, err)
		}
	}
}

// TestEndlessIRC: a server that notifies for ever does not keep us.
func TestEndlessIRC(t *testing.T) {
	peer := &endless{words: "NOTICE AUTH :a\r\n"}
	_, err := askIRC(peer, question("irc", catalog.NoTLS))
	if _, ok := errors.AsType[*wire.MismatchError](err); !ok || peer.read > maxTalk+4096 {
		t.Errorf("error %v after %d octets", err, peer.read)
	}
}

// TestIRCAnswer: nobody can join.
func TestIRCAnswer(t *testing.T) {
	checkAnswer(t, standIn("irc", catalog.NoTLS), "'MODE isircx' 0d0a 'NICK joe' 0d0a 'USER joe 0 * :Joe' 0d0a 'QUIT' 0d0a 'NICK a' 0d0a",
		"':mail.example.com 800 * 0 0 ANON,NTLM 512 *' 0d0a ':mail.example.com 432 * joe :Erroneous nickname (exreach stand-in)' 0d0a"+
			"':mail.example.com 451 * :You have not registered (exreach stand-in)' 0d0a 'ERROR :Closing Link: client quit' 0d0a")
}

func FuzzAskIRC(f *testing.F) {
	var seeds []string
	for _, r := range ircRecordings {
		seeds = append(seeds, strings.ReplaceAll(r.said, "\n", "\r\n"))
	}
	fuzzAsk(f, "irc", seeds...)
}
