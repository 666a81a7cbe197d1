// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"net/netip"
	"slices"
)

// A Key says where something that a report tells belongs in it.
type Key struct {
	Host, Version, Role, Service string
	Parent                       string // the service that led to it
	Order                        int    // in the plan, or in the file that was read
	Address                      netip.Addr
	Port                         uint16
}

// A spotted is a row on its way to its place.
type spotted struct {
	host    int        // the first order of its host
	name    string     // of its host
	address netip.Addr // invalid ones first
	line    int        // its order; for a child, its parent's
	depth   int        // 1 for a child
	order   int
	service string
	port    uint16
	at      int // where it stands now
}

// A parent is what a child knows of the row that led to it.
type parent struct {
	host, version, role, service string
	address                      netip.Addr
}

// Arrange sorts rows by host, address and order, children behind their parent.
// Children share their parent's line, so their own order, name and port sort them.
// keyOf is asked for each row, and where it stood.
func Arrange[T any](rows []T, keyOf func(int, *T) Key) {
	hosts, lines := map[string]int{}, map[parent]int{}
	for i := range rows {
		k := keyOf(i, &rows[i])
		if first, known := hosts[k.Host]; !known || k.Order < first {
			hosts[k.Host] = k.Order
		}
		if k.Parent == "" {
			lines[parent{k.Host, k.Version, k.Role, k.Service, k.Address}] = k.Order
		}
	}
	places := make([]spotted, len(rows))
	for i := range rows {
		k := keyOf(i, &rows[i])
		places[i] = spotted{hosts[k.Host], k.Host, k.Address, k.Order, 0, k.Order, k.Service, k.Port, i}
		if line, known := lines[parent{k.Host, k.Version, k.Role, k.Parent, k.Address}]; known && k.Parent != "" {
			places[i].line, places[i].depth = line, 1
		}
	}
	slices.SortStableFunc(places, spotted.compare)
	to := make([]int32, len(places))
	for i, p := range places {
		to[p.at] = int32(i)
	}
	reorder(rows, to)
}

// reorder moves each row to its place, without a copy of them all: there may be very
// many.
func reorder[T any](rows []T, to []int32) {
	for i := range to {
		for to[i] != int32(i) {
			j := to[i]
			rows[i], rows[j] = rows[j], rows[i]
			to[i], to[j] = to[j], j
		}
	}
}

func (p spotted) compare(q spotted) int {
	return cmp.Or(
		cmp.Compare(p.host, q.host),
		cmp.Compare(p.name, q.name),
		p.address.Compare(q.address),
		cmp.Compare(p.line, q.line),
		cmp.Compare(p.depth, q.depth),
		cmp.Compare(p.order, q.order),
		cmp.Compare(p.service, q.service),
		cmp.Compare(p.port, q.port),
	)
}
