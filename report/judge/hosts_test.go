// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge/scene"
)

// told is what Hosts yields, in its order.
func told(results []probe.Result) []string {
	var lines []string
	for host := range Hosts(context.Background(), hostsOf(results), began, nil) {
		line := host.Rows[0].Check.Host
		for _, e := range host.Rows {
			line += " " + e.Check.Service.Name
		}
		lines = append(lines, line)
	}
	return lines
}

// A host is told in the order of its plan, what is behind a mapper right after it,
// whatever came first.
func TestHostsInOrder(t *testing.T) {
	s := &scene.Scene{Host: "a", Version: "2010", Role: "client-access", Address: "192.0.2.1", From: "client"}
	s.Add("mapper", 135, nil)
	s.Add("mapi-rpc", 6001, child("mapper"))
	s.Host = "b"
	s.Add("smtp", 25, nil)
	s.Host = "a"
	s.Add("https", 443, nil)
	s.Host = "b"
	s.Add("smtps", 465, nil)
	if diff := cmp.Diff([]string{"a mapper mapi-rpc https", "b smtp smtps"}, told(s.Results)); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	slices.Reverse(s.Results)
	if diff := cmp.Diff([]string{"b smtp smtps", "a mapper mapi-rpc https"}, told(s.Results)); diff != "" {
		t.Errorf("the other way round (- want, + got):\n%s", diff)
	}
}

// The port that nobody uses is no row, and a host of which nothing else is known is
// not told.
func TestHostsWithoutTheControl(t *testing.T) {
	s := &scene.Scene{Host: "a", Version: "2019", Role: "mailbox", Address: "192.0.2.1", From: "client"}
	s.Add("smtp", 25, nil)
	s.Add(catalog.Control, 5893, closedPort)
	s.Add("smtps", 465, nil)
	s.Host = "b"
	s.Add(catalog.Control, 5893, closedPort)
	if diff := cmp.Diff([]string{"a smtp smtps"}, told(s.Results)); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

// Who wants no more gets no more.
func TestHostsStop(t *testing.T) {
	for n := range 3 {
		got := 0
		for range Hosts(context.Background(), hostsOf(network()), began, nil) {
			if got++; got > n {
				break
			}
		}
		if got != n+1 {
			t.Errorf("%d hosts after stopping at %d", got, n+1)
		}
	}
}
