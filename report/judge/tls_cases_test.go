// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// tlsSicknesses are those of TLS that no server of crypto/tls has by itself.
var tlsSicknesses = []sickness{
	{"client-certificate-wanted", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) { l.config.ClientAuth = tls.RequireAnyClientCert })},
	{"client-certificate-wanted", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) {
		l.config.ClientAuth, l.config.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	})},
	{"client-certificate-wanted", "ews", fromClient, renegotiating(func(s *tls12Server) {})},
	{"client-certificate-wanted", "ews", fromClient, renegotiating(func(s *tls12Server) { _ = s.send(21, []byte{2, 40}) })},
	{"starttls-refused", "smtp", fromClient, startTLSAnswered("454 4.7.0 TLS not available due to local problem")},
	{"starttls-refused", "imap", fromClient, things(serving(script("* OK The Microsoft Exchange IMAP4 service is ready.", map[string]string{
		"a1": "* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done", "a2": "a2 NO TLS is not available", "a4": "* BYE\r\na4 OK done",
	}), 143))},
	{"starttls-refused", "pop3", fromClient, things(serving(script("+OK The Microsoft Exchange POP3 service is ready.", map[string]string{
		"CAPA": "+OK\r\nSTLS\r\n.", "STLS": "-ERR TLS is not available", "QUIT": "+OK bye",
	}), 110))},
	{"bad-tls", "smtp", fromClient, startTLSAnswered("220 2.0.0 Ready\r\n502 5.5.1 Unrecognized command")},
	{"cut", "ldaps", controllers, things(serving(readsAndGoes, 636))},
	{"tls-dhe-only", "imaps", fromClient, func(t *testing.T) []breakage {
		return []breakage{serving(overTLS12(t, true, func(s *tls12Server) { speaking("imap", catalog.Service{TLS: catalog.Implicit})(s) }), 993)}
	}},
	{"tls-hello-size", "imaps", fromClient, func(t *testing.T) []breakage {
		return []breakage{serving(hangingUpAt(300, behindTLS(leafOf(t, nil), speaking("imap", catalog.Service{TLS: catalog.Implicit}))), 993)}
	}},
	{"certificate-unreadable", "imaps", fromClient, patched("Contoso Example", "Contoso@Example")},
	{"certificate-unreadable", "ldaps", controllers, func(t *testing.T) []breakage {
		config := unreadable(t, func(*leaf) {}, []byte("Contoso Example"), []byte("Contoso@Example"))
		return []breakage{serving(behindTLS(config, speaking("ldap", catalog.Service{Name: "ldaps", TLS: catalog.Implicit})), 636)}
	}},
	{"bad-tls", "imaps", fromClient, things(serving(garbled, 993))},
	{"bad-tls", "imaps", fromClient, func(t *testing.T) []breakage { // TLS 1.3 alone leaves no other way
		config := unreadable(t, func(l *leaf) { l.config.MinVersion = tls.VersionTLS13 }, []byte("Contoso Example"), []byte("Contoso@Example"))
		return []breakage{serving(behindTLS(config, speaking("imap", catalog.Service{TLS: catalog.Implicit})), 993)}
	}},
}

// startTLSAnswered offers STARTTLS at 25, and answers so.
func startTLSAnswered(reply string) func(*testing.T) []breakage {
	return things(serving(script(greets2019, map[string]string{
		"EHLO": "250-mail01\r\n250-STARTTLS\r\n250-X-ANONYMOUSTLS\r\n250 AUTH NTLM", "STARTTLS": reply, "QUIT": "221 bye",
	}), 25))
}

// renegotiating is IIS with a directory that wants client certificates: it asks for
// one after the request. Then it does something else.
func renegotiating(then func(*tls12Server)) func(*testing.T) []breakage {
	return func(t *testing.T) []breakage {
		return []breakage{serving(overTLS12(t, false, func(s *tls12Server) {
			if _, err := http.ReadRequest(bufio.NewReader(s)); err == nil && s.askAgain() == nil {
				then(s)
			}
		}), 443)}
	}
}

// hangingUpAt is a device that hangs up at a hello of more octets than it can take.
func hangingUpAt(most int, serve func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		head, err := r.Peek(5)
		if err == nil && int(binary.BigEndian.Uint16(head[3:])) <= most {
			serve(readAhead{c, r})
		}
	}
}

