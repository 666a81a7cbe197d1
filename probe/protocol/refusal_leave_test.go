// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/wire"
)

// TestLeavesSayingWhy: a server that turns clients away at their first command, as
// Exchange 2013 and later do when a limit is reached or the store is not there
// (MailKit issue 849, node-imap issue 561), has told why. One that merely does not know
// the command and is asked to go has not.
func TestLeavesSayingWhy(t *testing.T) {
	for name, test := range map[string]struct {
		ask     asking
		named   string
		said    string
		refusal string
		why     wire.Reason
	}{
		"POP3, too many":       {askPOP3, "pop3", "+OK ready\r\n-ERR [IN-USE] too many connections\r\n", "-ERR [IN-USE] too many connections", wire.Limited},
		"POP3, out of service": {askPOP3, "pop3", "+OK ready\r\n-ERR [SYS/TEMP] Service not available\r\n", "-ERR [SYS/TEMP] Service not available", wire.Unavailable},
		"POP3 without CAPA":    {askPOP3, "pop3", "+OK ready\r\n-ERR unknown command\r\n+OK bye\r\n", "", ""},
		"POP3 just hangs up":   {askPOP3, "pop3", "+OK ready\r\n-ERR unknown command\r\n", "", ""},
		"NNTP, too many":       {askNNTP, "nntp", "200 ready\r\n502 Too many connections\r\n", "502 Too many connections", wire.Limited},
		"NNTP, a permission":   {askNNTP, "nntp", "200 ready\r\n502 command unavailable\r\n205 bye\r\n", "", ""},
		"IMAP4, unavailable":   {askIMAP, "imap", "* OK ready\r\na1 NO Server Unavailable. 15\r\n", "NO Server Unavailable. 15", wire.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := test.ask(hangsUpAfter([]byte(test.said)), question(test.named, catalog.NoTLS))
			if err != nil || p.Refusal != test.refusal || p.Reason != test.why {
				t.Errorf("error %v, refusal %q, reason %q", err, p.Refusal, p.Reason)
			}
		})
	}
}

// TestGreetsAgain: the greeting that some servers say once more is none to EHLO.
func TestGreetsAgain(t *testing.T) {
	p, err := askSMTP(hangsUpAfter([]byte("220 a\r\n220 a again\r\n250-a\r\n250 SIZE\r\n221 bye\r\n")), question("smtp", catalog.NoTLS))
	if err != nil || p.Refusal != "" || len(p.Capabilities) == 0 {
		t.Errorf("error %v, %+v", err, p)
	}
}

// TestRPCOutOfOrder: statuses of a mapper that cannot work are no policy (MS-ERREF
// section 2.2).
func TestRPCOutOfOrder(t *testing.T) {
	for _, status := range []rpc.Status{0x8, 0xe, 0x45b, 0x5aa, 0x6b9, 0x6ba, 0x6bb, 0x6be} {
		if got := status.Refusal().Why; got != wire.Unavailable {
			t.Errorf("0x%x: %q, want %q", status, got, wire.Unavailable)
		}
		if !strings.Contains(status.Error(), "(") {
			t.Errorf("0x%x has no words", status)
		}
	}
}

// TestHTTPLoops: Exchange leads to its login page, never to the page that was asked for.
func TestHTTPLoops(t *testing.T) {
	for to, loop := range map[string]bool{
		"/owa/":                         true,
		"https://mail.example.com/owa/": true,
		"http://mail.example.com/owa/":  false, // another port
		"/owa/auth/logon.aspx":          false,
		"/owa/?bO=1":                    false,
	} {
		q := owa()
		q.Host = "mail.example.com"
		p, err := pipeTo(askHTTP, q, hangsUpHTTP(page("302 Found", "Server: Microsoft-IIS/10.0", "X-FEServer: MAIL01", "Location: "+to), notFound, notFound))
		if err != nil || (p.Refusal != "") != loop {
			t.Errorf("%s: error %v, refusal %q", to, err, p.Refusal)
		}
	}
	cookie := page("302 Found", "Server: Microsoft-IIS/10.0", "X-FEServer: MAIL01", "Location: /owa/", "Set-Cookie: BIGipServer=1")
	if p, err := pipeTo(askHTTP, owa(), hangsUpHTTP(cookie, notFound, notFound)); err != nil || p.Refusal != "" {
		t.Errorf("with a cookie: error %v, refusal %q", err, p.Refusal)
	}
}
