// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"net/netip"

	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/socket"
)

func plainName(*lookup.Name) {}

func called(host string) change { return func(r *probe.Result) { r.Check.Host = host } }

func toLoopback(n *lookup.Name) { n.Addrs, n.By = ips("127.0.0.1"), "/etc/hosts" }

func blocked(n *lookup.Name) { n.Addrs, n.Bogus, n.Count = nil, ips("0.0.0.0", "::"), 2 }

// apipa is the address that a domain controller registers in the DNS by itself for
// an adapter without a cable
// (http://www.cbfive.com/domain-controllers-register-apipa-address-for-disconnected-nics/).
func apipa(verdict probe.Verdict) change {
	return func(r *probe.Result) {
		named(func(n *lookup.Name) { n.Addrs = ips("169.254.17.3") })(r)
		r.Address, r.Verdict = netip.MustParseAddr("169.254.17.3"), verdict
	}
}

var nameTests = []findingTest{
	{"name-search", Pass, Pass, named(func(n *lookup.Name) { n.Found = "mail01.contoso.com.corp.example" }), named(plainName),
		[]string{"The name was found as mail01.contoso.com.corp.example: ", "mail01.contoso.com."}},
	{"name-search", Pass, Pass, named(func(n *lookup.Name) { n.Found, n.Alias = "mail01.corp.example", "lb.corp.example" }), named(func(n *lookup.Name) { n.Alias = "lb.corp.example" }),
		[]string{"an alias of lb.corp.example"}},
	{"name-sinkhole", Unknown, Pass, all(verdict(probe.Unresolved, ""), named(blocked)), all(verdict(probe.Unresolved, ""), named(plainName)),
		[]string{"10.77.3.53 gives 0.0.0.0, :: for mail01.contoso.com", "nslookup mail01.contoso.com SERVER"}},
	{"name-sinkhole", Unknown, Pass, all(verdict(probe.Unresolved, ""), named(func(n *lookup.Name) { n.Bogus, n.Addrs = ips("fe80::5"), nil })), all(verdict(probe.Unresolved, ""), named(plainName)),
		[]string{"a link-local address", "name of an interface"}},
	{"name-unusable-address", Pass, Pass, named(func(n *lookup.Name) { n.Bogus, n.Count = ips("224.0.0.251"), 2 }), named(plainName), []string{"224.0.0.251", "not asked"}},
	{"name-loopback", Pass, Pass, named(toLoopback), named(plainName), []string{"resolves to 127.0.0.1 (according to /etc/hosts)", "this machine itself"}},
	{"name-loopback", Pass, Pass, named(func(n *lookup.Name) { n.Addrs = ips("10.80.0.1", "::1") }), named(plainName), []string{"the results at ::1 are about this machine"}},
	{"name-loopback", Pass, Pass, all(called("mail01.contoso.com."), named(toLoopback)), all(called("localhost"), named(toLoopback)), nil},
	{"name-loopback", Pass, Pass, named(func(n *lookup.Name) { n.Addrs = ips("::1") }), all(called("127.0.0.1"), named(toLoopback)), []string{"::1"}},
	{"name-many-addresses", Pass, Pass, named(func(n *lookup.Name) { n.Count = 4000 }), named(func(n *lookup.Name) { n.Count, n.Bogus = 2, ips("0.0.0.0") }), []string{"4000 addresses: 1 of them"}},
	{"name-no-way", Pass, Pass, named(func(n *lookup.Name) { n.LeftOut, n.Lacks, n.Count = ips("fd80::1"), socket.NoFamily, 2 }), named(plainName),
		[]string{"This machine has no IPv6, so fd80::1 of mail01.contoso.com was not asked", "asked over IPv4"}},
	{"name-no-way", Pass, Pass, named(func(n *lookup.Name) { n.LeftOut, n.Lacks, n.Count = ips("10.80.0.1"), socket.NoRoute, 2 }), named(plainName),
		[]string{"This machine has no route over IPv4, so 10.80.0.1"}},
	{"name-half-answered", Pass, Pass, named(func(n *lookup.Name) { n.Unanswered = []string{"AAAA"} }), named(plainName), []string{"AAAA records of mail01.contoso.com", "nslookup -type=AAAA"}},
	{"name-reserved", Fail, Pass, apipa(probe.TimedOut), apipa(probe.Answered), []string{"169.254.17.3", "APIPA"}},
	{"name-reserved", Fail, Pass, all(verdict(probe.Unreachable, ""), named(plainName)), verdict(probe.Unreachable, ""), []string{"for documentation (RFC 5737)"}},
}
