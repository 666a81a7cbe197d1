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

// resendAfter is how long a datagram is given before it is sent again. It does not
// depend on the round-trip time: a service may have to ask other servers first.
const resendAfter = 500 * time.Millisecond

// A DatagramConn is a UDP socket connected to one address; Dial returns it for UDP.
// Nothing is sent to connect it, so what would fail a connect over TCP (an ICMP
// message, or silence) shows in the first reads only. They return it as an *Error,
// as a failed dial does. Read sends the last datagram again until its deadline.
// One goroutine reads and writes; others may set deadlines to stop it.
type DatagramConn struct {
	*net.UDPConn
	heard    bool   // a datagram has come: later errors are returned as they are
	question []byte // the last datagram
	Sent     int    // datagrams, with those sent again

	mu    sync.Mutex // protects what is below
	limit time.Time  // the deadline of reads
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

// Read waits for a datagram, and sends the last of ours again as long as none comes.
func (c *DatagramConn) Read(b []byte) (int, error) {
	for {
		n, err := c.readUntil(b, time.Now().Add(resendAfter))
		switch {
		case err == nil:
			c.heard = true
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded) && !c.over() && c.Sent > 0:
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

// SetReadDeadline sets the deadline of Read and of what it sends again.
func (c *DatagramConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = t
	return c.UDPConn.SetReadDeadline(t)
}

// SetDeadline sets the deadlines of reads and writes.
func (c *DatagramConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Write sends a datagram, and keeps it for Read to send again. Its error may be the
// ICMP message that an earlier datagram caused.
func (c *DatagramConn) Write(b []byte) (int, error) {
	c.question = append(c.question[:0], b...)
	c.Sent++
	n, err := c.UDPConn.Write(b)
	if err != nil && !c.heard {
		err = c.icmp(err)
	}
	return n, err
}

// icmp turns err, which is how the system reports an ICMP message, into an *Error.
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
