// SPDX-License-Identifier: Apache-2.0

// Package route says where the packets of a trace stop: what its hops prove, and no more.
package route

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/protocol/wire"
)

// A Conclusion is what a trace shows.
type Conclusion struct {
	Outcome  Outcome
	Sentence string
	After    string // the last hop that answered, several with "or"; "" if none did, or if the port is open
}

// Outcome says in a word what a trace shows.
type Outcome string

// The outcomes.
const (
	Open      Outcome = "open"       // nothing on the path blocks the port
	Blocked   Outcome = "blocked"    // something does; the sentence says after which hop
	Undecided Outcome = "undecided"  // it could not be determined
	NotTraced Outcome = "not-traced" // it was not traced; the sentence says why
)

// maxError bounds the text of an error, in bytes.
const maxError = 4096

// Conclude says where a port stops, and no more than the hops prove. A router that says time exceeded for a packet has let it
// in. It may still drop the next packet, which may go farther: as a rule, routers look at
// the hop limit first and at their firewall rules afterwards. So if a port is heard of at
// hop n and not behind it, hop n drops its packets, or something on the way into the next
// hop does.
func Conclude(t hops.Trace) Conclusion {
	r := reading{t}
	outcome, sentence := Undecided, ""
	switch end := t.Path.End(); {
	case t.Path.Err != nil:
		sentence = fmt.Sprintf("This machine could not ask: %s", wire.Printable(t.Path.Err.Error(), maxError)) + "."
	case t.Path.Ended:
		outcome, sentence = r.unfinished()
	case end.Said == hops.SaidAccepted:
		outcome, sentence = Open, fmt.Sprintf("%s goes through to the server, at hop %d: nothing on the path blocks it.", r.name(), end.TTL)
	case end.Said == hops.SaidReset:
		outcome, sentence = r.reset(end)
	case end.Said == hops.SaidExceeded && end.TTL >= hops.FarthestHop:
		sentence = fmt.Sprintf("%s is still on its way after %d hops: its packets are most likely in a routing loop.", r.name(), end.TTL)
	case end.Said == hops.SaidNothing || end.Said == hops.SaidExceeded:
		outcome, sentence = r.stops()
	default:
		outcome, sentence = r.icmp(end)
	}
	sentences := []string{sentence, r.silentOnes(), r.severalPaths(), r.unasked()}
	sentences = slices.DeleteFunc(sentences, func(s string) bool { return s == "" })
	return Conclusion{outcome, strings.Join(sentences, " "), r.after(outcome)}
}

// untracedBecause says why a port was not traced.
var untracedBecause = map[probe.Untraced]string{
	probe.SamePath:         "nothing answered at this address, so the trace of another port stands for all of its ports",
	probe.TraceInterrupted: "the run was interrupted",
	probe.TraceDeadline:    "the deadline of the run came first",
	probe.TraceTimeUp:      "the time for all traces of the run was used up",
	probe.TraceUnable:      "this system tells an ordinary user nothing about the hops on a path",
}

// UntracedBecause says why a port that timed out was not traced, as the end of a sentence.
func UntracedBecause(why probe.Untraced) string { return untracedBecause[why] }

// after names the last hop that answered for a port that is not open.
func (r reading) after(outcome Outcome) string {
	if outcome == Open {
		return ""
	}
	for _, h := range slices.Backward(r.Path.Hops) {
		if h.Said != hops.SaidNothing && len(h.From) > 0 && !slices.Contains(h.From, r.Path.Addr.Addr()) && !h.Self {
			return hop(h)
		}
	}
	return ""
}

// A reading is a trace, with the methods that find out where its port stops. Beside is the
// path of another port of the server that answers: "beside" in names means that port.
type reading struct{ hops.Trace }

// stops is for a port of which nothing comes back from behind some hop.
func (r reading) stops() (Outcome, string) {
	last := r.last()
	next, known := r.besideBehind(last.TTL)
	switch {
	case r.Beside == nil && last.TTL == 0:
		return Undecided, fmt.Sprintf("Nothing comes back for %s, from the server or a hop on the way: where it stops is not known.", r.port())
	case r.Beside == nil && r.Shared != nil:
		return Undecided, fmt.Sprintf("%s gets as far as %s, and hop %d does not answer. No other port of the server is known to answer, so it may be down, or everything to it is dropped.",
			r.name(), hop(last), r.Path.End().TTL)
	case r.Beside == nil:
		return Undecided, fmt.Sprintf("%s stops after %s. No other port of the server is known to answer, so it may be down, or everything to it is dropped.", r.name(), hop(last))
	case !known && r.besideAnswers():
		return Blocked, fmt.Sprintf("%s stops after %s at hop %d, and %s reaches the server at hop %d: the two take different paths.",
			r.name(), hop(last), last.TTL, r.besidePort(), r.Beside.End().TTL)
	case !known:
		return Undecided, fmt.Sprintf("%s stops after %s, and so does %s now, which answered before: packets are being lost, or something blocks this machine.",
			r.name(), hop(last), r.besidePort())
	}
	sentence := fmt.Sprintf("%s stops after %s, %s goes on to %s: what drops it is %s",
		r.name(), hop(last), r.besidePort(), r.goesOn(next), catalog.Either(r.suspects(last, next)))
	if r.Path.Network == catalog.UDP && isEnd(next) {
		return Undecided, sentence + ", unless the service got it and does not answer."
	}
	return Blocked, sentence + "."
}

