// SPDX-License-Identifier: Apache-2.0

// Package http is a client of HTTP that reads what servers really send, and tells
// whose an answer is: Exchange's, that of IIS, of a gateway, or of another product.
// It does not judge whether that is what was wanted. Its users call it web, because
// they need net/http as well. It imports the catalogue and package wire, and no
// conversation.
package http

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// What is read of one answer.
const (
	MaxHeader = 64 << 10 // the status line and the headers, with interim answers
	MaxBody   = 16 << 10
	interim   = 5 // answers 1xx before the answer

	BodyTime = 3 * time.Second
)

// An Asked is the host and the service that are asked.
type Asked struct {
	Host    string
	Service catalog.Service
}

// A Client is one connection to an HTTP/1.1 server.
type Client struct {
	Conn  net.Conn
	in    *Meter
	r     *bufio.Reader
	host  string         // for the header
	Last  *http.Response // the last answer
	Odd   []string       // header lines that were no HTTP
	later bool           // an answer came before
}

// NewClient speaks HTTP on a connection to the host that is asked.
func NewClient(conn net.Conn, q Asked) *Client {
	in := &Meter{R: conn}
	return &Client{Conn: conn, in: in, r: bufio.NewReader(in), host: HostHeader(q)}
}

// HostHeader is what a browser sends as Host (RFC 9110, section 7.2).
func HostHeader(q Asked) string {
	if q.Service.TLS == catalog.Implicit {
		return HostPort(q, 443)
	}
	return HostPort(q, 80)
}

// HostPort is the server as URIs have it: without a usual port, and without the
// zone of an address, which is nothing to the other side (RFC 6874).
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
	Header []string
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

// text is the request as it is sent.
func (r Request) text(host string) (string, error) {
	target, err := url.ParseRequestURI(r.Path)
	if err != nil {
		return "", fmt.Errorf("the catalogue's HTTP path: %w", err)
	}
	lines := append([]string{string(r.Method) + " " + target.RequestURI() + " HTTP/1.1", "Host: " + host}, r.Header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + r.Body, nil
}

// Ask sends a request as the catalogue has them.
func (c *Client) Ask(method catalog.Method, path string) (*http.Response, error) {
	return c.Send(Request{Method: method, Path: path, Header: askedBy[method]})
}

// Send sends r in one piece and returns the head of the answer; the body is
// still to be read.
func (c *Client) Send(r Request) (*http.Response, error) {
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
			c.in.Left = 2 * MaxBody // chunks have a frame
			// The server waits for the rest of a body that never comes.
			page.Close = page.Close || r.Method == catalog.RPCInData
			c.Last = page
			return page, nil
		}
	}
	return nil, mismatch("interim answers without an end")
}

// LimitBody bounds the wait for the body of an answer, whose head tells most: some
// servers announce more than they send.
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
// send a few and wait, and must not be called silent. Between two answers old
// servers put an empty line.
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

// foreign names the protocol of what has arrived, where it is a known one.
func (c *Client) foreign() error {
	head, _ := c.r.Peek(c.r.Buffered())
	return mismatch("it " + wire.OpensLike(string(head), "HTTP"))
}

func mismatch(got string) error { return &wire.MismatchError{Want: "HTTP", Got: got} }

// A Meter reads so many bytes and no more.
type Meter struct {
	R    io.Reader
	Left int
}

func (m *Meter) Read(b []byte) (int, error) {
	if m.Left <= 0 {
		return 0, mismatch("an endless answer")
	}
	n, err := m.R.Read(b[:min(len(b), m.Left)])
	m.Left -= n
	return n, err
}
