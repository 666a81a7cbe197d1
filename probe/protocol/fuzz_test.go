// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

func FuzzAskSMTP(f *testing.F) {
	fuzzAsk(f, "smtp", "220 a ESMTP\r\n250-a Hello\r\n250 STARTTLS\r\n220 go\r\n250 a\r\n221 bye\r\n",
		"220 ****2****\r\n500 no\r\n250 a\r\n", "554-no\r\n554 service\r\n", "421 busy\r\n", "220 ProFTPD\r\n500 no\r\n530 no\r\n")
}

func FuzzAskPOP3(f *testing.F) {
	fuzzAsk(f, "pop3", "+OK a\r\n+OK\r\nSTLS\r\n..\r\n.\r\n+OK go\r\n-ERR no\r\n+OK bye\r\n", "-ERR no\r\n", "+OK\n-ERR\n")
}

func FuzzAskIMAP(f *testing.F) {
	fuzzAsk(f, "imap", "* OK a\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\na2 OK go\r\n* X {3}\r\nabc {1}\r\n1\r\na3 BAD\r\n* BYE\r\n",
		"* BYE no\r\n", "* PREAUTH a\r\na1 NO\r\n", "* OK\r\n* X {999999999}\r\n")
}

// fuzzAsk lets a peer say anything and then hang up. Ask must come back, must
// not take silence for an answer, and what it learned must be printable and
// bounded once it is clean.
func fuzzAsk(f *testing.F, name string, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		for _, how := range []catalog.TLS{catalog.NoTLS, catalog.StartTLS} {
			peer, err := Table[name].Ask(hangsUpAfter(said), question(name, how))
			if mismatch, ok := errors.AsType[*wire.MismatchError](err); ok && (mismatch.Want == "" || mismatch.Got == "") {
				t.Errorf("a mismatch that does not say what was wanted and seen: %+v", mismatch)
			}
			if err == nil && len(said) == 0 {
				t.Error("a peer that said nothing is no error")
			}
			peer.Clean()
			checkClean(t, peer)
		}
	})
}

// checkClean fails the test where a clean peer holds anything that is not
// printable or not bounded.
func checkClean(t *testing.T, p Peer) {
	all := append([]string{p.Greeting, p.Refusal}, p.Capabilities...)
	for name, value := range p.Facts {
		all = append(all, name, value)
	}
	for _, e := range p.Endpoints {
		all = append(all, e.UUID, e.Sequence, e.Address, e.Annotation)
	}
	for _, l := range p.Logins {
		all = append(all, l.Method, l.Said)
	}
	if p.Page != nil {
		all = append(all, p.Page.Location, p.Page.Server, p.Page.Via, p.Page.FrontEnd, p.Page.BackEnd, p.Page.Health)
	}
	if p.TLS != nil {
		all = append(all, p.TLS.Version, p.TLS.Cipher, p.TLS.TrustError)
		for _, c := range p.TLS.Chain {
			all = append(append(all, c.Subject, c.Issuer, c.Key), c.Names...)
		}
	}
	for _, s := range all {
		if len(s) > 512 || !isPrintable(s) {
			t.Errorf("this is not clean: %q", s)
		}
	}
	if len(p.Capabilities) > 256 || len(p.Facts) > 256 || len(p.Endpoints) > 2048 {
		t.Errorf("%d capabilities, %d facts and %d endpoints are too many", len(p.Capabilities), len(p.Facts), len(p.Endpoints))
	}
}

// isPrintable reports whether a string is as package wire leaves it, which has its
// own tests.
func isPrintable(s string) bool { return wire.Printable(s, len(s)) == s }
