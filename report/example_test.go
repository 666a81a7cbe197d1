// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
)

// What a run found of a host is judged, and written as a table.
func Example() {
	began := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	smtp := catalog.Service{Name: "smtp", Role: "mailbox", Network: catalog.TCP, Ports: catalog.Ports{First: 25, Last: 25}, Protocol: "tcp", Verified: true}
	results := []probe.Result{{
		Check: catalog.Check{Host: "mail01.contoso.com", Version: "2019", From: "client", Want: catalog.Required, Service: smtp},
		Port:  25, Address: netip.MustParseAddr("192.0.2.10"), Verdict: probe.Answered, Step: protocol.Talk, Tries: 1,
		Took: 12 * time.Millisecond, Detail: "220 mail01.contoso.com ready",
	}}
	format, err := report.FormatNamed("table", report.FormatNames())
	if err != nil {
		fmt.Println(err)
		return
	}
	draft := report.NewDraft(report.Outlet{Format: format, To: format.Report(os.Stdout, content.Style{})})
	run := content.NewRun("exreach", "client", began)
	draft.Know(1, run)
	for host := range judge.Hosts(context.Background(), slices.Values([]probe.HostResults{{Host: "mail01.contoso.com", Results: results}}), began, nil) {
		if err := draft.Add(host); err != nil {
			fmt.Println(err)
			return
		}
	}
	run.Took = 1 // second
	draft.Know(1, run)
	if err := draft.End(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// mail01.contoso.com: The required service is reachable.
	//   192.0.2.10, Exchange 2019 mailbox, checked as client
	//   pass  25/tcp  answered  smtp  12 ms  220 mail01.contoso.com ready
	//
	// 1 check on 1 host in 1.0 s: 1 pass
	// Asked 2026-03-02 09:30 UTC as client.
}
