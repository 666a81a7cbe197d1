// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
	"exreach/report/judge/identity"
)

// An identifier asks hosts what they are if their version was not given, or if several
// roles are possible and none was given. It tells what it concluded.
type identifier struct {
	// Inputs; not changed any more.
	taker
	tell func(Event)
	each bool      // an event for each host, not one for all of them together
	end  time.Time // when the run's deadline comes; zero is never

	// Only the goroutine that ranges over targets uses these.
	taken map[string]int // how many hosts are checked as each version
	mute  int            // how many of them did not report a version

	found sync.Map     // *identity.Identified by the host's name
	known atomic.Int64 // hosts of which it is known what they are
}

// A suspect is a host that is being identified.
type suspect struct {
	target
	next  []catalog.Check // to be asked
	until time.Time       // when its time for questions is over; zero is never, or not begun
	asked []catalog.Check
	heard []probe.Result
}

// isLate reports whether its time for questions is over.
func (s *suspect) isLate() bool { return !s.until.IsZero() && !time.Now().Before(s.until) }

// share is the part of the time that is left before the run's deadline for which a host may
// be asked what it is. The checks need the rest.
const share = 3

// time returns how long the next questions to a host may take; 0 is as long as they need. Its
// first questions begin its time, and further ones share it.
func (i *identifier) time(s *suspect) time.Duration {
	if i.end.IsZero() {
		return 0
	}
	if s.until.IsZero() {
		s.until = time.Now().Add(time.Until(i.end) / share)
	}
	return max(time.Until(s.until), 1) // none is left, but 0 would be no limit
}

// targets asks each host what it is and passes it on, in the order in which hosts answer.
// It does not wait long for a host: the check itself will. If the answers leave open what
// a host is, it asks that host once more, while it asks others for the first time. When
// ctx ends, it begins no more hosts, and passes on those that it has begun, with what their
// answers show so far: their checks have rows in the report.
func (i *identifier) targets(ctx context.Context, pool *probe.Pool, in iter.Seq[target]) iter.Seq[target] {
	return func(yield func(target) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		heard := make(chan *suspect)
		go func() {
			defer close(heard)
			i.inquire(ctx, pool, i.suspects(in), func(s *suspect) { heard <- s })
		}()
		taken := true
		for s := range heard {
			if taken = taken && yield(i.conclude(ctx, s)); !taken {
				stop() // what is under way ends by itself, and is waited for
			}
		}
		if ctx.Err() == nil {
			i.tellTaken()
		}
	}
}

// inquire asks many hosts at a time, and calls pass for each when it has no more questions
// for it. Several goroutines may call pass at once.
func (i *identifier) inquire(ctx context.Context, pool *probe.Pool, in iter.Seq[*suspect], pass func(*suspect)) {
	again := make(chan *suspect)
	once := *pool
	once.Once = true // further questions are not worth a second wait
	var asking sync.WaitGroup
	asking.Go(func() {
		defer close(again)
		i.ask(ctx, pool, i.unknown(in, pass), func(s *suspect) {
			if s.next = i.more(s); len(s.next) > 0 && ctx.Err() == nil && !s.isLate() {
				again <- s
			} else {
				pass(s)
			}
		})
	})
	asking.Go(func() {
		i.ask(ctx, &once, func(yield func(*suspect) bool) {
			for s := range again {
				if !yield(s) {
					return
				}
			}
		}, pass)
	})
	asking.Wait()
}

// unknown yields the hosts that must be asked what they are, and passes the others.
func (i *identifier) unknown(in iter.Seq[*suspect], pass func(*suspect)) iter.Seq[*suspect] {
	return func(yield func(*suspect) bool) {
		for s := range in {
			if !i.anyUnsettled(s.target) {
				pass(s)
			} else if !yield(s) {
				return
			}
		}
	}
}

// suspects yields the targets, each with its first questions.
func (i *identifier) suspects(in iter.Seq[target]) iter.Seq[*suspect] {
	return func(yield func(*suspect) bool) {
		for t := range in {
			s := &suspect{target: t}
			if i.anyUnsettled(t) { // those of a pipe need not be alike
				s.next = i.cat.Identify(t.name(), i.from)
			}
			if !yield(s) {
				return
			}
		}
	}
}

