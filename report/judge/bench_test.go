// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"strings"
	"testing"

	"exreach/probe/protocol"
)

// BenchmarkJudge is a host at many addresses: a result costs the same at 8,000 as
// at 1,000.
func BenchmarkJudge(b *testing.B) {
	for _, n := range []int{125, 1000} {
		results := ofManyAddresses(n)
		b.Run(fmt.Sprint(len(results)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range Hosts(b.Context(), hostsOf(results), began, nil) {
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(results)), "ns/result")
		})
	}
}

// BenchmarkAnswer is one answer of SMTP: Exchange's, one that nobody knows, and one that
// was made to be expensive.
func BenchmarkAnswer(b *testing.B) {
	hostile := make([]string, 16)
	for i := range hostile {
		hostile[i] = fmt.Sprint("Microsoft Exchange ", strings.Repeat("15.1 ", 90), i)
	}
	offers := make([]string, 256)
	for i := range offers {
		offers[i] = fmt.Sprint("X", i, " ", strings.Repeat("a", 50))
	}
	for _, tt := range []struct {
		name string
		peer protocol.Peer
	}{
		{"normal", protocol.Peer{Greeting: greets2019, Capabilities: offers2019}},
		{"strange", protocol.Peer{Greeting: "220 mail.example.com ready", Capabilities: []string{"PIPELINING", "SIZE 10240000", "STARTTLS", "8BITMIME"}}},
		{"hostile", protocol.Peer{Greeting: "220 " + hostile[0], GreetingRest: hostile, Capabilities: offers}},
	} {
		r := healthy("smtp", 25)
		r.Check.Service.Protocol, r.Peer = "smtp", &tt.peer
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				alone(r)
			}
		})
	}
}
