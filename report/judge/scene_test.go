// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"slices"

	"exreach/probe"
	"exreach/report/judge/scene"
)

// What the tests of this package take from a scene.
var (
	began       = scene.Began
	healthy     = scene.Healthy
	verdict     = scene.Verdict
	all         = scene.All
	want        = scene.Want
	detail      = scene.Detail
	child       = scene.Child
	implicit    = scene.Implicit
	goodTLS     = scene.GoodTLS
	certificate = scene.Certificate
	selfSign    = scene.SelfSign
	network     = scene.Network
	hostsOf     = scene.HostsOf
	readFacts   = scene.ReadFacts
	named       = scene.Named
	ips         = scene.IPs
)

// judged is the rows of some results, host by host in the order of the plan.
func judged(results []probe.Result) []Row {
	for _, r := range results {
		readFacts(r.Peer)
	}
	var hosts []Host
	for h := range Hosts(context.Background(), hostsOf(results), began, nil) {
		hosts = append(hosts, h)
	}
	slices.SortStableFunc(hosts, func(a, b Host) int { return a.Place - b.Place })
	var rows []Row
	for _, h := range hosts {
		rows = append(rows, h.Rows...)
	}
	return rows
}

// alone is the row of a result that has none beside it.
func alone(r probe.Result) Row { return judged([]probe.Result{r})[0] }
