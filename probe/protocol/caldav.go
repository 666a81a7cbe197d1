// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// askCalDAV asks for the properties of the root (RFC 4918, section 9.1), which servers
// show only after a login. Then it asks for OPTIONS: DavMail answers those without a
// login, with its name and what it can do (RFC 4791, section 5.1).
func askCalDAV(conn net.Conn, q Question) (Peer, error) {
	c := web.NewClient(conn, q.asked())
	q.At(Greet)
	page, err := c.Ask(catalog.PropFind, "/")
	if err != nil {
		return Peer{}, err
	}
	q.At(Talk)
	p := peerHTTP(page)
	var got string
	if p.Web, got = c.Web(web.NewAnswer(page, "/"), q.asked()); got != "" {
		return p, notCalDAV(got)
	}
	if p.Refusal, err = judgeCalDAV(page); err != nil || web.Used(page) != "" {
		return p, err
	}
	offer, err := c.Ask(catalog.Options, "/")
	if err != nil {
		return p, nil // the first answer was proof enough
	}
	more := peerHTTP(offer)
	for _, name := range []string{FactServer, FactDAV, FactAllow} {
		p.fact(name, more.Facts[name])
	}
	return p, nil
}

// judgeCalDAV tells a server of calendars from other web servers, which are an error. A
// refusal is an answer of a server of calendars that says no.
func judgeCalDAV(page *http.Response) (refusal string, err error) {
	login := page.StatusCode == http.StatusUnauthorized && page.Header.Get("WWW-Authenticate") != ""
	switch {
	case login, page.StatusCode == http.StatusMultiStatus:
		return "", nil
	case page.Header.Get("DAV") == "":
		return "", notCalDAV(fmt.Sprintf("HTTP %d without the header DAV: another web server", page.StatusCode))
	case page.StatusCode >= 400:
		return strings.TrimSpace("HTTP " + page.Status), nil
	}
	return "", nil
}

func notCalDAV(got string) error { return &wire.MismatchError{Want: "CalDAV", Got: got} }

// answerCalDAV is DavMail, and lets no client log in.
func answerCalDAV(conn net.Conn, s Stand) error { return serveHTTP(conn, s, pageCalDAV) }

// pageCalDAV is the answer to one request, as DavMail 6 gives it.
func pageCalDAV(request *http.Request, _ Stand) *http.Response {
	if request.Method != http.MethodOptions {
		page := plainPage(request, http.StatusUnauthorized, "")
		page.Header.Set("WWW-Authenticate", `Basic realm="DavMail Gateway"`)
		return page
	}
	page := plainPage(request, http.StatusOK, "")
	page.Header.Set("Server", "DavMail Gateway 6.2.2")
	page.Header.Set("DAV", "1, calendar-access, calendar-auto-schedule, calendarserver-private-events, addressbook")
	page.Header.Set("Allow", "OPTIONS, PROPFIND, HEAD, GET, REPORT, PROPPATCH, PUT, DELETE, POST")
	return page
}
