// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	web "exreach/probe/protocol/http"
)

// answerHTTP is the web site of an Exchange server, as far as nobody is logged
// in: it wants logins, redirects to the logon page, and shows the health pages.
func answerHTTP(conn net.Conn, s Stand) error { return serveHTTP(conn, s, pageHTTP) }

// serveHTTP answers requests until the client goes away.
func serveHTTP(conn net.Conn, s Stand, pageOf func(*http.Request, Stand) *http.Response) error {
	in := &web.Meter{R: conn}
	r := bufio.NewReader(in)
	for {
		in.Left = web.MaxHeader
		if _, err := r.Peek(1); err == io.EOF {
			return nil
		}
		request, err := http.ReadRequest(r)
		if err != nil {
			return err
		}
		in.Left = 2 * web.MaxBody
		// The channels of RPC over HTTP announce 1 GB and wait for the answer.
		if request.ContentLength > web.MaxBody {
			request.Close = true
		} else if n, err := io.Copy(io.Discard, io.LimitReader(request.Body, web.MaxBody+1)); err != nil || n > web.MaxBody {
			return err
		}
		var answer bytes.Buffer
		if err := pageOf(request, s).Write(&answer); err != nil {
			return err
		}
		if _, err := conn.Write(answer.Bytes()); err != nil || request.Close {
			return err
		}
	}
}

// plainPage is an answer without any headers but those of every answer.
func plainPage(request *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode:    status,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Request:       request,
		Header:        http.Header{},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Close:         request.Close,
	}
}

// requestID is a GUID, as Exchange gives one to every request.
func requestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
