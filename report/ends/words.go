// SPDX-License-Identifier: Apache-2.0

package ends

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"strings"

	"exreach/catalog"
	"exreach/probe/far"
)

// directionWords is how a line calls each direction.
var directionWords = map[far.Direction]string{
	far.NeverArrived: "never arrived", far.AnswerLost: "arrived, and the answer was lost", far.Changed: "changed on the way",
	far.AnsweredByOther: "answered by another party", far.NoDirection: "not known",
}

// whyWords is how a line calls each reason.
var whyWords = map[far.Reason]string{
	far.NotOpen: "the listener does not have the port open", far.OtherProgram: "another program has the port", far.TooMany: "the listener recorded more than it keeps",
	far.ClocksApart: "the clocks differ", far.NoRecord: "there is no record", far.TurnedAway: "the listener turned it away", far.ByProxy: "it came from another address",
	far.CertificateChanged: "another certificate came than was shown", far.StartTLSGone: "the offer of STARTTLS was taken out",
	far.AtTheHost: "the far host may have dropped it", far.BeforeHost: "lost before the far host", far.LargeOnly: "only large packets are lost",
}

// Text is what the far end saw of a check, in a line: "never arrived (lost before the far
// host)", "arrived from 192.0.2.7:50123: received 71 bytes, sent 284".
func (f Far) Text(d far.Direction) string {
	text := directionWords[d]
	if why := whyWords[f.Why]; why != "" {
		text = strings.TrimSpace(text + " (" + why + ")")
	}
	texts := []string{}
	if text != "" {
		texts = append(texts, text)
	}
	if f.HeldBy != "" {
		texts = append(texts, "the port is held by "+f.HeldBy)
	}
	for _, c := range f.Came {
		texts = append(texts, c.text())
	}
	if f.Was != "" || f.Is != "" {
		texts = append(texts, fmt.Sprintf("sent %q, came %q (from byte %d)", f.Was, f.Is, f.At))
	}
	if f.Note != "" {
		texts = append(texts, f.Note)
	}
	return strings.Join(texts, "; ")
}

func (c Came) text() string {
	from := "arrived"
	if c.From != "" {
		from += " from " + c.From
	}
	if c.HalfOpen {
		return from + ", half-open"
	}
	return fmt.Sprintf("%s: received %s, sent %d", from, catalog.Count(int(c.Received.Bytes), "byte"), c.Sent.Bytes)
}

// failures is why there is no contact, and what to do.
var failures = map[far.ContactFailure]string{
	far.NoCode:       "give its code (EXREACH_CODE, --code-file or prompt).",
	far.WrongCode:    "the code is not that of a listener there, or a device opens TLS at every port. Compare it with the code that the listener shows.",
	far.OtherVersion: "the listener is another version of exreach. Run the same version at both ends.",
	far.NoWay:        "no port lets TLS through to the listener. Write JSON at both ends, and join both files: exreach report --join NEAR FAR.",
	far.Broken:       "it ended before its time. Check again, while the listener runs.",
}

