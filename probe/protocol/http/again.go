// SPDX-License-Identifier: Apache-2.0

package http

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// missing is a path that no web server has.
const missing = "/exreach-asks-for-nothing"

// How long we wait for an answer to what we ask after the page itself, which is judged
// by then. Load balancers wait less for a health page.
const (
	afterthought = 2 * time.Second  // for a page that does not exist
	healthTime   = 10 * time.Second // for the health page
)

// Doubt asks for a page that does not exist, where w says that the login or redirect of
// page may be anybody's. A portal or router answers every path alike; Exchange does not.
// If both answers are alike, Doubt changes w and returns a MismatchError. Only a login
// whose realm is the host's own name is no mismatch then but Unproved: a gateway may
// want one for all that is behind it.
func (c *Client) Doubt(page *Answer, w *Web) error {
	if !w.Doubtful {
		return nil
	}
	r, err := c.again(missing, afterthought)
	if err != nil || !alike(page, NewAnswer(r, missing)) {
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
func alike(a, b *Answer) bool {
	return a.StatusCode == b.StatusCode && loginRealm(a) == loginRealm(b) && leadsTo(a).Path == leadsTo(b).Path
}

// again asks for one more page on the same connection.
func (c *Client) again(path string, limit time.Duration) (*http.Response, error) {
	c.LimitBody()
	if why := Used(c.Last); why != "" {
		return nil, &unaskedError{why}
	}
	_ = c.Conn.SetReadDeadline(time.Now().Add(limit))
	return c.Ask(catalog.Get, path)
}

// An unaskedError says why we could not ask for a page.
type unaskedError struct{ why string }

func (e *unaskedError) Error() string { return "not asked: " + e.why }

// healthPage is what Managed Availability answers for a protocol that is in
// service: "200 OK<br/>MAIL01.contoso.com".
var healthPage = regexp.MustCompile(`^\s*200 OK\s*(?:<br\s*/?>\s*([A-Za-z0-9.-]+)\s*)?$`)

// Health asks for the health page at path and says what it answers. What goes wrong here
// concerns that page alone, so it goes into the text and is no error. A health page that
// names its server proves that the page before was Exchange's: Health notes that in w.
func (c *Client) Health(path string, w *Web) string {
	page, err := c.again(path, healthTime)
	if unasked := (*unaskedError)(nil); errors.As(err, &unasked) {
		return unasked.Error()
	}
	w.Unhealthy = !isLate(err)
	if err != nil {
		return noHealth(err)
	}
	if page.StatusCode != http.StatusOK {
		return strconv.Itoa(page.StatusCode)
	}
	body, err := pageText(page)
	if err != nil {
		w.Unhealthy = !isLate(err)
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

// Used reads page to its end and says why its connection takes no further request, ""
// where it takes one.
func Used(page *http.Response) string {
	if page.Close {
		return "the connection was closed"
	}
	switch n, err := io.Copy(io.Discard, io.LimitReader(page.Body, MaxBody+1)); {
	case err != nil:
		return "the page before it broke off"
	case n > MaxBody:
		return "the page before it is too long"
	}
	return ""
}

// isLate reports whether an answer did not come in time. That proves nothing: the page gets
// little time, and a path that loses packets may need more.
func isLate(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func noHealth(err error) string {
	var foreign *wire.MismatchError
	switch {
	case errors.As(err, &foreign):
		return "no answer that is HTTP"
	case isLate(err):
		return "no answer in time"
	}
	return "no answer: the connection was closed"
}
