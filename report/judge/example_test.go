// SPDX-License-Identifier: Apache-2.0

package judge_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report/judge"
)

// A host with two services: one answers, and one does not.
func Example() {
	found := func(name string, port uint16, verdict probe.Verdict) probe.Result {
		service := catalog.Service{Name: name, Role: "mailbox", Network: catalog.TCP, Ports: catalog.Ports{First: port, Last: port}, Protocol: "tcp", Verified: true}
		return probe.Result{
			Check: catalog.Check{Host: "mail01.contoso.com", Version: "2019", From: "client", Want: catalog.Required, Service: service},
			Port:  port, Address: netip.MustParseAddr("192.0.2.10"), Verdict: verdict, Step: protocol.Connect, Tries: 1,
		}
	}
	results := []probe.Result{found("https", 443, probe.Answered), found("smtp", 25, probe.Refused)}
	for host := range judge.Hosts(context.Background(), slices.Values([]probe.HostResults{{Host: "mail01.contoso.com", Results: results}}), time.Now(), nil) {
		for _, r := range host.Rows {
			fmt.Println(r.Check.Service.Name, r.Verdict, r.Grade)
			for _, f := range r.Findings {
				fmt.Println(" ", f.Code)
			}
		}
	}
	// Output:
	// https answered pass
	// smtp refused fail
	//   refused
}