// suspects lists who may drop the packets of the port. Hop last is the last that answered
// them, and next is the first behind it that answered those of the port beside.
func (r reading) suspects(last, next hops.Hop) []string {
	suspects := []string{hop(last)}
	if last.TTL == 0 {
		suspects = []string{"this machine's own firewall"}
	}
	switch first, until := last.TTL+1, next.TTL-1; {
	case first == until:
		suspects = append(suspects, fmt.Sprintf("hop %d (which does not answer for %s either)", first, r.besidePort()))
	case first < until:
		suspects = append(suspects, fmt.Sprintf("one of the hops %d to %d (which do not answer for %s either)", first, until, r.besidePort()))
	}
	if isEnd(next) {
		return append(suspects, "the server's own firewall")
	}
	return append(suspects, hop(next))
}

// goesOn says where the port beside goes on to: hop next, the server, or both.
func (r reading) goesOn(next hops.Hop) string {
	switch {
	case isEnd(next):
		return "the server"
	case r.besideAnswers():
		return hop(next) + " and the server"
	}
	return hop(next)
}

// reset is for a port that is reset in the server's name, by the server or a firewall.
func (r reading) reset(end hops.Hop) (Outcome, string) {
	switch {
	case r.besideAnswers() && end.TTL < r.Beside.End().TTL && r.severalPaths() == "":
		return Blocked, fmt.Sprintf("%s is reset after %s, at hop %d, and the server is at hop %d, as %s shows: a firewall before it refuses in its name.",
			r.name(), hop(r.last()), end.TTL, r.Beside.End().TTL, r.besidePort())
	case r.besideAnswers() && end.TTL == 1:
		return Open, fmt.Sprintf("The server itself refuses %s (RST), with no router in between: nothing on the path blocks it.", r.port())
	}
	return Undecided, fmt.Sprintf("%s is refused in the server's name (RST), at hop %d: nothing drops it on the way. Nothing listens there, or the firewall before the server resets it.",
		r.name(), end.TTL)
}

// icmp is for a port that an ICMP message ended.
func (r reading) icmp(end hops.Hop) (Outcome, string) {
	what := map[hops.Said]string{
		hops.SaidProhibited:  "a rule forbids " + r.port() + " (administratively prohibited)",
		hops.SaidPort:        r.port() + " is unreachable (ICMP port unreachable)",
		hops.SaidUnreachable: "there is no way to the server",
	}[end.Said]
	server := slices.Contains(end.From, r.Path.Addr.Addr())
	switch {
	case end.Self && end.Said == hops.SaidUnreachable:
		return Undecided, "This machine itself says that there is no way to the server: there is no route, or nothing on its own network answers for the address."
	case end.Self:
		return Blocked, fmt.Sprintf("This machine itself says that %s: its own firewall.", what)
	case server && end.Said == hops.SaidPort && r.Path.Network == catalog.UDP:
		return Open, fmt.Sprintf("The server itself says that nothing listens at %s: nothing on the path blocks it.", r.port())
	case server:
		return Blocked, fmt.Sprintf("The server itself says that %s: its own firewall.", what)
	}
	who := hop(end)
	if len(end.From) == 0 {
		who = "A device on the path"
	}
	sentence := fmt.Sprintf("%s says that %s", who, what)
	if r.besideAnswers() {
		sentence += fmt.Sprintf(", %s goes on to the server", r.besidePort())
	}
	return Blocked, sentence + "."
}

// unfinished is for a trace that was ended before it was whole.
func (r reading) unfinished() (Outcome, string) {
	if last := r.last(); last.TTL > 0 {
		return Undecided, fmt.Sprintf("The trace ended too early: %s got as far as %s, and nothing beyond that is known.", r.port(), hop(last))
	}
	return Undecided, fmt.Sprintf("The trace of %s ended before any hop had answered.", r.port())
}

// last returns the farthest hop that said time exceeded; its TTL is 0 if none did.
func (r reading) last() hops.Hop {
	for _, h := range slices.Backward(r.Path.Hops) {
		if h.Said == hops.SaidExceeded {
			return h
		}
	}
	return hops.Hop{Said: hops.SaidNothing}
}

// besideBehind returns the first hop behind distance ttl that answered for the port beside.
func (r reading) besideBehind(ttl int) (hops.Hop, bool) {
	if r.Beside == nil {
		return hops.Hop{}, false
	}
	i := slices.IndexFunc(r.Beside.Hops, func(h hops.Hop) bool { return h.TTL > ttl && h.Said != hops.SaidNothing })
	if i < 0 {
		return hops.Hop{}, false
	}
	return r.Beside.Hops[i], true
}

// besideAnswers reports whether the port beside is known to reach the server.
func (r reading) besideAnswers() bool { return r.Beside != nil && isEnd(r.Beside.End()) }

// isEnd reports whether the server answered, as far as can be told.
func isEnd(h hops.Hop) bool { return h.Said == hops.SaidAccepted || h.Said == hops.SaidReset }
