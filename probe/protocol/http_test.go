// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// saysHTTP answers one request after the other and listens until the client
// hangs up. Lines end in LF here and in CR LF on the wire.
func saysHTTP(replies ...string) func(net.Conn) {
	return func(conn net.Conn) {
		hangsUpHTTP(replies...)(conn)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// hangsUpHTTP is saysHTTP of a server that hangs up after its last answer.
func hangsUpHTTP(replies ...string) func(net.Conn) {
	return func(conn net.Conn) {
		requests := bufio.NewReader(conn)
		for _, reply := range replies {
			if _, err := http.ReadRequest(requests); err != nil {
				return
			}
			_, _ = io.WriteString(conn, strings.ReplaceAll(reply, "\n", "\r\n"))
		}
	}
}

// directory is a question for a page that has these healthy answers.
func directory(path string, status ...int) Question {
	q := question("http", catalog.Implicit)
	q.Service.Ports = catalog.Ports{First: 443, Last: 443}
	q.Service.HTTP = &catalog.Directory{Path: path, Status: status}
	return q
}

// Answers of servers as they were seen, names changed and bodies cut.
const (
	iisLogin = "HTTP/1.1 401 Unauthorized\nServer: Microsoft-IIS/10.0\nrequest-id: 5d0b2c4e-6a61-4c55-9f0f-2f7e9a3b1c11\n" +
		"X-OWA-Version: 15.2.1544.4\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\nX-Powered-By: ASP.NET\nX-FEServer: MAIL01\n" +
		"Date: Tue, 4 Feb 2025 10:00:00 GMT\nContent-Length: 0\n\n"
	owaRedirect = "HTTP/1.1 302 Found\nCache-Control: private\nContent-Type: text/html; charset=utf-8\n" +
		"Location: https://mail.contoso.example/owa/auth/logon.aspx?url=https%3a%2f%2fmail.contoso.example%2fowa%2f&reason=0\n" +
		"Server: Microsoft-IIS/10.0\nX-FEServer: MAIL01\nContent-Length: 5\n\nmoved"
	iisDown       = "HTTP/1.1 503 Service Unavailable\nContent-Type: text/html; charset=us-ascii\nServer: Microsoft-HTTPAPI/2.0\nConnection: close\nContent-Length: 4\n\ndown"
	nginxBlock    = "HTTP/1.1 403 Forbidden\nServer: nginx\nContent-Type: text/html\nContent-Length: 5\nConnection: keep-alive\n\nblock"
	squidDenied   = "HTTP/1.1 403 Forbidden\nServer: squid/5.7\nX-Squid-Error: ERR_ACCESS_DENIED 0\nVia: 1.1 proxy01 (squid/5.7)\nContent-Length: 4\n\nsorr"
	portalPage    = "HTTP/1.0 200 OK\nContent-Type: text/html\n\n<html>Accept our terms"
	portalMove    = "HTTP/1.1 302 Found\nLocation: http://portal.hotel.example/login?to=mail.contoso.example\nContent-Length: 0\n\n"
	loginTimeout  = "HTTP/1.1 440 Login Timeout\nServer: Microsoft-IIS/6.0\nX-Powered-By: ASP.NET\nContent-Length: 4\n\nform"
	proxyLogin    = "HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: NTLM\nContent-Length: 0\n\n"
	apacheLogin   = "HTTP/1.1 401 Unauthorized\nServer: Apache\nWWW-Authenticate: Basic realm=\"EWS, outside\", Digest realm=\"x\", nonce=\"a=b, c\"\nContent-Length: 0\n\n"
	hiddenLogin   = "HTTP/1.1 401 Unauthorized\nServer: cloud\nWWW-Authenticate: Negotiate\nContent-Length: 0\n\n"
	nginxTLSPort  = "HTTP/1.1 400 Bad Request\nServer: nginx/1.22.1\nContent-Type: text/html\nConnection: close\n\n<html>\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\n<body>"
	notFound      = "HTTP/1.1 404 Not Found\nContent-Length: 0\n\n"
	healthyMail01 = "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nServer: Microsoft-IIS/10.0\nX-FEServer: MAIL01\nContent-Length: 34\n\n200 OK<br/>MAIL01.contoso.example\n"
)

const (
	ofAnother = "HTTP 403 without any of Exchange's headers: a proxy's or another server's page"
	toAnother = "HTTP 302 to another host"
)

func TestHTTPRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		said    string
		healthy []int
		facts   map[string]string // those that matter here
		refusal string
		got     string // of the mismatch; "" for none
	}{
		"EWS of 2019": {said: iisLogin, healthy: []int{401}, facts: map[string]string{
			"status": "401 Unauthorized", "server": "Microsoft-IIS/10.0", "authenticate": "Negotiate, NTLM", "x_feserver": "MAIL01",
			"x_owa_version": "15.2.1544.4", "x_powered_by": "ASP.NET", "expected": "401"}},
		"OWA of 2019": {said: owaRedirect, healthy: []int{302, 301}, facts: map[string]string{
			"status": "302 Found", "expected": "302, 301",
			"location": "https://mail.contoso.example/owa/auth/logon.aspx?url=https%3a%2f%2fmail.contoso.example%2fowa%2f&reason=0"}},
		"a protocol that is switched off":       {said: iisDown, healthy: []int{401}, refusal: "HTTP 503 Service Unavailable"},
		"a healthy 503":                         {said: iisDown, healthy: []int{401, 503}},
		"forms login of 2003":                   {said: loginTimeout, healthy: []int{401, 440}},
		"forms login where none belongs":        {said: loginTimeout, healthy: []int{302}, refusal: "HTTP 440 Login Timeout"},
		"a login in front of a page":            {said: hiddenLogin, healthy: []int{200}, refusal: "HTTP 401 Unauthorized", facts: map[string]string{"authenticate": "Negotiate"}},
		"a login of a reverse proxy":            {said: apacheLogin + notFound, healthy: []int{401}, facts: map[string]string{"authenticate": "Basic, Digest"}},
		"that login where none belongs":         {said: apacheLogin, healthy: []int{302}, got: strings.Replace(ofAnother, "403", "401", 1)},
		"a login that names no scheme":          {said: "HTTP/1.1 401 Unauthorized\nContent-Length: 0\n\n", healthy: []int{401}, got: strings.Replace(ofAnother, "403", "401", 1)},
		"a filter's page":                       {said: nginxBlock, healthy: []int{401}, got: ofAnother},
		"a filter's page where 403 is healthy":  {said: nginxBlock, healthy: []int{403}, got: ofAnother},
		"a forward proxy that denies":           {said: squidDenied, healthy: []int{403}, got: ofAnother, facts: map[string]string{"via": "1.1 proxy01 (squid/5.7)"}},
		"a forward proxy that wants a login":    {said: proxyLogin, healthy: []int{401}, got: "a proxy that wants a login"},
		"a captive portal":                      {said: portalPage, healthy: []int{200}, got: strings.Replace(ofAnother, "403", "200", 1)},
		"a captive portal that redirects":       {said: portalMove, healthy: []int{302}, got: toAnother, facts: map[string]string{"location": "http://portal.hotel.example/login?to=mail.contoso.example"}},
		"a redirect to our host":                {said: "HTTP/1.1 301 Moved\nLocation: https://MAIL.example.com:444/owa\nContent-Length: 0\n\n", healthy: []int{301}},
		"a redirect that is relative":           {said: "HTTP/1.1 302 Moved\nLocation: /owa/\nContent-Length: 0\n\n", healthy: []int{302}},
		"a redirect that only looks relative":   {said: "HTTP/1.1 302 Moved\nLocation: //portal.example/\nContent-Length: 0\n\n", healthy: []int{302}, got: toAnother},
		"a redirect to nowhere":                 {said: "HTTP/1.1 302 Moved\nContent-Length: 0\n\n", healthy: []int{302}, got: strings.Replace(ofAnother, "403", "302", 1)},
		"plain HTTP on a port for TLS, nginx":   {said: nginxTLSPort, healthy: []int{302}, got: "a server that wants TLS on this port"},
		"plain HTTP on a port for TLS, Go":      {said: "HTTP/1.0 400 Bad Request\n\nClient sent an HTTP request to an HTTPS server.\n", got: "a server that wants TLS on this port"},
		"a row that knows no status":            {said: nginxBlock},
		"interim answers first":                 {said: "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nLink: </a>\n\n" + iisLogin, healthy: []int{401}},
		"interim answers without an end":        {said: strings.Repeat("HTTP/1.1 100 Continue\n\n", 9) + iisLogin, healthy: []int{401}, got: "interim answers without an end"},
		"no HTTP: SSH":                          {said: "SSH-2.0-OpenSSH_9.2\n", got: "it opens like SSH"},
		"no HTTP: SMTP":                         {said: "220 mail ESMTP\n", got: "it opens like SMTP or FTP"},
		"no HTTP: a TLS alert":                  {said: "\x15\x03\x01\x00\x02\x02\x46", got: "it opens like TLS"},
		"no HTTP: one byte, and then it waits":  {said: "\x00", got: "it does not open like HTTP"},
		"no HTTP: an empty line first":          {said: "\nHTTP/1.1 200 OK\n\n", got: "it does not open like HTTP"},
		"HTTP/2 without having been asked":      {said: "\x00\x00\x12\x04\x00\x00\x00\x00\x00", got: "it does not open like HTTP"},
		"HTTP/2 in words":                       {said: "HTTP/2.0 200 OK\n\n", got: "it answers HTTP/1.1 with HTTP/2.0"},
		"no HTTP: a page without a status line": {said: "<html>", got: "it does not open like HTTP"},
		"a status that is none":                 {said: "HTTP/1.1 OK\n\n", got: `malformed HTTP status code "OK"`},
		"10 MB of headers":                      {said: "HTTP/1.1 200 OK\n" + strings.Repeat("A: "+strings.Repeat("a", 1000)+"\n", 10_000), got: "an endless answer"},
		"a header of 10 MB":                     {said: "HTTP/1.1 200 OK\nA: " + strings.Repeat("a", 10_000_000), got: "an endless answer"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := pipeTo(askHTTP, directory("/owa/", c.healthy...), saysHTTP(c.said))
			var mismatch *wire.MismatchError
			if errors.As(err, &mismatch) && mismatch.Got != c.got || (err == nil) != (c.got == "") {
				t.Errorf("error %v, want a mismatch %q", err, c.got)
			}
			if p.Refusal != c.refusal {
				t.Errorf("refusal %q, want %q", p.Refusal, c.refusal)
			}
			for fact, want := range c.facts {
				if p.Facts[fact] != want {
					t.Errorf("%s is %q, want %q", fact, p.Facts[fact], want)
				}
			}
			if status, _, _ := strings.Cut(c.said, "\n"); err == nil && !strings.HasPrefix(status, "HTTP/1.1 1") && p.Greeting != status {
				t.Errorf("greeting %q, want %q", p.Greeting, status)
			}
		})
	}
}

