// SPDX-License-Identifier: Apache-2.0

// Package http is a client of HTTP that reads what servers really send, and tells who
// sent an answer: Exchange, IIS, a gateway, or another product. It knows no verdict and
// no grade. Its users call it web, because they need net/http as well. It imports the
// catalogue and package wire, and no conversation.
package http

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// How much of one answer we read.
const (
	MaxHeader = 64 << 10 // the status line and the headers, with interim answers
	MaxBody   = 16 << 10
	interim   = 5 // answers 1xx before the answer

	BodyTime = 3 * time.Second // for the body, after its head
)

// An Asked is what this package needs of a question: the host and the service.
type Asked struct {
	Host    string
	Service catalog.Service
	Token   string // goes into each request; "" changes nothing
}

// HeaderOfOurs bears the token in a request. In the answers of a stand-in it bears the
// stand-in's mark.
const HeaderOfOurs = "X-Exreach"

// A Client is one connection to an HTTP/1.1 server. The conversations of HTTP, WinRM and
// CalDAV use it. Send sets no deadline; LimitBody, Doubt and Health set those of reading.
type Client struct {
	Conn  net.Conn
	in    *Meter
	r     *bufio.Reader
	host  string         // for the header Host
	token string         // for HeaderOfOurs
	Last  *http.Response // the last answer
	Odd   []string       // header lines of all answers that are not as HTTP has them
	later bool           // an answer came before
}

// NewClient speaks HTTP on a connection to the host that is asked.
func NewClient(conn net.Conn, q Asked) *Client {
	in := &Meter{R: conn}
	return &Client{Conn: conn, in: in, r: bufio.NewReader(in), host: HostHeader(q), token: q.Token}
}

// HostHeader is what a browser sends as Host (RFC 9110, section 7.2).
func HostHeader(q Asked) string {
	if q.Service.TLS == catalog.Implicit {
		return HostPort(q, 443)
	}
	return HostPort(q, 80)
}

// HostPort writes the server as URIs do: without its port where that is the usual one,
// and without the zone of an address, which means nothing to the other side (RFC 6874).
func HostPort(q Asked, usual uint16) string {
	host, _, _ := strings.Cut(strings.Trim(q.Host, "[]"), "%")
	port := q.Service.Ports.First
	switch {
	case port != 0 && port != usual:
		return net.JoinHostPort(host, strconv.Itoa(int(port)))
	case strings.Contains(host, ":"):
		return "[" + host + "]"
	}
	return host
}

// A Request is what is asked, apart from the host.
type Request struct {
	Method catalog.Method
	Path   string
	Header []string // whole lines; with a Body, Content-Length among them
	Body   string
}

// askedBy are the headers of the methods that a directory may be asked by.
var askedBy = map[catalog.Method][]string{
	catalog.Get:      {"User-Agent: exreach", "Connection: keep-alive"},
	catalog.Options:  {"User-Agent: exreach", "Connection: keep-alive"},
	catalog.Post:     {"User-Agent: exreach", "Connection: keep-alive", "Content-Length: 0"},
	catalog.PropFind: {"User-Agent: exreach", "Connection: keep-alive", "Content-Length: 0", "Depth: 0"},
	// MS-RPCH, section 2.1.2.1.1. Outlook announces 1 GB, which a proxy on the
	// way may refuse. The login is asked for before any of it is sent.
	catalog.RPCInData: {"User-Agent: MSRPC", "Connection: Keep-Alive", "Content-Length: 1073741824",
		"Accept: application/rpc", "Cache-Control: no-cache", "Pragma: No-cache"},
}

func (r Request) String() string { return string(r.Method) + " " + r.Path }

