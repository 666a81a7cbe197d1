// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
)

// answer says in a sentence what can be reached of a host and what cannot. Of a selection of
// its results it says so.
func (l *ledger) answer(entries []Entry) string {
	text := l.answerText(entries)
	if !l.isPartial {
		return text
	}
	return inSelection(text)
}

func (l *ledger) answerText(entries []Entry) string {
	if whole := WholeOf(entries); whole != nil {
		return fmt.Sprintf("Not checked, %s: %s (%s).", whole.Verdict, strings.TrimSuffix(whole.Detail, "."), catalog.Count(len(l.services), l.unit()))
	}
	if noAnswer(entries) {
		return l.noAnswerText()
	}
	lacks := l.lacks()
	count := ""
	if n := l.lackingServices(); n > 0 && len(l.services) > 1 {
		count = fmt.Sprintf(" (%d of %s)", n, catalog.Count(len(l.services), l.unit()))
	}
	if l.isFailing() || (l.isNamed || l.inDoubt) && l.reached() == 0 && len(lacks) > 0 {
		return strings.Join(lacks, "; ") + count + "."
	}
	return strings.Join(append([]string{l.good()}, lacks...), "; ") + count + "."
}

// unit is what an answer counts.
func (l *ledger) unit() string { return unit(l.isNamed) }

func unit(isNamed bool) string {
	if isNamed {
		return "port"
	}
	return "service"
}

// isFailing reports whether the host has such a lack.
func (l *ledger) isFailing() bool {
	for k := range l.gaps {
		if k.isFailing() {
			return true
		}
	}
	return false
}

// good says what is as wanted. It says no more than the results show: where some were not
// asked or determined, nothing is said of all.
func (l *ledger) good() string {
	reachable := l.reached()
	switch {
	case reachable > 0 && !l.lacksRequired():
		return l.allReachable(reachable)
	case reachable > 0 && l.isNamed:
		return fmt.Sprintf("%s reachable", catalog.Count(reachable, "port"))
	case reachable > 0:
		return fmt.Sprintf("%s reachable", catalog.Count(reachable, "required service"))
	case l.wants[catalog.Required]:
		return "Nothing required was reached"
	case l.wants[catalog.Optional] && len(l.gaps) > 0:
		return "No service is required"
	case l.wants[catalog.Optional]:
		return "No service is required, and nothing is wrong with the optional ones"
	}
	return l.goodWhereNothingIsWanted()
}

// lacksRequired reports whether something that is required may be missing.
func (l *ledger) lacksRequired() bool {
	if l.inDoubt {
		return true
	}
	for k := range l.gaps {
		if !k.optional && k.lack != doubtful {
			return true
		}
	}
	return false
}

// goodWhereNothingIsWanted is good for a host of which everything is forbidden or off.
func (l *ledger) goodWhereNothingIsWanted() string {
	text := "No service is required, and nothing is wrong with those that are off by default"
	switch {
	case l.wants[catalog.Forbidden] && len(l.gaps) > 0:
		text = "Nothing that must be closed was found open"
	case l.wants[catalog.Forbidden]:
		text = "Nothing that must be closed is reachable"
	case len(l.gaps) > 0:
		text = "No service is required"
	}
	if !l.heard && !l.isPartial {
		text += "; nothing answered at all, so the host may be down"
	}
	return text
}

// reached is how many of the required services answer at every address where they must.
func (l *ledger) reached() int {
	reached := 0
	for service, ok := range l.answered {
		if ok && !l.missing[service] {
			reached++
		}
	}
	return reached
}

// allReachable says that what is required is reachable, so many services.
func (l *ledger) allReachable(services int) string {
	switch {
	case l.isNamed && services == 1:
		return fmt.Sprintf("Port %s is reachable", slices.Collect(maps.Keys(l.ports))[0])
	case l.isNamed:
		return fmt.Sprintf("All %d ports are reachable", services)
	case services == 1:
		return "The required service is reachable"
	}
	return fmt.Sprintf("All %d required services reachable", services)
}

