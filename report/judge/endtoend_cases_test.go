// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"exreach/catalog"
)

func TestHealthyEndToEnd(t *testing.T) {
	for _, of := range [][3]string{
		{"5.5", "server", "client"},
		{"5.5", "server", "internet-client"},
		{"5.5", "server", "server"},
		{"5.5", "server", "other-site"},
		{"2000", "server", "adc"},
		{"2000", "back-end", "internet"},
		{"2003", "back-end", "internet"},
		{"2003", "back-end", "front-end"},
		{"2000", "back-end", "client"},
		{"2003", "back-end", "client"},
		{"2003", "front-end", "internet"},
		{"2007", "hub", "client"},
		{"2007", "client-access", "client"},
		{"2010", "client-access", "client"},
		{"2010", "client-access", "load-balancer"},
		{"2010", "mailbox", "client-access"},
		{"2013", "client-access", "client"},
		{"2013", "mailbox", "um-gateway"},
		{"2016", "mailbox", "client"},
		{"2016", "mailbox", "um-gateway"},
		{"2016", "internet", "mailbox"},
		{"2019", "mailbox", "client"},
		{"2019", "mailbox", "mailbox"},
		{"2019", "mailbox", "internet"},
		{"2019", "domain-controller", "mailbox"},
		{"se", "edge", "internet"},
		{"se", "mailbox", "client"},
		{"online", "login", "client"},
		{"windows", "internet", "mailbox"},
	} {
		t.Run(strings.Join(of[:], " "), func(t *testing.T) {
			t.Parallel()
			r := run(t, planFor(t, of[0], of[1], of[2]))
			if len(r) < 2 {
				t.Errorf("%d results", len(r))
			}
			for _, e := range r {
				if e.Grade != Pass || e.Care != Pass || len(e.Findings) > 0 {
					t.Errorf("%s at %d: %s, %s, care %s (%s): %+v", e.Check.Service.Name, e.Port, e.Verdict, e.Grade, e.Care, e.Detail, e.Findings)
				}
			}
		})
	}
}

// Credentials that are right change nothing.
func TestLoginEndToEnd(t *testing.T) {
	for _, e := range run(t, onlySubmission(t), loggingIn("right")) {
		if e.Grade != Pass || e.Care != Pass || len(e.Findings) > 0 {
			t.Errorf("%s: %s, care %s, %+v: %+v", e.Check.Service.Name, e.Grade, e.Care, e.Peer.Facts, e.Findings)
		}
	}
}

// A sickness is a finding and what produces it on a server that is healthy but
// for that.
type sickness struct {
	code      string
	service   string
	plan      func(*testing.T) []catalog.Check
	breakages func(*testing.T) []breakage
}

func asked2019(role, from string) func(*testing.T) []catalog.Check {
	return func(t *testing.T) []catalog.Check { return planFor(t, "2019", role, from) }
}

var (
	fromClient   = asked2019("mailbox", "client")
	fromInternet = asked2019("mailbox", "internet")
	fromMailbox  = asked2019("mailbox", "mailbox")
	controllers  = asked2019("domain-controller", "mailbox")
)

func fromClient2010(t *testing.T) []catalog.Check {
	return planFor(t, "2010", "client-access", "client")
}

func fromGateway(t *testing.T) []catalog.Check { return planFor(t, "2016", "mailbox", "um-gateway") }

// asking2019By has one service asked by another method.
func asking2019By(m catalog.Method, service string) func(*testing.T) []catalog.Check {
	return func(t *testing.T) []catalog.Check {
		plan := fromClient(t)
		i := slices.IndexFunc(plan, func(c catalog.Check) bool { return c.Service.Name == service })
		d := *plan[i].Service.HTTP
		d.Method, d.Health = m, ""
		plan[i].Service.HTTP = &d
		return plan
	}
}

// onlySubmission is one service that logs in.
func onlySubmission(t *testing.T) []catalog.Check {
	return slices.DeleteFunc(fromClient(t), func(c catalog.Check) bool { return c.Service.Name != "smtp-submission" })
}

