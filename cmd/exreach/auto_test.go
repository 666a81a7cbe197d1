// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
)

// TestIdentify asks stand-ins of every generation which version they are: each
// is taken for itself, or for the newest that it may be, and that is said.
func TestIdentify(t *testing.T) {
	cat, err := catalog.Open()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ version, role, want, note string }{
		{"5.5", "server", "5.5", "is version 5.5, by the greeting"},
		{"2000", "back-end", "2000", "is version 2000, by"},
		{"2003", "back-end", "2003", "is version 2003, by"},
		{"2007", "client-access", "2007", "is version 2007, by"},
		{"2010", "client-access", "2010", "is version 2010, by"},
		{"2013", "client-access", "2013", "is version 2013, by X-OWA-Version"},
		{"2016", "mailbox", "2016", "is version 2016, by X-OWA-Version"},
		{"2019", "mailbox", "2019", "is version 2019, by X-OWA-Version"},
		{"2007", "edge", "se", "may be version 2007, 2010, 2013, 2016, 2019, se, online, by the greeting"},
		{"windows", "dns", "se", "does not say which version it is; checking it as --version se"},
	}
	for _, tt := range tests {
		t.Run(tt.version+" "+tt.role, func(t *testing.T) {
			v, err := cat.Version(tt.version)
			if err != nil {
				t.Fatal(err)
			}
			services, err := v.ServicesOf(tt.role)
			if err != nil {
				t.Fatal(err)
			}
			s := probe.StandIn{Host: "mail01.contoso.example", Version: tt.version, Services: services}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			pool := &probe.Pool{Dial: s.Dial, Lookup: s.Lookup, Trust: probe.NewTrust(s.Roots())}
			var notes bytes.Buffer
			found := identify(t, cat, pool, &notes, catalog.Host{Name: s.Host})
			if got := found[0].roles[0].Version; got != tt.want || !strings.Contains(notes.String(), tt.note) {
				t.Errorf("taken for %s, want %s, said %q", got, tt.want, notes.String())
			}
		})
	}
}

// identify returns the hosts with the versions that were found, or given.
func identify(t *testing.T, cat *catalog.Catalog, pool *probe.Pool, notes io.Writer, hosts ...catalog.Host) []target {
	var r roster
	for i, h := range hosts {
		r.targets = append(r.targets, target{at: i, roles: []catalog.Host{h}})
	}
	who := &identifier{taker: taker{cat, "client"}, notes: notes, each: true, taken: map[string]int{}}
	known, auto := r.parts(t.Context(), who.isOpen)
	return slices.AppendSeq(slices.Collect(known), who.targets(t.Context(), quick(*pool), auto))
}

// TestIdentifyNot wants nothing asked of hosts whose version is given, or whose
// role tells nothing about Exchange.
func TestIdentifyNot(t *testing.T) {
	cat, err := catalog.Open()
	if err != nil {
		t.Fatal(err)
	}
	var notes bytes.Buffer
	found := identify(t, cat, &probe.Pool{}, &notes, catalog.Host{Name: "192.0.2.1", Version: "2010"}, catalog.Host{Name: "192.0.2.2", Role: "domain-controller"})
	if len(found) != 2 || found[0].roles[0].Version != "2010" || notes.Len() > 0 {
		t.Errorf("%+v, said %q", found, notes.String())
	}
}

// TestIdentifyMany wants one line about many hosts, and all of them passed on
// with their own place.
func TestIdentifyMany(t *testing.T) {
	cat, err := catalog.Open()
	if err != nil {
		t.Fatal(err)
	}
	var r roster
	for _, name := range []string{"mail01", "mail02", "mail03"} {
		r.names.add(name)
	}
	v, err := cat.Version("2016")
	if err != nil {
		t.Fatal(err)
	}
	s := probe.StandIn{Host: "mail01", Version: v.Name, Services: v.Services}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var notes bytes.Buffer
	who := &identifier{taker: taker{cat, "client"}, notes: &notes, taken: map[string]int{}}
	pool := probe.Pool{Dial: s.Dial, Trust: probe.NewTrust(s.Roots()), Lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
		if host == "mail02" {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return s.Lookup(ctx, host)
	}}
	got := map[int]string{}
	for found := range who.targets(t.Context(), &pool, r.known()) {
		got[found.at] = found.name() + " " + found.roles[0].Version
	}
	if want := map[int]string{0: "mail01 2016", 1: "mail02 se", 2: "mail03 2016"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	const want = "exreach: checking 2 hosts as --version 2016, 1 host as --version se\nexreach: 1 host of these did not report a version\n"
	if notes.String() != want {
		t.Errorf("noted %q, want %q", notes.String(), want)
	}
}
