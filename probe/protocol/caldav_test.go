// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// Answers of DavMail 6.0.1 and of Radicale 3.1.8, both in Debian, to our own
// questions; the list of Radicale's properties is cut.
const (
	davMailLogin = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"DavMail Gateway\"\nConnection: keep-alive\nContent-Length: 0\n\n"
	davMailOffer = "HTTP/1.1 200 OK\nServer: DavMail Gateway 6.0.1-trunk\n" +
		"DAV: 1, calendar-access, calendar-auto-schedule, calendarserver-private-events, addressbook\n" +
		"Date: Sat, 21 Nov 2026 22:39:37 +0000\nExpires: Sat, 21 Nov 2026 22:39:37 +0000\nCache-Control: private, max-age=0\n" +
		"Allow: OPTIONS, PROPFIND, HEAD, GET, REPORT, PROPPATCH, PUT, DELETE, POST\nConnection: keep-alive\nContent-Length: 0\n\n"
	radicaleOpen = "HTTP/1.0 207 Multi-Status\nDate: Sat, 21 Nov 2026 22:39:32 GMT\nServer: WSGIServer/0.2 CPython/3.11.2\n" +
		"DAV: 1, 2, 3, calendar-access, addressbook, extended-mkcol\nContent-Type: text/xml; charset=utf-8\nContent-Length: 29\n\n<multistatus xmlns=\"DAV:\" />\n"
	radicaleLogin = "HTTP/1.0 401 Unauthorized\nDate: Sat, 21 Nov 2026 22:39:36 GMT\nServer: WSGIServer/0.2 CPython/3.11.2\nContent-Type: text/plain; charset=utf-8\n" +
		"WWW-Authenticate: Basic realm=\"Radicale - Password Required\"\nContent-Length: 43\n\nAccess to the requested resource forbidden."
)

func TestCalDAVRecorded(t *testing.T) {
	ofDavMail := map[string]string{
		"status": "401 Unauthorized", "authenticate": "Basic", "server": "DavMail Gateway 6.0.1-trunk",
		"dav":   "1, calendar-access, calendar-auto-schedule, calendarserver-private-events, addressbook",
		"allow": "OPTIONS, PROPFIND, HEAD, GET, REPORT, PROPPATCH, PUT, DELETE, POST",
	}
	ofLogin := map[string]string{"status": "401 Unauthorized", "authenticate": "Basic"}
	for name, c := range map[string]struct {
		said    []string
		facts   map[string]string // nil where they do not matter
		refusal string
		got     string // of the mismatch; "" for none
	}{
		"DavMail":                        {said: []string{davMailLogin, davMailOffer}, facts: ofDavMail},
		"DavMail, and then nothing":      {said: []string{davMailLogin}, facts: ofLogin},
		"DavMail, and then something":    {said: []string{davMailLogin, "220 mail\n"}, facts: ofLogin},
		"Radicale, open":                 {said: []string{radicaleOpen}, facts: map[string]string{"status": "207 Multi-Status", "server": "WSGIServer/0.2 CPython/3.11.2", "dav": "1, 2, 3, calendar-access, addressbook, extended-mkcol"}},
		"Radicale, with a login":         {said: []string{radicaleLogin}, facts: map[string]string{"status": "401 Unauthorized", "server": "WSGIServer/0.2 CPython/3.11.2", "authenticate": "Basic"}},
		"denied, by a server of WebDAV":  {said: []string{"HTTP/1.1 403 Forbidden\nDAV: 1\nContent-Length: 0\n\n", nginxMethod}, refusal: "HTTP 403 Forbidden"},
		"moved, by a server of WebDAV":   {said: []string{"HTTP/1.1 301 Moved\nDAV: 1\nLocation: /dav/\nContent-Length: 0\n\n", nginxMethod}},
		"a web server without WebDAV":    {said: []string{nginxMethod}, got: "HTTP 405 without the header DAV: another web server"},
		"a page":                         {said: []string{iisPage}, got: "HTTP 200 without the header DAV: another web server"},
		"a login that names no scheme":   {said: []string{"HTTP/1.1 401 Unauthorized\nContent-Length: 0\n\n"}, got: "HTTP 401 without the header DAV: another web server"},
		"a proxy":                        {said: []string{proxyLogin}, got: "a proxy that wants a login"},
		"a port for TLS":                 {said: []string{nginxTLSPort}, got: "a server that wants TLS on this port"},
		"a SOCKS proxy on the same port": {said: []string{"\x05\xff"}, got: "it does not open like HTTP"},
	} {
		p, err := pipeTo(askCalDAV, question("caldav", catalog.NoTLS), hangsUpHTTP(c.said...))
		mismatch, ok := errors.AsType[*wire.MismatchError](err)
		if ok && mismatch.Got != c.got || ok != (c.got != "") || p.Refusal != c.refusal {
			t.Errorf("%s: error %v, want a mismatch %q; refusal %q, want %q", name, err, c.got, p.Refusal, c.refusal)
		}
		if diff := cmp.Diff(c.facts, p.Facts); c.facts != nil && diff != "" {
			t.Errorf("%s: facts (-want +got):\n%s", name, diff)
		}
	}
}

// TestCalDAVAnswers: the stand-in tells who it is, and nothing else without a
// login.
func TestCalDAVAnswers(t *testing.T) {
	serve := func(conn net.Conn) { _ = answerCalDAV(conn, standIn("caldav", catalog.NoTLS)) }
	p, err := pipeTo(askCalDAV, question("caldav", catalog.NoTLS), serve)
	if err != nil || p.Facts["status"] != "401 Unauthorized" || p.Facts["server"] != "DavMail Gateway 6.2.2" || !strings.Contains(p.Facts["dav"], "calendar-access") {
		t.Errorf("error %v, facts %v", err, p.Facts)
	}
	if p, err := pipeTo(askHTTP, asked(catalog.Get, "/users/", 401), serve); err != nil || p.Facts["status"] != "401 Unauthorized" {
		t.Errorf("error %v, facts %v", err, p.Facts)
	}
}

func FuzzAskCalDAV(f *testing.F) {
	crlf := strings.NewReplacer("\n", "\r\n")
	fuzzAsk(f, "caldav", crlf.Replace(davMailLogin+davMailOffer), crlf.Replace(radicaleOpen), crlf.Replace(radicaleLogin), crlf.Replace(nginxMethod))
}
