// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	web "exreach/probe/protocol/http"
)

func TestHTTPHealth(t *testing.T) {
	chunked := "HTTP/1.1 302 Found\nServer: Microsoft-IIS/10.0\nLocation: /owa/auth/logon.aspx\nTransfer-Encoding: chunked\n\n5\nmoved\n0\n\n"
	page := func(body string) string {
		return "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n" + "400\n" + strings.Repeat(" ", 0x400-len(body)) + body + "\n0\n\n"
	}
	long := "HTTP/1.1 302 Found\nServer: Microsoft-IIS/10.0\nContent-Length: 20000\n\n" + strings.Repeat("a", 20_000)
	for name, c := range map[string]struct {
		replies []string
		want    string
	}{
		"in service":                      {[]string{owaRedirect, healthyMail01}, "200 OK, MAIL01.contoso.example"},
		"in service, first page chunked":  {[]string{chunked, healthyMail01}, "200 OK, MAIL01.contoso.example"},
		"in service, both chunked":        {[]string{chunked, page("200 OK<br />\tMAIL01")}, "200 OK, MAIL01"},
		"a page without the name":         {[]string{owaRedirect, page("200 OK")}, "200 OK"},
		"a page of something else":        {[]string{owaRedirect, page("200 OK<br/>MAIL01<script>")}, "200, with a page of something else"},
		"a portal's page":                 {[]string{owaRedirect, portalPage + strings.Repeat("a", web.MaxBody)}, "200, with a page of something else"},
		"taken out of service":            {[]string{owaRedirect, iisDown}, "503"},
		"a login":                         {[]string{owaRedirect, iisLogin}, "401"},
		"the server wants to close":       {[]string{strings.Replace(owaRedirect, "Cache-Control: private", "Connection: close", 1)}, "not asked: the connection was closed"},
		"a first page without an end":     {[]string{"HTTP/1.1 302 Found\nServer: Microsoft-IIS/10.0\n\nfor ever"}, "not asked: the connection was closed"},
		"a first page of HTTP/1.0":        {[]string{"HTTP/1.0 302 Found\nServer: Microsoft-IIS/10.0\nContent-Length: 0\n\n"}, "not asked: the connection was closed"},
		"a first page that is too long":   {[]string{long}, "not asked: the page before it is too long"},
		"a first page of tiny chunks":     {[]string{strings.Replace(chunked, "5\nmoved\n", strings.Repeat("1\na\n", 20_000), 1)}, "not asked: the page before it broke off"},
		"a first page with a wrong chunk": {[]string{strings.Replace(chunked, "5\nmoved", "x\nmoved", 1)}, "not asked: the page before it broke off"},
		"an answer that is no HTTP":       {[]string{owaRedirect, "200 OK<br/>MAIL01"}, "no answer that is HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			q := directory("/owa/", 302)
			q.Service.HTTP.Health = "/owa/healthcheck.htm"
			p, err := pipeTo(askHTTP, q, saysHTTP(c.replies...))
			if err != nil || p.Refusal != "" || p.Facts["health"] != c.want {
				t.Errorf("error %v, refusal %q, health %q, want %q", err, p.Refusal, p.Facts["health"], c.want)
			}
		})
	}
}

// TestHTTPHealthLost: what happens to the connection once the page is judged is
// news about the health page alone.
func TestHTTPHealthLost(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(net.Conn)
		want  string
	}{
		"hangs up instead":         {hangsUpHTTP(owaRedirect), "no answer: the connection was closed"},
		"hangs up within":          {hangsUpHTTP(owaRedirect, healthyMail01[:20]), "no answer: the connection was closed"},
		"hangs up within the page": {hangsUpHTTP(owaRedirect, healthyMail01[:len(healthyMail01)-9]), "no answer: the connection was closed"},
		"hangs up before":          {hangsUpHTTP(owaRedirect[:len(owaRedirect)-2]), "not asked: the page before it broke off"},
		"says nothing":             {saysHTTP(owaRedirect), "no answer in time"},
		"holds the page back":      {saysHTTP(owaRedirect, healthyMail01[:len(healthyMail01)-9]), "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := directory("/owa/", 302)
				q.Service.HTTP.Health = "/owa/healthcheck.htm"
				p, err := pipeTo(askHTTP, q, c.serve)
				if err != nil || p.Facts["health"] != c.want {
					t.Errorf("error %v, health %q, want %q", err, p.Facts["health"], c.want)
				}
			})
		})
	}
}

// TestHTTPHealthCompressed: some servers compress what nobody asked to have compressed
// (https://github.com/openflagr/flagr/issues/261).
func TestHTTPHealthCompressed(t *testing.T) {
	var small bytes.Buffer
	z := gzip.NewWriter(&small)
	_, _ = z.Write([]byte("200 OK<br/>MAIL01.contoso.example"))
	_ = z.Close()
	for name, c := range map[string]struct{ body, want string }{
		"compressed":            {small.String(), "200 OK, MAIL01.contoso.example"},
		"called so and is not":  {"200 OK<br/>MAIL01.contoso.example", "no answer: the connection was closed"},
		"compressed, and ended": {small.String()[:20], "no answer: the connection was closed"},
	} {
		q := directory("/owa/", 302)
		q.Service.HTTP.Health = "/owa/healthcheck.htm"
		page := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", len(c.body))
		p, err := pipeTo(askHTTP, q, func(conn net.Conn) {
			requests := bufio.NewReader(conn)
			for _, reply := range []string{strings.ReplaceAll(owaRedirect, "\n", "\r\n"), page + c.body} {
				if _, err := http.ReadRequest(requests); err == nil {
					_, _ = io.WriteString(conn, reply)
				}
			}
		})
		if err != nil || p.Facts["health"] != c.want {
			t.Errorf("%s: error %v, health %q, want %q", name, err, p.Facts["health"], c.want)
		}
	}
}

// TestHTTPDoesNotWaitForBody: a server that announces more than it sends has answered
// all the same (https://github.com/seanmonstar/reqwest/issues/1646,
// https://github.com/ning/async-http-client/issues/16).
func TestHTTPDoesNotWaitForBody(t *testing.T) {
	for name, head := range map[string]string{
		"a login":       "HTTP/1.1 401 Unauthorized\nServer: Microsoft-IIS/10.0\nX-FEServer: MAIL01\nWWW-Authenticate: NTLM\nContent-Length: 5000\n\nhello",
		"an error page": "HTTP/1.1 400 Bad Request\nServer: Microsoft-IIS/10.0\nContent-Length: 5000\n\nhello",
	} {
		synctest.Test(t, func(t *testing.T) {
			q := directory("/ews/", 401)
			q.Service.HTTP.Health = "/ews/healthcheck.htm"
			begin := time.Now()
			p, err := pipeTo(askHTTP, q, saysHTTP(head))
			if took := time.Since(begin); err != nil || took > 2*web.BodyTime || p.Facts["health"] != "not asked: the page before it broke off" {
				t.Errorf("%s: error %v after %v, %+v", name, err, took, p)
			}
		})
	}
}

// TestHTTPDoesNotWait: where the headers decide, the end of the page is not
// waited for.
func TestHTTPDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := directory("/owa/", 302)
		q.Service.HTTP.Health = "/owa/healthcheck.htm"
		begin := time.Now()
		p, err := pipeTo(askHTTP, q, saysHTTP("HTTP/1.1 302 Found\nServer: Microsoft-IIS/10.0\nConnection: close\n\n"))
		if took := time.Since(begin); err != nil || took > 0 {
			t.Errorf("error %v after %v: %+v", err, took, p)
		}
	})
}