// things is a list of breakages that need no test.
func things(b ...breakage) func(*testing.T) []breakage {
	return func(*testing.T) []breakage { return b }
}

// smtpAt25 has a mail server in lines listen at 25.
func smtpAt25(greeting, ehlo string) func(*testing.T) []breakage {
	replies := map[string]string{"EHLO": ehlo, "HELO": "250 mail01", "QUIT": "221 bye"}
	return things(serving(script(greeting, replies), 25))
}

// tlsAt has TLS with such a certificate at a port, and the service of that
// protocol behind it.
func tlsAt(port uint16, name string, change func(*leaf)) func(*testing.T) []breakage {
	return func(t *testing.T) []breakage {
		return []breakage{serving(behindTLS(leafOf(t, change), speaking(name, catalog.Service{TLS: catalog.Implicit})), port)}
	}
}

// webAt443 has a web server answer.
func webAt443(answer func(*http.Request) string) func(*testing.T) []breakage {
	return func(t *testing.T) []breakage { return []breakage{serving(webServer(t, answer), 443)} }
}

const (
	plainEHLO = "250-mail01\r\n250-SIZE 37748736\r\n250 PIPELINING"
	iisPage   = "401 Unauthorized\nServer: Microsoft-IIS/10.0\nWWW-Authenticate: NTLM"
	alertTLS  = "\x15\x03\x01\x00\x02\x02\x28"
)