// text writes the request as the server gets it.
func (r Request) text(host string) (string, error) {
	target, err := url.ParseRequestURI(r.Path)
	if err != nil {
		return "", fmt.Errorf("the catalogue's HTTP path: %w", err)
	}
	lines := append([]string{string(r.Method) + " " + target.RequestURI() + " HTTP/1.1", "Host: " + host}, r.Header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + r.Body, nil
}

// Ask sends a request with the headers that askedBy has for the method.
func (c *Client) Ask(method catalog.Method, path string) (*http.Response, error) {
	return c.Send(Request{Method: method, Path: path, Header: askedBy[method]})
}

// Send sends r in one piece and returns the head of the answer; the body is
// still to be read.
func (c *Client) Send(r Request) (*http.Response, error) {
	if c.token != "" {
		r.Header = append(slices.Clip(r.Header), HeaderOfOurs+": "+c.token)
	}
	text, err := r.text(c.host)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c.Conn, text); err != nil {
		return nil, fmt.Errorf("sending %s: %w", r, err)
	}
	c.in.Left = MaxHeader
	for range interim {
		page, err := c.read(r.Method)
		if err != nil {
			return nil, fmt.Errorf("waiting for the answer to %s: %w", r, err)
		}
		if page.StatusCode >= 200 || page.StatusCode == http.StatusSwitchingProtocols {
			c.in.Left = 2 * MaxBody // more than MaxBody, because chunks have frames
			// The server waits for the rest of a body that never comes.
			page.Close = page.Close || r.Method == catalog.RPCInData
			c.Last = page
			return page, nil
		}
	}
	return nil, mismatch("interim answers without an end")
}

// LimitBody gives the body of an answer BodyTime to arrive. Some servers announce more
// than they send, and the head has told us most already.
func (c *Client) LimitBody() { _ = c.Conn.SetReadDeadline(time.Now().Add(BodyTime)) }

// read returns the next answer, which may be an interim one.
func (c *Client) read(method catalog.Method) (*http.Response, error) {
	if err := c.opens(); err != nil {
		return nil, err
	}
	head, err := readHead(c.r)
	if err != nil {
		return nil, err
	}
	c.Odd = append(c.Odd, head.odd...)
	c.later = true
	c.r = bufio.NewReader(io.MultiReader(head.text(), c.r))
	page, err := http.ReadResponse(c.r, &http.Request{Method: string(method)})
	switch {
	case err != nil:
		return nil, mismatch(err.Error())
	case page.ProtoMajor != 1:
		return nil, mismatch("it answers HTTP/1.1 with " + page.Proto)
	}
	return page, nil
}

// opens looks at the first bytes as they come. A server of another protocol may
// send a few and wait, and must not be called silent. Old servers put an empty line
// between two answers.
func (c *Client) opens() error {
	const word = "HTTP/"
	for c.later {
		if head, err := c.r.Peek(1); err != nil || head[0] != '\r' && head[0] != '\n' {
			break
		}
		_, _ = c.r.Discard(1)
	}
	for n := 1; n <= len(word); n++ {
		head, err := c.r.Peek(n)
		if err != nil && n > 1 {
			err = wire.UnexpectedEOF(err)
		}
		if err != nil {
			return err
		}
		if !strings.EqualFold(string(head), word[:n]) {
			return c.foreign()
		}
	}
	return nil
}

// foreign is the mismatch of what has arrived. It names the protocol, if we know it.
func (c *Client) foreign() error {
	head, _ := c.r.Peek(c.r.Buffered())
	return mismatch("it " + wire.OpensLike(string(head), "HTTP"))
}

func mismatch(got string) error { return &wire.MismatchError{Want: "HTTP", Got: got} }

// A Meter reads from R until Left is used up, and then fails with a MismatchError. The
// Client and the stand-in set Left anew for every head and body.
type Meter struct {
	R    io.Reader
	Left int // bytes
}

func (m *Meter) Read(b []byte) (int, error) {
	if m.Left <= 0 {
		return 0, mismatch("an endless answer")
	}
	n, err := m.R.Read(b[:min(len(b), m.Left)])
	m.Left -= n
	return n, err
}
