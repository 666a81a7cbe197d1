// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"

	"exreach/catalog"
)

// askHTTP gets the page of the service, and then its health page on the same
// connection (RFC 9110, RFC 9112). It follows no redirect and sends no login.
func askHTTP(conn net.Conn, q Question) (Peer, error) {
	path, health := "/", ""
	if d := q.Service.HTTP; d != nil {
		path, health = d.Path, d.Health
	}
	c := newHTTPClient(conn, q)
	q.At(Greet)
	page, err := c.get(path)
	if err != nil {
		return Peer{}, err
	}
	q.At(Talk)
	p := Peer{Greeting: strings.TrimSpace(page.Proto + " " + page.Status), Facts: factsHTTP(page, q.Service.HTTP)}
	p.Refusal, err = judgeHTTP(page, q)
	if err != nil {
		return p, err
	}
	if health != "" {
		p.Facts["health"] = c.health(page, health)
	}
	return p, nil
}

// healthPage is what Managed Availability answers for a protocol that is in
// service: "200 OK<br/>MAIL01.contoso.com".
var healthPage = regexp.MustCompile(`^\s*200 OK\s*(?:<br\s*/?>\s*([A-Za-z0-9.-]{1,255})\s*)?$`)

// health says what the health page answers on the connection that before came
// from. Only that page is in question here, so nothing of it is an error.
func (c *httpClient) health(before *http.Response, path string) string {
	if before.Close {
		return "not asked: the connection was closed"
	}
	switch n, err := io.Copy(io.Discard, io.LimitReader(before.Body, httpBody+1)); {
	case err != nil:
		return "not asked: the page before it broke off"
	case n > httpBody:
		return "not asked: the page before it is too long"
	}
	page, err := c.get(path)
	if err != nil {
		return noHealth(err)
	}
	if page.StatusCode != http.StatusOK {
		return strconv.Itoa(page.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(page.Body, httpBody))
	if err != nil {
		return noHealth(err)
	}
	found := healthPage.FindSubmatch(body)
	switch {
	case found == nil:
		return "200, with a page of something else"
	case len(found[1]) == 0:
		return "200 OK"
	}
	return "200 OK, " + string(found[1])
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
	{"location", "Location"},
	{"server", "Server"},
	{"x_feserver", "X-FEServer"},
	{"x_beserver", "X-BEServer"},
	{"x_calculatedbetarget", "X-CalculatedBETarget"},
	{"x_owa_version", "X-OWA-Version"},
	{"x_diaginfo", "X-DiagInfo"},
	{"x_powered_by", "X-Powered-By"},
	{"via", "Via"},
}

func factsHTTP(page *http.Response, d *catalog.Directory) map[string]string {
	facts := map[string]string{"status": strings.TrimSpace(page.Status)}
	for _, h := range headerFacts {
		if value := page.Header.Get(h.header); value != "" {
			facts[h.fact] = value
		}
	}
	if schemes := challenges(page.Header.Values("WWW-Authenticate")); schemes != nil {
		facts["authenticate"] = strings.Join(schemes, ", ")
	}
	if expected := statusList(d); expected != "" {
		facts["expected"] = expected
	}
	return facts
}

// statusList is the healthy answers of a directory: "401, 403".
func statusList(d *catalog.Directory) string {
	if d == nil {
		return ""
	}
	var list []string
	for _, status := range d.Status {
		list = append(list, strconv.Itoa(status))
	}
	return strings.Join(list, ", ")
}
