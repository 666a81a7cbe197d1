// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"context"
	"io"
	"net/netip"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/files"
	"exreach/probe/far"
)

// Print writes what would be opened, as a table or JSON, to a file or stdout (""). Nothing is
// tried. Its errors are for the user.
func (l *Listener) Print(ctx context.Context, format, file string, at Places) error {
	write := map[string]func(io.Writer) error{"table": l.printTable, "json": l.printJSON}[strings.ToLower(format)]
	if write == nil {
		return &catalog.WordError{Kind: "format", Word: format, Accepted: []string{"table", "json"}}
	}
	if file == "-" {
		file = ""
	}
	to, err := files.Create(ctx, file, at.Stdout, at.Temporaries)
	if err != nil {
		return err
	}
	defer to.Discard()
	if err := write(to); err != nil {
		return to.Failed(err)
	}
	return to.Commit()
}

func (l *Listener) printTable(to io.Writer) error {
	rows := [][]string{{"PORT", "SERVICE", "PROTOCOL", "ADDRESS", "ROLE"}}
	for _, o := range l.Plan.Openings(l.Addresses) {
		rows = append(rows, []string{name(o), o.Service, o.Protocol, addressOf(o), o.Role})
	}
	return text{to: to}.lines(append(aligned(rows), l.Plan.Clashes()...)...)
}

// A printed is the plan as JSON.
type printed struct {
	Schema  string        `json:"schema"`
	Host    string        `json:"host"`
	Version string        `json:"version"`
	Roles   []string      `json:"roles"`
	Clashes []string      `json:"clashes,omitempty"`
	Ports   []printedPort `json:"ports"`
}

type printedPort struct {
	Service  string          `json:"service"`
	Role     string          `json:"role"`
	Protocol string          `json:"protocol"`
	Network  catalog.Network `json:"network"`
	Port     uint16          `json:"port"`
	Address  netip.Addr      `json:"address"`
}

func (l *Listener) printJSON(to io.Writer) error {
	p := printed{far.Schema, l.Plan.Host, l.Plan.Version.Name, l.Plan.Roles, l.Plan.Clashes(), []printedPort{}}
	for _, o := range l.Plan.Openings(l.Addresses) {
		p.Ports = append(p.Ports, printedPort{o.Service, o.Role, o.Protocol, o.Network, o.Port, o.Address})
	}
	return indented(to, p)
}
