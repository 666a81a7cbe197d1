// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"errors"
	"net"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// largestPayload bounds a datagram, which must pass every link in one piece
// (RFC 8200 section 5: 1280 octets, headers included).
const largestPayload = 1200

// firstDatagram is what the protocol of a check says first; nil where it has no
// conversation. It is said to a pipe, and not answered.
func firstDatagram(c catalog.Check) []byte {
	speak, known := protocol.Table[c.Service.Protocol]
	if !known {
		return nil
	}
	ours, theirs := net.Pipe()
	limit := time.Now().Add(time.Second)
	_, _ = ours.SetDeadline(limit), theirs.SetDeadline(limit)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = speak.Ask(ours, protocol.Question{
			Host:    trimDot(c.Host),
			Service: c.Service,
			Session: protocol.Session{
				At:       func(protocol.Step) {},
				StartTLS: func(net.Conn) (net.Conn, error) { return nil, errors.New("there is no TLS over UDP") },
			},
		})
		_ = ours.Close()
	}()
	payload := make([]byte, largestPayload)
	n, _ := theirs.Read(payload)
	_ = theirs.Close()
	<-asked
	return payload[:n]
}
