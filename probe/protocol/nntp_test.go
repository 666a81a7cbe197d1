// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// nntpRecordings are conversations in the words of real servers (names changed).
var nntpRecordings = []recording{
	{
		name: "Exchange 5.0",
		said: "201 Microsoft Exchange Internet News Service Version 5.0.1457.10 (no posting)\n500 Command not recognized\n205 bye\n",
		want: Peer{
			Greeting: "201 Microsoft Exchange Internet News Service Version 5.0.1457.10 (no posting)",
			Facts:    map[string]string{"posting": "prohibited", FactCapabilities: "500 Command not recognized"},
		},
		heard: []string{"CAPABILITIES", "QUIT"},
	},
	{
		name: "Exchange 2000, where TLS is wanted",
		tls:  catalog.StartTLS,
		said: "200 NNTP Service 5.00.0984 Version: 5.0.2195.6702 Posting Allowed \n500 Command Not Recognized\n500 Command Not Recognized\n205 closing connection - goodbye!\n",
		want: Peer{
			Greeting: "200 NNTP Service 5.00.0984 Version: 5.0.2195.6702 Posting Allowed ",
			Facts:    map[string]string{"posting": "allowed", FactStartTLS: NotOffered, FactCapabilities: "500 Command Not Recognized"},
		},
		heard: []string{"CAPABILITIES", "STARTTLS", "QUIT"},
	},
	{ // https://github.com/openssl/openssl/issues/7722
		name: "Kerio, which knows no CAPABILITIES and starts TLS",
		tls:  catalog.StartTLS,
		said: "200 Kerio Connect 9.2.7 patch 3 NNTP server ready\n500 command not recognized: CAPABILITIES\n382 Continue with TLS negotiation\n" +
			"500 command not recognized: CAPABILITIES\n205 bye\n",
		want: Peer{
			Greeting: "200 Kerio Connect 9.2.7 patch 3 NNTP server ready",
			Facts:    map[string]string{"posting": "allowed", FactCapabilities: "500 command not recognized: CAPABILITIES"},
		},
		heard: []string{"CAPABILITIES", "STARTTLS", "CAPABILITIES", "QUIT"},
	},
	{
		name: "INN, capabilities before and after TLS become one list",
		tls:  catalog.StartTLS,
		said: "200 news.example.com InterNetNews NNRP server INN 2.7.1 ready (posting ok)\n" +
			"101 Capability list:\nVERSION 2\nAUTHINFO SASL\nREADER\nSTARTTLS\n.\n" +
			"382 Begin TLS negotiation now\n101 Capability list:\nVERSION 2\nAUTHINFO USER SASL\nREADER\n.\n205 Bye!\n",
		want: Peer{
			Greeting:     "200 news.example.com InterNetNews NNRP server INN 2.7.1 ready (posting ok)",
			Capabilities: []string{"VERSION 2", "AUTHINFO SASL", "READER", "STARTTLS", "AUTHINFO USER SASL"},
			Facts:        map[string]string{"posting": "allowed"},
		},
		heard: []string{"CAPABILITIES", "STARTTLS", "CAPABILITIES", "QUIT"},
	},
	{
		name: "TLS refused",
		tls:  catalog.StartTLS,
		said: "200 ready\n101 list\nSTARTTLS\n..stuffed\n.\n580 Can not initiate TLS negotiation\n205 Bye!\n",
		want: Peer{
			Greeting:     "200 ready",
			Capabilities: []string{"STARTTLS", ".stuffed"},
			Facts:        map[string]string{"posting": "allowed", "starttls": "580 Can not initiate TLS negotiation"},
		},
		heard: []string{"CAPABILITIES", "STARTTLS", "QUIT"},
	},
	{
		name:  "INN without its spool",
		said:  "400 NNTP server unavailable.  Try later!\n",
		want:  Peer{Greeting: "400 NNTP server unavailable.  Try later!", Refusal: "400 NNTP server unavailable.  Try later!", Reason: wire.Unavailable},
		heard: []string{"QUIT"},
	},
	{
		name:  "Windows refuses",
		said:  "502 Connection refused\n",
		want:  Peer{Greeting: "502 Connection refused", Refusal: "502 Connection refused", Reason: wire.OurAddress},
		heard: []string{"QUIT"},
	},
	{
		name:  "capabilities only after a login",
		said:  "200 ready\n480 Authentication required\n205 Bye!\n",
		want:  Peer{Greeting: "200 ready", Facts: map[string]string{"posting": "allowed", FactCapabilities: "480 Authentication required"}},
		heard: []string{"CAPABILITIES", "QUIT"},
	},
	{name: "SMTP", said: "220 mail ESMTP\n", want: Peer{Greeting: "220 mail ESMTP"}, got: "the greeting opens like SMTP or FTP"},
	{name: "a long greeting of SMTP", said: "220-mail\n220 ESMTP\n", got: "the greeting opens like SMTP or FTP"},
	{name: "SMTP refuses", said: "554 no service\n", want: Peer{Greeting: "554 no service"}, got: "the greeting does not open like NNTP"},
	{
		name:  "another 200",
		said:  "200 poppassd ready\n200 what is it\n",
		want:  Peer{Greeting: "200 poppassd ready", Facts: map[string]string{"posting": "allowed"}},
		got:   "the reply to CAPABILITIES opens like NNTP",
		heard: []string{"CAPABILITIES"},
	},
	{name: "POP3", said: "+OK ready\n", got: "the greeting opens like POP3"},
	{name: "a code of four digits", said: "2000 ready\n", got: "the greeting does not open like NNTP"},
}

