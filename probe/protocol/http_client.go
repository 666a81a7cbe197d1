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
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// What is read of one answer.
const (
	httpHeader  = 64 << 10 // the status line and the headers, with interim answers
	httpBody    = 16 << 10
	httpInterim = 5 // answers 1xx before the answer

	httpBodyTime = 3 * time.Second
)

// A httpClient is one connection to an HTTP/1.1 server.
type httpClient struct {
	conn  net.Conn
	in    *httpMeter
	r     *bufio.Reader
	host  string         // for the header
	last  *http.Response // the last answer
	odd   []string       // header lines that were no HTTP
	later bool           // an answer came before
}

func newHTTPClient(conn net.Conn, q Question) *httpClient {
	in := &httpMeter{r: conn}
	return &httpClient{conn: conn, in: in, r: bufio.NewReader(in), host: hostHeader(q)}
}

// hostHeader is what a browser sends as Host (RFC 9110, section 7.2).
func hostHeader(q Question) string {
	if q.Service.TLS == catalog.Implicit {
		return hostPort(q, 443)
	}
	return hostPort(q, 80)
}

// hostPort is the server as URIs have it: without a usual port, and without the
// zone of an address, which is nothing to the other side (RFC 6874).
func hostPort(q Question, usual uint16) string {
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

// A httpRequest is what is asked, apart from the host.
type httpRequest struct {
	method catalog.Method
	path   string
	header []string
	body   string
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

func (r httpRequest) String() string { return string(r.method) + " " + r.path }

// text is the request as it is sent.
func (r httpRequest) text(host string) (string, error) {
	target, err := url.ParseRequestURI(r.path)
	if err != nil {
		return "", fmt.Errorf("the catalogue's HTTP path: %w", err)
	}
	lines := append([]string{string(r.method) + " " + target.RequestURI() + " HTTP/1.1", "Host: " + host}, r.header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + r.body, nil
}

// ask sends a request as the catalogue has them.
func (c *httpClient) ask(method catalog.Method, path string) (*http.Response, error) {
	return c.send(httpRequest{method: method, path: path, header: askedBy[method]})
}

// send sends r in one piece and returns the head of the answer; the body is
// still to be read.
func (c *httpClient) send(r httpRequest) (*http.Response, error) {
	text, err := r.text(c.host)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c.conn, text); err != nil {
		return nil, fmt.Errorf("sending %s: %w", r, err)
	}
	c.in.left = httpHeader
	for range httpInterim {
		page, err := c.read(r.method)
		if err != nil {
			return nil, fmt.Errorf("waiting for the answer to %s: %w", r, err)
		}
		if page.StatusCode >= 200 || page.StatusCode == http.StatusSwitchingProtocols {
			c.in.left = 2 * httpBody // chunks have a frame
			// The server waits for the rest of a body that never comes.
			page.Close = page.Close || r.method == catalog.RPCInData
			c.last = page
			return page, nil
		}
	}
	return nil, notHTTP("interim answers without an end")
}

// limitBody bounds the wait for the body of an answer, whose head tells most: some
// servers announce more than they send.
func (c *httpClient) limitBody() { _ = c.conn.SetReadDeadline(time.Now().Add(httpBodyTime)) }

// read returns the next answer, which may be an interim one.
func (c *httpClient) read(method catalog.Method) (*http.Response, error) {
	if err := c.opens(); err != nil {
		return nil, err
	}
	head, err := readHead(c.r)
	if err != nil {
		return nil, err
	}
	c.odd = append(c.odd, head.odd...)
	c.later = true
	c.r = bufio.NewReader(io.MultiReader(head.text(), c.r))
	page, err := http.ReadResponse(c.r, &http.Request{Method: string(method)})
	switch {
	case err != nil:
		return nil, notHTTP(err.Error())
	case page.ProtoMajor != 1:
		return nil, notHTTP("it answers HTTP/1.1 with " + page.Proto)
	}
	return page, nil
}

// opens looks at the first bytes as they come. A server of another protocol may
// send a few and wait, and must not be called silent. Between two answers old
// servers put an empty line.
func (c *httpClient) opens() error {
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
func (c *httpClient) foreign() error {
	head, _ := c.r.Peek(c.r.Buffered())
	return notHTTP("it " + opensLike(string(head), "HTTP"))
}

func notHTTP(got string) error { return &MismatchError{Want: "HTTP", Got: got} }

// A httpMeter reads so many bytes and no more.
type httpMeter struct {
	r    io.Reader
	left int
}

func (m *httpMeter) Read(b []byte) (int, error) {
	if m.left <= 0 {
		return 0, notHTTP("an endless answer")
	}
	n, err := m.r.Read(b[:min(len(b), m.left)])
	m.left -= n
	return n, err
}