// TestHTTPWithoutRow: where the catalogue says nothing about the answer, HTTP is
// enough, but not a proxy's.
func TestHTTPWithoutRow(t *testing.T) {
	q := directory("/")
	q.Service.HTTP = nil
	if p, err := pipeTo(askHTTP, q, saysHTTP(nginxBlock)); err != nil || p.Refusal != "" {
		t.Errorf("error %v, peer %+v", err, p)
	}
	if _, err := pipeTo(askHTTP, q, saysHTTP(proxyLogin)); err == nil {
		t.Error("a proxy passes")
	}
}

// TestHTTPCut cuts an answer at every byte: that is a cut conversation until the
// headers are whole.
func TestHTTPCut(t *testing.T) {
	for n := range len(iisLogin) {
		_, err := pipeTo(askHTTP, directory("/ews/", 401), hangsUpHTTP(iisLogin[:n]))
		if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

func TestHTTPSilent(t *testing.T) {
	for _, said := range []string{"", "HTT", "HTTP/1.1 401 Unauthorized\nServer: "} {
		synctest.Test(t, func(t *testing.T) {
			_, err := pipeTo(askHTTP, directory("/ews/", 401), saysHTTP(said))
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%q and silence: %v", said, err)
			}
		})
	}
}

// TestHTTPRequests: what the server hears.
func TestHTTPRequests(t *testing.T) {
	var heard []string
	q := directory("/ews/exchange.asmx", 401)
	q.Service.HTTP.Health = "/ews/healthcheck.htm"
	_, err := pipeTo(askHTTP, q, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for _, reply := range []string{iisLogin, healthyMail01} {
			for line := ""; line != "\r\n"; {
				line, _ = in.ReadString('\n')
				heard = append(heard, strings.TrimSpace(line))
			}
			_, _ = io.WriteString(conn, strings.ReplaceAll(reply, "\n", "\r\n"))
		}
	})
	want := []string{
		"GET /ews/exchange.asmx HTTP/1.1", "Host: mail.example.com", "User-Agent: exreach", "Connection: keep-alive", "",
		"GET /ews/healthcheck.htm HTTP/1.1", "Host: mail.example.com", "User-Agent: exreach", "Connection: keep-alive", "",
	}
	if diff := cmp.Diff(want, heard); diff != "" || err != nil {
		t.Errorf("error %v; heard, -want +got:\n%s", err, diff)
	}
}

