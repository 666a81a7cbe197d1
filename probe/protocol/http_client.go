// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"exreach/catalog"
)

// What is read of one answer.
const (
	httpHeader  = 64 << 10 // the status line and the headers, with interim answers
	httpBody    = 16 << 10
	httpInterim = 5 // answers 1xx before the answer
)

// A httpClient is one connection to an HTTP/1.1 server.
type httpClient struct {
	conn net.Conn
	in   *httpMeter
	r    *bufio.Reader
	host string // for the header
}

func newHTTPClient(conn net.Conn, q Question) *httpClient {
	in := &httpMeter{r: conn}
	return &httpClient{conn: conn, in: in, r: bufio.NewReader(in), host: hostHeader(q)}
}

// hostHeader is what a browser sends as Host (RFC 9110, section 7.2).
func hostHeader(q Question) string {
	usual := uint16(80)
	if q.Service.TLS == catalog.Implicit {
		usual = 443
	}
	host, port := strings.Trim(q.Host, "[]"), q.Service.Ports.First
	switch {
	case port != 0 && port != usual:
		return net.JoinHostPort(host, strconv.Itoa(int(port)))
	case strings.Contains(host, ":"):
		return "[" + host + "]"
	}
	return host
}

// get asks for a page and returns the head of the answer; the body is still to
// be read.
func (c *httpClient) get(path string) (*http.Response, error) {
	target, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, fmt.Errorf("the catalogue's HTTP path: %w", err)
	}
	header := http.Header{"User-Agent": {"exreach"}, "Connection": {"keep-alive"}}
	request := &http.Request{Method: http.MethodGet, URL: target, Host: c.host, Header: header}
	if err := request.Write(c.conn); err != nil {
		return nil, fmt.Errorf("sending GET %s: %w", path, err)
	}
	c.in.left = httpHeader
	for range httpInterim {
		page, err := c.read(request)
		if err != nil {
			return nil, fmt.Errorf("waiting for the answer to GET %s: %w", path, err)
		}
		if page.StatusCode >= 200 || page.StatusCode == http.StatusSwitchingProtocols {
			c.in.left = 2 * httpBody // chunks have a frame
			return page, nil
		}
	}
	return nil, notHTTP("interim answers without an end")
}

// read returns the next answer, which may be an interim one.
func (c *httpClient) read(request *http.Request) (*http.Response, error) {
	if err := c.opens(); err != nil {
		return nil, err
	}
	page, err := http.ReadResponse(c.r, request)
	switch {
	case err != nil && c.in.err != nil:
		return nil, unexpectedEOF(c.in.err)
	case err != nil:
		return nil, notHTTP(err.Error())
	case page.ProtoMajor != 1:
		return nil, notHTTP("it answers HTTP/1.1 with " + page.Proto)
	}
	return page, nil
}

// opens looks at the first bytes as they come. A server of another protocol may
// send a few and wait, and must not be called silent.
func (c *httpClient) opens() error {
	const word = "HTTP/"
	for n := 1; n <= len(word); n++ {
		head, err := c.r.Peek(n)
		if err != nil && n > 1 {
			err = unexpectedEOF(err)
		}
		if err != nil {
			return err
		}
		if string(head) != word[:n] {
			return c.foreign()
		}
	}
	return nil
}

// foreign names the protocol of what has arrived, where it is a known one.
func (c *httpClient) foreign() error {
	head, _ := c.r.Peek(c.r.Buffered())
	for _, o := range openings {
		if strings.HasPrefix(string(head), o.head) {
			return notHTTP("it opens like " + o.name)
		}
	}
	return notHTTP("it does not open like HTTP")
}

func notHTTP(got string) error { return &MismatchError{Want: "HTTP", Got: got} }

// A httpMeter reads so many bytes and no more. It remembers the error that ended
// it: net/http turns some into its own.
type httpMeter struct {
	r    io.Reader
	left int
	err  error
}

func (m *httpMeter) Read(b []byte) (int, error) {
	if m.left <= 0 {
		m.err = notHTTP("an answer without an end")
		return 0, m.err
	}
	n, err := m.r.Read(b[:min(len(b), m.left)])
	m.left -= n
	m.err = err
	return n, err
}
