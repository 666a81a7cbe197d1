// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
)

// anew is the hello that may bring an attempt further than its own did: crypto/tls
// refused what the server sent, or the server found nothing that it likes in our
// hello. Schannel does not say so, and hangs up. A hello that got no answer had one
// of another size beside it, unless that is not allowed.
func (a *attempt) anew(talksTwice bool) (next hello, known bool) {
	var failed *tlsError
	wanted := a.tls != nil && a.tls.ClientCertificate
	if a.hello == tls12Hello || wanted || !errors.As(a.err, &failed) || failed.after {
		return 0, false
	}
	switch f := failure(a.err); classify(a.err, a.step(), false).verdict {
	case Silent:
		return otherHello, !talksTwice && a.hello == usualHello && !a.helloHeard
	case Cut:
		return tls12Hello, true
	case BadTLS:
		return tls12Hello, f.Cause == protocol.TLSBroken || f.Cause == protocol.TLSUnreadable || f.Alert == tls12.AlertHandshakeFailure || f.Alert == tls12.AlertInsufficient
	}
	return 0, false
}

// askAnew asks once more with another hello. It reports whether that came further;
// then it is the one for this door.
func (r *run) askAnew(ctx context.Context, failed *attempt, with hello, c catalog.Check, left time.Duration) (a *attempt, further bool) {
	a = r.newAttempt(failed.host, failed.door, failed.to, left)
	a.hello = with
	a.make(ctx, r, c)
	if a.secured == nil {
		return a, false
	}
	refused := classify(failed.err, failed.step(), false).verdict == BadTLS // and not for the size
	if t := a.tls; !refused && t.Unreadable == "" && !t.DHE() && r.confirmsSize(ctx, a, c) {
		t.Hello, t.HelloFailed = a.helloSize, failed.helloSize
	}
	a.door.greetWith(a.hello, a.tls)
	return a, true
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

// confirmsSize reports whether it is again the size of the hello that decides. One
// frozen server of several behind a balancer hangs at every second or third
// connection, whatever its hello.
func (r *run) confirmsSize(ctx context.Context, answered *attempt, c catalog.Check) bool {
	if r.pool.Credentials != nil {
		return false // nobody logs in again for that
	}
	for _, s := range answered.steps {
		if s.Step == protocol.TLS && s.Took >= helloPatience {
			return false // it is slow, whatever the hello
		}
	}
	for _, h := range []hello{answered.hello, usualHello, usualHello} {
		a := r.newAttempt(answered.host, answered.door, answered.to, helloPatience)
		a.hello = h
		a.make(ctx, r, c)
		if (a.tls != nil) != (h == answered.hello) {
			return false
		}
	}
	return true
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
