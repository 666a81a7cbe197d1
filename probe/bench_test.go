// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"testing"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/socket"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// BenchmarkPool is what the pool itself costs: checks of many hosts whose
// connections are in memory. What takes no conversation shows the pool alone.
func BenchmarkPool(b *testing.B) {
	refused := errnoOf(b, socket.Refused)
	for name, dial := range map[string]DialFunc{
		"refused": func(context.Context, catalog.Network, netip.AddrPort) (net.Conn, error) {
			return nil, refused
		},
		"smtp": func(context.Context, catalog.Network, netip.AddrPort) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				smtpServer(far)
			}()
			return near, nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			p := &Pool{Dial: dial}
			n := 0
			for host := range p.Run(b.Context(), manyHosts(b.N)) {
				n += len(host.Results)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "checks/s")
		})
	}
}

// manyHosts is n checks of an SMTP server, forty to a host.
func manyHosts(n int) iter.Seq[HostPlan] {
	return func(yield func(HostPlan) bool) {
		for host := 0; host*40 < n; host++ {
			plan := HostPlan{Host: fmt.Sprintf("10.%d.%d.%d", host>>16&255, host>>8&255, host&255), Place: host}
			for i := range min(40, n-host*40) {
				plan.Checks = append(plan.Checks, smtpCheck(plan.Host, uint16(25+i)))
			}
			if !yield(plan) {
				return
			}
		}
	}
}

// BenchmarkRole is a whole role of a server that answers on loopback, as the
// demonstration asks it.
func BenchmarkRole(b *testing.B) {
	c := catalog.Open()
	host := catalog.Host{Name: "mail01.contoso.example", Version: "2019", Role: "mailbox"}
	plan, err := c.Plan(catalog.Topology{Hosts: []catalog.Host{host}}, "client")
	if err != nil {
		b.Fatal(err)
	}
	server := &standin.Server{Host: host.Name, Version: host.Version}
	for _, check := range plan {
		server.Services = append(server.Services, check.Service)
	}
	if err := server.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	p := &Pool{Dial: server.Dial, Resolver: &lookup.Resolver{Lookup: server.Lookup}, Shared: &Shared{Trust: trust.New(server.Roots())}}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for _, r := range collect(b.Context(), p, plan...) {
			if r.Verdict != Answered {
				b.Fatalf("%s: %s (%s)", r.Check.Service.Name, r.Verdict, r.Detail)
			}
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "checks/s")
}
