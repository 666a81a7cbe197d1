// SPDX-License-Identifier: Apache-2.0

// Package probe finds out what IS reachable: it takes the plan of each host and
// yields the host's results when they are complete. It owns the turns, connecting,
// deadlines, asking again, and the verdict. It knows no version and no grade, and
// prints nothing: catalog says what should be reachable, probe/protocol what to say on
// a connection, and report/judge what to think of a result.
//
// It has four levels. An asking (ask.go) is one check at one address. It holds
// conversations (conversation.go), each on a connection of its own. A conversation
// reaches its port by connecting (connect.go), which takes one or more tries: a try is
// one SYN. All of them wait for their turns in turns.go; host.go begins the askings of
// a host; again.go asks again where the result is in doubt.
//
// It imports catalog and the packages below it in probe, but not probe/standin, report
// or cmd. Its tests may import probe/standin, to have servers.
package probe

import (
	"context"
	"iter"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/gauge"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// A Pool asks many hosts at once. The zero value is ready to use. Run does not change
// it; to ask with other settings, change a copy.
type Pool struct {
	Dial     DialFunc         // opens a transport connection; nil is the system's, bound to Source
	Resolver *lookup.Resolver // finds the addresses of names; nil is one of the run's own
	Domain   string           // the organization's mail domain, to ask DNS servers for; "" asks them for something else
	Source   netip.Addr       // local address to connect from; the zero Addr leaves it to the system
	Timeouts Timeouts         // zero fields take their defaults
	Once     bool             // believe a refusal at once; otherwise the port is asked again while no other connection is open
	Tries    int              // tries before a port is TimedOut; 0 is as many as the path's loss asks for

	Credentials *protocol.Credentials // to log in with where a service takes them; nil logs in nowhere
	Shared      *Shared               // what this pool has in common with others: limits, ports, logins, trust; nil shares nothing

	Taped bool   // keep what was sent and received (Result.Wire)
	Token string // goes into the questions of protocols with room for it; "" into none. 16 of a-z and 2-7. Only for a stand-in that knows the code

	Linger time.Duration // for which a connection is held open when all is said, for a far end that looks which there are; 0 is not at all

	Gauge *gauge.Gauge // shows what the pool is doing; may be nil

	clock func() time.Time // of the standstills, for tests; nil is time.Now
}

// DialFunc opens a connection to one address. It gives up when ctx ends; the connection
// outlives ctx.
type DialFunc func(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error)

// Timeouts limits every part of a check. A zero field takes its default.
type Timeouts struct {
	Resolve time.Duration // a name's lookup, all tries together; 15 s
	Connect time.Duration // of silence before a host is given up; 3.5 s. On a host that answers elsewhere, a port is given up sooner
	TLS     time.Duration // one handshake; 10 s, in which a lost segment is sent again five times, or half of Check where that is more
	Check   time.Duration // everything after the lookup, all tries together; 20 s. Telling silences apart takes a few seconds more
}

func (t Timeouts) orDefault() Timeouts {
	return Timeouts{
		Resolve: orDefault(t.Resolve, 15*time.Second),
		Connect: orDefault(t.Connect, 3500*time.Millisecond),
		TLS:     orDefault(t.TLS, max(10*time.Second, t.Check/2)),
		Check:   orDefault(t.Check, 20*time.Second),
	}
}

func orDefault[T comparable](v, standard T) T {
	var zero T
	if v == zero {
		return standard
	}
	return v
}

// A HostPlan is what to ask one host.
type HostPlan struct {
	Host   string          // the name or address of all Checks
	Place  int             // the caller's number for the host; comes back in HostResults, which come in no order
	Checks []catalog.Check // in the order of the results
	Within time.Duration   // what is not finished by then becomes Untried; 0 is no limit
}

// limited returns a context that ends with ctx, or when the time of the plan is over. The
// caller calls stop when it is done. A context with a deadline would not do: see
// ErrDeadline.
func (p HostPlan) limited(ctx context.Context) (limited context.Context, stop func()) {
	if p.Within == 0 {
		return ctx, func() {}
	}
	limited, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(p.Within, cancel)
	return limited, func() {
		timer.Stop()
		cancel()
	}
}

// HostResults is the answer to a HostPlan.
type HostResults struct {
	Host    string
	Place   int
	Results []Result // by check, in the order of the plan; within one in no order, see Result.Order

	Contacts []far.Contact // with the stand-ins at its addresses; the pool makes none
}

// Run asks the hosts and yields each when it has all its results, in no order. A
// name gives one result per address; an endpoint mapper that answers is
// followed by the results of the checks behind it. When ctx ends, the checks that are
// not finished become Untried. No goroutine outlives the sequence.
func (p *Pool) Run(ctx context.Context, plans iter.Seq[HostPlan]) iter.Seq[HostResults] {
	return func(yield func(HostResults) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		results := make(chan HostResults)
		go newRun(ctx, p).feed(ctx, plans, results)
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

// feed begins every check, hands each host on when it is done, and closes out.
func (r *run) feed(ctx context.Context, plans iter.Seq[HostPlan], out chan<- HostResults) {
	defer close(out)
	watched, done := context.WithCancel(r.ctx)
	r.background.Go(func() { r.still.watch(watched) })
	var hosts sync.WaitGroup
	for plan := range plans {
		r.unreadSlot(ctx)()
		limited, stop := plan.limited(ctx)
		await := r.newHost(plan).begin(limited)
		hand := func() {
			results := await()
			stop()
			handed := r.unreadSlot(r.ctx)
			out <- results
			handed()
		}
		if ctx.Err() != nil { // no slot is waited for any more: one host after the other, or they pile up
			hand()
			continue
		}
		hosts.Go(hand)
	}
	hosts.Wait()
	done()
	r.background.Wait()
}

// A run is what the hosts of one Pool.Run share.
type run struct {
	// Inputs; newRun sets them.
	ctx      context.Context // of what belongs to no check, such as asking witnesses
	pool     *Pool
	shared   *Shared
	dial     DialFunc
	small    smallDial // nil where the system does not tell silences apart
	timeouts Timeouts
	sources  func(to netip.Addr) netip.Addr // the local address of a connect that came to nothing; nil where Pool.Dial connects
	refusal  time.Duration                  // how long the system may take to report a refusal
	mask     *protocol.Mask                 // hides the password; nil where there is none

	still      *still
	unread     *semaphore.Weighted // a slot for each host that is done and whose results the caller has not taken
	background sync.WaitGroup      // goroutines that no check waits for
}

func newRun(ctx context.Context, p *Pool) *run {
	r := &run{
		ctx:      ctx,
		pool:     p,
		shared:   p.Shared,
		dial:     p.Dial,
		timeouts: p.Timeouts.orDefault(),
		mask:     protocol.NewMask(p.Credentials),
		still:    newStill(p.clock),
		unread:   semaphore.NewWeighted(mostUnread),
	}
	if r.shared == nil {
		r.shared = new(Shared)
	}
	r.shared.ready()
	if r.dial == nil {
		r.dial = socket.Dialer(p.Source)
		r.small = socket.SmallDialer(p.Source)
		r.sources = socket.SourcesFrom(p.Source)
		r.refusal = socket.RefusalTakes()
	}
	if p.Resolver == nil {
		own := *p
		own.Resolver = &lookup.Resolver{}
		r.pool = &own
	}
	return r
}

// Resolve finds the addresses of a host to ask; for an address it returns that address.
// Where this machine has a way to one family only, it leaves out those of the other.
func (p *Pool) Resolve(ctx context.Context, host string) (lookup.Name, error) {
	name, err := p.lookUp(ctx, host)
	if err == nil && p.Dial == nil {
		name.LeaveOut(socket.WaysFrom(p.Source))
	}
	return name, err
}

func (p *Pool) lookUp(ctx context.Context, host string) (lookup.Name, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return lookup.Name{Addrs: []netip.Addr{addr.Unmap()}, Count: 1}, nil
	}
	return orDefault(p.Resolver, &lookup.Resolver{}).LookUp(ctx, host, p.Timeouts.orDefault().Resolve)
}
