// SPDX-License-Identifier: Apache-2.0

package http

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// Judge tells whether the page comes from the web server that the service runs in. Any
// proxy, portal or filter on the way speaks HTTP, asks for logins and redirects as well,
// so none of these proves anything. A page of something else is a MismatchError. A
// status of IIS that is not a healthy one is a refusal: the right server, with the
// protocol switched off or broken. For a service without healthy statuses in the
// catalogue, Judge returns a zero Web unless the page is a proxy's or wants TLS.
func Judge(page *Answer, q Asked) (w Web, refusal string, err error) {
	if got := elsewhere(page); got != "" {
		return Web{Origin: Foreign}, "", notExchange(got)
	}
	if q.Service.HTTP == nil || len(q.Service.HTTP.Status) == 0 {
		return Web{}, "", nil
	}
	w = originOf(page, q)
	status, to := page.StatusCode, leadsTo(page)
	turned := strings.TrimSpace("HTTP " + page.Status)
	own := w.Origin == OfExchange || w.Origin == OfIIS || w.Origin == OfWindows
	switch {
	case w.Origin == OfProduct:
		return w, "", notExchange(fmt.Sprintf("HTTP %d of %s: %s", status, w.Name, w.Sign))
	case w.Origin == OfProxy:
		return w, "", notExchange(noServer(page, w))
	case brokenPlace(to) && w.Origin != Foreign:
		w.Broken = true
		return w, turned + " to " + to.RequestURI(), nil
	case w.Origin == Foreign:
		return w, "", notExchange(strange(page, q))
	case own && loops(page, q):
		if to != noURL {
			turned += " to " + to.String()
		}
		return w, turned, nil
	case isHealthy(q, status):
		return w, "", nil
	case w.Origin == OfGateway:
		return w, "", notExchange(fmt.Sprintf("HTTP %d of %s, which asks for a login first", status, w.Name))
	case w.Origin == OfWindows && status == http.StatusNotFound:
		return w, "", notExchange("HTTP 404 of Windows itself: no web site is bound to this port")
	case own, status == http.StatusUnauthorized && w.Sign == windowsLogins:
		if to != noURL {
			turned += " to " + to.String()
		}
		return w, turned, nil
	}
	return w, "", notExchange(strange(page, q))
}

// loops reports whether a redirect leads to the very page that was asked for. One
// that sets a cookie may lead on once the cookie is sent, as with load balancers.
func loops(page *Answer, q Asked) bool {
	to := leadsTo(page)
	if to == noURL || to.Path != askedPath(q) || to.RawQuery != "" || len(page.Header.Values("Set-Cookie")) > 0 {
		return false
	}
	secure := q.Service.TLS == catalog.Implicit
	return to.Host == "" || sameHost(to.Hostname(), q.Host) && (to.Scheme == "https") == secure
}

// isHealthy reports whether the catalogue has status as a healthy one of the service. Any
// redirect stands for all: which status it has depends on the server that makes it.
func isHealthy(q Asked, status int) bool {
	if q.Service.HTTP == nil {
		return false
	}
	return slices.ContainsFunc(q.Service.HTTP.Status, func(healthy int) bool {
		return healthy == status || redirects(healthy) && redirects(status)
	})
}

func redirects(status int) bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, status)
}

// strange says what is wrong with a page that does not fit Exchange.
func strange(page *Answer, q Asked) string {
	to := leadsTo(page)
	switch {
	case to == noURL:
		return fmt.Sprintf("HTTP %d without any of Exchange's headers: a proxy's or another server's page", page.StatusCode)
	case to.Host != "" && !sameHost(to.Hostname(), q.Host):
		return fmt.Sprintf("HTTP %d to another host", page.StatusCode)
	}
	return fmt.Sprintf("HTTP %d to %s, which is not a path of Exchange", page.StatusCode, wire.Printable(to.Path, MaxOddLine))
}

func noServer(page *Answer, w Web) string {
	return fmt.Sprintf("HTTP %d of %s, which has no server behind it", page.StatusCode, cmp.Or(w.Name, "a proxy"))
}

// notExchange is the error of an answer that is not from the web server that Exchange
// runs in.
func notExchange(got string) error {
	return &wire.MismatchError{Want: "Exchange's web server", Got: got}
}

// Web tells what an answer from outside of Exchange's directories shows of its sender; w
// is nil where that is nothing. Got says what answered in place of the service, "" where
// the page may be the service's. The conversations of WinRM and CalDAV call it.
func (c *Client) Web(page *Answer, q Asked) (w *Web, got string) {
	w = &Web{Odd: c.Odd}
	if proxy := lookForProxy(page, q); proxy.Origin == OfProxy {
		w.Origin, w.Name, got = OfProxy, proxy.Name, noServer(page, proxy)
	}
	if w.Origin == "" && w.Odd == nil {
		w = nil
	}
	return w, cmp.Or(got, elsewhere(page))
}

