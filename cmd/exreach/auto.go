// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
	"exreach/report/judge/identity"
)

// few is how many hosts may each have a line that says what it was taken for.
const few = 20

// An identifier asks hosts what they are where nobody has said their version, or their
// role where the version leaves that open. It says what it concluded.
type identifier struct {
	taker
	notes io.Writer
	each  bool           // a note on each host, not on all of them together
	taken map[string]int // hosts by the version that they are checked as
	mute  int            // those of them that did not say
	found sync.Map       // identity.Identified by the host's name
}

// A suspect is a host that is being identified.
type suspect struct {
	target
	next  []catalog.Check // to be asked
	asked []catalog.Check
	heard []probe.Result
}

// targets passes the hosts on, in the order in which they answer. A host that
// does not answer at once is not waited for: the check itself will tell. A host
// that ctx cuts short has not answered, and is not passed on. A host that leaves
// something open is asked once more, while others are asked for the first time.
func (i *identifier) targets(ctx context.Context, pool *probe.Pool, in iter.Seq[target]) iter.Seq[target] {
	return func(yield func(target) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		known := make(chan *suspect)
		go func() {
			defer close(known)
			inquire := i.inquire
			if pool.Limit == 1 {
				inquire = i.inTurn
			}
			inquire(ctx, pool, i.suspects(in), func(s *suspect) { hand(ctx, known, s) })
		}()
		for s := range known {
			if ctx.Err() == nil && !yield(i.conclude(s)) {
				stop()
			}
		}
		if ctx.Err() == nil {
			i.noteTaken()
		}
	}
}

// inquire asks many hosts at a time, and calls tell for each once it has no more questions
// for it.
func (i *identifier) inquire(ctx context.Context, pool *probe.Pool, in iter.Seq[*suspect], tell func(*suspect)) {
	open := make(chan *suspect)
	further := *pool
	further.Once = true // what the first questions left open is not worth a second wait
	var asking sync.WaitGroup
	asking.Go(func() {
		defer close(open)
		i.ask(ctx, pool, in, func(s *suspect) {
			if s.next = i.more(s); len(s.next) > 0 {
				hand(ctx, open, s)
			} else {
				tell(s)
			}
		})
	})
	asking.Go(func() { i.ask(ctx, &further, arriving(open), tell) })
	asking.Wait()
}

// inTurn is inquire for one host after the other, where only one connection may be open.
func (i *identifier) inTurn(ctx context.Context, pool *probe.Pool, in iter.Seq[*suspect], tell func(*suspect)) {
	for s := range in {
		for range 2 {
			if len(s.next) > 0 {
				i.ask(ctx, pool, slices.Values([]*suspect{s}), func(*suspect) {})
				s.next = i.more(s)
			}
		}
		if tell(s); ctx.Err() != nil {
			return
		}
	}
}

// hand passes a host on, unless the run has ended.
func hand(ctx context.Context, to chan<- *suspect, s *suspect) {
	select {
	case to <- s:
	case <-ctx.Done():
	}
}

// arriving yields the hosts of a channel.
func arriving(from <-chan *suspect) iter.Seq[*suspect] {
	return func(yield func(*suspect) bool) {
		for s := range from {
			if !yield(s) {
				return
			}
		}
	}
}

// suspects yields the targets, each with its first questions.
func (i *identifier) suspects(in iter.Seq[target]) iter.Seq[*suspect] {
	return func(yield func(*suspect) bool) {
		for t := range in {
			if !yield(&suspect{target: t, next: i.cat.Identify(t.name(), i.from)}) {
				return
			}
		}
	}
}

// ask asks each host its next questions, and calls tell when its answers are there.
func (i *identifier) ask(ctx context.Context, pool *probe.Pool, in iter.Seq[*suspect], tell func(*suspect)) {
	var waiting sync.Map // suspects by name
	questions := func(yield func(catalog.Check) bool) {
		for s := range in {
			waiting.Store(s.name(), s)
			for _, c := range s.next {
				if !yield(c) {
					return
				}
			}
		}
	}
	for results := range probe.ByHost(pool.Run(ctx, questions)) {
		s, known := waiting.LoadAndDelete(results[0].Check.Host)
		if ctx.Err() != nil {
			return
		}
		if known {
			s := s.(*suspect)
			judge.InOrder(results)
			s.asked, s.heard = append(s.asked, s.next...), append(s.heard, results...)
			tell(s)
		}
	}
}

// more returns the questions that the first answers of a host leave open.
func (i *identifier) more(s *suspect) []catalog.Check {
	h := catalog.Heard{
		Answered: answered(s.asked, s.heard),
		Versions: identity.Identify(s.heard).Candidates,
		Quiet:    !slices.ContainsFunc(s.heard, func(r probe.Result) bool { return r.Verdict != probe.TimedOut }),
	}
	if given := s.roles[0]; !noVersion(given) {
		h.Versions = []string{given.Version}
	}
	return i.cat.IdentifyMore(s.name(), i.from, h)
}

// answered returns the checks that show a role: a service of Exchange answered. A page that
// is not there shows none, nor does the logon page, which is no row of any role.
func answered(asked []catalog.Check, heard []probe.Result) []catalog.Check {
	var all []catalog.Check
	for _, c := range asked {
		answers := func(r probe.Result) bool {
			of, answer := r.Check.Service, identity.AnswerTo(r)
			return of.Name == c.Service.Name && of.Role == c.Service.Role && of.Page() == c.Service.Page() && r.Verdict == probe.Answered && !answer.IsForeign() && !answer.IsMissing()
		}
		if c.Service.Page() != catalog.LogonPage && slices.ContainsFunc(heard, answers) {
			all = append(all, c)
		}
	}
	return all
}

// quick is a pool that does not wait long.
func quick(p probe.Pool) *probe.Pool {
	p.Tries = 1
	p.Timeouts = probe.Timeouts{Resolve: p.Timeouts.Resolve, Connect: 2 * time.Second, Check: 5 * time.Second}
	p.Credentials = nil
	return &p
}

// divide gives a part of the connections to finding out what hosts are, twice over
// because the first questions and those after them are asked at the same time, and the
// rest to the checks, which are under way meanwhile.
func divide(p *probe.Pool) (asking, checking probe.Pool) {
	asking, checking = *p, *p
	if p.Limit == 0 {
		asking.Limit, checking.Limit = 64, 192
		return asking, checking
	}
	asking.Limit = max(1, p.Limit/8)
	both := 2 * asking.Limit
	if asking.Limit == 1 { // which takes turns
		both = 1
	}
	checking.Limit = max(1, p.Limit-both)
	return asking, checking
}
