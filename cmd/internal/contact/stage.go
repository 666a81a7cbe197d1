// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"iter"
	"net/netip"
	"slices"
	"sync"

	"exreach/probe"
	"exreach/probe/far"
)

// A Stage asks stand-ins again once it is in contact with them. Set its fields before Run;
// a Stage must not be copied.
type Stage struct {
	Codes Codes                                         // those that are known
	Ask   func(context.Context, Listener) (Code, error) // asks a person for a code, one call at a time; the zero Code gives up. Nil if there is no person
	Back  *Back                                         // has the far ends check back; nil does not
	Tell  func(Event)                                   // is told what happens, one event at a time; nil ignores events

	telling, asking sync.Mutex // held while Tell and Ask are called
}

// A Listener is a stand-in that was found: at one address of a host.
type Listener struct {
	Host    string
	Address netip.Addr
	Of      int  // how many addresses of the host have a stand-in; each may have its own code
	Again   bool // the code that was given last did not fit
}

// An Event is something that happens while contacts are made: a Made, Missed,
// Unused, Unfinished, Reversed or Unreversed.
type Event interface{ event() }

// Made tells that a contact stands, and that the plan will be asked again.
type Made struct {
	Listener
	Contact far.Contact // what both ends have told each other so far
}

// Missed tells that there is no contact. Contact.Failed says why.
type Missed struct {
	Listener
	Contact far.Contact
}

// Unfinished tells that a contact stood that did not come to its end. Contact.Note says why.
type Unfinished struct {
	Listener
	Contact far.Contact
}

// Unused tells that a code was not used: nothing that answers at the host bears the mark of a
// stand-in, and nothing is sent to anything else.
type Unused struct{ Listener }

func (Unused) event()     {}
func (Made) event()       {}
func (Missed) event()     {}
func (Unfinished) event() {}

// provedAtOnce is how many hosts are asked again at once.
const provedAtOnce = 8

// Run is a survey.Second: it passes all hosts on, each as soon as it can, and asks those
// with stand-ins again whose codes are known. No goroutine outlives the sequence.
func (s *Stage) Run(ctx context.Context, pool probe.Pool, hosts iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults] {
	return func(yield func(probe.HostResults) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		left := make(chan struct{}) // closed when nobody takes the hosts any more
		out := make(chan probe.HostResults)
		go s.feed(ctx, pool, hosts, out, left)
		for h := range out {
			if !yield(h) {
				close(left)
				stop()
				for range out { // what is under way ends by itself, and is waited for
				}
				return
			}
		}
	}
}

// feed passes the hosts on, and closes out.
func (s *Stage) feed(ctx context.Context, pool probe.Pool, hosts iter.Seq[probe.HostResults], out chan<- probe.HostResults, left <-chan struct{}) {
	defer close(out)
	var under sync.WaitGroup
	defer under.Wait()
	slots := make(chan struct{}, provedAtOnce)
	var alone idle
	defer func() { s.tellAlone(alone) }()
	for h := range hosts {
		alone.hosts++
		if len(standIns(h)) == 0 {
			s.see(h, &alone)
			out <- h
		} else {
			slots <- struct{}{}
			under.Go(func() {
				proved := s.prove(ctx, pool, h)
				out <- proved
				<-slots
			})
		}
		select {
		case <-left:
			return
		default:
		}
	}
}

// standIns returns the addresses at which a stand-in answered, in order.
func standIns(h probe.HostResults) (addrs []netip.Addr) {
	for _, r := range h.Results {
		if r.Peer != nil && r.Peer.StandIn && r.Address.IsValid() && !slices.Contains(addrs, r.Address) {
			addrs = append(addrs, r.Address)
		}
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return addrs
}

// prove makes the contact at each address of a host at which there is a stand-in.
func (s *Stage) prove(ctx context.Context, pool probe.Pool, h probe.HostResults) probe.HostResults {
	addrs := standIns(h)
	var fit []Code // codes that fitted: both addresses may be those of one listener
	for _, addr := range addrs {
		p := &proving{stage: s, pool: pool, host: h, at: Listener{Host: h.Host, Address: addr, Of: len(addrs)}}
		p.dial, p.small = dialersOf(pool)
		h = p.prove(ctx, fit)
		if !p.code.IsZero() {
			fit = append(fit, p.code)
		}
	}
	return h
}

func (s *Stage) tell(e Event) {
	if s.Tell == nil {
		return
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	s.Tell(e)
}

// ask asks a person for a code; the zero Code if there is none.
func (s *Stage) ask(ctx context.Context, at Listener) Code {
	if s.Ask == nil {
		return Code{}
	}
	s.asking.Lock()
	defer s.asking.Unlock()
	if ctx.Err() != nil {
		return Code{}
	}
	code, err := s.Ask(ctx, at)
	if err != nil {
		return Code{}
	}
	return code
}
