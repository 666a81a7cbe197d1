// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// resendAfter is how long the answer to a datagram is waited for. A service may
// have to ask others first, so it is not measured by the path.
const resendAfter = 500 * time.Millisecond

// A DatagramConn is a UDP socket connected to one address. UDP has no connect to
// fail, so what a connect would have said comes with the first reads: an
// ICMP message, or nothing at all. Those are Errors, too. A question that is
// not answered is sent again while there is time.
type DatagramConn struct {
	*net.UDPConn
	heard    bool   // something came; what goes wrong from now on is the conversation's
	question []byte // the last datagram
	Sent     int    // datagrams

	mu    sync.Mutex // protects what is below
	limit time.Time  // of reading
}

func dialUDP(ctx context.Context, source netip.Addr, addr netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	if source.IsValid() {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	conn, err := d.DialContext(ctx, "udp", addr.String())
	if err != nil {
		return nil, &Error{Err: err, Local: true}
	}
	udp := conn.(*net.UDPConn)
	hearICMP(udp, addr.Addr())
	return &DatagramConn{UDPConn: udp}, nil
}

// Read waits for an answer, and sends the question again where none comes.
func (c *DatagramConn) Read(b []byte) (int, error) {
	for {
		n, err := c.readUntil(b, time.Now().Add(resendAfter))
		switch {
		case err == nil:
			c.heard = true
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded) && !c.over() && c.question != nil:
			if _, err := c.Write(c.question); err != nil {
				return 0, err
			}
		case c.heard:
			return n, err
		case errors.Is(err, os.ErrDeadlineExceeded):
			return n, &Error{Err: err}
		default:
			return n, c.icmp(err)
		}
	}
}

// readUntil reads until t, or until the deadline where that is earlier.
func (c *DatagramConn) readUntil(b []byte, t time.Time) (int, error) {
	c.mu.Lock()
	err := c.UDPConn.SetReadDeadline(earlier(c.limit, t))
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return c.UDPConn.Read(b)
}

// over reports whether the deadline has passed.
func (c *DatagramConn) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.limit.IsZero() && !time.Now().Before(c.limit)
}

// SetReadDeadline limits a read with all its resending.
func (c *DatagramConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = t
	return c.UDPConn.SetReadDeadline(t)
}

// SetDeadline is SetReadDeadline for writing, too.
func (c *DatagramConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Write fails with the ICMP answer to an earlier datagram.
func (c *DatagramConn) Write(b []byte) (int, error) {
	c.question = append(c.question[:0], b...)
	c.Sent++
	n, err := c.UDPConn.Write(b)
	if err != nil && !c.heard {
		err = c.icmp(err)
	}
	return n, err
}

// icmp says what an ICMP message meant that the system made into err.
func (c *DatagramConn) icmp(err error) error {
	e := whoSaid(c.UDPConn, err)
	if e.ICMP == ICMPNone {
		switch CauseOf(err) {
		case Refused, Reset: // Windows calls port unreachable a reset
			e.ICMP = ICMPPort
		}
	}
	return e
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
