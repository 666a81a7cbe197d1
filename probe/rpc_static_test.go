// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"slices"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
	"exreach/probe/standin"
)

// startStatic starts the RPC services of an Exchange 2010 client access server
// and returns the pool that finds it, and the checks of a topology with static
// ports: each key is looked for at the port of the service beside it.
func startStatic(t *testing.T, faults map[string]standin.Fault, holders map[string]string) (*Pool, []catalog.Check) {
	t.Helper()
	const version, role = "2010", "client-access"
	c := catalog.Open()
	v, err := c.Version(version)
	if err != nil {
		t.Fatal(err)
	}
	isRPC := func(s catalog.Service) bool { return s.Role == role && s.Protocol == "rpc" }
	s := &standin.Server{Host: "cas01.contoso.example", Version: version, Faults: faults}
	for _, service := range v.Services {
		if isRPC(service) {
			s.Services = append(s.Services, service)
		}
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	host := catalog.Host{Name: s.Host, Version: version, Role: role, RPCPorts: map[string]uint16{}}
	ports := map[string]uint16{} // as a stand-in gives them, one after the other
	for _, service := range s.Services {
		if service.RPC != nil && service.Unasked == "" {
			ports[service.Name] = 6405 + uint16(len(ports))
		}
	}
	for name, holder := range holders {
		host.RPCPorts[name] = ports[holder]
	}
	checks, err := c.Plan(catalog.Topology{Hosts: []catalog.Host{host}}, "client")
	if err != nil {
		t.Fatal(err)
	}
	checks = slices.DeleteFunc(checks, func(c catalog.Check) bool { return !isRPC(c.Service) })
	return &Pool{Dial: s.Dial, Resolver: &lookup.Resolver{Lookup: s.Lookup}, Timeouts: Timeouts{Check: 2 * time.Second}}, checks
}

// TestStaticPortsWithoutMapper: static ports are asked whatever becomes of the
// endpoint mapper, and say who lives there.
func TestStaticPortsWithoutMapper(t *testing.T) {
	own := map[string]string{"emsmdb": "emsmdb", "async-emsmdb": "async-emsmdb", "nspi": "nspi", "rfr": "rfr"}
	details := map[string]string{
		"emsmdb":       "bound EMSMDB; the server has EMSMDB 0.81",
		"async-emsmdb": "bound AsyncEMSMDB; the server has AsyncEMSMDB 0.1",
		"nspi":         "bound NSPI; the server has NSPI 56.0",
		"rfr":          "bound RFR; the server has RFR 1.0",
	}
	for fault, verdict := range map[standin.Fault]Verdict{standin.Refused: Refused, standin.Silent: Silent} {
		t.Run(string(fault), func(t *testing.T) {
			pool, checks := startStatic(t, map[string]standin.Fault{"endpoint-mapper": fault}, own)
			results := collect(t.Context(), pool, checks...)
			if len(results) != 1+len(own) {
				t.Errorf("%d results, want %d", len(results), 1+len(own))
			}
			for _, res := range results {
				want, name := verdict, res.Check.Service.Name
				if details[name] != "" {
					want = Answered
				}
				if res.Verdict != want || res.Parent != "" {
					t.Errorf("%s on port %d behind %q: %s (%s), want %s", name, res.Port, res.Parent, res.Verdict, res.Detail, want)
				}
				if want == Answered && res.Detail != details[name] {
					t.Errorf("%s: %s, want %s", name, res.Detail, details[name])
				}
			}
		})
	}
}

// TestStaticPortOfAnother: a port that another RPC service took is told by its
// name.
func TestStaticPortOfAnother(t *testing.T) {
	pool, checks := startStatic(t, map[string]standin.Fault{"endpoint-mapper": standin.Refused}, map[string]string{"emsmdb": "nspi", "nspi": "nspi"})
	want := map[string]string{
		"emsmdb": "this is not EMSMDB: another RPC service holds the port: NSPI 56.0",
		"nspi":   "bound NSPI; the server has NSPI 56.0",
	}
	verdicts := map[string]Verdict{"emsmdb": Mismatch, "nspi": Answered}
	for _, res := range collect(t.Context(), pool, checks...) {
		name := res.Check.Service.Name
		if want[name] != "" && (res.Detail != want[name] || res.Verdict != verdicts[name] || res.Peer.Facts["interfaces"] != "NSPI 56.0") {
			t.Errorf("%s: %s (%s), %+v", name, res.Verdict, res.Detail, res.Peer)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not asked: %v", want)
	}
}

// TestMapperDetail: the mapper's line says who listens where.
func TestMapperDetail(t *testing.T) {
	pool, checks := startStatic(t, nil, nil)
	i := slices.IndexFunc(checks, isMapper)
	for _, res := range collect(t.Context(), pool, checks[i]) {
		const want = "4 entries, 4 endpoints: EMSMDB 6405, AsyncEMSMDB 6406, NSPI 6407, RFR 6408"
		if res.Parent == "" && res.Detail != want {
			t.Errorf("the mapper's detail is %q, want %q", res.Detail, want)
		}
	}
	p := &protocol.Peer{
		Facts: map[string]string{"entries": "9", "unknown_interfaces": "Exchange Server STORE Admin20 Interface"},
		Endpoints: []rpc.Endpoint{
			{UUID: "a", Sequence: "ncacn_ip_tcp", Port: 6411}, {UUID: "b", Sequence: "ncacn_ip_tcp", Port: 6411}, {UUID: "b", Sequence: "ncacn_http", Port: 6411},
		},
	}
	if got, want := p.Summary("rpc"), "9 entries, 2 endpoints; also Exchange Server STORE Admin20 Interface"; got != want {
		t.Errorf("detail %q, want %q", got, want)
	}
}

// TestSharedStaticPort: an administrator may give two services one port.
func TestSharedStaticPort(t *testing.T) {
	const shared = 59600
	c := catalog.Open()
	v, err := c.Version("2010")
	if err != nil {
		t.Fatal(err)
	}
	s, err := standin.New(v, "client-access")
	if err != nil {
		t.Fatal(err)
	}
	s.Static = map[string]uint16{"nspi": shared, "rfr": shared}
	s.Services = slices.DeleteFunc(s.Services, func(s catalog.Service) bool { return s.Protocol != "rpc" })
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	host := catalog.Host{Name: s.Host, Version: "2010", Role: "client-access", RPCPorts: s.Static}
	checks, err := c.Plan(catalog.Topology{Hosts: []catalog.Host{host}}, "client")
	if err != nil {
		t.Fatal(err)
	}
	checks = slices.DeleteFunc(checks, func(c catalog.Check) bool { return s.Static[c.Service.Name] == 0 })
	pool := &Pool{Dial: s.Dial, Resolver: &lookup.Resolver{Lookup: s.Lookup}}
	results := collect(t.Context(), pool, checks...)
	if len(results) != 2 {
		t.Errorf("%d results, want 2", len(results))
	}
	for _, res := range results {
		if res.Verdict != Answered || res.Port != shared || res.Peer.Facts["interfaces"] != "NSPI 56.0, RFR 1.0" {
			t.Errorf("%s on port %d: %s (%s), %+v", res.Check.Service.Name, res.Port, res.Verdict, res.Detail, res.Peer)
		}
	}
}
