// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"exreach/catalog"
)

// askHTTP asks for the page of the service, and then for its health page on the
// same connection (RFC 9110, RFC 9112). Where these leave open whose the page
// is, it asks for one that nobody has. It follows no redirect and sends no login.
func askHTTP(conn net.Conn, q Question) (p Peer, err error) {
	d := catalog.Directory{Path: "/"}
	if q.Service.HTTP != nil {
		d = *q.Service.HTTP
	}
	c := newHTTPClient(conn, q)
	q.At(Greet)
	r, err := c.ask(cmp.Or(d.Method, catalog.Get), d.Path)
	if err != nil {
		return Peer{}, err
	}
	q.At(Talk)
	c.limitBody()
	page := newHTTPPage(r, d.Path)
	p = peerHTTP(r)
	p.fact(FactProduct, productHTTP(page.Header, q.Releases))
	p.fact(FactOWABuild, page.build)
	p.fact(FactExpected, statusList(d))
	web, refusal, err := judgeHTTP(page, q)
	p.Web, p.Refusal = &web, refusal
	defer func() { web.Odd = c.odd }()
	if err != nil {
		return p, err
	}
	if d.Health != "" {
		p.Page.Health = c.health(d.Health, &web)
		p.fact(FactHealth, p.Page.Health)
	}
	if refusal != "" {
		return p, nil
	}
	return p, c.doubt(page, &web)
}

// nobodys is a path that no web server has.
const nobodys = "/exreach-asks-for-nothing"

// How long the answers to what is asked after the page itself are waited for, which
// is judged by then. Load balancers give a health page less.
const (
	afterthought = 2 * time.Second
	healthTime   = 10 * time.Second
)

// doubt asks for a page that nobody has where a login or redirect may be
// anybody's: a portal or router answers every path alike, and Exchange does not.
// A login whose realm is the host's own name stays in doubt then: a gateway may
// want one for all that is behind it.
func (c *httpClient) doubt(page *httpPage, w *Web) error {
	if !w.doubtful {
		return nil
	}
	r, err := c.again(nobodys, afterthought)
	if err != nil || !alike(page, newHTTPPage(r, nobodys)) {
		return nil
	}
	if w.Origin == Hidden {
		w.Origin = Unproved
		return nil
	}
	*w = Web{Origin: Foreign, Sign: "the same answer at every path"}
	return notExchange(fmt.Sprintf("HTTP %d at every path: a portal or device that shows nothing without its own login", page.StatusCode))
}

// alike reports whether two pages want the same login or lead to the same place.
func alike(a, b *httpPage) bool {
	return a.StatusCode == b.StatusCode && loginRealm(a) == loginRealm(b) && leadsTo(a).Path == leadsTo(b).Path
}

// again asks for one more page on the same connection.
func (c *httpClient) again(path string, limit time.Duration) (*http.Response, error) {
	c.limitBody()
	if why := used(c.last); why != "" {
		return nil, &unaskedError{why}
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(limit))
	return c.ask(catalog.Get, path)
}

// An unaskedError is a page that could not be asked for.
type unaskedError struct{ why string }

func (e *unaskedError) Error() string { return "not asked: " + e.why }

// healthPage is what Managed Availability answers for a protocol that is in
// service: "200 OK<br/>MAIL01.contoso.com".
var healthPage = regexp.MustCompile(`^\s*200 OK\s*(?:<br\s*/?>\s*([A-Za-z0-9.-]+)\s*)?$`)

// health says what the health page answers. Only that page is in question here,
// so nothing of it is an error. One with a name in it proves whose the other is.
func (c *httpClient) health(path string, w *Web) string {
	page, err := c.again(path, healthTime)
	if unasked := (*unaskedError)(nil); errors.As(err, &unasked) {
		return unasked.Error()
	}
	w.Unhealthy = true
	if err != nil {
		return noHealth(err)
	}
	if page.StatusCode != http.StatusOK {
		return strconv.Itoa(page.StatusCode)
	}
	body, err := healthBody(page)
	if err != nil {
		return noHealth(err)
	}
	found := healthPage.FindSubmatch(body)
	if found == nil {
		return "200, with a page of something else"
	}
	if w.Unhealthy = false; len(found[1]) == 0 {
		return "200 OK"
	}
	if w.Origin == Hidden || w.Origin == Unproved {
		*w = Web{Origin: OfExchange, Name: w.Name, Sign: "its health page"}
	}
	w.Server = string(found[1])
	return "200 OK, " + w.Server
}

// healthBody is the text of the page. Some proxies compress what they pass on though
// nobody asked for that.
func healthBody(page *http.Response) ([]byte, error) {
	raw := io.LimitReader(page.Body, httpBody)
	if !strings.EqualFold(page.Header.Get("Content-Encoding"), "gzip") {
		return io.ReadAll(raw)
	}
	text, err := gzip.NewReader(raw)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(text, httpBody))
}

// used says why the connection that page came on takes no further request, and
// "" where it does.
func used(page *http.Response) string {
	if page.Close {
		return "the connection was closed"
	}
	switch n, err := io.Copy(io.Discard, io.LimitReader(page.Body, httpBody+1)); {
	case err != nil:
		return "the page before it broke off"
	case n > httpBody:
		return "the page before it is too long"
	}
	return ""
}

func noHealth(err error) string {
	var foreign *MismatchError
	switch {
	case errors.As(err, &foreign):
		return "no answer that is HTTP"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in time"
	}
	return "no answer: the connection was closed"
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

// peerHTTP is what the head of an answer tells.
func peerHTTP(page *http.Response) Peer {
	var p Peer
	p.Greeting = strings.TrimSpace(page.Proto + " " + page.Status)
	p.fact(FactStatus, strings.TrimSpace(page.Status))
	for _, h := range headerFacts {
		p.fact(h.fact, headerText(page.Header, h.header))
	}
	if hasRequestGUID(page.Header) {
		p.fact(FactRequestID, "yes")
	}
	logins := challenges(page.Header.Values("WWW-Authenticate"))
	p.fact(FactAuthenticate, strings.Join(logins, ", "))
	p.Page = &Page{
		Status:   page.StatusCode,
		Location: headerText(page.Header, "Location"),
		Server:   headerText(page.Header, "Server"),
		Via:      headerText(page.Header, "Via"),
		FrontEnd: headerText(page.Header, "X-FEServer"),
		BackEnd:  headerText(page.Header, "X-CalculatedBETarget"),
		Login:    len(logins) > 0,
		Marked:   markedIIS(page.Header),
	}
	return p
}

// headerText is all that a header says, which may have come several times.
func headerText(h http.Header, name string) string { return strings.Join(h.Values(name), ", ") }

// statusList is the healthy answers of a directory: "401, 403".
func statusList(d catalog.Directory) string {
	var list []string
	for _, status := range d.Status {
		list = append(list, strconv.Itoa(status))
	}
	return strings.Join(list, ", ")
}
