// SPDX-License-Identifier: Apache-2.0

package content

import (
	"exreach/report/judge"
)

// A Grid is the grades of all services at all hosts.
type Grid struct {
	Columns []Column
	Rows    []GridRow // in the order in which a format gets the hosts
	More    int       // services without a column, because there are too many
}

// A Column is a service, or a port that the user named.
type Column struct {
	Service string
	Port    string // "443/tcp"; "" for an RPC interface, which has another port everywhere
}

// A GridRow is one host.
type GridRow struct {
	Run   int // as in Entry
	Host  string
	Cells []Cell
}

// A Cell is what a host came to at a service: the worst of its addresses.
type Cell struct {
	Column int
	Grade  judge.Grade
	Care   judge.Grade
}
