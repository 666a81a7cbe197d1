// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"math"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"exreach/catalog"
	"exreach/probe/socket"
	"exreach/probe/trust"
)

// Shared is what runs have in common, whether they go on side by side or one after
// the other: how many connections there may be, one conversation at each port, what
// came of the credentials, and whom to trust. Two pools with one Shared are as
// polite as one. The zero value is ready to use; do not change its exported fields once a
// pool has it.
type Shared struct {
	Limit   int          // connections at once over all runs; 0 is 1024, and never more than this process may open
	PerHost int          // connects to one host at once, and as many conversations with it; 0 is UsualPerHost
	Rate    float64      // most connects per second over all runs; 0 sets no limit
	Gentle  bool         // one port of a host after the other, at a pace that firewalls take for a client's
	Trust   *trust.Store // whom to trust in Peer.TLS; nil is this machine's roots

	start  sync.Once
	trust  *trust.Store
	slots  slots
	logins *ledger

	mu    sync.Mutex            // guards the fields below
	hosts map[string]*hostSlots // the hosts that runs are asking, by name in lower case
}

// UsualPerHost is how many connects to one host there may be at once, unless Shared says so.
const UsualPerHost = 48

// slots is the room that all runs share. Connects and conversations have half of the
// limit each: a check that waits for a connect holds up no conversation. A few
// slots are enough for witnesses.
type slots struct {
	checks, connects, talks, witnesses *semaphore.Weighted
	pace                               *rate.Limiter       // of all connects; nil where there is none
	first                              *semaphore.Weighted // held by the check whose first connect waits for the pace
}

// hostSlots is the room at one host, for as long as a run asks it.
type hostSlots struct {
	connects, talks *semaphore.Weighted
	turn            *semaphore.Weighted // for its checks; a gentle run asks one after the other
	pace            *rate.Limiter       // of its connects; nil where there is none
	users           int                 // protected by Shared.mu

	mu    sync.Mutex // guards the fields below
	ports map[doorway]*semaphore.Weighted
}

// A doorway is one port of one address, over TCP or over UDP.
type doorway struct {
	network catalog.Network
	addr    netip.AddrPort
}

// ready makes the zero value ready to use.
func (s *Shared) ready() {
	s.start.Do(func() {
		limit := affordable(orDefault(s.Limit, 1024))
		half := int64(max(1, limit/2))
		s.slots = slots{
			checks:    semaphore.NewWeighted(int64(limit)),
			connects:  semaphore.NewWeighted(half),
			talks:     semaphore.NewWeighted(half),
			witnesses: semaphore.NewWeighted(max(1, half/8)),
			first:     semaphore.NewWeighted(1),
		}
		if s.Rate > 0 {
			s.slots.pace = newPace(time.Duration(min(float64(time.Second)/s.Rate, float64(24*time.Hour))))
		}
		if s.trust = s.Trust; s.trust == nil {
			s.trust = &trust.Store{}
		}
		s.logins = newLedger()
		s.hosts = map[string]*hostSlots{}
	})
}

// affordable lowers a limit to what this process may open: a connection takes
// two descriptors for a moment, and the process itself needs some.
func affordable(limit int) int {
	return max(1, min(limit, (socket.Descriptors()-16)/2))
}

// use returns the room at a host. The caller calls leave when it has asked the host.
func (s *Shared) use(name string) *hostSlots {
	name = strings.ToLower(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[name]
	if h == nil {
		size := int64(orDefault(s.PerHost, UsualPerHost))
		h = &hostSlots{
			connects: semaphore.NewWeighted(size),
			talks:    semaphore.NewWeighted(size),
			turn:     semaphore.NewWeighted(math.MaxInt64),
			ports:    map[doorway]*semaphore.Weighted{},
		}
		if s.Gentle {
			h.turn, h.pace = semaphore.NewWeighted(1), newPace(gentlePace)
		}
		s.hosts[name] = h
	}
	h.users++
	return h
}

func (s *Shared) leave(name string) {
	name = strings.ToLower(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[name]
	if h.users--; h.users == 0 {
		delete(s.hosts, name)
	}
}

// browserConnections is how many connections a browser opens to one server at once:
// HTTP servers are built for that.
const browserConnections = 6

// port returns the room at one port: one check at a time for most services, because
// receive connectors count connections per source.
func (h *hostSlots) port(where doorway, http bool) *semaphore.Weighted {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.ports[where]
	if p == nil {
		size := int64(1)
		if http {
			size = browserConnections
		}
		p = semaphore.NewWeighted(size)
		h.ports[where] = p
	}
	return p
}
