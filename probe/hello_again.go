// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"time"

	"exreach/probe/protocol"
	"exreach/probe/secure"
	"exreach/probe/socket"
)

// anew is the hello that may bring a conversation further than its own did: crypto/tls
// refused what the server sent, or the server found nothing that it likes in our
// hello. Schannel does not say so, and hangs up. A hello that got no answer had one
// of another size beside it, unless that is not allowed.
func (c *conversation) anew(talksTwice bool) (next secure.Hello, known bool) {
	var failed *secure.Error
	wanted := c.tls != nil && c.tls.ClientCertificate
	if c.hello == secure.TLS12Hello || wanted || !errors.As(c.err, &failed) || failed.After {
		return 0, false
	}
	switch f := secure.FailureOf(c.err); classify(c.err, c.step(), false).verdict {
	case Silent:
		return secure.OtherHello, !talksTwice && c.hello == secure.UsualHello && !c.helloHeard
	case Cut:
		return secure.TLS12Hello, true
	case BadTLS:
		return secure.TLS12Hello, f.Cause == protocol.TLSBroken || f.Cause == protocol.TLSUnreadable || f.Alert == protocol.AlertHandshakeFailure || f.Alert == protocol.AlertInsufficient
	}
	return 0, false
}

// askAnew asks once more with another hello. It reports whether that came further;
// then it is the one for this door.
func (a *asking) askAnew(ctx context.Context, failed *conversation, with secure.Hello, left time.Duration) (c *conversation, further bool) {
	c = a.newConversation(left)
	c.hello = with
	c.hold(ctx)
	if c.secured == nil {
		return c, false
	}
	refused := classify(failed.err, failed.step(), false).verdict == BadTLS // and not for the size
	if t := c.tls; !refused && t.Unreadable == "" && !t.DHE() && c.confirmsSize(ctx) {
		t.Hello, t.HelloFailed = c.helloSize, failed.helloSize
	}
	a.door.greetWith(c.hello, c.tls)
	return c, true
}

// helloPatience is how long a hello is waited for before its size is to blame: by
// then TCP has sent it four times.
const helloPatience = 3 * time.Second

// hearOut waits until a conversation is done, or its hello has been without an answer
// for so long that no loss of packets explains it.
func (c *conversation) hearOut(done <-chan struct{}) {
	for c.shaking.Load() {
		rest := helloPatience - c.line.Load().quiet()
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
func (c *conversation) provesSize(first *conversation) bool {
	return c.proves() && c.tls != nil && c.hello == secure.OtherHello && first.hello == secure.UsualHello && first.helloSize != c.helloSize &&
		first.step() == protocol.TLS && !first.helloHeard && socket.IsTimeout(first.err) && first.line.Load().quiet() >= helloPatience
}

// confirmsSize reports whether it is again the size of the hello that decides. One
// frozen server of several behind a balancer hangs at every second or third
// connection, whatever its hello.
func (c *conversation) confirmsSize(ctx context.Context) bool {
	if c.run.pool.Credentials != nil {
		return false // nobody logs in again for that
	}
	for _, s := range c.steps {
		if s.Step == protocol.TLS && s.Took >= helloPatience {
			return false // it is slow, whatever the hello
		}
	}
	for _, h := range []secure.Hello{c.hello, secure.UsualHello, secure.UsualHello} {
		again := c.newConversation(helloPatience)
		again.hello = h
		again.hold(ctx)
		if (again.tls != nil) != (h == c.hello) {
			return false
		}
	}
	return true
}
