// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"net"
	"net/http"
	"strconv"
	"strings"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
)

// askHTTP asks for the page of the service, and then for its health page on the
// same connection (RFC 9110, RFC 9112). If these leave open whose server it is, it asks
// for a page that does not exist. It follows no redirect and sends no login.
func askHTTP(conn net.Conn, q Question) (p Peer, err error) {
	d := catalog.Directory{Path: "/"}
	if q.Service.HTTP != nil {
		d = *q.Service.HTTP
	}
	c := web.NewClient(conn, q.asked())
	q.At(Greet)
	r, err := c.Ask(cmp.Or(d.Method, catalog.Get), d.Path)
	if err != nil {
		return Peer{}, err
	}
	q.At(Talk)
	c.LimitBody()
	page := web.NewAnswer(r, d.Path)
	p = peerHTTP(r)
	p.fact(FactProduct, productHTTP(page.Header, q.Releases))
	p.fact(FactOWABuild, page.Build)
	p.fact(FactExpected, statusList(d))
	whose, refusal, err := web.Judge(page, q.asked())
	p.Web, p.Refusal = &whose, refusal
	defer func() { whose.Odd = c.Odd }()
	if err != nil {
		return p, err
	}
	if d.Health != "" {
		p.Page.Health = c.Health(d.Health, &whose)
		p.fact(FactHealth, p.Page.Health)
	}
	if refusal != "" {
		return p, nil
	}
	return p, c.Doubt(page, &whose)
}

// asked is the part of the question that package http (here: web) needs.
func (q Question) asked() web.Asked {
	return web.Asked{Host: q.Host, Service: q.Service, Token: q.Token}
}

// A Page is the head of an answer over HTTP. The judges of package report read it: the
// facts are for people.
type Page struct {
	Status   int    // 401
	Location string // where a redirect leads
	Server   string // the headers Server and Via
	Via      string
	FrontEnd string // the server that answered, of the header X-FEServer
	BackEnd  string // the back end that it chose for us, of X-CalculatedBETarget
	Login    bool   // the answer offers a way to log in
	Marked   bool   // it has headers of Exchange or of IIS, which Exchange runs in
	Health   string // what the health page says; "" where there is none
}

func (p *Page) clean() {
	cleanStrings(&p.Location, &p.Server, &p.Via, &p.FrontEnd, &p.BackEnd, &p.Health)
}

// headerFacts are the headers of an answer that tell who gave it: an Exchange
// front end, the server behind it, or a proxy before it.
var headerFacts = []struct{ fact, header string }{
	{FactLocation, "Location"},
	{FactServer, "Server"},
	{FactXFrontEnd, "X-FEServer"},
	{FactXBackEnd, "X-BEServer"},
	{FactXBackEndTarget, "X-CalculatedBETarget"},
	{FactXFrontEndTarget, "X-CalculatedFETarget"},
	{FactXProxyInfo, "X-FEProxyInfo"},
	{FactXServerApp, "X-ServerApplication"},
	{FactXOWAVersion, "X-OWA-Version"},
	{FactXDiagInfo, "X-DiagInfo"},
	{FactXPoweredBy, "X-Powered-By"},
	{FactVia, "Via"},
	{FactAllow, "Allow"},
	{FactDAV, "DAV"},
	{FactMSASVersions, "MS-ASProtocolVersions"},
	{FactMSServerEAS, "MS-Server-ActiveSync"},
	{FactMSWebStorage, "MS-WebStorage"}, // the WebDAV of 2000 and 2003
}

// HeaderOf is the name of the header that a fact holds, "" where it holds none.
func HeaderOf(fact string) string {
	for _, h := range headerFacts {
		if h.fact == fact {
			return h.header
		}
	}
	return ""
}

// peerHTTP makes a Peer of the head of an answer. It does not read the body.
func peerHTTP(page *http.Response) Peer {
	var p Peer
	p.Greeting = strings.TrimSpace(page.Proto + " " + page.Status)
	p.fact(FactStatus, strings.TrimSpace(page.Status))
	for _, h := range headerFacts {
		p.fact(h.fact, headerText(page.Header, h.header))
	}
	if web.HasRequestGUID(page.Header) {
		p.fact(FactRequestID, "yes")
	}
	logins := web.Challenges(page.Header.Values("WWW-Authenticate"))
	p.fact(FactAuthenticate, strings.Join(logins, ", "))
	p.Page = &Page{
		Status:   page.StatusCode,
		Location: headerText(page.Header, "Location"),
		Server:   headerText(page.Header, "Server"),
		Via:      headerText(page.Header, "Via"),
		FrontEnd: headerText(page.Header, "X-FEServer"),
		BackEnd:  headerText(page.Header, "X-CalculatedBETarget"),
		Login:    len(logins) > 0,
		Marked:   web.MarkedIIS(page.Header),
	}
	return p
}

// headerText joins all values of a header, which may have come several times.
func headerText(h http.Header, name string) string { return strings.Join(h.Values(name), ", ") }

// statusList lists the statuses of a healthy answer of a directory: "401, 403".
func statusList(d catalog.Directory) string {
	var list []string
	for _, status := range d.Status {
		list = append(list, strconv.Itoa(status))
	}
	return strings.Join(list, ", ")
}

// BuildFacts are the facts of HTTP that may hold a build of Exchange, the surest first.
// Package identity reads the versions of an Exchange server from them.
var BuildFacts = []struct {
	Name   string
	Before string // what stands before the build
	Shared bool   // it may be a level of ActiveSync, which Horde, Z-Push and others tell as well
}{
	{Name: FactXOWAVersion},
	{Name: FactMSWebStorage},
	{Name: FactMSServerEAS, Shared: true},
	{Name: FactXServerApp, Before: "Exchange/"},
	{Name: FactOWABuild},
	{Name: FactServer, Before: "MSExchangeUM/"},
}

// productHTTP names the product whose build the headers tell, and "" where they
// tell none.
func productHTTP(h http.Header, releases *catalog.Releases) string {
	for _, f := range BuildFacts {
		build := h.Get(HeaderOf(f.Name))
		if f.Before != "" || f.Shared && !catalog.IsBuild(build) && !web.MarkedIIS(h) {
			continue
		}
		var names []string
		for _, v := range releases.OfBuild(build) {
			names = append(names, releases.Title(v))
		}
		if names != nil {
			return strings.Join(names, " or ")
		}
	}
	return ""
}
