// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// events is what was told.
type events []Event

func (e *events) add(one Event) { *e = append(*e, one) }

// standIn starts one with all that the roles listen on.
func standIn(t *testing.T, cat *catalog.Catalog, version string, roles []string) *standin.Server {
	t.Helper()
	v, err := cat.Version(version)
	if err != nil {
		t.Fatal(err)
	}
	s, err := standin.New(v, roles...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// identify returns the hosts with the versions that were found, or given.
func identify(t *testing.T, cat *catalog.Catalog, pool *probe.Pool, tell func(Event), hosts ...catalog.Host) []target {
	var r Targets
	for i, h := range hosts {
		r.hosts = append(r.hosts, target{place: i, roles: []catalog.Host{h}})
	}
	who := &identifier{taker: taker{cat, "client"}, tell: tell, each: true, taken: map[string]int{}}
	known, auto := r.parts(t.Context(), who.anyUnsettled)
	return slices.AppendSeq(slices.Collect(known), who.targets(t.Context(), quick(*pool), auto))
}

// TestIdentifyNot wants nothing asked of hosts whose version is given, or whose
// role tells nothing about Exchange.
func TestIdentifyNot(t *testing.T) {
	cat := catalog.Open()
	var told events
	found := identify(t, cat, &probe.Pool{}, told.add, catalog.Host{Name: "192.0.2.1", Version: "2016"}, catalog.Host{Name: "192.0.2.2", Role: "domain-controller"},
		catalog.Host{Name: "192.0.2.3", Version: "2010", Role: "hub"})
	if len(found) != 3 || found[0].roles[0].Version != "2016" || told != nil {
		t.Errorf("%+v, told %v", found, told)
	}
}

// TestIdentifyCutShort wants a host whose time is over to be taken for what its answers show
// so far.
func TestIdentifyCutShort(t *testing.T) {
	cat := catalog.Open()
	s := standIn(t, cat, "2010", []string{"hub"})
	var r Targets
	r.names.add("mail01")
	who := &identifier{taker: taker{cat, "client"}, tell: func(Event) {}, taken: map[string]int{}, end: time.Now().Add(6 * time.Second)}
	pool := probe.Pool{Resolver: &lookup.Resolver{Lookup: s.Lookup}, Shared: &probe.Shared{Trust: trust.New(s.Roots())}}
	pool.Dial = func(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error) {
		if addr.Port() == 25 {
			return s.Dial(ctx, network, addr)
		}
		near, _ := net.Pipe()
		return near, nil
	}
	began := time.Now()
	for found := range who.targets(t.Context(), &pool, r.upfront()) {
		if took := time.Since(began); found.roles[0].Version != "2010" || took > 3*time.Second {
			t.Errorf("after %s: %+v", took, found)
		}
	}
	if who.identified("mail01") == nil {
		t.Error("the host was not passed on")
	}
}

// TestIdentifyMany wants one event about many hosts, and all of them passed on
// with their own place.
func TestIdentifyMany(t *testing.T) {
	cat := catalog.Open()
	var r Targets
	for _, name := range []string{"mail01", "mail02", "mail03"} {
		r.names.add(name)
	}
	v, err := cat.Version("2016")
	if err != nil {
		t.Fatal(err)
	}
	s := standin.Server{Host: "mail01", Version: v.Name, Services: v.Services}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var told events
	who := &identifier{taker: taker{cat, "client"}, tell: told.add, taken: map[string]int{}}
	pool := probe.Pool{Dial: s.Dial, Shared: &probe.Shared{Trust: trust.New(s.Roots())}, Resolver: &lookup.Resolver{Lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
		if host == "mail02" {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return s.Lookup(ctx, host)
	}}}
	got := map[int]string{}
	for found := range who.targets(t.Context(), &pool, r.upfront()) {
		got[found.place] = found.name() + " " + found.roles[0].Version
	}
	if want := map[int]string{0: "mail01 2016", 1: "mail02 se", 2: "mail03 2016"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want := events{AllIdentified{Versions: []Taken{{"2016", 2}, {"se", 1}}, Mute: 1}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(- want, + told):\n%s", diff)
	}
}