type readAhead struct {
	net.Conn
	r io.Reader
}

func (c readAhead) Read(b []byte) (int, error) { return c.r.Read(b) }

// patched has IMAP at 993 with a certificate in whose encoding words are written
// over others: a name with a letter that its kind of string does not have.
func patched(over, words string) func(*testing.T) []breakage {
	return func(t *testing.T) []breakage {
		config := unreadable(t, func(*leaf) {}, []byte(over), []byte(words))
		return []breakage{serving(behindTLS(config, speaking("imap", catalog.Service{TLS: catalog.Implicit})), 993)}
	}
}

// readsAndGoes hangs up at the hello, as a domain controller without a certificate.
func readsAndGoes(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }

// garbled begins a handshake and sends what is none.
func garbled(c net.Conn) {
	_, _ = c.Read(make([]byte, 4096))
	_, _ = c.Write([]byte{22, 3, 3, 0, 4, 2, 0, 0, 0})
	_, _ = io.Copy(io.Discard, c)
}

// TestUnreadableEndToEnd wants a server whose certificate crypto/x509 refuses
// checked like any other: answered, its certificate told, its sickness found.
// Go refuses @ in a PrintableString (https://github.com/golang/go/issues/62607),
// an extension that is there twice (https://github.com/golang/go/issues/50988,
// https://github.com/stackabletech/operator-rs/pull/766), and a key on a curve that
// it does not know (https://github.com/prometheus/blackbox_exporter/issues/1148).
func TestUnreadableEndToEnd(t *testing.T) {
	keyID := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 14}, Value: []byte{4, 2, 1, 1}}
	curve, unknown := []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}, []byte{6, 8, 43, 36, 3, 3, 2, 8, 1, 8}
	for name, server := range map[string]*tls.Config{
		"a letter": unreadable(t, func(*leaf) {}, []byte("Contoso Example"), []byte("Contoso@Example")),
		"twice":    unreadable(t, func(l *leaf) { l.cert.ExtraExtensions = []pkix.Extension{keyID, keyID} }, nil, nil),
		"a curve":  unreadable(t, func(*leaf) {}, curve, unknown),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := only(t, "ews", "imaps")
			pages := func(c net.Conn) {
				for r := bufio.NewReader(c); ; {
					if _, err := http.ReadRequest(r); err != nil {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: 0\r\n\r\n")
				}
			}
			r := run(t, plan, serving(behindTLS(server, speaking("imap", catalog.Service{TLS: catalog.Implicit})), 993), serving(behindTLS(server, pages), 443))
			key := "ECDSA P-256"
			if name == "a curve" {
				key = "unknown"
			}
			for _, e := range r {
				f, found := finding(e, "certificate-unreadable")
				grade := map[string]Grade{"ews": Fail, "imaps": Pass}[e.Check.Service.Name] // ews answers 503
				if e.Verdict != probe.Answered || !found || e.Grade != grade || e.Care != Warn {
					t.Fatalf("%s: %s, %s, care %s (%s): %+v", e.Check.Service.Name, e.Verdict, e.Grade, e.Care, e.Detail, e.Findings)
				}
				if c := e.Peer.TLS.Chain[0]; !strings.Contains(c.Subject, "CN="+asked) || len(c.Names) != 1 || c.Names[0] != asked || c.NotAfter.IsZero() ||
					c.Key != key || !e.Peer.TLS.NameMatches {
					t.Errorf("%s: the certificate is told as %+v", e.Check.Service.Name, c)
				}
				if _, found := finding(e, "service-refuses"); found != (e.Check.Service.Name == "ews") {
					t.Errorf("%s: 503 behind TLS found: %t", e.Check.Service.Name, found)
				}
				if _, found := finding(e, "certificate-untrusted"); found || e.Peer.TLS.Trusted {
					t.Errorf("%s: trust was judged", e.Check.Service.Name)
				}
				checkSays(t, f, []string{"Strict clients", "was not checked"})
			}
		})
	}
}