// elsewhere says what answered in place of the service, and "" where the page
// may be its own.
func elsewhere(page *Answer) string {
	switch {
	case page.StatusCode == http.StatusProxyAuthRequired || page.Header.Get("Proxy-Authenticate") != "":
		return "a proxy that wants a login"
	case page.StatusCode == http.StatusBadRequest && page.saysOneOf(tlsPages):
		return "a server that wants TLS on this port"
	}
	return ""
}

// MarkedIIS reports whether the headers are those of IIS, of the kernel driver before it
// (HTTP.sys), or of Exchange where something on the way hides both.
func MarkedIIS(h http.Header) bool {
	for _, e := range ExchangeHeaders {
		if e.marks && h.Get(e.Name) != "" {
			return true
		}
	}
	return hasPrefixFold(h.Get("Server"), "Microsoft-IIS") || OfKernel(h) || strings.EqualFold(h.Get("X-Powered-By"), "ASP.NET")
}

// OfKernel reports whether HTTP.sys answered, the kernel driver that IIS, WinRM
// and others share ports by. It says 404 where none of them has the path.
func OfKernel(h http.Header) bool { return hasPrefixFold(h.Get("Server"), "Microsoft-HTTPAPI") }

// quoted is a quoted string of a header (RFC 9110, section 5.6.4).
var quoted = regexp.MustCompile(`"(?:\\.|[^"\\])*"`)

// Challenges returns the schemes of WWW-Authenticate headers. One header may
// hold several challenges, with commas between these and between the parameters
// of each (RFC 9110, section 11.6.1); a parameter has an equals sign.
func Challenges(headers []string) []string {
	var schemes []string
	for _, header := range headers {
		for part := range strings.SplitSeq(quoted.ReplaceAllString(header, ""), ",") {
			scheme, _, _ := strings.Cut(strings.TrimSpace(part), " ")
			if scheme != "" && !strings.Contains(scheme, "=") && !slices.Contains(schemes, scheme) {
				schemes = append(schemes, scheme)
			}
		}
	}
	return schemes
}

// HasScheme reports whether schemes, which Challenges returned, has one of the known.
func HasScheme(schemes []string, known ...string) bool {
	return slices.ContainsFunc(schemes, func(scheme string) bool {
		return slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(scheme, k) })
	})
}

// HasRequestGUID reports whether an answer has the GUID that every front end since 2013
// gives a request. Others number requests in other ways.
func HasRequestGUID(h http.Header) bool {
	id := h.Get("request-id")
	hyphens := func(i int) bool { return id[i] == '-' }
	return len(id) == 36 && hyphens(8) && hyphens(13) && hyphens(18) && hyphens(23) && strings.Count(id, "-") == 4
}

// A Web tells whose an answer over HTTP is, and what shows it. The reports have it.
type Web struct {
	Origin    Origin   `json:"origin,omitempty"`      // "" where we do not ask: outside of Exchange's directories
	Name      string   `json:"name,omitempty"`        // of the gateway, the proxy or the product: "HAProxy"; "" where it is not known
	Sign      string   `json:"sign,omitempty"`        // what shows it: "the header X-FEServer"
	Broken    bool     `json:"broken,omitempty"`      // it redirects to an error page
	Unhealthy bool     `json:"unhealthy,omitempty"`   // we asked for the health page, and it did not say 200 OK
	Server    string   `json:"server,omitempty"`      // the one that the health page names
	Odd       []string `json:"odd_headers,omitempty"` // header lines that are not as HTTP has them

	Doubtful bool `json:"-"` // another page would tell more: see Doubt
}

// An Origin is who gave an answer over HTTP.
type Origin string

// The origins. The last three tell how far an answer fits where nothing says
// whose it is.
const (
	OfExchange Origin = "exchange" // a header, a cookie or a place that only Exchange has
	OfIIS      Origin = "iis"      // the web server that Exchange runs in, and others, too
	OfWindows  Origin = "windows"  // HTTP.sys, the kernel driver before IIS, in its own name
	OfGateway  Origin = "gateway"  // a known gateway, which wants a login of its own
	OfProxy    Origin = "proxy"    // a proxy or load balancer without a server behind it
	OfProduct  Origin = "product"  // another product, a known one
	Hidden     Origin = "hidden"   // fits Exchange behind something that takes its headers out
	Unproved   Origin = "unproved" // may be Exchange's or anybody's
	Foreign    Origin = "foreign"  // does not fit Exchange
)
