// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/standin"
)

// TestLast counts the checks of a host with two addresses that are over: one
// with a result at each address, and a mapper with three more behind it at each,
// which take longer. No result of a check comes after its last.
func TestLast(t *testing.T) {
	server := &standin.Server{Host: "mail01", Version: "2010", Services: mapperServices(t)}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	p := &Pool{Dial: server.Dial, Resolver: &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}, nil
	}}}
	plan := []catalog.Check{{Host: "mail01", Service: server.Services[0], Want: catalog.Required}, smtpCheck("mail01", 26)}
	plan[0].Behind = []catalog.Check{{Host: "mail01", Service: server.Services[1]}, {Host: "mail01", Service: server.Services[2]}}
	over, all := map[string]bool{}, map[string]int{}
	for r := range p.Run(t.Context(), slices.Values(catalog.Number(plan, 0))) {
		name := r.Check.Service.Name
		if r.Parent != "" {
			name = r.Parent
		}
		if over[name] {
			t.Errorf("%s of %s comes after the last result of its check", r.Check.Service.Name, name)
		}
		over[name] = r.Last
		all[name]++
	}
	if len(over) != 2 || !over["mapper"] || !over["smtp-26"] || all["mapper"] != 6 || all["smtp-26"] != 2 {
		t.Errorf("over %v, results %v", over, all)
	}
}

// mapperServices is an endpoint mapper and two interfaces behind it.
func mapperServices(t *testing.T) []catalog.Service {
	t.Helper()
	services := []catalog.Service{{Name: "mapper", Role: "mailbox", Network: catalog.TCP, Protocol: "rpc", Ports: catalog.Ports{First: 135, Last: 135}}}
	for _, i := range []catalog.Interface{
		{Name: "EMSMDB", UUID: "a4f1db00-ca47-1067-b31f-00dd010662da", Minor: 81},
		{Name: "NSPI", UUID: "f5cc5a18-4264-101a-8c59-08002b2f8426", Major: 56},
	} {
		services = append(services, catalog.Service{Name: i.Name, Role: "mailbox", Network: catalog.TCP, Protocol: "rpc", RPC: &i})
	}
	return services
}

// TestLastAlone wants the only result of a check at once, though another check
// of the host takes its time, and when it was known.
func TestLastAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		network := &fakeNet{serve: func(at netip.AddrPort, _ int) (func(net.Conn), error) {
			if at.Port() == 25 {
				return smtpServer, nil
			}
			return silentServer, nil
		}}
		p := &Pool{Dial: network.dial}
		for r := range p.Run(t.Context(), slices.Values([]catalog.Check{smtpCheck("192.0.2.1", 26), smtpCheck("192.0.2.1", 25)})) {
			if !r.Last || r.Port == 25 && time.Since(began) > time.Second || !r.At.Equal(time.Now()) {
				t.Errorf("port %d: last %t, at %s, got %s", r.Port, r.Last, r.At.Sub(began), time.Since(began))
			}
		}
	})
}