func TestRecordedNNTP(t *testing.T) {
	for _, r := range nntpRecordings {
		r.protocol = "nntp"
		t.Run(r.name, r.check)
	}
}

// TestNNTPOverTLS does a real handshake in band.
func TestNNTPOverTLS(t *testing.T) {
	q, s := question("nntp", catalog.StartTLS), standIn("nntp", catalog.StartTLS)
	var secured *tls.Conn
	q.StartTLS = func(conn net.Conn) (net.Conn, error) {
		secured = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		return secured, secured.Handshake()
	}
	config := &tls.Config{Certificates: []tls.Certificate{throwAway(t)}}
	s.StartTLS = func(conn net.Conn) (net.Conn, error) {
		c := tls.Server(conn, config)
		return c, c.Handshake()
	}
	peer, err := meet(t, askNNTP, answerNNTP, q, s, enough)
	if err != nil || secured == nil || !secured.ConnectionState().HandshakeComplete {
		t.Errorf("error %v, TLS %v", err, secured)
	}
	if _, ok := peer.Facts["starttls"]; ok {
		t.Errorf("TLS worked, yet the facts are %v", peer.Facts)
	}
	broken := errors.New("broken")
	q.StartTLS = func(net.Conn) (net.Conn, error) { return nil, broken }
	if _, err := meet(t, askNNTP, answerNNTP, q, standIn("nntp", catalog.StartTLS), enough); err != nil {
		t.Errorf("a server without a certificate was asked for TLS: %v", err)
	}
	s.StartTLS = func(conn net.Conn) (net.Conn, error) { return conn, nil }
	if _, err := meet(t, askNNTP, answerNNTP, q, s, enough); err != broken {
		t.Errorf("error %v, and not that of the handshake as it is", err)
	}
}

func TestNNTPOfTheVersion(t *testing.T) {
	for version, greeting := range map[string]string{
		"5.0":  "201 Microsoft Exchange Internet News Service Version 5.0.",
		"5.5":  "200 Microsoft Exchange Internet News Service Version 5.5.",
		"2000": "200 NNTP Service 5.00.0984 Version: 5.0.2195.",
		"2003": "200 NNTP Service 6.0.3790.",
	} {
		s := standIn("nntp", catalog.NoTLS)
		s.Version = version
		peer, err := meet(t, askNNTP, answerNNTP, question("nntp", catalog.NoTLS), s, enough)
		if err != nil || !strings.HasPrefix(peer.Greeting, greeting) || peer.Capabilities != nil {
			t.Errorf("%s: error %v, %+v", version, err, peer)
		}
	}
}

// TestForeignNews: whoever does not greet like a news server is found out before
// a line ends.
func TestForeignNews(t *testing.T) {
	for _, said := range []string{"HTTP", "2x", "20x", "200x", "600 ", "\x05\x00", "ncacn_http/1.0"} {
		conn := &script{Reader: io.MultiReader(strings.NewReader(said), silence{})}
		_, err := askNNTP(conn, question("nntp", catalog.NoTLS))
		if _, ok := errors.AsType[*wire.MismatchError](err); !ok {
			t.Errorf("%q: error %v", said, err)
		}
	}
}

func FuzzAskNNTP(f *testing.F) {
	var seeds []string
	for _, r := range nntpRecordings {
		seeds = append(seeds, strings.ReplaceAll(r.said, "\n", "\r\n"))
	}
	fuzzAsk(f, "nntp", seeds...)
}
