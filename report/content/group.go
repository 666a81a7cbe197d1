// SPDX-License-Identifier: Apache-2.0

package content

import (
	"iter"
	"net/netip"
	"slices"
	"strings"

	"exreach/probe"
	"exreach/report/judge"
)

// A Group is the entries of one role of one host at one address. A table writes them
// together.
type Group struct {
	Host    string
	Version string
	Role    string
	Address string // "" where the name has none
	Entries []Entry
	Whole   *Entry // the entry to write for all, if none could be asked, for one reason; nil otherwise
}

// Groups splits entries where the host, its version, its role or its address changes.
func Groups(entries []Entry) iter.Seq[Group] {
	return func(yield func(Group) bool) {
		for rest := entries; len(rest) > 0; {
			first, n := &rest[0], 1
			for n < len(rest) && sameGroup(first, &rest[n]) {
				n++
			}
			g := Group{Host: first.Host, Version: first.Version, Role: first.Role, Address: first.Address, Entries: rest[:n]}
			g.Whole = WholeOf(g.Entries)
			if !yield(g) {
				return
			}
			rest = rest[n:]
		}
	}
}

func sameGroup(a, b *Entry) bool {
	return a.Host == b.Host && a.Version == b.Version && a.Role == b.Role && a.Address == b.Address
}

// unaskedAlike reports whether none of the entries could be asked, all for the same
// reason.
func unaskedAlike(entries []Entry) bool {
	first := entries[0]
	if first.Partial && first.Verdict == probe.Untried {
		return false
	}
	if v := first.Verdict; v != probe.Unresolved && v != probe.Untried {
		return false
	}
	return !slices.ContainsFunc(entries, func(e Entry) bool {
		return e.Verdict != first.Verdict || e.Detail != first.Detail
	})
}

// Arrange sorts entries, which stand in the order of a file, into the order in which
// exreach writes a report.
func Arrange(entries []Entry) {
	judge.Arrange(entries, func(i int, e *Entry) judge.Key {
		address, _ := netip.ParseAddr(e.Address)
		return judge.Key{
			Host: e.Host, Version: e.Version, Role: e.Role, Service: e.Service, Parent: e.Parent,
			Order: i, Address: address, Port: e.Port,
		}
	})
}

// WholeOf returns the entry that speaks for all, if none could be asked, for one reason.
func WholeOf(entries []Entry) *Entry {
	if unaskedAlike(entries) {
		return &entries[0]
	}
	return nil
}

// Gist returns a text that is the same for two addresses of a host with the same results.
func (g Group) Gist() string {
	var text strings.Builder
	for _, e := range g.Entries {
		text.WriteString(e.Gist())
	}
	return text.String()
}

// Quiet reports whether nothing came back from any of several ports of a group at which
// something is wanted.
func Quiet(entries []Entry) bool {
	first := portWord(entries[0])
	return noAnswer(entries) && slices.ContainsFunc(entries, func(e Entry) bool { return portWord(e) != first })
}
