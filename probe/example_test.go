// SPDX-License-Identifier: Apache-2.0

package probe_test

import (
	"context"
	"fmt"
	"log"
	"slices"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// A Pool asks a host for two services. The host is a stand-in here; without Dial,
// Resolver and Shared.Trust the Pool uses the system's network and roots.
func Example() {
	services := []catalog.Service{
		{Name: "smtp", Network: catalog.TCP, Ports: catalog.Ports{First: 25, Last: 25}, Protocol: "smtp", TLS: catalog.StartTLS},
		{Name: "pop3", Network: catalog.TCP, Ports: catalog.Ports{First: 110, Last: 110}, Protocol: "pop3", TLS: catalog.StartTLS},
	}
	server := &standin.Server{
		Host: "mail01.contoso.example", Version: "2019", Services: services,
		Faults: map[string]standin.Fault{"pop3": standin.Refused},
	}
	ctx := context.Background()
	if err := server.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	plan := probe.HostPlan{Host: server.Host}
	for _, s := range services {
		plan.Checks = append(plan.Checks, catalog.Check{Host: server.Host, Service: s, Want: catalog.Required})
	}
	pool := &probe.Pool{
		Dial:     server.Dial,
		Resolver: &lookup.Resolver{Lookup: server.Lookup},
		Shared:   &probe.Shared{Trust: trust.New(server.Roots())},
	}
	for host := range pool.Run(ctx, slices.Values([]probe.HostPlan{plan})) {
		fmt.Println(host.Host)
		for _, res := range host.Results {
			fmt.Printf("%s on port %d: %s\n", res.Check.Service.Name, res.Port, res.Verdict)
			if res.Peer != nil && res.Peer.TLS != nil {
				fmt.Println("  certificate trusted:", res.Peer.TLS.Trusted)
			}
		}
	}
	// Output:
	// mail01.contoso.example
	// smtp on port 25: answered
	//   certificate trusted: true
	// pop3 on port 110: refused
}
