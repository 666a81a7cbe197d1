// SPDX-License-Identifier: Apache-2.0

// Package probe finds out what IS reachable: it takes a plan of checks and
// streams their results. It owns dialing, limits, deadlines, retries, TLS and
// the verdict; the conversations themselves are in probe/protocol.
package probe

import (
	"context"
	"crypto/x509"
	"iter"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// A Pool asks many checks at once. The zero value is ready to use.
type Pool struct {
	Dial     DialFunc       // opens a transport connection; nil is the system's, bound to Source
	Lookup   LookupFunc     // resolves a name; nil is the system's resolver
	Roots    *x509.CertPool // whom to trust in Peer.TLS; nil is this machine's roots
	Domain   string         // the organization's mail domain, which DNS servers are asked for; "" asks for something else
	Source   netip.Addr     // local address to connect from; the zero Addr leaves it to the system
	Timeouts Timeouts       // zero fields take their defaults
	Limit    int            // connections at once over the whole run; 0 is 256, and never more than this process may open
	PerHost  int            // connections at once with one host; 0 is 32
	Tries    int            // tries before a port is timed-out; 0 is 2

	Credentials *protocol.Credentials // to log in with where a service takes them; nil logs in nowhere
}

// DialFunc opens a connection to one address. It ends when ctx does.
type DialFunc func(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error)

// LookupFunc resolves a name to all its addresses.
type LookupFunc func(ctx context.Context, host string) ([]netip.Addr, error)

// Timeouts limits every part of a check. A zero field takes its default.
type Timeouts struct {
	Resolve time.Duration // a name's lookup; 5 s
	Connect time.Duration // one try to connect; 3.5 s, which outlives the SYNs sent at 0, 1 and 3 s
	TLS     time.Duration // one handshake; 8 s
	Check   time.Duration // everything after the lookup, all tries together; 20 s
}

// Run asks all checks and yields every result as it is known, in no order. A
// name gives one result per address; an endpoint mapper that answers is
// followed by the results of the checks behind it. When ctx ends, what was not
// finished is yielded as Untried. No goroutine outlives the sequence.
func (p *Pool) Run(ctx context.Context, checks iter.Seq[catalog.Check]) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		results := make(chan Result)
		go newRun(p).feed(ctx, checks, results)
		for res := range results {
			if !yield(res) {
				stop()
				for range results { // what is under way ends by itself, and is waited for
				}
				return
			}
		}
	}
}

// feed starts every check, waits for all of them and closes out.
func (r *run) feed(ctx context.Context, checks iter.Seq[catalog.Check], out chan<- Result) {
	defer close(out)
	var group errgroup.Group
	group.SetLimit(r.limit)
	for c := range checks {
		h := r.enter(c.Host)
		group.Go(func() error {
			defer r.leave(h)
			results := emitter{out: out}
			r.check(ctx, h, c, results.emit)
			results.end()
			return nil
		})
	}
	_ = group.Wait() // the functions above return no error
}
