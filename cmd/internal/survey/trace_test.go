// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"net/netip"
	"slices"
	"testing"

	"exreach/catalog"
	"exreach/probe"
)

// When the run is over, it tells how many ports were not traced, for each reason: a port
// counts once, whatever services it has, and one whose neighbour was traced is not missing.
func TestUntracedIsTold(t *testing.T) {
	at := func(network catalog.Network, port uint16, why probe.Untraced) probe.Result {
		return probe.Result{
			Check:   catalog.Check{Service: catalog.Service{Network: network}},
			Address: netip.MustParseAddr("192.0.2.10"), Port: port, Verdict: probe.TimedOut, Untraced: why,
		}
	}
	hosts := []probe.HostResults{
		{Host: "mail01", Results: []probe.Result{
			at(catalog.TCP, 443, probe.TraceTimeUp), at(catalog.TCP, 443, probe.TraceTimeUp),
			at(catalog.TCP, 53, probe.TraceTimeUp), at(catalog.UDP, 53, probe.TraceTimeUp),
			at(catalog.TCP, 25, probe.SamePath), at(catalog.TCP, 80, ""),
		}},
		{Host: "mail02", Results: []probe.Result{at(catalog.TCP, 443, probe.TraceInterrupted), at(catalog.TCP, 25, probe.TraceUnable)}},
	}
	var told []Event
	s := &Survey{Watch: func(e Event) { told = append(told, e) }}
	passed := 0
	for range s.noteUntraced(slices.Values(hosts)) {
		if passed++; len(told) > 0 {
			t.Errorf("told %v before the end", told)
		}
	}
	if want := []Event{Untraced{1, probe.TraceInterrupted}, Untraced{3, probe.TraceTimeUp}}; passed != 2 || !slices.Equal(told, want) {
		t.Errorf("%d hosts passed, told %v, want %v", passed, told, want)
	}
}