// ask asks each host its next questions, and calls pass when its answers are there.
func (i *identifier) ask(ctx context.Context, pool *probe.Pool, in iter.Seq[*suspect], pass func(*suspect)) {
	var waiting sync.Map // suspects by their place
	questions := func(yield func(probe.HostPlan) bool) {
		for s := range in {
			waiting.Store(s.place, s)
			if !yield(probe.HostPlan{Host: s.name(), Place: s.place, Checks: s.next, Within: i.time(s)}) {
				return
			}
		}
	}
	for found := range pool.Run(ctx, questions) {
		waited, _ := waiting.LoadAndDelete(found.Place)
		if s, ok := waited.(*suspect); ok {
			judge.InOrder(found.Results)
			s.asked, s.heard = append(s.asked, s.next...), append(s.heard, found.Results...)
			pass(s)
		}
	}
}

// more returns the questions that the first answers of a host raise.
func (i *identifier) more(s *suspect) []catalog.Check {
	if !i.anyUnsettled(s.target) {
		return nil
	}
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

// answered returns the checks that show a role, because a service of Exchange answered. A
// missing page shows no role, nor does the logon page, which is no row of any role.
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

// conclude gives a host the version that its answers show and the roles whose services
// answered, and tells so unless the run has ended. It leaves a host as it is that was not
// asked.
func (i *identifier) conclude(ctx context.Context, s *suspect) target {
	if !i.anyUnsettled(s.target) {
		return s.target
	}
	id := identity.Identify(s.heard)
	heard := answered(s.asked, s.heard)
	t := s.target
	t.roles, id.CheckedAs = i.rolesOf(s.target, id, heard)
	version := t.roles[0].Version // given, or the usual one
	if len(id.CheckedAs) > 0 {
		version = id.CheckedAs[0].Version
	}
	id.Unfit = slices.ContainsFunc(s.roles, noRole) && i.unfit(version, heard)
	i.found.Store(s.name(), &id)
	i.taken[version]++
	i.known.Add(1)
	if len(id.Candidates) == 0 {
		i.mute++
	}
	if i.each && ctx.Err() == nil {
		i.tell(Identified{s.name(), id, version})
	}
	return t
}

// rolesOf returns the host in all roles to check it in; taken has those of them that were
// not given in full. It does not take a role that the topology gives a second time.
func (i *identifier) rolesOf(t target, id identity.Identified, heard []catalog.Check) (roles []catalog.Host, taken []identity.TakenRole) {
	taken = []identity.TakenRole{}
	known := map[string]bool{} // roles that are given, or taken
	for _, h := range t.roles {
		if !i.isUnsettled(h) {
			known[i.usual(h).Role] = true
		}
	}
	tried := map[[2]string]bool{} // versions and roles of entries
	for _, h := range t.roles {
		if !i.isUnsettled(h) {
			roles = append(roles, i.usual(h))
			continue
		}
		entry := [2]string{h.Version, h.Role}
		if tried[entry] {
			continue
		}
		tried[entry] = true
		hosts, fits := i.take(h, id, heard)
		for n, one := range hosts {
			if known[one.Role] {
				continue
			}
			known[one.Role] = true
			roles = append(roles, one)
			if fits != nil {
				taken = append(taken, identity.TakenRole{Version: one.Version, Role: one.Role, Because: portsOf(fits[n].Answers)})
			}
		}
	}
	return roles, taken
}

// identified returns what was found out about a host, and forgets it; nil if the host was
// not asked what it is. judge.Hosts calls it.
func (i *identifier) identified(host string) *identity.Identified {
	found, _ := i.found.LoadAndDelete(host)
	id, _ := found.(*identity.Identified)
	return id
}

// portsOf names services as people know them: "443/owa".
func portsOf(answers []catalog.Check) []string {
	ports := []string{}
	for _, c := range answers {
		ports = append(ports, fmt.Sprintf("%s/%s", c.Service.Ports, c.Service.Name))
	}
	return ports
}

// tellTaken tells what many hosts were taken for.
func (i *identifier) tellTaken() {
	if i.each || len(i.taken) == 0 {
		return
	}
	all := AllIdentified{Mute: i.mute}
	for _, version := range i.cat.Names() {
		if n := i.taken[version]; n > 0 {
			all.Versions = append(all.Versions, Taken{version, n})
		}
	}
	i.tell(all)
}