func hangUp(net.Conn)    {}
func silence(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// maskPrintable is what a PIX does to a greeting.
func maskPrintable(b []byte) {
	if !strings.HasPrefix(string(b), "220 ") {
		return
	}
	for i := 4; i < len(b); i++ {
		if b[i] > ' ' && b[i] != '2' && b[i] != '0' {
			b[i] = '*'
		}
	}
}

// hourAhead is a time server whose clock is wrong.
func hourAhead(request []byte) []byte {
	answer := make([]byte, 48)
	answer[0], answer[1] = request[0]&0x38|4, 1
	copy(answer[24:32], request[40:48])
	binary.BigEndian.PutUint32(answer[40:], uint32(time.Now().Add(time.Hour).Unix()+2208988800))
	return answer
}

// byTurns answers as one of two servers behind a balancer.
func byTurns() func(*http.Request) string {
	var n atomic.Int64
	return func(*http.Request) string {
		return iisPage + "\nX-FEServer: " + []string{"MAIL01", "MAIL02"}[n.Add(1)%2]
	}
}

// getsOnly is a proxy that knows no method but GET.
func getsOnly(r *http.Request) string {
	if r.Method != http.MethodGet {
		return "405 Method Not Allowed\nServer: nginx"
	}
	return iisPage + "\nX-FEServer: MAIL01"
}

// unwell answers a health page with 503.
func unwell(r *http.Request) string {
	if strings.HasSuffix(r.URL.Path, "healthcheck.htm") {
		return "503 Service Unavailable\nServer: Microsoft-HTTPAPI/2.0"
	}
	return iisPage + "\nX-FEServer: MAIL01"
}

var sicknesses = []sickness{
	{"smtp-banner-masked", "smtp", fromClient, things(doctoring(25, maskPrintable))},
	{"smtp-banner-masked", "smtp", fromClient, smtpAt25("220*************************", plainEHLO)},
	{"smtp-ehlo-refused", "smtp", fromClient, smtpAt25(greets2019, "500 5.3.3 Unrecognized command")},
	{"smtp-keywords-masked", "smtp", fromClient, things(doctoring(25, writing("STARTTLS", "XXXXXXXA")))},
	{"starttls-no-certificate", "smtp", fromClient, smtpAt25(greets2019, "250-mail01\r\n250-X-ANONYMOUSTLS\r\n250 XRDST")},
	{"starttls-missing", "smtp", fromClient, smtpAt25(greets2019, plainEHLO)},
	{"smtp-other-product", "smtp", fromClient, smtpAt25("220 mail.contoso.example ESMTP Postfix", plainEHLO)},
	{"pop3-other-product", "pop3", fromClient, things(serving(script("+OK Dovecot ready.", map[string]string{"CAPA": "+OK\r\nUSER\r\nRESP-CODES\r\n.", "QUIT": "+OK"}), 110))},
	{"imap-other-product", "imap", fromClient, things(serving(script("* OK Dovecot ready.", map[string]string{"a1": "* CAPABILITY IMAP4rev1 ENABLE\r\na1 OK done", "a4": "* BYE\r\na4 OK"}), 143))},
	{"mail-filter", "smtp", fromClient, smtpAt25("220-InterScan Version 3.6-Build_1182 (mail.contoso.example): Ready\r\n"+greets2003, plainEHLO)},
	{"smtp-banner-changed", "smtp", fromClient, things(doctoring(25, writing("Microsoft ESMTP MAIL Service", "mail is taken in at our door")))},
	{"smtp-iis", "smtp", fromClient, smtpAt25(greetsIIS, plainEHLO)},
	{"smtps-suspected", "smtp-client-proxy", fromMailbox, things(impatient, serving(silence, 465))},
	{"smtps-suspected", "smtp-client-proxy", fromMailbox, things(serving(script(alertTLS, nil), 465))},
	{"plain-before-tls", "pop3s", fromClient, things(serving(script("+OK ready", nil), 995))},
	{"handshake-stalls", "imaps", fromClient, things(impatient, serving(silence, 993))},
	{"tls-old", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) { l.config.MinVersion, l.config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 })},
	{"tls-weak-cipher", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) {
		l.config.MaxVersion, l.config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}
	})},
	{"certificate-weak-key", "imaps", fromClient, func(t *testing.T) []breakage {
		key, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		return tlsAt(993, "imap", func(l *leaf) { l.key = key })(t)
	}},
	{"certificate-expired", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) { l.cert.NotAfter = time.Now().AddDate(0, 0, -1) })},
	{"certificate-not-yet-valid", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) { l.cert.NotBefore = time.Now().AddDate(0, 0, 1) })},
	{"certificate-expires-soon", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) { l.cert.NotAfter = time.Now().AddDate(0, 0, 7) })},
	{"certificate-name-mismatch", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) { l.cert.DNSNames = []string{"other.example"} })},
	{"certificate-self-signed", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) { l.issuer = l.cert })},
	{"certificate-untrusted", "imaps", fromClient, tlsAt(993, "imap", nil)},
	{"certificate-other-issuer", "imaps", fromClient, tlsAt(993, "imap", nil)},
	{"certificate-other-issuer", "owa", fromClient, tlsAt(993, "imap", nil)},
	{"bad-tls", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) {
		l.config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, io.EOF }
	})},
	{"everything-answers", catalog.Control, fromMailbox, things(impatient, accepting)},
	{"everything-answers", "cluster", fromMailbox, things(impatient, accepting)},
	{"everything-answers", "endpoint-mapper", fromInternet, things(impatient, accepting)},
	{"host-not-seen", "rdp", fromInternet, things(losing())},
	{"address-dead", "owa", fromClient, things(alsoAt(losing(), "192.0.2.11"))},
	{"address-dead", "owa", fromClient, things(alsoAt(refusing(), "192.0.2.11"))},
	{"ipv6-dead", "owa", fromClient, things(alsoAt(losing(), "2001:db8::10"))},
	{"smtp-25-blocked", "smtp", fromInternet, things(losing(25))},
	{"only-udp-answers", "kerberos", controllers, things(losing(88))},
	{"only-tcp-answers", "kerberos-udp", controllers, things(overUDP(88, nil))},
	{"mail-shield", "smtp", fromClient, things(losing(), serving(hangUp, 25, 110, 143, 465, 587, 993, 995))},
	{"mail-shield", "smtp", fromClient, smtpAt25("220 mail01 avast! SMTP proxy ready.", plainEHLO)},
	{"one-is-enough", "um-sips", fromGateway, things(refusing(5061))},
	{"one-is-enough", "um-sip", fromGateway, things(losing(5060, 5061))},
	{"rpc-behind-not-asked", "endpoint-mapper", fromClient2010, things(losing(135))},
	{"rpc-none-registered", "endpoint-mapper", fromClient2010, things(serving(speaking("rpc", catalog.Service{}), 135))},
	{"rpc-not-registered", "nspi", fromClient2010, things(serving(mapping("367abb81-9844-35f1-ad32-98f038001003"), 135))},
	{"dynamic-port-blocked", "emsmdb", fromClient2010, things(losing(6405, 6406, 6407, 6408))},
	{"http-redirect-elsewhere", "owa", fromClient, webAt443(always("302 Found\nLocation: https://login.contoso.net/"))},
	{"http-proxy-login", "owa", fromClient, webAt443(always("407 Proxy Authentication Required\nVia: 1.1 proxy"))},
	{"http-foreign-page", "owa", fromClient, webAt443(always("200 OK\nServer: BigIP"))},
	{"http-foreign-page", "owa", fromClient, webAt443(always("302 Found\nServer: nginx\nLocation: /login"))},
	{"http-foreign-page", "ews", fromClient, webAt443(always("401 Unauthorized\nWWW-Authenticate: Basic realm=\"Restricted\""))},
	{"http-no-server-behind", "ews", fromClient, webAt443(always("502 Bad Gateway\nServer: nginx"))},
	{"http-no-site", "ews", fromClient, webAt443(always("404 Not Found\nServer: Microsoft-HTTPAPI/2.0"))},
	{"http-unproved", "ews", fromClient, webAt443(always("401 Unauthorized\nWWW-Authenticate: Basic realm=\"" + asked + "\""))},
	{"http-no-login", "ews", fromClient, webAt443(always("401 Unauthorized\nServer: Microsoft-IIS/10.0\nX-FEServer: MAIL01"))},
	{"http-gateway", "owa", fromClient, webAt443(always("302 Found\nLocation: /my.policy"))},
	{"http-redirect-elsewhere", "owa", fromClient, webAt443(always("307 Temporary Redirect\nServer: Microsoft-HTTPAPI/2.0\nLocation: https://sts.contoso.net/adfs/ls"))},
	{"http-odd-headers", "ews", fromClient, webAt443(always(iisPage + "\nX_SECURED"))},
	{"http-verb-refused", "rpc-http", asking2019By(catalog.RPCInData, "rpc-http"), webAt443(getsOnly)},
	{"http-verb-refused", "activesync", asking2019By(catalog.Options, "activesync"), webAt443(getsOnly)},
	{"http-headers-missing", "ews", fromClient, webAt443(always("401 Unauthorized\nWWW-Authenticate: Negotiate"))},
	{"http-headers-missing", "ews", fromClient, webAt443(always(iisPage))},
	{"health-page", "ews", fromClient, webAt443(unwell)},
	{"service-refuses", "ews", fromClient, webAt443(always("503 Service Unavailable\nServer: Microsoft-HTTPAPI/2.0"))},
	{"answered-by", "ews", fromClient, webAt443(byTurns())},
	{"credentials-refused", "smtp-submission", onlySubmission, things(loggingIn("wrong"))},
	{"credentials-unused", "imaps", fromClient, func(t *testing.T) []breakage {
		return append(tlsAt(993, "imap", nil)(t), loggingIn("right"))
	}},
	{"version-differs", "ews", fromClient, webAt443(always(iisPage + "\nX-OWA-Version: 15.1.2507.6"))},
	{"gc-not-ready", "gc", controllers, things(doctoring(3268, writing("isGlobalCatalogReady", "isGlobalCatalogReadX")))},
	{"not-a-domain-controller", "ldap", controllers, things(serving(speaking("ldap", catalog.Service{Name: "edge-ldap"}), 389))},
	{"active-directory-answers", "ldap", func(t *testing.T) []catalog.Check { return planFor(t, "5.5", "server", "adc") },
		things(serving(speaking("ldap", catalog.Service{Name: "ldap", Role: "domain-controller"}), 389))},
	{"clock-skew", "ntp", controllers, things(overUDP(123, hourAhead))},
	{"exposed", "endpoint-mapper", fromInternet, things(serving(speaking("rpc", catalog.Service{}), 135))},
	{"udp-not-known", "port-8443", theUDPPort, things(muteOverUDP)},
	{"timed-out", "owa", fromClient, things(losing(443))},
	{"shunned", "owa", fromClient, things(shunning(443))},
	{"refused", "owa", fromClient, things(refusing(443))},
	{"connection-limit", "smtp-submission", fromClient, func(*testing.T) []breakage { return []breakage{crowding(587)} }},
	{"mismatch", "smtp", fromClient, things(serving(script("SSH-2.0-x", nil), 25))},
	{"silent", "smtp", fromClient, things(impatient, serving(silence, 25))},
	{"cut", "smtp", fromClient, things(serving(hangUp, 25))},
	{"unresolved", "smtp", fromClient, things(nameless)},
	{"name-sinkhole", "smtp", fromClient, things(resolving("0.0.0.0"))},
	{"name-unusable-address", "smtp", fromClient, things(resolving("192.0.2.10", "::"))},
	{"name-many-addresses", "smtp", fromClient, things(resolving("192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14", "192.0.2.15", "192.0.2.16",
		"192.0.2.17", "192.0.2.18", "192.0.2.19", "192.0.2.20", "192.0.2.21", "192.0.2.22", "192.0.2.23", "192.0.2.24", "192.0.2.25", "192.0.2.26"))},
	{"untried", "smtp", fromClient, things(failing(errors.New("the local firewall forbids it"), 25))},
	{"unverified-row", "ncacn-http-rfr", fromMailbox, things(losing(6002))},
}

