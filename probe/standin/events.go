// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"sync/atomic"

	"exreach/probe/far"
)

// An Event is something that happens at a Server while it runs: an Opened, Came, Ended,
// Contacted, Broke or Missed.
type Event interface{ event() }

// Opened tells what became of a port that the server was to open.
type Opened struct{ far.Opening }

// Came tells that a connection begins, or the first datagram of a socket. One that is
// turned away, half-open, or at a port of another program comes, too. A half-open one
// that is completed comes again.
type Came struct{ far.Arrival }

// Ended tells that what came is over, with its counts. It follows each Came, unless
// Contacted does.
type Ended struct{ far.Arrival }

// Contacted tells that the arrival that came is a contact, and no arrival of the port.
type Contacted struct{ far.Arrival }

// Broke tells of a fault of exreach's own that ended a conversation.
type Broke struct {
	Service string
	Fault   error
}

// Missed tells how many events were left out here, because the watcher was slower than
// what happened.
type Missed struct{ Events int }

func (Opened) event()    {}
func (Came) event()      {}
func (Ended) event()     {}
func (Contacted) event() {}
func (Broke) event()     {}
func (Missed) event()    {}

// mostEvents is how many events wait for a watcher that is slow.
const mostEvents = 1024

// A herald tells a watcher what happens, one event at a time. A nil herald tells no one.
type herald struct {
	watch  func(Event)
	events chan Event
	missed atomic.Int64
	done   chan struct{} // closed once everything is told
}

func newHerald(watch func(Event)) *herald {
	if watch == nil {
		return nil
	}
	h := &herald{watch: watch, events: make(chan Event, mostEvents), done: make(chan struct{})}
	go func() {
		defer close(h.done)
		for e := range h.events {
			watch(e)
			h.tellMissed()
		}
	}()
	return h
}

// tell never waits.
func (h *herald) tell(e Event) {
	if h == nil {
		return
	}
	select {
	case h.events <- e:
	default:
		h.missed.Add(1)
	}
}

// tellMissed tells what was left out, once those before it are told.
func (h *herald) tellMissed() {
	if len(h.events) > 0 {
		return
	}
	if n := h.missed.Swap(0); n > 0 {
		h.watch(Missed{int(n)})
	}
}

// close waits until everything is told. No one tells anything after that.
func (h *herald) close() {
	if h != nil {
		close(h.events)
		<-h.done
	}
}
