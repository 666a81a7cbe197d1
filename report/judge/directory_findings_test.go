// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
)

// directory is a directory service of a domain controller with facts by name
// and value.
func directory(facts ...string) change {
	return func(r *probe.Result) {
		website(facts...)(r)
		r.Check.Service.Protocol, r.Check.Service.Role, r.Check.Service.HTTP = "ldap", "domain-controller", nil
	}
}

// clock is a service with clocks of both sides, RFC 3339.
func clock(server, local time.Time) change {
	return all(fact("server_time", server.Format(time.RFC3339)), also("local_time", local.Format(time.RFC3339)))
}

var (
	controller = directory("kind", "domain controller", "global_catalog_ready", "TRUE")
	catalogue  = all(directory("kind", "global catalogue", "global_catalog_ready", "TRUE"), port(3268))
)

var directoryTests = []findingTest{
	{"gc-not-ready", Fail, Pass, all(directory("kind", "domain controller", "global_catalog_ready", "FALSE"), port(3268)), catalogue, []string{"TCP 3268", "isGlobalCatalogReady"}},
	{"gc-not-ready", Warn, Pass, all(directory("kind", "domain controller"), port(3269), want(catalog.Optional)), all(directory("kind", "domain controller", "global_catalog_ready", "FALSE"), port(389)), nil},
	{"not-a-domain-controller", Fail, Pass, directory("kind", "AD LDS"), controller, []string{"AD LDS", "Edge Transport"}},
	{"not-a-domain-controller", Warn, Pass, all(directory("kind", "LDAP server"), want(catalog.Optional)),
		all(directory("kind", "LDAP server"), func(r *probe.Result) { r.Peer.Refusal = "1 Operations Error" }), []string{"none of its capabilities"}},
	{"not-a-domain-controller", Fail, Pass, directory("kind", "LDAP server"), all(directory("kind", "LDAP server"), role("server")), nil},
	{"active-directory-answers", Warn, Pass, all(directory("kind", "domain controller"), role("server"), version("5.5")), all(directory("kind", "domain controller"), role("server"), version("lab")), []string{"Exchange 5.5", "390"}},
	{"active-directory-answers", Warn, Pass, all(directory("kind", "global catalogue"), role("server"), version("2003")), controller, nil},
	{"clock-skew", Pass, Warn, clock(began.Add(301*time.Second), began), clock(began.Add(300*time.Second), began), []string{"5 min 1 s ahead of"}},
	{"clock-skew", Pass, Warn, clock(began, began.Add(2*time.Hour)), clock(began.Add(2*time.Hour), began.Add(2*time.Hour)), []string{"2 h 0 min behind", "w32tm"}},
	{"clock-skew", Pass, Warn, directory("current_time", began.Add(-time.Hour).Format("20060102150405.0Z")),
		directory("current_time", began.Add(time.Hour).Format("20060102150405.0Z")), []string{"1 h 0 min behind"}}, // an hour may have passed since the start
	{"clock-skew", Pass, Warn, fact("server_time", began.Add(-time.Hour).Format(time.RFC3339)), fact("server_time", "no time"), nil},
}

// Where it is known when a result came, a clock that is ahead shows without a
// clock beside it.
func TestClockSkewAhead(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{time.Hour: true, 11 * time.Minute: false} {
		r := healthy("ldap", 389)
		directory("current_time", began.Add(ahead).Format("20060102150405.0Z"))(&r)
		r.At = began.Add(7 * time.Minute)
		if _, found := finding(alone(r), "clock-skew"); found != want {
			t.Errorf("%s ahead of the start of a run, 7 minutes later: found %t, want %t", ahead, found, want)
		}
	}
}

// mapped is an endpoint mapper with these interfaces, wanted is one behind it.
func mapped(uuids ...string) change {
	return func(r *probe.Result) {
		r.Check.Service.Protocol = "rpc"
		r.Peer = &protocol.Peer{}
		for _, id := range uuids {
			r.Peer.Endpoints = append(r.Peer.Endpoints, rpc.Endpoint{UUID: id, Sequence: "ncacn_ip_tcp", Port: 49152})
		}
		r.Check.Behind = []catalog.Check{{Want: catalog.Required, Service: catalog.Service{Name: "emsmdb", RPC: &catalog.Interface{UUID: "a4f1db00"}}}}
	}
}

func behindWant(w catalog.Want) change {
	return func(r *probe.Result) { r.Check.Behind[0].Want = w }
}

var rpcTests = []findingTest{
	{"rpc-none-registered", Warn, Pass, mapped("12345778", "367abb81"), mapped("12345778", "a4f1db00"), []string{"2 endpoints", "Test-ServiceHealth"}},
	{"rpc-none-registered", Warn, Pass, mapped(), all(mapped(), behindWant(catalog.Off)), nil},
	{"rpc-none-registered", Warn, Pass, mapped(), all(mapped(), func(r *probe.Result) { r.Peer.Refusal = "fault 0x00000005 (access denied)" }), nil},
}
