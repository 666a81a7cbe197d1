// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
)

// rightly says why it is right that nothing answers, by the want. %s is how unanswered
// calls that.
var rightly = map[catalog.Want]string{
	catalog.Required:  "not needed, one of several is enough, %s",
	catalog.Optional:  "not in use, %s",
	catalog.Off:       "off by default, %s",
	catalog.Forbidden: "%s, as it should be",
}

// unanswered is how a row calls a port at which nothing answers, by its verdict.
var unanswered = map[probe.Verdict]string{
	probe.Refused:     "closed",
	probe.TimedOut:    "no reply",
	probe.Prohibited:  "a firewall forbids it",
	probe.Unreachable: "unreachable",
}

// TookText says how long the check took; "" where no time passed.
func (e Entry) TookText() string { return SecondsText(e.Took) }

// SecondsText is seconds as people read them; "" for none.
func SecondsText(s float64) string {
	if d := durationOf(s); d > 0 {
		return catalog.Elapsed(d)
	}
	return ""
}

// durationOf reads the seconds of a report; a forged one may hold any number.
func durationOf(s float64) time.Duration {
	const most = 24 * time.Hour
	return time.Duration(min(max(s, 0), most.Seconds()) * float64(time.Second))
}

// AnswerText says what answered, or why it is right that nothing did.
func (e Entry) AnswerText() string {
	why, how := rightly[e.Want], unanswered[e.Verdict]
	if e.IsUnregistered() {
		how = "not registered"
	}
	if e.Grade == judge.Pass && why != "" && how != "" {
		return fmt.Sprintf(why, how)
	}
	if e.Far != nil && e.Far.HeldBy != "" && e.Verdict == probe.Answered {
		return "reached; " + e.Far.HeldBy + " has the port there"
	}
	if e.Peer != nil && e.Peer.TLS != nil {
		return e.Peer.TLS.Version + ", " + e.Detail
	}
	return e.Detail
}

// Assumed says that a host did not show its version, and which it may have.
func Assumed(e Entry) string {
	if e.Identified == nil || len(e.Identified.Candidates) == 0 {
		return " (assumed)"
	}
	return " (assumed: it may be version " + e.Identified.Choice() + ")"
}

// PlaceText says where the host stands and what people call it: "site Berlin; owner=team-a".
func (e Entry) PlaceText() string {
	var texts []string
	if e.Site != "" {
		texts = append(texts, "site "+e.Site)
	}
	if labels := e.LabelsText(); labels != "" {
		texts = append(texts, labels)
	}
	return strings.Join(texts, "; ")
}

// LabelsText is what people call the host: "owner=team-a; rack=12".
func (e Entry) LabelsText() string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(e.Labels)) {
		texts = append(texts, name+"="+e.Labels[name])
	}
	return strings.Join(texts, "; ")
}

// reasonWords begin the reason for an ask, by what is wanted.
var reasonWords = map[catalog.Want]string{catalog.Required: "required by", catalog.Optional: "optional at", catalog.Forbidden: "must not be open at"}

// reasonFor says why a service is wanted, or must not be reached: "required by Exchange 2019
// mailbox for client".
func reasonFor(e Entry, from string) string {
	if IsNamedPort(e) {
		return "the check named the port"
	}
	var ours *catalog.Releases
	text := fmt.Sprintf("%s %s %s", reasonWords[e.Want], ours.Called(e.Version), e.Role)
	if from != "" {
		text += " for " + from
	}
	if e.OneOf != "" && isWanted(e) {
		text += " (one of " + e.OneOf + " is enough)"
	}
	if e.Parent != "" {
		text += " (a dynamic port, which " + e.Parent + " named: it may be another after a restart)"
	}
	return text
}

// observation says what was seen at a port, and where packets to it stop if that is known.
func (c askCase) observation(e Entry) string {
	text := c.seen(e)
	if e.Trace != nil && e.Trace.After != "" {
		text += "; stops after " + e.Trace.After
	}
	return text
}

func (c askCase) seen(e Entry) string {
	if text := acrossTexts[e.Direction]; text != "" && lackOf(e) != exposed {
		return text
	}
	by := cmp.Or(e.SaidBy, "a device on the path")
	if e.SaidBy == e.Address {
		by = "the host itself"
	}
	switch e.Verdict {
	case probe.TimedOut:
		return c.noReply(e)
	case probe.Prohibited:
		return fmt.Sprintf("%s says that a rule forbids it (ICMP administratively prohibited)", by)
	case probe.Unreachable:
		text := by + " reports it as unreachable"
		if hasOther(c.spoke[e.Address], e) {
			text += ", while other ports of the host answer"
		}
		return text
	case probe.Refused:
		return fmt.Sprintf("%s refuses it in the host's place", by)
	}
	if lackOf(e) == exposed && e.Network == catalog.UDP {
		return fmt.Sprintf("it answers (%s)", e.Verdict)
	}
	if lackOf(e) == exposed {
		return fmt.Sprintf("a connection succeeds (%s)", e.Verdict)
	}
	if e.Silence == probe.AnswerLost {
		return `the connection opens, and large packets of the answer are lost: ICMP "fragmentation needed" and "packet too big" must get through`
	}
	return "the connection opens, and what is sent on it never arrives: one firewall must see both directions, and pass packets of open connections"
}

// noReply says what the silence of a port can mean.
func (c askCase) noReply(e Entry) string {
	text := "no reply"
	switch {
	case e.Witness != nil && e.Witness.Answers:
		text += fmt.Sprintf(", while %d/tcp of the same address answers", e.Witness.Port)
	case hasOther(c.spoke[e.Address], e):
		text += ", while other ports of the address answer"
	case hasOther(c.barred[e.Address], e):
		text += ", while a device on the path forbids other ports of the address"
	case e.Partial || len(c.spoke[e.Address])+len(c.barred[e.Address]) > 0: // nothing follows about the address
	default:
		text += " at any port of the address: it may also be that the host is down"
	}
	if e.Network == catalog.UDP {
		text += " (over UDP, the service may not answer strangers)"
	}
	return text
}

// words is a list of different words. It keeps as many as people read, and counts the others.
type words struct {
	kept []string
	size int
	last string // that came
	more int
}

// add adds a word. The same word may come several times in a row.
func (w *words) add(word string) {
	const tooLong = 4096 // bytes
	again := word == w.last && len(w.kept) > 0
	w.last = word
	switch {
	case again || slices.Contains(w.kept, word):
	case w.size > tooLong:
		w.more++
	default:
		w.kept, w.size = append(w.kept, word), w.size+len(word)
	}
}

func (w *words) text(separator string) string {
	text := strings.Join(w.kept, separator)
	if w.more > 0 {
		text += fmt.Sprintf(" and %d more", w.more)
	}
	return text
}
