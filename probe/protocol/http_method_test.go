// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// asked is a question for a page by a method.
func asked(method catalog.Method, path string, status ...int) Question {
	q := directory(path, status...)
	q.Service.HTTP.Method = method
	return q
}

// TestHTTPMethods: what the server hears. Of the gigabyte that is announced
// nothing comes, nor anything else on that connection.
func TestHTTPMethods(t *testing.T) {
	for method, want := range map[catalog.Method][]string{
		"":                {"GET /a%20b?c HTTP/1.1", "Host: mail.example.com", "User-Agent: exreach", "Connection: keep-alive"},
		catalog.Get:       {"GET /a%20b?c HTTP/1.1", "Host: mail.example.com", "User-Agent: exreach", "Connection: keep-alive"},
		catalog.Options:   {"OPTIONS /a%20b?c HTTP/1.1", "Host: mail.example.com", "User-Agent: exreach", "Connection: keep-alive"},
		catalog.Post:      {"POST /a%20b?c HTTP/1.1", "Host: mail.example.com", "User-Agent: exreach", "Connection: keep-alive", "Content-Length: 0"},
		catalog.PropFind:  {"PROPFIND /a%20b?c HTTP/1.1", "Host: mail.example.com", "User-Agent: exreach", "Connection: keep-alive", "Content-Length: 0", "Depth: 0"},
		catalog.RPCInData: {"RPC_IN_DATA /a%20b?c HTTP/1.1", "Host: mail.example.com", "User-Agent: MSRPC", "Connection: Keep-Alive", "Content-Length: 1073741824", "Accept: application/rpc", "Cache-Control: no-cache", "Pragma: No-cache"},
	} {
		q := asked(method, "/a b?c", 401)
		q.Service.HTTP.Health = "/healthcheck.htm"
		var heard bytes.Buffer
		p, err := pipeTo(askHTTP, q, func(conn net.Conn) {
			all := io.TeeReader(conn, &heard)
			for b := make([]byte, 1); !strings.HasSuffix(heard.String(), "\r\n\r\n"); {
				_, _ = all.Read(b)
			}
			_, _ = io.WriteString(conn, strings.ReplaceAll(iisLogin, "\n", "\r\n"))
			if n, _ := conn.Read(make([]byte, web.MaxHeader)); (n == 0) != (method == catalog.RPCInData) {
				t.Errorf("%s: then it sends %d bytes more", method, n) // the question for the health page
			}
		})
		if diff := cmp.Diff(strings.Join(want, "\r\n")+"\r\n\r\n", heard.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", method, diff)
		}
		used := p.Facts["health"] == "not asked: the connection was closed"
		if err != nil || p.Refusal != "" || used != (method == catalog.RPCInData) {
			t.Errorf("%s: error %v, refusal %q, health %q", method, err, p.Refusal, p.Facts["health"])
		}
	}
}

// Answers as they are documented, or as they were seen and are quoted often.
const (
	activeSync = "HTTP/1.1 200 OK\nAllow: OPTIONS,POST\nServer: Microsoft-IIS/8.5\nMS-Server-ActiveSync: 15.0\n" +
		"MS-ASProtocolVersions: 2.0,2.1,2.5,12.0,12.1,14.0,14.1\nMS-ASProtocolCommands: Sync,SendMail\nPublic: OPTIONS,POST\n" +
		"X-Powered-By: ASP.NET\nContent-Length: 0\n\n"
	webDAV2003   = "HTTP/1.1 440 Login Timeout\nServer: Microsoft-IIS/6.0\nX-Powered-By: ASP.NET\nMS-WebStorage: 6.5.7638\nContent-Length: 0\n\n"
	kernelNone   = "HTTP/1.1 404 Not Found\nContent-Type: text/html; charset=us-ascii\nServer: Microsoft-HTTPAPI/2.0\nConnection: close\nContent-Length: 4\n\nnone"
	iisTooLarge  = "HTTP/1.1 413 Request Entity Too Large\nServer: Microsoft-IIS/7.5\nContent-Length: 0\n\n"
	nginxMethod  = "HTTP/1.1 405 Not Allowed\nServer: nginx/1.22.1\nContent-Length: 0\n\n"
	onlineLogin  = "HTTP/1.1 401 Unauthorized\nX-OWA-Version: 15.20.8398.21\nX-FEServer: AM0PR02CA0001\nWWW-Authenticate: Basic Realm=\"\"\nContent-Length: 0\n\n"
	edition2019  = "Exchange Server 2019"
	ofNginx      = "HTTP 405 without any of Exchange's headers: a proxy's or another server's page"
	ofKernelPage = "HTTP 404 of Windows itself: no web site is bound to this port"
)

func TestHTTPMethodsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		q       Question
		said    string
		facts   map[string]string // those that matter here
		refusal string
		got     string // of the mismatch; "" for none
	}{
		"ActiveSync of 2013": {q: asked(catalog.Options, "/Microsoft-Server-ActiveSync", 200, 401), said: activeSync, facts: map[string]string{
			"ms_server_activesync": "15.0", "ms_asprotocolversions": "2.0,2.1,2.5,12.0,12.1,14.0,14.1", "allow": "OPTIONS,POST", "product": "Exchange Server 2013"}},
		"ActiveSync behind a login": {q: asked(catalog.Options, "/Microsoft-Server-ActiveSync", 200, 401), said: iisLogin,
			facts: map[string]string{"ms_asprotocolversions": "", "product": edition2019, "x_owa_version": "15.2.1544.4", "x_feserver": "MAIL01"}},
		"a mailbox of 2003":             {q: directory("/exchange/", 401, 440), said: webDAV2003, facts: map[string]string{"ms_webstorage": "6.5.7638", "product": "Exchange Server 2003"}},
		"Exchange Online":               {q: directory("/EWS/Exchange.asmx", 401), said: onlineLogin, facts: map[string]string{"product": "Exchange Online"}},
		"no build":                      {q: directory("/owa/", 302), said: owaRedirect, facts: map[string]string{"product": ""}},
		"RPC over HTTP":                 {q: asked(catalog.RPCInData, "/rpc/rpcproxy.dll", 401), said: iisLogin},
		"a limit on uploads":            {q: asked(catalog.RPCInData, "/rpc/rpcproxy.dll", 401), said: iisTooLarge, refusal: "HTTP 413 Request Entity Too Large"},
		"a proxy without RPC_IN_DATA":   {q: asked(catalog.RPCInData, "/rpc/rpcproxy.dll", 401), said: nginxMethod, got: ofNginx},
		"no web site on this port":      {q: directory("/owa/", 302), said: kernelNone, got: ofKernelPage},
		"none where none is healthy":    {q: directory("/", 404), said: kernelNone},
		"the web site is switched off":  {q: directory("/owa/", 302), said: iisDown, refusal: "HTTP 503 Service Unavailable"},
		"a directory that IIS has none": {q: directory("/owa/", 302), said: strings.Replace(kernelNone, "HTTPAPI/2.0", "IIS/10.0", 1), refusal: "HTTP 404 Not Found"},
	} {
		p, err := pipeTo(askHTTP, c.q, saysHTTP(c.said))
		checkHTTP(t, name, p, err, c.facts, c.refusal, c.got)
	}
}

// checkHTTP fails where an answer has not taught these facts and this refusal, or
// has not been a mismatch that got got; "" is none.
func checkHTTP(t *testing.T, name string, p Peer, err error, facts map[string]string, refusal, got string) {
	t.Helper()
	mismatch, ok := errors.AsType[*wire.MismatchError](err)
	if ok && mismatch.Got != got || ok != (got != "") || p.Refusal != refusal {
		t.Errorf("%s: error %v, want a mismatch %q; refusal %q, want %q", name, err, got, p.Refusal, refusal)
	}
	for fact, want := range facts {
		if p.Facts[fact] != want {
			t.Errorf("%s: %s is %q, want %q", name, fact, p.Facts[fact], want)
		}
	}
}

// TestHTTPMethodsAnswered: the stand-in wants a login whatever the method, and
// waits for no gigabyte.
func TestHTTPMethodsAnswered(t *testing.T) {
	for _, c := range []struct {
		version string
		q       Question
		facts   map[string]string
	}{
		{"2019", asked(catalog.RPCInData, "/rpc/rpcproxy.dll", 401), map[string]string{"authenticate": "Negotiate, NTLM, Basic", "product": edition2019}},
		{"2010", asked(catalog.Options, "/Microsoft-Server-ActiveSync", 200, 401), map[string]string{"authenticate": "Basic", "product": ""}},
		{"2010", asked("", "/owa/", 302), map[string]string{"product": "Exchange Server 2010"}},
		{"2003", asked(catalog.PropFind, "/exchange/", 401, 440), map[string]string{"ms_webstorage": "6.5.7638", "product": "Exchange Server 2003"}},
		{"2000", asked("", "/public/", 401), map[string]string{"ms_webstorage": "6.0.6603", "product": "Exchange 2000 Server"}},
		{"2003", asked("", "/oma", 401), map[string]string{"ms_webstorage": "", "product": ""}},
		{"2007", asked(catalog.Post, "/EWS/Exchange.asmx", 401), map[string]string{"product": ""}},
	} {
		p, err := pipeTo(askHTTP, c.q, func(conn net.Conn) {
			_ = answerHTTP(conn, Stand{Host: "mail.example.com", Version: c.version, Service: c.q.Service})
		})
		if err != nil || p.Refusal != "" {
			t.Errorf("%s of %s: error %v, refusal %q", c.q.Service.HTTP.Path, c.version, err, p.Refusal)
		}
		for fact, want := range c.facts {
			if p.Facts[fact] != want {
				t.Errorf("%s of %s: %s is %q, want %q", c.q.Service.HTTP.Path, c.version, fact, p.Facts[fact], want)
			}
		}
	}
}