// lacks says for each kind of lack how many ports it concerns, and which. The word "ports"
// is only in the first, and in the first after one that counts interfaces.
func (l *ledger) lacks() []string {
	var texts []string
	noun := " port"
	for _, k := range l.gapKeys() {
		g := l.gaps[k]
		if k.lack >= unasked {
			texts = append(texts, fmt.Sprintf("%s %s", catalog.Count(len(g.services), l.unit()), k.why))
			continue
		}
		ports := l.portsOf(k)
		if len(ports) == 0 {
			continue
		}
		if k.lack == unregistered {
			noun = " interface"
		}
		kind := noun
		if k.optional {
			kind = " optional" + noun
		}
		if noun != "" && len(ports) > 1 {
			kind += "s"
		}
		if noun = ""; k.lack == unregistered {
			noun = " port"
		}
		text := fmt.Sprintf("%d%s %s%s", len(ports), kind, lackWords[k.lack], g.where(len(l.addresses)))
		texts = append(texts, text+": "+Listed(ports, 6))
	}
	return texts
}

// portsOf is the ports of a lack. A port that required services lack is not named again for
// its optional ones.
func (l *ledger) portsOf(k gapKey) []string {
	ports := l.gaps[k].ports
	required := l.gaps[gapKey{lack: k.lack}]
	if !k.optional || required == nil {
		return ports
	}
	return slices.DeleteFunc(slices.Clone(ports), func(port string) bool { return required.known[port] })
}

// where says at how many of all addresses of a host a lack was seen; "" if that is all of
// them, for each of its services.
func (g *gap) where(all int) string {
	switch some := len(g.addresses); {
	case some == 0:
		return ""
	case some < all:
		return fmt.Sprintf(" at %d of %d addresses", some, all)
	case len(g.spots) < len(g.services)*all:
		return fmt.Sprintf(" at some of %d addresses", all)
	}
	return ""
}

// gapKeys is the kinds of lack in the order of an answer: what is required comes first.
func (l *ledger) gapKeys() []gapKey {
	var keys []gapKey
	for k := range l.gaps {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b gapKey) int {
		optional := func(k gapKey) int {
			if k.optional {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(optional(a), optional(b)), cmp.Compare(a.lack, b.lack), cmp.Compare(a.why, b.why))
	})
	return keys
}

// lackingServices is how many services have a lack. An answer counts those that were not
// asked beside it.
func (l *ledger) lackingServices() int {
	all := map[int]bool{}
	for k, g := range l.gaps {
		if k.lack < unasked {
			maps.Copy(all, g.services)
		}
	}
	return len(all)
}

// noAnswer reports whether nothing came back from any port, though something there is
// required or optional. Of a selection of the results that cannot be told.
func noAnswer(entries []Entry) bool {
	if entries[0].Partial || slices.ContainsFunc(entries, func(e Entry) bool {
		return e.Verdict != probe.TimedOut && e.Verdict != probe.Unreachable || hostSpoke(e) || mayBeMute(e)
	}) {
		return false
	}
	for e := range asRows(entries) {
		if e.Want == catalog.Required || e.Want == catalog.Optional {
			return true
		}
	}
	return false
}

// mayBeMute reports whether the silence of a port tells nothing: all that could be sent
// there was an empty datagram.
func mayBeMute(e Entry) bool { return e.Network == catalog.UDP && e.Protocol == catalog.AnyProtocol }

// noAnswerText says what the silence of all ports can mean. A closed port of UDP may be
// silent, too.
func (l *ledger) noAnswerText() string {
	filtered, unused := "all filtered", ""
	if !l.hasTCP {
		unused = ", or nothing listens"
	}
	where := fmt.Sprintf("any of %d ports", len(l.ports))
	if len(l.ports) == 1 {
		filtered = "filtered"
		for port := range l.ports {
			where = "port " + port
		}
	}
	return fmt.Sprintf("No answer at %s: host down, wrong address or %s%s.", where, filtered, unused)
}

// Listed writes at most so many words with commas between them, and counts the rest.
func Listed(words []string, most int) string { return listed(words, most, 0) }

// listed is Listed of words of which so many more are not there.
func listed(words []string, most, more int) string {
	if len(words) > most {
		words, more = words[:most], more+len(words)-most
	}
	text := strings.Join(words, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
