// SPDX-License-Identifier: Apache-2.0

package device

import (
	"fmt"
	"net/netip"
	"slices"

	"exreach/catalog"
	"exreach/report/content"
)

// Questions makes the commands that ask a device about the blocked ports of a report, each
// once, and counts the ports for which there is none.
type Questions struct {
	device Device
	asked  map[tuple]bool

	commands, ipv6, sourceless, unfit int
}

// NewQuestions returns the questions to a device.
func NewQuestions(d Device) *Questions { return &Questions{device: d, asked: map[tuple]bool{}} }

// Of returns the commands for those asks that want something allowed, without those that
// earlier calls returned.
func (q *Questions) Of(asks []content.Ask) []string {
	var commands []string
	for _, a := range asks {
		if a.Action != content.Allow {
			continue
		}
		t, ok := tupleOf(a)
		if !ok {
			q.unfit++
			continue
		}
		if q.device.atServer {
			t.source = netip.Addr{}
		}
		if q.asked[t] {
			continue
		}
		q.asked[t] = true
		if command, ok := q.command(t); ok {
			commands = append(commands, command)
		}
	}
	return commands
}

// command returns the command for a tuple; false if the device has none for it.
func (q *Questions) command(t tuple) (string, bool) {
	switch {
	case !q.device.atServer && !t.source.IsValid():
		q.sourceless++
	case q.device.onlyIPv4 && t.destination.Is6():
		q.ipv6++
	default:
		q.commands++
		return q.device.command(t), true
	}
	return "", false
}

// Notes says how to use the commands that Of returned, and what was left out and why: a line
// each, without an end.
func (q *Questions) Notes() []string {
	if q.commands+q.ipv6+q.sourceless+q.unfit == 0 {
		return []string{"no port in this report looks blocked by a firewall: there is nothing to ask"}
	}
	var notes []string
	if q.commands > 0 {
		notes = append(notes, "run these "+q.device.Where)
		if q.device.Needs != "" {
			notes = append(notes, q.device.Needs)
		}
		for _, s := range q.device.Documents {
			notes = append(notes, "the syntax is documented in "+s.Title+": "+s.Address)
		}
	}
	for _, left := range []struct {
		ports int
		why   string
	}{
		{q.ipv6, "IPv6, which the documented syntax of " + q.device.Title + " does not cover"},
		{q.sourceless, "the report does not say from which address it was asked"},
		{q.unfit, "its addresses, transport or port do not fit into a command"},
	} {
		if left.ports > 0 {
			notes = append(notes, fmt.Sprintf("%s left out: %s", catalog.Count(left.ports, "blocked port"), left.why))
		}
	}
	return notes
}

// tupleOf reads what a command is made of; false if it is not what a packet between two
// hosts can have.
func tupleOf(a content.Ask) (t tuple, ok bool) {
	t = tuple{network: a.Network, port: a.Port}
	if protocolNumbers[t.network] == 0 || t.port == 0 {
		return tuple{}, false
	}
	if t.destination, ok = addressOf(a.Address); !ok {
		return tuple{}, false
	}
	if a.Source == "" {
		return t, true
	}
	if t.source, ok = addressOf(a.Source); !ok {
		return tuple{}, false
	}
	return t, t.source.Is4() == t.destination.Is4()
}

// nowhere are the addresses that no host answers at from elsewhere, beside those that netip
// tells apart (RFC 6890, section 2.2.2): "this network", and reserved with the broadcast.
var nowhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("240.0.0.0/4")}

// addressOf reads the address of a host, which a firewall passes packets of. One with a zone
// has a name in it that a peer or a file chose.
func addressOf(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	a = a.Unmap()
	isNowhere := slices.ContainsFunc(nowhere, func(p netip.Prefix) bool { return p.Contains(a) })
	return a, !isNowhere && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}