// unreadable makes a server's configuration with a certificate in whose encoding
// words are written over others.
func unreadable(t *testing.T, change func(*leaf), over, words []byte) *tls.Config {
	t.Helper()
	config := leafOf(t, func(l *leaf) {
		l.cert.Subject = pkix.Name{CommonName: asked, Organization: []string{"Contoso Example"}}
		change(l)
	})
	if der := &config.Certificates[0].Certificate[0]; over != nil {
		*der = bytes.ReplaceAll(*der, over, words)
	}
	return config
}

// only is the checks of a client for these services of 2019.
func only(t *testing.T, services ...string) []catalog.Check {
	t.Helper()
	var plan []catalog.Check
	for _, c := range fromClient(t) {
		for _, name := range services {
			if c.Service.Name == name {
				plan = append(plan, c)
			}
		}
	}
	if len(plan) != len(services) {
		t.Fatalf("%d checks of %v", len(plan), services)
	}
	return plan
}

// checkTime is more than any check should take that has its answer.
const checkTime = 20 * time.Second

// shakesQuickly waits less for a handshake than for the rest.
func shakesQuickly(r *rig, next probe.DialFunc) probe.DialFunc {
	r.pool.Timeouts.Check, r.pool.Timeouts.TLS = checkTime, 2*time.Second
	return next
}

// TestRenegotiationEndToEnd wants a directory that only accepts client certificates
// heard out: IIS asks, is content with none, and answers. So do WinRM and web
// services behind IIS (https://github.com/masterzen/winrm/pull/102,
// https://github.com/prometheus/blackbox_exporter/pull/487).
func TestRenegotiationEndToEnd(t *testing.T) {
	accepting := overTLS12(t, false, func(s *tls12Server) {
		if _, err := http.ReadRequest(bufio.NewReader(s)); err == nil && s.askAgain() == nil {
			_, _ = io.WriteString(s, "HTTP/1.1 401 Unauthorized\r\nServer: Microsoft-IIS/10.0\r\nX-FEServer: MAIL01\r\nWWW-Authenticate: NTLM\r\nConnection: close\r\n\r\n")
		}
	})
	twice := overTLS12(t, false, func(s *tls12Server) {
		_, err := http.ReadRequest(bufio.NewReader(s))
		for err == nil {
			err = s.askAgain()
		}
	})
	// https://github.com/rustls/rustls/issues/1999: no answer and no end after the handshake.
	waiting := overTLS12(t, false, func(s *tls12Server) {
		if _, err := http.ReadRequest(bufio.NewReader(s)); err == nil && s.askAgain() == nil {
			_, _ = io.Copy(io.Discard, s)
		}
	})
	for name, test := range map[string]struct {
		serve   func(net.Conn)
		verdict probe.Verdict
		code    string
		says    string
	}{
		"waits":         {waiting, probe.BadTLS, "client-certificate-wanted", "stopped answering"},
		"accepts":       {accepting, probe.Answered, "", ""},
		"asks for ever": {twice, probe.BadTLS, "client-certificate-wanted", "renegotiation"},
		"a bad record":  {overTLS12(t, false, func(s *tls12Server) { _, _ = s.Conn.Write([]byte{23, 3, 3, 0, 32, 31: 0, 36: 0}) }), probe.BadTLS, "bad-tls", "bad record MAC"},
		"a wrong place": {overTLS12(t, false, func(s *tls12Server) { _ = s.say(14, nil) }), probe.BadTLS, "bad-tls", "after the handshake"},
		"in the clear":  {overTLS12(t, false, func(s *tls12Server) { _, _ = io.WriteString(s.Conn, "* BYE going down") }), probe.BadTLS, "bad-tls", "is not TLS"},
		"an alert":      {overTLS12(t, false, func(s *tls12Server) { _ = s.send(21, []byte{2, 80}) }), probe.BadTLS, "bad-tls", "internal error (80)"},
		"goes":          {overTLS12(t, false, func(s *tls12Server) {}), probe.Cut, "cut", "application pool"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := run(t, only(t, "ews"), shakesQuickly, serving(test.serve, 443))[0]
			if e.Took >= checkTime/2 {
				t.Errorf("took %s", e.Took)
			}
			f, found := finding(e, test.code)
			if e.Verdict != test.verdict || found != (test.code != "") || !strings.Contains(f.Text, test.says) {
				t.Errorf("%s (%s): %+v", e.Verdict, e.Detail, e.Findings)
			}
		})
	}
}
