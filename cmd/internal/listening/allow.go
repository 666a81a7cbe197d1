// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"net/netip"
	"slices"
	"strings"

	"exreach/catalog"
)

// private is whom a listener serves when nothing else is said: RFC 1918, RFC 6598, RFC 3927
// and RFC 4291 (link-local), RFC 4193, and the machine itself.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("::1/128"),
}

// Allowed is the sources that a listener serves.
type Allowed struct {
	named []netip.Prefix // beside the private ones
}

// ParseAllowed reads addresses and networks. Its errors are for the user.
func ParseAllowed(words []string) (Allowed, error) {
	var a Allowed
	for _, word := range words {
		prefix, err := netip.ParsePrefix(word)
		if addr, isAddr := netip.ParseAddr(word); isAddr == nil {
			addr = addr.Unmap().WithZone("")
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || prefix.Addr().Is4In6() {
			return a, mistake("such as --allow 203.0.113.7 or --allow 203.0.113.0/24,2001:db8::/32", "option --allow: %q is neither an address nor a network", catalog.Shown(word))
		}
		a.named = append(a.named, prefix.Masked())
	}
	return a, nil
}

// Has reports whether a source is served.
func (a Allowed) Has(source netip.Addr) bool {
	source = source.Unmap().WithZone("")
	has := func(p netip.Prefix) bool { return p.Contains(source) }
	return slices.ContainsFunc(private, has) || slices.ContainsFunc(a.named, has)
}

// String says who is served.
func (a Allowed) String() string {
	if len(a.named) == 0 {
		return "private addresses"
	}
	var named []string
	for _, p := range a.named {
		named = append(named, p.String())
	}
	return "private addresses and " + strings.Join(named, ", ")
}
