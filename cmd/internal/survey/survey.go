// SPDX-License-Identifier: Apache-2.0

// Package survey is one run as a value: targets, options and a pool go in, judged
// hosts come out, and events tell a watcher what happens meanwhile. It plans, identifies
// hosts, and counts. It parses no command line, and knows no file and no terminal. Its
// only words for people are those of its errors, whose hints name options of exreach
// check. It may import report and everything below, but neither cmd/exreach nor
// cmd/internal/files.
package survey

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/content"
)

// A Survey is one run: it asks its targets what their plan wants, and judges them. New
// makes one; call Run once.
type Survey struct {
	// To be set before Run, if at all.
	Pool  *probe.Pool   // asks the hosts; nil is the zero Pool
	Trace bool          // show the last hop that the packets of a timed-out port reach
	Watch func(Event)   // is told what happens, one event at a time; nil ignores events
	Every time.Duration // how often Progress is told; 0 is never
	Began time.Time     // what the times in the report count from; zero is the moment of Run

	Second Second // asks hosts further before they are judged; nil does not

	Deadline time.Duration // after Began the run ends, and what is not finished is untried; 0 is never

	hosts *Targets
	plan  *planner
	who   *identifier
	meter meter

	mu sync.Mutex // held while tell calls Watch: calls do not overlap
}

// A Second passes on the hosts that pool has asked, after asking some of them again. Package
// contact has one, for stand-ins.
type Second func(ctx context.Context, pool probe.Pool, hosts iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults]

// few is up to how many hosts are each told in an Identified, not all in an AllIdentified.
const few = 20

// New plans the hosts that are known already, so mistakes show before anything is asked.
// Its errors are for the user, most of them a Mistake.
func New(cat *catalog.Catalog, hosts *Targets) (*Survey, error) {
	if err := hosts.options.validate(cat); err != nil {
		return nil, err
	}
	s := &Survey{hosts: hosts}
	s.plan = newPlanner(cat, hosts, s.tell)
	if err := s.plan.rehearse(hosts); err != nil {
		return nil, err
	}
	s.who = &identifier{
		taker: s.plan.taker,
		tell:  s.tell,
		each:  hosts.pipe == nil && hosts.named.Load() <= few,
		taken: map[string]int{},
	}
	return s, nil
}

// tell passes an event to Watch. Any number of goroutines may call it.
func (s *Survey) tell(e Event) {
	if s.Watch == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Watch(e)
}

// Catalog is what the hosts should offer.
func (s *Survey) Catalog() *catalog.Catalog { return s.plan.cat }

// From is who connects.
func (s *Survey) From() string { return s.plan.from }

// Unasked is how many hosts the run did not get to.
func (s *Survey) Unasked() int { return int(s.hosts.named.Load() - s.plan.begun.Load()) }

// Unread reports whether the run ended before the list of its hosts did. Call it when Run is over.
func (s *Survey) Unread() bool { return !s.hosts.whole.Load() }

// Untestable is what the hosts should offer and nothing can test remotely. Call it when Run
// is over.
func (s *Survey) Untestable() []content.Untestable { return s.plan.untestable }

// Err returns why Run did not ask everything that it should have. Call it when Run is over.
func (s *Survey) Err() error {
	switch {
	case s.plan.bad > 1:
		return fmt.Errorf("%w (and %s more)", s.plan.err, catalog.Count(s.plan.bad-1, "host"))
	case s.plan.err != nil:
		return s.plan.err
	case s.hosts.pipe != nil && s.hosts.pipe.wrong.count > 0:
		return s.hosts.pipe.wrong.err()
	case s.plan.asked.Load() == 0 && s.Unasked() == 0:
		return s.plan.nothingLeft()
	}
	return nil
}
