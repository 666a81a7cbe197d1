// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"net/netip"
	"slices"
	"testing"

	"exreach/catalog"
	"exreach/probe"
)

// TestUnused: a code for a host without a stand-in is told not to be used, if anything
// answers there and the code is surely for that host.
func TestUnused(t *testing.T) {
	answers := func(host string, v probe.Verdict) probe.HostResults {
		return probe.HostResults{Host: host, Results: []probe.Result{{
			Verdict: v, Address: netip.MustParseAddr("192.0.2.1"), Check: catalog.Check{Service: catalog.Service{Network: catalog.TCP}},
		}}}
	}
	for name, test := range map[string]struct {
		of    string
		hosts []probe.HostResults
		want  int
	}{
		"the only host":     {"", []probe.HostResults{answers("a", probe.Answered)}, 1},
		"two hosts":         {"", []probe.HostResults{answers("a", probe.Answered), answers("b", probe.Answered)}, 0},
		"by name":           {"A", []probe.HostResults{answers("a", probe.Answered), answers("b", probe.Answered)}, 1},
		"by address":        {"192.0.2.1", []probe.HostResults{answers("a", probe.Answered)}, 1},
		"another host's":    {"c", []probe.HostResults{answers("a", probe.Answered)}, 0},
		"nothing connected": {"a", []probe.HostResults{answers("a", probe.Refused)}, 0},
	} {
		var events told
		s := &Stage{Tell: events.tell}
		s.Codes.Add(test.of, NewCode())
		for range s.Run(t.Context(), probe.Pool{}, slices.Values(test.hosts)) {
		}
		if len(events) != test.want {
			t.Errorf("%s: told %+v, want %d", name, events, test.want)
		}
	}
}
