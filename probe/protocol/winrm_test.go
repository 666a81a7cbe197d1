// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
)

// Answers after MS-WSMV and DSP0226; Windows itself is not here to be recorded.
const (
	winrmLogin = "HTTP/1.1 401 \nServer: Microsoft-HTTPAPI/2.0\nWWW-Authenticate: Negotiate\nWWW-Authenticate: Kerberos\nConnection: close\nContent-Length: 0\n\n"
	winrmBasic = "HTTP/1.1 401 \nServer: Microsoft-HTTPAPI/2.0\nWWW-Authenticate: Basic realm=\"WSMAN\"\nContent-Length: 0\n\n"
	winrmFault = "HTTP/1.1 500 \nContent-Type: application/soap+xml;charset=UTF-8\nContent-Length: 4\n\n<s/>"
	iisPage    = "HTTP/1.1 200 OK\nContent-Type: text/html\nServer: Microsoft-IIS/10.0\nContent-Length: 6\n\n<html>"
)

// identified is an answer with this body.
func identified(body string) string {
	return "HTTP/1.1 200 \nContent-Type: application/soap+xml;charset=UTF-8\nServer: Microsoft-HTTPAPI/2.0\nConnection: close\n\n" + body
}

func TestWinRMRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		said    string
		facts   map[string]string // those that matter here
		refusal string
		got     string // of the mismatch; "" for none
	}{
		"identified": {said: identified(identifyResponse), facts: map[string]string{
			"product": "Microsoft Corporation", "version": "OS: 0.0.0 SP: 0.0 Stack: 3.0", "protocol": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"}},
		"identified, by another server": {said: strings.NewReplacer("Microsoft-HTTPAPI/2.0", "openwsman", "Microsoft Corporation", "Openwsman Project").Replace(identified(identifyResponse)),
			facts: map[string]string{"product": "Openwsman Project"}},
		"a login":                     {said: winrmLogin, facts: map[string]string{"authenticate": "Negotiate, Kerberos", "server": "Microsoft-HTTPAPI/2.0"}},
		"a login, server hidden":      {said: strings.Replace(winrmLogin, "Server: Microsoft-HTTPAPI/2.0\n", "", 1)},
		"a login in plain text":       {said: winrmBasic},
		"another method wanted":       {said: strings.Replace(winrmLogin, "401", "405", 1)},
		"a fault":                     {said: winrmFault, refusal: "HTTP 500"},
		"stopped":                     {said: iisDown, refusal: "HTTP 503 Service Unavailable"},
		"no WinRM on this port":       {said: kernelNone, refusal: "HTTP 404 Not Found"},
		"200 without an identity":     {said: identified("<a/>"), refusal: "HTTP 200"},
		"200 and no XML":              {said: identified("<a"), refusal: "HTTP 200"},
		"200 and XML without end":     {said: identified(strings.Repeat("<a>", web.MaxBody)), refusal: "HTTP 200"},
		"another page":                {said: iisPage, got: "HTTP 200 without any mark of WinRM: another web server"},
		"another login":               {said: apacheLogin, got: "HTTP 401 without any mark of WinRM: another web server"},
		"a proxy":                     {said: proxyLogin, got: "a proxy that wants a login"},
		"a port for TLS":              {said: nginxTLSPort, got: "a server that wants TLS on this port"},
		"another protocol":            {said: "220 mail ESMTP\n", got: "it opens like SMTP or FTP"},
		"a page of something, denied": {said: nginxBlock, got: "HTTP 403 without any mark of WinRM: another web server"},
	} {
		p, err := pipeTo(askWinRM, question("winrm", catalog.NoTLS), hangsUpHTTP(c.said))
		checkHTTP(t, name, p, err, c.facts, c.refusal, c.got)
	}
}

// TestWinRMRequest: what the server hears.
func TestWinRMRequest(t *testing.T) {
	_, err := pipeTo(askWinRM, question("winrm", catalog.NoTLS), func(conn net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(request.Body)
		want := http.Header{"User-Agent": {"exreach"}, "Connection": {"keep-alive"}, "Content-Type": {"application/soap+xml;charset=UTF-8"},
			"Content-Length": {"198"}, "Wsmanidentify": {"unauthenticated"}}
		if diff := cmp.Diff(want, request.Header); diff != "" || err != nil || request.Method != "POST" || request.RequestURI != "/wsman" {
			t.Errorf("%s %s, error %v, header (-want +got):\n%s", request.Method, request.RequestURI, err, diff)
		}
		if !strings.Contains(string(body), "<wsmid:Identify/>") {
			t.Errorf("the body is %s", body)
		}
		_, _ = io.WriteString(conn, strings.ReplaceAll(winrmLogin, "\n", "\r\n"))
	})
	if err != nil {
		t.Error(err)
	}
}

// TestWinRMAnswers: others than us get what Windows says to them.
func TestWinRMAnswers(t *testing.T) {
	for request, want := range map[string]string{
		"GET /":       "404 Not Found",
		"GET /wsman":  "405 Method Not Allowed",
		"POST /wsman": "401 Unauthorized",
		"POST /WSMAN": "401 Unauthorized",
	} {
		method, path, _ := strings.Cut(request, " ")
		q := asked(catalog.Method(method), path, 401, 404, 405)
		p, err := pipeTo(askHTTP, q, func(conn net.Conn) { _ = answerWinRM(conn, standIn("winrm", catalog.NoTLS)) })
		if err != nil || p.Facts["status"] != want || p.Facts["server"] != "Microsoft-HTTPAPI/2.0" {
			t.Errorf("%s: error %v, facts %v", request, err, p.Facts)
		}
	}
}

func FuzzAskWinRM(f *testing.F) {
	crlf := strings.NewReplacer("\n", "\r\n")
	fuzzAsk(f, "winrm", crlf.Replace(identified(identifyResponse)), crlf.Replace(winrmLogin), crlf.Replace(winrmFault), crlf.Replace(kernelNone))
}
