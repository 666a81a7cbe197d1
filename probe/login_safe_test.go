// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// A loginServer is a real server of TLS that speaks SMTP, IMAP or POP3 behind it,
// refuses every login, and remembers what it was told.
type loginServer struct {
	config *tls.Config
	speaks string
	offers string
	yes    bool // to any login

	mu    sync.Mutex
	heard []string
}

func (s *loginServer) serve(c net.Conn) {
	secured := tls.Server(c, s.config)
	greeting := map[string]string{
		"smtp": "220 a\r\n", "imap": "* OK a\r\n", "pop3": "+OK a\r\n",
	}[s.speaks]
	_, _ = io.WriteString(secured, greeting)
	for lines := bufio.NewScanner(secured); lines.Scan(); {
		line := lines.Text()
		s.mu.Lock()
		s.heard = append(s.heard, line)
		s.mu.Unlock()
		_, _ = io.WriteString(secured, s.answer(line))
	}
}

func (s *loginServer) answer(line string) string {
	tag, command, _ := strings.Cut(line, " ")
	switch {
	case strings.HasPrefix(line, "EHLO"):
		return "250-a\r\n250 AUTH " + s.offers + "\r\n"
	case line == "CAPA":
		return "+OK\r\nUSER\r\nSASL " + s.offers + "\r\n.\r\n"
	case command == "CAPABILITY":
		return "* CAPABILITY IMAP4rev1 AUTH=" + strings.ReplaceAll(s.offers, " ", " AUTH=") + "\r\n" + tag + " OK\r\n"
	case strings.HasPrefix(line, "AUTH "):
		return map[string]string{"smtp": "334 \r\n", "pop3": "+ \r\n"}[s.speaks]
	case strings.HasPrefix(command, "AUTHENTICATE "):
		return "+ \r\n"
	}
	if s.yes {
		return map[string]string{"smtp": "235 2.7.0 ok\r\n", "imap": "b1 OK\r\n", "pop3": "+OK\r\n"}[s.speaks]
	}
	return map[string]string{"smtp": "535 5.7.3 no\r\n", "imap": "b1 NO no\r\n", "pop3": "-ERR no\r\n"}[s.speaks]
}

// poolTo is a pool of alice's to servers by their names.
func poolTo(t *testing.T, servers map[string]*loginServer) *Pool {
	t.Helper()
	ca, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Cert)
	addresses, behind := map[string]netip.Addr{}, map[netip.Addr]*loginServer{}
	for name, s := range servers {
		cert, err := ca.Issue(name, time.Now().AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		s.config.Certificates = []tls.Certificate{withRSA(t, ca, cert), cert}
		addresses[name] = netip.AddrFrom4([4]byte{192, 0, 2, byte(len(addresses))})
		behind[addresses[name]] = s
	}
	f := &fakeNet{serve: func(at netip.AddrPort, _ int) (func(net.Conn), error) { return behind[at.Addr()].serve, nil }}
	return &Pool{
		Dial:        f.dial,
		Resolver:    &lookup.Resolver{Lookup: func(_ context.Context, host string) ([]netip.Addr, error) { return []netip.Addr{addresses[host]}, nil }},
		Shared:      &Shared{Trust: trust.New(roots)},
		Credentials: &alice,
	}
}

// rsaKey is one for all: it takes long to make.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// withRSA is the same certificate with a key that every suite of old can use.
func withRSA(t *testing.T, ca *standin.Authority, cert tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	template, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	template.KeyUsage |= x509.KeyUsageKeyEncipherment
	template.PublicKeyAlgorithm, template.PublicKey = 0, nil
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Cert, key.Public(), ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// check is a check of the server.
func (s *loginServer) check(host string) catalog.Check {
	check := smtpCheck(host, 465)
	check.Service.Protocol, check.Service.TLS = s.speaks, catalog.Implicit
	return check
}

// ask checks the server as alice, and returns what came of it.
func (s *loginServer) ask(t *testing.T) Result {
	t.Helper()
	const name = "mail01.contoso.example"
	return collect(t.Context(), poolTo(t, map[string]*loginServer{name: s}), s.check(name))[0]
}

func (s *loginServer) wasTold(word string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.heard, func(line string) bool { return strings.Contains(line, word) })
}

// TestNoSecretInOldTLS: real servers that have nothing better than an old version
// or a weak suite are looked at as before, and nobody logs in there.
func TestNoSecretInOldTLS(t *testing.T) {
	t.Setenv("GODEBUG", "tls10server=1,tls3des=1,tlsrsakex=1")
	for name, test := range map[string]struct {
		config *tls.Config
		why    string // "" where it is safe
	}{
		"TLS 1.0": {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, "TLS 1.0 is not safe"},
		"TLS 1.1": {&tls.Config{MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11}, "TLS 1.1 is not safe"},
		"3DES": {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}},
			"_3DES_EDE_CBC_SHA is not safe"},
		"RC4": {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_RC4_128_SHA}},
			"_RC4_128_SHA is not safe"},
		"TLS 1.2": {&tls.Config{MaxVersion: tls.VersionTLS12}, ""},
		"TLS 1.3": {&tls.Config{}, ""},
	} {
		for _, speaks := range []string{"smtp", "imap", "pop3"} {
			t.Run(name+", "+speaks, func(t *testing.T) {
				s := &loginServer{config: test.config.Clone(), speaks: speaks, offers: "LOGIN PLAIN"}
				res := s.ask(t)
				if res.Verdict != Answered || res.Peer == nil {
					t.Fatalf("%s: %s", res.Verdict, res.Detail)
				}
				auth := res.Peer.Facts["auth"]
				if s.wasTold("AUTH") != (test.why == "") || !strings.HasSuffix(auth, test.why) || test.why != "" && !strings.HasPrefix(auth, "not tried: ") {
					t.Errorf("%q, and the server heard %q", auth, s.heard)
				}
			})
		}
	}
}

