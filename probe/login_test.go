// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

const alicesPassword = "Zz9-correct-horse"

var alice = protocol.Credentials{User: "alice", Domain: "CONTOSO", Password: protocol.NewSecret(alicesPassword)}

// auths is what came of the logins, by service, where there is something.
func auths(t *testing.T, results []Result) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, res := range results {
		if res.Verdict != Answered {
			t.Errorf("%s: %s (%s): a login is no failure of the service", res.Check.Service.Name, res.Verdict, res.Detail)
		}
		if res.Peer != nil && res.Peer.Facts["auth"] != "" {
			all[res.Check.Service.Name] = res.Peer.Facts["auth"]
		}
		checkNoPassword(t, res)
	}
	return all
}

// checkNoPassword fails the test where a result holds the password.
func checkNoPassword(t *testing.T, res Result) {
	t.Helper()
	asJSON, err := json.Marshal(res.Peer)
	if err != nil {
		t.Fatal(err)
	}
	text := res.Detail + res.Evidence + string(asJSON)
	plain := base64.StdEncoding.EncodeToString([]byte("\x00CONTOSO\\alice\x00" + alicesPassword))
	for _, shape := range []string{alicesPassword, alicesPassword[:8], base64.StdEncoding.EncodeToString([]byte(alicesPassword)), plain[24:]} {
		if strings.Contains(text, shape) {
			t.Errorf("%s: the password is in %s", res.Check.Service.Name, text)
		}
	}
}

// TestLogIn logs in to a whole server.
func TestLogIn(t *testing.T) {
	start := func(t *testing.T, role, from string, faults map[string]standin.Fault, password string) (*Pool, []catalog.Check) {
		pool, checks := startStandIn(t, "2019", role, from, faults, protocol.Credentials{User: "alice", Domain: "CONTOSO", Password: protocol.NewSecret(password)})
		pool.Credentials = &alice
		return pool, checks
	}
	t.Run("right", func(t *testing.T) {
		pool, checks := start(t, "mailbox", "client", nil, alicesPassword)
		results := collect(t.Context(), pool, checks...)
		for _, res := range results {
			if res.Check.Service.Name == "imaps" && !strings.HasSuffix(res.Detail, "service is ready. (ntlm: not possible: BAD; plain: accepted)") {
				t.Errorf("imaps: %s", res.Detail)
			}
		}
		got := auths(t, results)
		for service, want := range map[string]string{
			"smtp-submission": "ntlm: not possible: 500 5.3.3; login: accepted", "pop3": "plain: accepted", "pop3s": "plain: accepted",
			"imap": "ntlm: not possible: BAD; plain: accepted", "imaps": "ntlm: not possible: BAD; plain: accepted",
		} {
			if got[service] != want {
				t.Errorf("%s: %q", service, got[service])
			}
		}
	})
	t.Run("wrong", func(t *testing.T) {
		pool, checks := start(t, "mailbox", "client", nil, "another")
		refused, before := 0, 0
		for _, auth := range auths(t, collect(t.Context(), pool, checks...)) {
			refused += strings.Count(auth, ": refused: ")
			before += strings.Count(auth, "not tried: refused before")
		}
		if refused != 1 || before < 4 {
			t.Errorf("refused %d times, not tried %d times", refused, before)
		}
	})
	t.Run("untrusted", func(t *testing.T) {
		pool, checks := start(t, "mailbox", "client", nil, alicesPassword)
		pool.Shared.Trust = trust.New(x509.NewCertPool())
		if got := auths(t, collect(t.Context(), pool, checks...)); got["imaps"] != "not tried: the certificate is not trusted" {
			t.Errorf("%q", got["imaps"])
		}
	})
	t.Run("another name", func(t *testing.T) {
		pool, checks := start(t, "mailbox", "client", nil, alicesPassword)
		for i := range checks {
			checks[i].Host = "mail02.contoso.example"
		}
		if got := auths(t, collect(t.Context(), pool, checks...)); got["imaps"] != "not tried: the certificate is for another name" {
			t.Errorf("%q", got["imaps"])
		}
	})
	t.Run("expired", func(t *testing.T) {
		pool, checks := start(t, "mailbox", "client", map[string]standin.Fault{"imaps": standin.Expired}, alicesPassword)
		if got := auths(t, collect(t.Context(), pool, checks...)); got["imaps"] != "not tried: the certificate is out of date" {
			t.Errorf("%q", got["imaps"])
		}
	})
	t.Run("directory", func(t *testing.T) {
		pool, checks := start(t, "domain-controller", "mailbox", nil, alicesPassword)
		got := auths(t, collect(t.Context(), pool, checks...))
		if !strings.HasSuffix(got["ldaps"], "; simple: accepted") || !strings.HasSuffix(got["gc"], "; simple: not tried: no TLS") {
			t.Errorf("%q", got)
		}
	})
	t.Run("forbidden", func(t *testing.T) {
		pool, checks := start(t, "domain-controller", "internet", nil, alicesPassword)
		for _, res := range collect(t.Context(), pool, checks...) {
			if res.Check.Want == catalog.Forbidden && res.Peer != nil && res.Peer.Facts["auth"] != "" {
				t.Errorf("%s must not be reached, and exreach logs in: %q", res.Check.Service.Name, res.Peer.Facts["auth"])
			}
		}
	})
}

