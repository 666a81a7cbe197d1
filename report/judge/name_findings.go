// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/socket"
)

func texts(addrs []netip.Addr) []string {
	var list []string
	for _, a := range addrs {
		list = append(list, a.String())
	}
	return list
}

// nameCodes are the findings that are about the name of a host, and not about one
// of its services.
var nameCodes = []string{"name-search", "name-unusable-address", "name-loopback", "name-many-addresses", "name-no-way", "name-half-answered"}

// IsAboutName reports whether the finding is about the name of a host.
func (f Finding) IsAboutName() bool { return slices.Contains(nameCodes, f.Code) }

// AboutName returns the findings about the name of a host before anything is asked of the
// host itself; exreach trace shows them. The rules of nameCodes must not use seen.host,
// which is nil here.
func AboutName(host string, n lookup.Name) []Finding {
	s := seen{Result: probe.Result{Name: &n}}
	s.Check.Host = host
	var found []Finding
	for _, r := range observations {
		if slices.Contains(nameCodes, r.code) && r.when(s) {
			text, hint := r.say(s)
			found = append(found, Finding{Code: r.code, Text: text, Hint: hint})
		}
	}
	return found
}

// name returns what is known of the host's name, the zero Name if nothing is.
func (s seen) name() lookup.Name { return valueOf(s.Name) }

// resolver is who gave the addresses of the name.
func (s seen) resolver() string { return cmp.Or(s.name().By, "the resolver") }

func foundBySearch(s seen) bool { return s.name().Found != "" }

func sayFoundBySearch(s seen) (text, hint string) {
	alias := ""
	if s.name().Alias != "" {
		alias = ", an alias of " + s.name().Alias
	}
	return fmt.Sprintf("The name was found as %s%s: this machine's DNS search list was applied to %s.", s.name().Found, alias, s.Check.Host),
		fmt.Sprintf("If that is not the server you mean, check the spelling, or write the full name with a dot at its end (%s.), which keeps the search list out.",
			strings.TrimSuffix(s.Check.Host, "."))
}

// sinkhole: the name has only addresses that no host has (lookup.Name.Bogus).
func sinkhole(s seen) bool { return s.Verdict == probe.Unresolved && len(s.name().Bogus) > 0 }

// partlySinkhole: the name has such addresses, and others that exreach asks.
func partlySinkhole(s seen) bool { return len(s.name().Bogus) > 0 && len(s.name().Addrs) > 0 }

func saySinkhole(s seen) (text, hint string) {
	addrs := listed(texts(s.name().Bogus))
	if !slices.ContainsFunc(s.name().Bogus, func(a netip.Addr) bool { return !a.IsLinkLocalUnicast() }) {
		return fmt.Sprintf("%s gives %s for %s, a link-local address: it means nothing without the name of an interface, so it was not asked.", s.resolver(), addrs, s.Check.Host),
			"Remove the record, and make sure that the host's network card does not register such addresses in DNS."
	}
	return fmt.Sprintf("%s gives %s for %s, but no host has such an address: a filter blocks the name (a DNS sinkhole, a hosts file), or the record is wrong. It was not asked.",
			s.resolver(), addrs, s.Check.Host),
		fmt.Sprintf("Compare with a name server that does not filter (nslookup %s SERVER), then remove the name from the block list or correct its record.", s.Check.Host)
}

// loopback: the name leads to this machine itself.
func loopback(s seen) bool { return leadsHere(s) != "" }

// leadsHere returns the loopback address of a name that should not have one, "" if there is
// none. Names and addresses that mean this machine (localhost, 127.0.0.1) may.
func leadsHere(s seen) string {
	host := strings.ToLower(strings.TrimSuffix(s.Check.Host, "."))
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") || s.name().By == "" {
		return ""
	}
	if i := slices.IndexFunc(s.name().Addrs, netip.Addr.IsLoopback); i >= 0 {
		return s.name().Addrs[i].String()
	}
	return ""
}

func sayLoopback(s seen) (text, hint string) {
	here, whose := leadsHere(s), "the results are about this machine"
	if slices.ContainsFunc(s.name().Addrs, func(a netip.Addr) bool { return !a.IsLoopback() }) {
		whose = "the results at " + here + " are about this machine"
	}
	return fmt.Sprintf("%s resolves to %s (according to %s), which is this machine itself, so %s.", s.Check.Host, here, s.resolver(), whose),
		fmt.Sprintf("If %s is another machine, correct the hosts file of this one or the record, or check its address.", s.Check.Host)
}

func manyAddresses(s seen) bool { return s.Name != nil && HasMore(s.Name) }

// HasMore reports whether a name has more usable addresses than a run asks.
func HasMore(n *lookup.Name) bool { return n.Count > len(n.Addrs)+len(n.Bogus)+len(n.LeftOut) }

func sayManyAddresses(s seen) (text, hint string) {
	n := s.name()
	return fmt.Sprintf("%s has %d addresses: %d of them were asked, the lowest of each family.", s.Check.Host, n.Count, len(n.Addrs)),
		"To check the others too, give their addresses."
}

func noWayToSome(s seen) bool { return len(s.name().LeftOut) > 0 }

func sayNoWayToSome(s seen) (text, hint string) {
	family, other := "IPv6", "IPv4"
	if s.name().LeftOut[0].Is4() {
		family, other = other, family
	}
	lacks := "no " + family
	if s.name().Lacks == socket.NoRoute {
		lacks = "no route over " + family
	}
	return fmt.Sprintf("This machine has %s, so %s of %s was not asked, which says nothing about the host. It was asked over %s.", lacks, listed(texts(s.name().LeftOut)), s.Check.Host, other),
		fmt.Sprintf("To know whether the host can be reached over %s, check it from a machine that has it.", family)
}

func halfAnswered(s seen) bool { return len(s.name().Unanswered) > 0 && len(s.name().Addrs) > 0 }

func sayHalfAnswered(s seen) (text, hint string) {
	kind := s.name().Unanswered[0]
	return fmt.Sprintf("No name server answered for the %s records of %s, so only its other addresses were asked: something drops such queries, or the name servers fail to answer them.",
			kind, s.Check.Host),
		fmt.Sprintf("Query each name server of this machine (nslookup -type=%s %s SERVER). Programs that wait for this answer are slow to connect.", kind, s.Check.Host)
}

// reserved are addresses at which nobody can reach a server from another network, but that
// stand in DNS all the same.
var reserved = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("169.254.0.0/16"), "an address that Windows assigns itself when DHCP does not answer (APIPA), and registers in DNS"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation (RFC 3849)"},
}

// whatReserved is what such an address is; "" for any other.
func whatReserved(a netip.Addr) string {
	for _, r := range reserved {
		if r.prefix.Contains(a) {
			return r.what
		}
	}
	return ""
}

// reservedAddress: a name server gave the name a reserved address, and nothing answers
// there.
func reservedAddress(s seen) bool {
	lost := s.Verdict == probe.TimedOut || s.Verdict == probe.Unreachable
	return lost && s.name().By != "" && whatReserved(s.Address) != ""
}

func sayReservedAddress(s seen) (text, hint string) {
	return fmt.Sprintf("No reply, and none can be expected: %s gives %s the address %s, %s.", s.resolver(), s.Check.Host, s.Address, whatReserved(s.Address)),
		fmt.Sprintf("Correct the DNS record of %s; on the server, check which adapter has the address (ipconfig /all).", s.Check.Host)
}
