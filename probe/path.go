// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"math"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// How long a connecting waits for an answer before it sends another try.
const (
	firstWait = 500 * time.Millisecond // while nothing is known of the path
	leastWait = 60 * time.Millisecond  // a busy host may need that long to run the program that answers
	mostWait  = time.Second            // where the path has fallen silent
)

// kernelResends is after how long the system sends a SYN again by itself (RFC 6298
// section 2.1). A later answer may be to either SYN, so it says nothing about the round
// trip (Karn's algorithm).
const kernelResends = time.Second

// A connecting gives a port up after so many tries that, on a path like this one, only
// one in 1/misjudged ports that work would lose them all.
const (
	misjudged  = 1e-7
	leastLoss  = 0.1 // the share of tries without an answer; losses of 5 % each way come to that
	mostLoss   = 0.5
	beforehand = 10 // tries, lost at the rate leastLoss, with which the estimate begins
)

// A path is what a run has learned of the way to one address. All askings of the address
// share it: an answer of one port says something about all the others.
type path struct {
	hollow   atomic.Bool // a port connected and proved nothing
	welcomes atomic.Bool // the witness was asked whether it accepts connections again
	revived  bool        // the witness was asked whether it is there again; guarded by the whole host's shares (revives)

	mu           sync.Mutex    // guards the fields below
	srtt, rttvar time.Duration // smoothed round trip and its variation (RFC 6298 section 2); zero: not known
	tried, lost  int           // tries at ports that answer, and those of them that got no answer
	heard        time.Time     // when something answered last; zero: never
	called       time.Time     // when the witness was asked last
	quiet        time.Time     // since when the address leaves tries unanswered (miss, unanswered); zero: it does not
	missed       int           // how often the witness has not answered since something was heard
	witness      witness
	firstHeard   chan struct{} // closed once something was heard
}

// A witness is a port that has answered, and is asked again to see whether the
// path still works while another port says nothing.
type witness struct {
	addr netip.AddrPort // invalid where nothing has answered
	rank witnessRank
}

// A witnessRank is how good a witness a port is. One that refuses may be a firewall on
// the way; web servers mind least when a client connects and leaves.
type witnessRank int

const (
	refuses witnessRank = iota
	accepts
	acceptsWeb
)

func newPath() *path { return &path{firstHeard: make(chan struct{})} }

// hear notes an answer to the try that was sent at sent. lost is how many tries before
// that one got none.
func (p *path) hear(from witness, sent time.Time, lost int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.tried += lost + 1
	p.lost += lost
	if p.heard.IsZero() {
		close(p.firstHeard)
	}
	p.heard, p.quiet, p.missed = now, time.Time{}, 0
	if took := now.Sub(sent); took < kernelResends {
		p.measure(took)
	}
	if !p.witness.addr.IsValid() || from.rank > p.witness.rank {
		p.witness = from
	}
}

// measure takes a round trip into the estimate (RFC 6298 sections 2.2 and 2.3).
func (p *path) measure(rtt time.Duration) {
	rtt = max(rtt, 1)
	if p.srtt == 0 {
		p.srtt, p.rttvar = rtt, rtt/2
		return
	}
	p.rttvar += ((p.srtt - rtt).Abs() - p.rttvar) / 4
	p.srtt += (rtt - p.srtt) / 8
}

// wait returns how long an answer may take before it is overdue. It doubles each time
// that the witness does not answer, up to mostWait (RFC 6298 sections 2.3 and 5.5).
func (p *path) wait() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.srtt == 0 {
		return firstWait
	}
	w := max(p.srtt+4*p.rttvar, p.soonest())
	return max(w, min(w<<min(p.missed, 8), mostWait))
}

// look returns how long after a try to look whether its answer is overdue. That may be
// sooner than wait: other answers may have made the estimate better meanwhile.
func (p *path) look() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.srtt == 0 {
		return firstWait
	}
	return p.soonest()
}