// TestRedial: a login that needs a second connection hangs up the first, and
// leaves none open.
func TestRedial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeNet{serve: always(func(c net.Conn) {
			_ = protocol.Table["smb"].Answer(c, protocol.Stand{Host: "dc01", Version: "2019"})
		})}
		check := smtpCheck("192.0.2.1", 445)
		check.Service.Protocol = "smb"
		res := collect(t.Context(), &Pool{Dial: f.dial, Credentials: &alice}, check)[0]
		if res.Verdict != Answered || !strings.HasPrefix(res.Peer.Facts["auth"], "session: ") || res.Tries != 1 {
			t.Errorf("%s after %d tries: %+v", res.Verdict, res.Tries, res.Peer)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.tries[netip.MustParseAddrPort("192.0.2.1:445")] != 2 || f.max != 1 || f.open != 0 {
			t.Errorf("dialed %v, %d open at once, %d in the end", f.tries, f.max, f.open)
		}
	})
}

// TestPasswordSaidBack: a server that repeats what it hears, in every place that
// a result has for its words.
func TestPasswordSaidBack(t *testing.T) {
	ca, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue("mail01.contoso.example", time.Now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Cert)
	echo := func(c net.Conn) {
		secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
		_, _ = io.WriteString(secured, "+OK\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n")
		for lines := bufio.NewScanner(secured); lines.Scan(); {
			if bytes.Contains(lines.Bytes(), []byte("PASS")) {
				_, _ = fmt.Fprintf(secured, "-ERR what is %q?\r\n", lines.Text())
			}
		}
	}
	f := &fakeNet{serve: always(echo)}
	found := func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
	}
	check := smtpCheck("mail01.contoso.example", 995)
	check.Service.Protocol, check.Service.TLS = "pop3", catalog.Implicit
	res := collect(t.Context(), &Pool{Dial: f.dial, Resolver: &lookup.Resolver{Lookup: found}, Shared: &Shared{Trust: trust.New(roots)}, Credentials: &alice}, check)[0]
	if res.Verdict != Answered || res.Peer.Facts["auth"] != "user: refused: -ERR" {
		t.Errorf("%s: %+v", res.Verdict, res.Peer)
	}
	if !strings.Contains(res.Evidence, "[password]") {
		t.Errorf("the evidence is %q", res.Evidence)
	}
	checkNoPassword(t, res)
}

// TestPasswordInPanic: what a fault of our own says is told, without the
// password that may be in it.
func TestPasswordInPanic(t *testing.T) {
	f := &fakeNet{serve: always(smtpServer)}
	pool := &Pool{Credentials: &alice, Dial: func(ctx context.Context, n catalog.Network, at netip.AddrPort) (net.Conn, error) {
		conn, err := f.dial(ctx, n, at)
		return revealingConn{conn}, err
	}}
	res := collect(t.Context(), pool, smtpCheck("192.0.2.1", 25))[0]
	if res.Verdict != Untried || !strings.Contains(res.Detail, "a fault in exreach: boom [password]") {
		t.Errorf("%s: %s", res.Verdict, res.Detail)
	}
	checkNoPassword(t, res)
}

type revealingConn struct{ net.Conn }

func (revealingConn) Read([]byte) (int, error) { panic("boom " + alicesPassword) }
