// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"fmt"
	"io"
	"net"

	"exreach/catalog"
)

// maxDatagram is more than any UDP payload.
const maxDatagram = 64 << 10

// listenUDP answers the datagrams of one service.
func (s *Server) listenUDP(own port, service catalog.Service) error {
	conn, err := net.ListenPacket("udp", s.addressOf(own))
	if err != nil {
		return fmt.Errorf("stand in for %s: %w", service.Name, err)
	}
	s.real[own] = conn.LocalAddr().String()
	s.listeners = append(s.listeners, conn)
	s.serving.Go(func() {
		for {
			b := make([]byte, maxDatagram)
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return // closed
			}
			_ = s.serve(&exchange{PacketConn: conn, first: b[:n], from: from}, service)
		}
	})
	return nil
}

// An exchange presents one datagram of a client, and the answer to it, as a connection:
// reading gives the datagram once, writing answers it.
type exchange struct {
	net.PacketConn
	first []byte
	from  net.Addr
}

func (e *exchange) Read(b []byte) (int, error) {
	if e.first == nil {
		return 0, io.EOF
	}
	n := copy(b, e.first)
	e.first = nil
	return n, nil
}

func (e *exchange) Write(b []byte) (int, error) { return e.WriteTo(b, e.from) }
func (e *exchange) RemoteAddr() net.Addr        { return e.from }

// Close leaves the listener open: it serves the other clients.
func (e *exchange) Close() error { return nil }
