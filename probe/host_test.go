// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"runtime"
	"testing"

	"exreach/catalog"
	"exreach/probe/lookup"
)

// TestEndedWithManyPorts: when a run ends, the checks of a host that have not begun do not
// all begin at once.
func TestEndedWithManyPorts(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var checks []catalog.Check
	for n := range 20000 {
		c := tcp25("mail01.contoso.example")
		c.Service.Ports = catalog.Ports{First: uint16(n + 1), Last: uint16(n + 1)}
		checks = append(checks, c)
	}
	most := 0
	pool := &Pool{Shared: &Shared{Limit: 8}, Resolver: &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) {
		end()
		for range 10000 {
			runtime.Gosched() // to the goroutine that begins checks
			most = max(most, runtime.NumGoroutine())
		}
		return nil, context.Canceled
	}}}
	results := collect(ctx, pool, checks...)
	if len(results) != len(checks) || results[len(checks)-1].Verdict != Untried {
		t.Errorf("%d results, the last is %s", len(results), results[len(results)-1].Verdict)
	}
	if limit := 1000; most > limit {
		t.Errorf("there were %d goroutines, more than %d", most, limit)
	}
}
