// SPDX-License-Identifier: Apache-2.0

// Package survey is one run as a value: targets, options and a pool go in, judged
// hosts come out, and whoever watches is told what happens meanwhile. It knows of no
// command line, no file and no terminal, and has no words for people but those of its
// errors.
package survey

import (
	"fmt"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// A Survey asks its targets everything that is wanted of them. New makes one, for a
// single run. The fields may be set before that begins.
type Survey struct {
	Pool  *probe.Pool   // asks; nil is the zero Pool
	Trace bool          // show the last hop that the packets of a timed-out port reach
	Watch func(Event)   // is told what happens, one event at a time; nil if nobody watches
	Every time.Duration // how often Progress is told; 0 is never
	Began time.Time     // what the times in the report count from; zero is the moment of Run

	hosts *Targets
	plan  *planner
	who   *identifier
	meter meter
	mu    sync.Mutex // held while Watch is told something
}

// few is how many hosts may each have an event that tells what it was taken for.
const few = 20

// New plans the hosts that are known, so that mistakes show before anybody is asked.
func New(cat *catalog.Catalog, hosts *Targets) (*Survey, error) {
	if err := hosts.options.known(cat); err != nil {
		return nil, err
	}
	s := &Survey{hosts: hosts}
	s.plan = newPlanner(cat, hosts, s.tell)
	if err := s.plan.rehearse(hosts); err != nil {
		return nil, err
	}
	s.who = &identifier{
		taker: s.plan.taker(),
		tell:  s.tell,
		each:  hosts.pipe == nil && hosts.named.Load() <= few,
		taken: map[string]int{},
	}
	return s, nil
}

// tell has Watch know of an event. Any number of goroutines may call it.
func (s *Survey) tell(e Event) {
	if s.Watch == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Watch(e)
}

// From is who connects.
func (s *Survey) From() string { return s.plan.from }

// Unasked is how many hosts the run did not come to.
func (s *Survey) Unasked() int { return int(s.hosts.named.Load() - s.plan.begun.Load()) }

// Err says why not everything was asked that should have been. It is to be asked when
// the run is over.
func (s *Survey) Err() error {
	switch {
	case s.plan.bad > 1:
		return fmt.Errorf("%w (and %s more)", s.plan.err, catalog.Count(s.plan.bad-1, "host"))
	case s.plan.err != nil:
		return s.plan.err
	case s.hosts.pipe != nil && s.hosts.pipe.err != nil:
		return s.hosts.pipe.err
	case s.plan.asked.Load() == 0 && s.Unasked() == 0:
		return nothingLeft()
	}
	return nil
}
