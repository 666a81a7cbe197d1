// SPDX-License-Identifier: Apache-2.0

// Package probe finds out what IS reachable: it takes a plan of checks and
// streams their results. It owns dialing, limits, deadlines, retries, TLS and
// the verdict; the conversations themselves are in probe/protocol.
package probe

import (
	"context"
	"iter"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/trust"
)

// A Pool asks many checks at once. The zero value is ready to use.
type Pool struct {
	Dial     DialFunc         // opens a transport connection; nil is the system's, bound to Source
	Resolver *lookup.Resolver // finds the addresses of names; nil is one of the run's own
	Trust    *trust.Store     // whom to trust in Peer.TLS; nil is this machine's roots
	Domain   string           // the organization's mail domain, which DNS servers are asked for; "" asks for something else
	Source   netip.Addr       // local address to connect from; the zero Addr leaves it to the system
	Timeouts Timeouts         // zero fields take their defaults
	Limit    int              // connections at once over the whole run; 0 is 1024, and never more than this process may open
	PerHost  int              // ports of one host that are connected to at once, and conversations with it; 0 is 48
	Rate     float64          // connects per second over the whole run, at most; 0 is as many as there are
	Gentle   bool             // one port of a host after the other, at a pace that firewalls take for a client's
	Once     bool             // a refusal is believed at once, and not asked again when no other connection is open
	Tries    int              // tries before a port is timed-out; 0 is as many as the path's loss asks for

	Credentials *protocol.Credentials // to log in with where a service takes them; nil logs in nowhere
	Logins      *Logins               // what came of the credentials so far, shared by all pools that have them; nil begins anew

	clock func() time.Time // shows that the program stood still; nil is time.Now
}

// DialFunc opens a connection to one address. It ends when ctx does.
type DialFunc func(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error)

// Timeouts limits every part of a check. A zero field takes its default.
type Timeouts struct {
	Resolve time.Duration // a name's lookup, all tries together; 15 s
	Connect time.Duration // of silence before a host is given up; 3.5 s. A host that answers elsewhere is known sooner
	TLS     time.Duration // one handshake; 10 s, in which a lost segment is sent again five times, or half of Check where that is more
	Check   time.Duration // everything after the lookup, all tries together; 20 s. What tells silences apart takes seconds more
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
		go newRun(ctx, p).feed(ctx, checks, results)
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
	watched, done := context.WithCancel(r.ctx)
	r.background.Go(func() { r.still.watch(watched) })
	var group errgroup.Group
	group.SetLimit(r.limit)
	for c := range checks {
		h := r.enter(c.Host)
		group.Go(func() error {
			defer r.leave(h)
			h.crowd.begin(c)
			results := emitter{out: out}
			r.check(ctx, h, c, results.emit)
			h.crowd.end()
			results.end()
			return nil
		})
	}
	_ = group.Wait() // the functions above return no error
	done()
	r.background.Wait()
}