func TestHTTPHostHeader(t *testing.T) {
	for _, c := range []struct {
		host string
		port uint16
		tls  catalog.TLS
		want string
	}{
		{"mail.example.com", 443, catalog.Implicit, "mail.example.com"},
		{"mail.example.com", 80, catalog.NoTLS, "mail.example.com"},
		{"mail.example.com", 443, catalog.NoTLS, "mail.example.com:443"},
		{"mail.example.com", 444, catalog.Implicit, "mail.example.com:444"},
		{"mail.example.com", 0, catalog.NoTLS, "mail.example.com"},
		{"2001:db8::25", 443, catalog.Implicit, "[2001:db8::25]"},
		{"[2001:db8::25]", 81, catalog.NoTLS, "[2001:db8::25]:81"},
		{"fe80::25%eth0", 80, catalog.NoTLS, "[fe80::25]"},
		{"fe80::25%eth0", 81, catalog.NoTLS, "[fe80::25]:81"},
	} {
		service := catalog.Service{TLS: c.tls, Ports: catalog.Ports{First: c.port, Last: c.port}}
		if got := web.HostHeader(web.Asked{Host: c.host, Service: service}); got != c.want {
			t.Errorf("%s, port %d, TLS %s: %q, want %q", c.host, c.port, c.tls, got, c.want)
		}
	}
}

func FuzzAskHTTP(f *testing.F) {
	crlf := strings.NewReplacer("\n", "\r\n")
	fuzzAsk(f, "http", crlf.Replace(iisLogin), crlf.Replace(owaRedirect+healthyMail01), crlf.Replace(nginxTLSPort),
		crlf.Replace(apacheLogin), "HTTP/1 401\r\nX_SECURED\r\n more\r\nServer : nginx\r\nContent-Length: 0, 0\r\nTransfer-Encoding: identity\r\n\r\n",
		"HTTP/1.1 302 \r\nLocation: ../owa/auth/errorfe.aspx?httpCode=500\r\nContent-Length: -\r\n\r\n", "HTTP/1.1 100 \r\n\r\n", "HTTP/1.1 302 \r\nTransfer-Encoding: chunked\r\nServer: Microsoft-IIS\r\n\r\n5\r\nmoved\r\n0\r\n\r\n")
}
