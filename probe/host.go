// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/socket"
	"exreach/probe/trust"
)

// A run is what the checks of one Pool.Run share.
type run struct {
	ctx      context.Context // for what belongs to no check
	dial     DialFunc
	small    smallDial // nil where the system does not tell silences apart
	pool     *Pool
	timeouts Timeouts
	refusal  time.Duration // how long the system may take to tell of a refusal
	limit    int           // connections at once
	logins   *Logins
	mask     *protocol.Mask // hides the password; nil where there is none
	trust    *trust.Store
	still    *still

	// What waits for a connect must not hold up a conversation, so that each has
	// its own half of the limit. Few of them are enough for witnesses.
	connects, talks, witnesses *semaphore.Weighted
	background                 sync.WaitGroup      // what no check waits for
	pace                       *rate.Limiter       // of all connects; nil where there is none
	first                      *semaphore.Weighted // held by the check whose first connect waits for the pace

	mu    sync.Mutex
	hosts map[string]*host
}

// A host is what the checks of one host share. It lives as long as one of them
// is under way, so that a long list of hosts costs no memory.
type host struct {
	name            string
	connects, talks *semaphore.Weighted // as those of the run
	turn            *semaphore.Weighted // of its ports; a gentle run asks one after the other
	pace            *rate.Limiter       // of its connects; nil where there is none

	resolved chan struct{} // closed when the lookup is over: the three below are set then
	found    *lookup.Name
	err      error
	took     time.Duration

	users   int  // held by run.mu
	claimed bool // held by run.mu; somebody does the lookup
	mu      sync.Mutex
	doors   map[doorway]*door
	paths   map[netip.Addr]*path
	crowd   *crowd
}

func newRun(ctx context.Context, p *Pool) *run {
	r := &run{
		ctx:      ctx,
		dial:     p.Dial,
		pool:     p,
		timeouts: p.Timeouts.orDefault(),
		limit:    affordable(orDefault(p.Limit, 1024)),
		logins:   p.Logins,
		mask:     protocol.NewMask(p.Credentials),
		trust:    p.Trust,
		still:    newStill(p.clock),
		first:    semaphore.NewWeighted(1),
		hosts:    map[string]*host{},
	}
	half := int64(max(1, r.limit/2))
	r.connects, r.talks = semaphore.NewWeighted(half), semaphore.NewWeighted(half)
	r.witnesses = semaphore.NewWeighted(max(1, half/8))
	if p.Rate > 0 {
		r.pace = newPace(time.Duration(min(float64(time.Second)/p.Rate, float64(24*time.Hour))))
	}
	if r.logins == nil {
		r.logins = NewLogins()
	}
	if r.trust == nil {
		r.trust = &trust.Store{}
	}
	if r.dial == nil {
		r.dial = socket.Dialer(p.Source)
		r.small = socket.SmallDialer(p.Source)
		r.refusal = socket.RefusalTakes()
	}
	if r.pool.Resolver == nil {
		own := *p
		own.Resolver = &lookup.Resolver{}
		r.pool = &own
	}
	return r
}

// affordable lowers a limit to what this process may open: a connection takes
// two descriptors for a moment, and the process itself needs some.
func affordable(limit int) int {
	return max(1, min(limit, (socket.Descriptors()-16)/2))
}

func orDefault[T comparable](v, standard T) T {
	var zero T
	if v == zero {
		return standard
	}
	return v
}

func (t Timeouts) orDefault() Timeouts {
	return Timeouts{
		Resolve: orDefault(t.Resolve, 15*time.Second),
		Connect: orDefault(t.Connect, 3500*time.Millisecond),
		TLS:     orDefault(t.TLS, max(10*time.Second, t.Check/2)),
		Check:   orDefault(t.Check, 20*time.Second),
	}
}

// enter returns the shared state of a host, to be left again.
func (r *run) enter(name string) *host {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.hosts[name]
	if h == nil {
		size := int64(orDefault(r.pool.PerHost, 48))
		h = &host{
			name:     name,
			resolved: make(chan struct{}),
			connects: semaphore.NewWeighted(size),
			talks:    semaphore.NewWeighted(size),
			doors:    map[doorway]*door{},
			turn:     semaphore.NewWeighted(math.MaxInt64),
			paths:    map[netip.Addr]*path{},
			crowd:    newCrowd(),
		}
		if r.pool.Gentle {
			h.turn, h.pace = semaphore.NewWeighted(1), newPace(gentlePace)
		}
		r.hosts[name] = h
	}
	h.users++
	return h
}

func (r *run) leave(h *host) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.users--; h.users == 0 {
		delete(r.hosts, h.name)
	}
}

// resolve returns what is known of the host's name. The first caller looks it up,
// the others wait for that.
func (r *run) resolve(ctx context.Context, h *host) (*lookup.Name, error) {
	r.mu.Lock()
	first := !h.claimed
	h.claimed = true
	r.mu.Unlock()
	if first {
		found, err := r.resolveAwake(ctx, h.name)
		h.found, h.took, h.err = &found, found.Took, err
		close(h.resolved)
	}
	<-h.resolved
	return h.found, h.err
}

// path returns what is known of the way to an address of the host.
func (h *host) path(to netip.Addr) *path {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.paths[to]
	if p == nil {
		p = newPath()
		h.paths[to] = p
	}
	return p
}
