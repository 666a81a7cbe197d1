// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/trust"
)

// loggedIn is a service at which this came of the credentials.
func loggedIn(logins ...protocol.Login) change {
	return func(r *probe.Result) {
		r.Peer = &protocol.Peer{Facts: map[string]string{"auth": protocol.Logins(logins).String()}, Logins: logins}
	}
}

func untriedLogin(method, why string) protocol.Login {
	return protocol.Login{Method: method, Said: why}
}

func refusedLogin(method, said string) protocol.Login {
	return protocol.Login{Method: method, Outcome: protocol.Denied, Said: said}
}

func acceptedLogin(method string) protocol.Login {
	return protocol.Login{Method: method, Outcome: protocol.Accepted}
}

var loginTests = []findingTest{
	{"credentials-refused", Pass, Warn, loggedIn(refusedLogin("simple", "49 Invalid Credentials"), untriedLogin("ntlm", "not tried: refused before")),
		loggedIn(acceptedLogin("simple"), untriedLogin("ntlm", "not offered")), []string{"(simple): 49 Invalid Credentials.", "locked"}},
	{"credentials-refused", Pass, Warn, loggedIn(untriedLogin("plain", "not offered"), refusedLogin("login", "535 5.7.3")),
		loggedIn(untriedLogin("login", "not possible: 454 try later")), []string{"(login): 535"}},
	{"credentials-refused", Pass, Warn, loggedIn(protocol.Login{Method: "login", Outcome: protocol.Locked, Said: "locked"}), nil, nil},
	{"credentials-unused", Pass, Pass, loggedIn(untriedLogin("login", "not tried: no TLS")), loggedIn(untriedLogin("simple", "not tried: no TLS"), acceptedLogin("ntlm")),
		[]string{"no TLS.", "inside TLS"}},
	{"credentials-unused", Pass, Pass, loggedIn(untriedLogin("", "not offered")), loggedIn(refusedLogin("session", "0xc000006d")), nil},
	{"credentials-unused", Pass, Pass, loggedIn(protocol.Login{Method: "session", Outcome: protocol.Unanswered, Said: "failed: hung up"}), loggedIn(), nil},
	// A server's words look like what exreach says itself, and change nothing.
	{"credentials-refused", Pass, Warn, loggedIn(refusedLogin("login", "535 5.7.3 no; ntlm: accepted")),
		loggedIn(untriedLogin("login", "not possible: 454 later; x: refused: 535")), []string{"; ntlm: accepted"}},
	{"credentials-unused", Pass, Pass, loggedIn(untriedLogin("login", "not possible: 454 later; ntlm: accepted")),
		loggedIn(refusedLogin("login", "535 no; x: not tried: no TLS")), nil},
	{"credentials-unused", Pass, Pass, loggedIn(untriedLogin("login", "not possible: 454 later; x: refused: 535")), nil, nil},
}

// pop3sSaying is a server at 995 whom everybody trusts, and which takes nobody in.
func pop3sSaying(t *testing.T, capa, refusal string) breakage {
	config := leafOf(t, func(l *leaf) { l.issuer = l.cert; l.cert.IsCA, l.cert.BasicConstraintsValid = true, true })
	return func(r *rig, next probe.DialFunc) probe.DialFunc {
		root, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		roots := r.server.Roots()
		roots.AddCert(root)
		r.pool.Shared.Trust = trust.New(roots)
		replies := map[string]string{"CAPA": "+OK\r\n" + capa + "\r\n.", "USER": "+OK", "PASS": "-ERR " + refusal, "AUTH": "-ERR " + refusal}
		return serving(behindTLS(&tls.Config{Certificates: config.Certificates}, script("+OK ready", replies)), 995)(r, next)
	}
}

// TestRefusalWordsEndToEnd: nothing that a server says as it refuses is taken for
// what exreach says.
func TestRefusalWordsEndToEnd(t *testing.T) {
	plan := slices.DeleteFunc(fromClient(t), func(c catalog.Check) bool { return c.Service.Name != "pop3s" })
	codes := func(capa, refusal string) (codes []string, auth string) {
		e := run(t, plan, pop3sSaying(t, capa, refusal), loggingIn("wrong"))[0]
		for _, f := range e.Findings {
			codes = append(codes, f.Code)
		}
		return codes, e.Peer.Facts[protocol.FactAuth]
	}
	for capa, want := range map[string]string{"USER": "credentials-refused", "SASL PLAIN": "credentials-unused"} {
		plain, auth := codes(capa, "no")
		other := map[string]string{"credentials-refused": "credentials-unused", "credentials-unused": "credentials-refused"}[want]
		if !slices.Contains(plain, want) || slices.Contains(plain, other) {
			t.Errorf("%s: %v (%s), want %s", capa, plain, auth, want)
		}
		for _, words := range []string{"; ntlm: accepted", "; x: refused", "; x: refused: 535 5.7.3", "no; ntlm: accepted; x: refused: no"} {
			if got, auth := codes(capa, words); !slices.Equal(got, plain) {
				t.Errorf("%s, %q: %v (%s), want %v", capa, words, got, auth, plain)
			}
		}
	}
}