// soonest returns the wait on a path whose round trip does not vary. The caller holds mu.
func (p *path) soonest() time.Duration { return max(p.srtt*5/4, leastWait) }

// enough returns after how many tries without an answer to give a port up.
func (p *path) enough() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	loss := (float64(p.lost) + leastLoss*beforehand) / float64(p.tried+beforehand)
	return int(math.Ceil(math.Log(misjudged) / math.Log(min(max(loss, leastLoss), mostLoss))))
}

// call chooses the witness to ask now. It returns the zero witness where there is none, or
// where something was heard or asked so lately that asking again shows nothing new.
func (p *path) call(wait time.Duration) witness {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	lately := now.Add(-lapse(wait))
	if p.called.After(lately) || p.heard.After(lately) {
		return witness{}
	}
	p.called = now
	return p.witness
}

// lapse returns how long before a try another answer may have come and still show that
// the path worked at the time of the try.
func lapse(wait time.Duration) time.Duration { return wait / 4 }

// miss notes that the witness has not answered the connect that was sent at sent.
func (p *path) miss(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried++
	p.lost++
	if sent.Before(p.heard) {
		return
	}
	p.missed++
	if p.quiet.IsZero() {
		p.quiet = sent
	}
}

// unanswered notes that the try sent at sent was not answered. That matters only while
// the address has never answered anything.
func (p *path) unanswered(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.heard.IsZero() && p.quiet.IsZero() {
		p.quiet = sent
	}
}

// lived reports whether the path was seen to work since t.
func (p *path) lived(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard.After(t)
}

// dead reports whether the address has been asked for as long as patience without an
// answer. One that has answered before gets twice as long: networks have outages.
func (p *path) dead(patience time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.heard.IsZero() {
		patience *= 2
	}
	return !p.quiet.IsZero() && time.Since(p.quiet) >= patience
}

// observe notes in res what is known of its path: the round trip and the witness.
func (p *path) observe(res *Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	res.RTT = p.srtt
	if res.Verdict == TimedOut && p.witness.addr.IsValid() {
		res.Witness = &Witness{Port: p.witness.addr.Port(), Answers: p.quiet.IsZero()}
	}
}

// loses reports whether tries have been lost on the path.
func (p *path) loses() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost > 0
}

// observeRow notes a result that may mean that every port of the address answers: a
// connection that proved nothing, or on which nothing was asked.
func (p *path) observeRow(res Result) {
	bare := res.Verdict == Answered && res.Check.Service.IsBare()
	if res.Check.IsControl() || !bare && !slices.Contains([]Verdict{Silent, Mismatch, Cut, BadTLS}, res.Verdict) {
		return
	}
	p.hollow.Store(true)
}

// farAway is the round trip above which asking one port after the other takes too long.
const farAway = 5 * time.Millisecond

// isFar reports whether answers take long here, or whether that is not known.
func (p *path) isFar() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.srtt == 0 || p.srtt > farAway
}

// hasLived reports whether the address has ever answered anything.
func (p *path) hasLived() bool { return p.lived(time.Time{}) }

// connects reports whether a port of the address has accepted a connection.
func (p *path) connects() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.witness.addr.IsValid() && p.witness.rank > refuses
}

// isWelcoming reports whether there is nothing left for awaitWelcome to do: a check has
// asked the witness whether it accepts connections again, or there is none to ask.
func (p *path) isWelcoming() bool { return p.welcomes.Load() || !p.connects() }

// leastLost is how many lost tries it takes for more than bad luck.
const leastLost = 3

// isSuspect reports whether more tries at ports that answer were lost than most paths
// lose: something may drop connects for another reason.
func (p *path) isSuspect() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost >= leastLost && float64(p.lost) > leastLoss*float64(p.tried)
}

// alive returns the witness, and whether it has answered since it was last asked.
func (p *path) alive() (witness, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.witness, p.witness.addr.IsValid() && p.quiet.IsZero()
}