// Texts is what there is to say of the contact, a sentence or two each.
func (c Contact) Texts() []string {
	if c.Failed != "" {
		text := fmt.Sprintf("No contact with the listener at %s: %s", c.Address, cmp.Or(failures[c.Failed], "check again."))
		if c.Note != "" {
			text += " (" + strings.TrimRight(c.Note, ". ") + ")"
		}
		return append([]string{text}, c.refusals()...)
	}
	texts := []string{c.headText()}
	if seen, local := addressOf(c.Seen), addressOf(c.Local); seen != "" && local != "" && seen != local {
		texts = append(texts, fmt.Sprintf("It sees this machine as %s, which is %s here: an address translation (NAT) is on the path. Rules beyond it must name %s.", seen, local, seen))
	}
	if c.Recorded > 0 {
		text := fmt.Sprintf("Both ends agree to the byte on %d of %s that arrived.", c.Agree, catalog.Count(c.Recorded, "check"))
		if c.Agree == c.Recorded && c.Agree > 1 {
			text = fmt.Sprintf("Both ends agree to the byte on all %d checks that arrived.", c.Agree)
		}
		texts = append(texts, text)
	}
	if c.Note != "" {
		texts = append(texts, strings.TrimRight(c.Note, ". ")+".")
	}
	texts = append(texts, c.holdings()...)
	texts = append(texts, c.refusals()...)
	if ahead := math.Abs(c.Ahead); ahead >= 1 && ahead < 1e9 {
		way := "ahead of"
		if c.Ahead < 0 {
			way = "behind"
		}
		text := fmt.Sprintf("Its clock is %s %s this machine's.", catalog.Elapsed(seconds(ahead)), way)
		if ahead > 300 {
			text += " Set both: Kerberos allows five minutes."
		}
		texts = append(texts, text)
	}
	if c.Firewall != "" {
		texts = append(texts, "The far end's own firewall, when the listener started: "+strings.TrimRight(c.Firewall, ". ")+".")
	}
	if c.Dropped != nil && *c.Dropped > 0 {
		texts = append(texts, fmt.Sprintf("%s reached its host meanwhile, and no program saw them.", catalog.Count(*c.Dropped, "packet")))
	}
	return texts
}

// headText names the far end.
func (c Contact) headText() string {
	text := "Contact with the listener"
	if c.Over == 0 {
		text = "This is the record of the listener"
	}
	if c.Listener != "" {
		text += " " + c.Listener
	}
	if c.Machine != "" {
		text += " on " + c.Machine
	}
	text += " at " + c.Address
	if c.Over != 0 {
		text += fmt.Sprintf(", over %d/tcp", c.Over)
	}
	if n := len(c.Opened); n > 0 {
		text += fmt.Sprintf("; it has %s open", catalog.Count(n, "port"))
	}
	return text + "."
}

// holdings says which ports the far end could not open.
func (c Contact) holdings() []string {
	var held, failed []string
	for _, o := range c.Held {
		switch {
		case o.State == far.Held && o.Holder != "":
			held = append(held, o.Port+" by "+o.Holder)
		case o.State == far.Held:
			held = append(held, o.Port)
		case o.Error != "":
			failed = append(failed, o.Port+" ("+strings.TrimRight(o.Error, ". ")+")")
		default:
			failed = append(failed, o.Port)
		}
	}
	var texts []string
	if len(held) > 0 {
		texts = append(texts, "Held by other programs there: "+list(held, "more port")+".")
	}
	if len(failed) > 0 {
		texts = append(texts, "Not open there: "+list(failed, "more port")+". The listener says at its start what it lacks.")
	}
	return texts
}

// refusals says at which ports the contact was refused.
func (c Contact) refusals() []string {
	var texts []string
	for _, r := range c.Refused {
		if len(texts) == mostPorts {
			return append(texts, fmt.Sprintf("The contact was refused at %s.", catalog.Count(len(c.Refused)-mostPorts, "more port")))
		}
		texts = append(texts, fmt.Sprintf("The contact was refused at %d/tcp: %s.", r.Port, strings.TrimRight(r.Why, ". ")))
	}
	return texts
}

// Several says that the addresses of one host lead to several listeners.
func Several(all []Contact) []string {
	var where []string
	listeners := map[string]bool{}
	for _, c := range all {
		if c.Failed == "" && c.Listener != "" {
			where = append(where, c.Listener+" at "+c.Address)
			listeners[c.Listener] = true
		}
	}
	if len(listeners) < 2 {
		return nil
	}
	return []string{"The name leads to several listeners: " + list(where, "more listener") + ". Check each by its own address."}
}

// addressOf is the address of an end without its port; "" if there is none.
func addressOf(end string) string {
	a, err := netip.ParseAddrPort(end)
	if err != nil {
		return ""
	}
	return a.Addr().Unmap().WithZone("").String()
}
