// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
)

// numbered are the results of a run whose plan has numbers: each is the only
// one of its check but for those behind a mapper.
func numbered(results []probe.Result) []probe.Result {
	of := map[string]int{}
	for i, r := range results {
		results[i].Last = i+1 == len(results) || results[i+1].Parent == ""
		if results[i].Last {
			of[r.Check.Host]++
		}
	}
	for i, r := range results {
		results[i].Check.Of = of[r.Check.Host]
	}
	return results
}

// told is what Hosts yields, and after how many of the results.
func told(results []probe.Result) []string {
	taken := 0
	counted := func(yield func(probe.Result) bool) {
		for _, r := range results {
			taken++
			if !yield(r) {
				return
			}
		}
	}
	var lines []string
	for host := range Hosts(context.Background(), iter.Seq[probe.Result](counted), began, nil) {
		line := fmt.Sprintf("%d: %s", taken, host.Rows[0].Check.Host)
		for _, e := range host.Rows {
			line += " " + e.Check.Service.Name
		}
		lines = append(lines, line)
	}
	return lines
}

// A host is told with its last result, what is behind a mapper too, in the order
// of the plan.
func TestHostsComeWhole(t *testing.T) {
	s := &scene{host: "a", version: "2010", role: "client-access", address: "192.0.2.1", from: "client"}
	s.add("mapper", 135, nil)
	s.add("mapi-rpc", 6001, child("mapper"))
	s.host = "b"
	s.add("smtp", 25, nil)
	s.host = "a"
	s.add("https", 443, nil)
	s.host = "b"
	s.add("smtps", 465, nil)
	results := numbered(s.results)
	if diff := cmp.Diff([]string{"4: a mapper mapi-rpc https", "5: b smtp smtps"}, told(results)); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	slices.Reverse(results[3:])
	if diff := cmp.Diff([]string{"4: b smtp smtps", "5: a mapper mapi-rpc https"}, told(results)); diff != "" {
		t.Errorf("the last two the other way round (- want, + got):\n%s", diff)
	}
}

// The port that nobody uses counts among the checks of its host, and is no row.
func TestHostsAwaitTheControl(t *testing.T) {
	s := &scene{host: "a", version: "2019", role: "mailbox", address: "192.0.2.1", from: "client"}
	s.add("smtp", 25, nil)
	s.add(catalog.Control, 5893, closedPort)
	s.add("smtps", 465, nil)
	if diff := cmp.Diff([]string{"3: a smtp smtps"}, told(numbered(s.results))); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

// A run that ends early leaves hosts behind: what is known of them is told.
func TestHostsLeftBehind(t *testing.T) {
	s := &scene{host: "b", version: "2019", role: "mailbox", address: "192.0.2.1", from: "client"}
	s.add("smtp", 25, nil)
	s.add("smtps", 465, nil)
	s.host = "a"
	s.add("smtp", 25, nil)
	results := numbered(s.results)
	results[2].Check.Of = 0 // a plan without numbers
	if diff := cmp.Diff([]string{"2: a smtp", "2: b smtp"}, told(append(results[:1], results[2:]...))); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

// Who wants no more gets no more.
func TestHostsStop(t *testing.T) {
	for n := range 3 {
		got := 0
		for range Hosts(context.Background(), slices.Values(network()), began, nil) {
			if got++; got > n {
				break
			}
		}
		if got != n+1 {
			t.Errorf("%d hosts after stopping at %d", got, n+1)
		}
	}
}