// TestChallengeFirst: who offers a challenge and a password is not told the
// password.
func TestChallengeFirst(t *testing.T) {
	for _, speaks := range []string{"smtp", "imap", "pop3"} {
		s := &loginServer{config: &tls.Config{}, speaks: speaks, offers: "PLAIN LOGIN NTLM"}
		if s.ask(t); !s.wasTold(" NTLM") || s.wasTold(" PLAIN") && slices.IndexFunc(s.heard, func(l string) bool { return strings.HasSuffix(l, " PLAIN") }) <
			slices.IndexFunc(s.heard, func(l string) bool { return strings.HasSuffix(l, " NTLM") }) {
			t.Errorf("%s: the server heard %q", speaks, s.heard)
		}
	}
}

func TestIsSafe(t *testing.T) {
	for suite, want := range map[string]bool{
		"TLS_AES_128_GCM_SHA256":                        true,
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": true,
		"TLS_RSA_WITH_AES_256_CBC_SHA":                  true,
		"TLS_DHE_RSA_WITH_AES_128_CBC_SHA":              true,
		"TLS_RSA_WITH_3DES_EDE_CBC_SHA":                 false,
		"TLS_RSA_WITH_RC4_128_MD5":                      false,
		"TLS_RSA_EXPORT_WITH_DES40_CBC_SHA":             false,
		"TLS_RSA_WITH_NULL_SHA256":                      false,
		"TLS_DH_anon_WITH_AES_128_CBC_SHA":              false,
		"TLS_ECDH_anon_WITH_AES_256_CBC_SHA":            false,
		"0x1302":                                        false,
	} {
		if isSafe(suite) != want {
			t.Errorf("%s: safe %t", suite, !want)
		}
	}
}

// TestTwentyHosts: in a command with several pools one host says yes to anything,
// under TLS that is to be trusted, and all others refuse.
func TestTwentyHosts(t *testing.T) {
	for _, speaks := range []string{"smtp", "imap", "pop3"} {
		servers := map[string]*loginServer{}
		var checks []catalog.Check
		for n := range 20 {
			name := fmt.Sprintf("mail%02d.contoso.example", n)
			servers[name] = &loginServer{config: &tls.Config{}, speaks: speaks, offers: "PLAIN", yes: n == 0}
			checks = append(checks, servers[name].check(name))
		}
		pool := poolTo(t, servers)
		pool.Shared = &Shared{Trust: pool.Shared.Trust}
		refused := 0
		for _, some := range [][]catalog.Check{checks[:1], checks[:10], checks[5:]} {
			another := *pool
			for _, res := range collect(t.Context(), &another, some...) {
				refused += strings.Count(res.Peer.Facts["auth"], ": refused: ")
			}
		}
		told := 0
		for name, s := range servers {
			if !s.yes && s.wasTold("AUTH") {
				told++
			}
			if s.yes && !s.wasTold("AUTH") {
				t.Errorf("%s was not asked", name)
			}
		}
		if refused != 2 || told != 2 {
			t.Errorf("%s: %d hosts were told the password, and %d results say that it was refused", speaks, told, refused)
		}
	}
}

// fill has the text in every string of a result.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.CanSet() {
			v.SetString(text)
		}
	case reflect.Pointer:
		if v.CanSet() && v.Type().Elem().PkgPath() != "time" {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), text)
		}
	case reflect.Slice:
		if v.CanSet() {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), text)
		}
	case reflect.Map:
		if v.Type() == reflect.TypeFor[map[string]string]() {
			v.Set(reflect.ValueOf(map[string]string{text: text}))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[catalog.Check]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	}
}

// TestHideResult: no string of a result is left out, and what was asked stays.
func TestHideResult(t *testing.T) {
	var res Result
	fill(reflect.ValueOf(&res).Elem(), strings.ToUpper(alicesPassword))
	res.Check = smtpCheck(alicesPassword, 25)
	hide(protocol.NewMask(&alice), &res)
	if res.Check.Host != alicesPassword {
		t.Errorf("the host is %q", res.Check.Host)
	}
	res.Check = catalog.Check{}
	text := fmt.Sprintf("%+v %+v %+v %+v", res, res.Peer, res.Peer.TLS, res.Trace)
	if strings.Contains(strings.ToLower(text), strings.ToLower(alicesPassword)) || strings.Count(text, "[password]") < 15 {
		t.Errorf("%s", text)
	}
}
