// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
)

// A datagramConn is a UDP socket connected to one address. UDP has no connect to
// fail, so that what a connect would have said comes with the first reads: an
// ICMP message, or nothing at all. Those are dialErrors, too.
type datagramConn struct {
	*net.UDPConn
	heard bool // something came; what goes wrong from now on is the conversation's
}

func dialUDP(ctx context.Context, source netip.Addr, addr netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	if source.IsValid() {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	conn, err := d.DialContext(ctx, "udp", addr.String())
	if err != nil {
		return nil, &dialError{err: err, local: true}
	}
	udp := conn.(*net.UDPConn)
	hearICMP(udp, addr.Addr())
	return &datagramConn{UDPConn: udp}, nil
}

func (c *datagramConn) Read(b []byte) (int, error) {
	n, err := c.UDPConn.Read(b)
	switch {
	case err == nil:
		c.heard = true
		return n, nil
	case c.heard:
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, &dialError{err: err}
	}
	return n, c.icmp(err)
}

// Write fails with the ICMP answer to an earlier datagram.
func (c *datagramConn) Write(b []byte) (int, error) {
	n, err := c.UDPConn.Write(b)
	if err != nil && !c.heard {
		err = c.icmp(err)
	}
	return n, err
}

// icmp says what an ICMP message meant that the system made into err.
func (c *datagramConn) icmp(err error) error {
	e := whoSaid(c.UDPConn, err)
	if e.icmp == icmpNone {
		switch causeOf(err) {
		case causeRefused, causeReset: // Windows calls port unreachable a reset
			e.icmp = icmpPort
		}
	}
	return e
}
