// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"

	"exreach/catalog"
)

// answerSIP is the Unified Messaging service, as it meets a gateway that it
// knows.
func answerSIP(conn net.Conn, s Stand) error {
	if s.Service.Network == catalog.UDP {
		return sipEnvelope.serve(conn, s.Service.Network, func(datagram []byte) []byte {
			request, err := readSIP(datagramTalk(datagram), nil)
			if lines := replySIP(request); err == nil && lines != nil {
				return []byte(strings.Join(lines, "\r\n") + "\r\n")
			}
			return nil
		})
	}
	for t := newTalk(conn, "SIP"); ; {
		t.waiting = "a request"
		request, err := readSIP(t, nil)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if request.method() == "" {
			return t.mismatch("a request that is none")
		}
		if err := request.skipBody(t); err != nil {
			return err
		}
		if lines := replySIP(request); lines != nil {
			if err := t.send(lines...); err != nil {
				return err
			}
		}
	}
}

// replySIP is the answer to a request (RFC 3261, section 8.2.6), nil where it
// gets none. The name of the server is from memory.
func replySIP(request sipMessage) []string {
	status := "200 OK"
	switch request.method() {
	case "OPTIONS":
	case "", "ACK":
		return nil
	default:
		status = "405 Method Not Allowed"
	}
	lines := []string{"SIP/2.0 " + status}
	for _, h := range []struct{ name, key string }{{"Via", "via"}, {"From", "from"}, {"To", "to"}, {"Call-ID", "call-id"}, {"CSeq", "cseq"}} {
		for _, value := range request.headers[h.key] {
			if h.key == "to" && !strings.Contains(value, ";tag=") {
				value += ";tag=" + rand.Text()
			}
			lines = append(lines, h.name+": "+value)
		}
	}
	return append(lines, "Server: RTCC/5.0.0.0", "Allow: OPTIONS", "Accept: application/sdp", "Content-Length: 0", "")
}