// inTheLab are the findings that only a real network makes, those that take both ends of a
// link, and the one that needs a host of thousands of results and an interrupt
// (TestInterruptedJudging).
var inTheLab = []string{
	"never-arrived", "answer-lost", "bytes-changed", "answered-by-other", "far-unknown", "port-held", "stand-in",
	"prohibited", "unreachable", "not-judged", "likely-prohibited", "name-search", "name-loopback", "name-no-way", "name-half-answered", "name-reserved",
}

// theUDPPort is a port that the catalogue does not have.
func theUDPPort(t *testing.T) []catalog.Check {
	t.Helper()
	port := catalog.Port{Network: catalog.UDP, Number: 8443}
	plan, err := catalog.Open().Plan(catalog.Topology{Hosts: []catalog.Host{{Name: asked, Ports: []catalog.Port{port}}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestSickEndToEnd(t *testing.T) {
	for _, s := range slices.Concat(sicknesses, talkSicknesses, tlsSicknesses) {
		t.Run(s.code, func(t *testing.T) {
			t.Parallel()
			r := run(t, s.plan(t), s.breakages(t)...)
			for _, e := range r {
				checkWeights(t, e)
			}
			if !slices.ContainsFunc(r, func(e Row) bool {
				_, found := finding(e, s.code)
				return e.Check.Service.Name == s.service && found
			}) {
				for _, e := range r {
					if e.Check.Service.Name == s.service {
						t.Errorf("%s at %s: %s, %s (%s), %q: %+v", e.Check.Service.Name, e.Address, e.Verdict, e.Grade, e.Detail, e.Evidence, e.Findings)
					}
				}
			}
		})
	}
}

func TestAllFoundEndToEnd(t *testing.T) {
	for _, code := range codesOf(explanations, observations, caring()) {
		if !slices.ContainsFunc(slices.Concat(sicknesses, talkSicknesses, tlsSicknesses), func(s sickness) bool { return s.code == code }) && !slices.Contains(inTheLab, code) {
			t.Errorf("nothing produces %s end to end", code)
		}
	}
}
