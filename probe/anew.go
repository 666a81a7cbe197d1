// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// askAnew asks once more with the client for TLS that believes nothing. It counts
// where that one comes further, and then it is who asks at this door.
func (r *run) askAnew(ctx context.Context, h *host, d *door, c catalog.Check, at netip.AddrPort, left time.Duration, failed *attempt) *attempt {
	a := r.newAttempt(h, d, at, left)
	a.hello = tls12Hello
	a.make(ctx, r, c)
	if a.secured == nil {
		return nil
	}
	hungUp := classify(failed.err, failed.step(), false).verdict == Cut
	if t := a.tls; hungUp && t.Unreadable == "" && !t.DHE() {
		t.Hello, t.HelloFailed = a.helloSize, failed.helloSize
	}
	d.greetWith(a.hello, a.tls)
	return a
}

// helloPatience is how long a hello is waited for before its size is to blame: by
// then TCP has sent it four times.
const helloPatience = 3 * time.Second

// hearOut waits until an attempt is done, or its hello has been without an answer
// for so long that no loss of packets explains it.
func (a *attempt) hearOut(done <-chan struct{}) {
	for a.shaking.Load() {
		rest := helloPatience - a.line.Load().quiet()
		if rest <= 0 {
			return
		}
		timer := time.NewTimer(rest)
		select {
		case <-done:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// provesSize reports whether a hello of another size than that of first was
// answered, and that of first was not. Old load balancers hang at one of 256 to 511
// octets, which is why RFC 7685 was written.
func (a *attempt) provesSize(first *attempt) bool {
	return a.proves() && a.tls != nil && a.hello == otherHello && first.hello == usualHello && first.helloSize != a.helloSize &&
		first.step() == protocol.TLS && !first.helloHeard && isTimeout(first.err) && first.line.Load().quiet() >= helloPatience
}

// A helloMeter sees how large our hello is, and whether anything came after it.
type helloMeter struct {
	net.Conn
	size  int // of the message; 0 before it is sent
	heard bool
}

func (m *helloMeter) Write(b []byte) (int, error) {
	const recordHeader = 5
	if m.size == 0 {
		m.size = len(b) - recordHeader
	}
	return m.Conn.Write(b)
}

func (m *helloMeter) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	m.heard = m.heard || n > 0
	return n, err
}
