// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"slices"
	"testing"

	"exreach/catalog"
)

// TestCatalog makes sure of what bench/README.md says about the 40 ports: each
// is a row of exreach's own catalogue, and no two rows share one.
func TestCatalog(t *testing.T) {
	services, err := servicesOf("../catalog.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cat := catalog.Open()
	versions, err := cat.Versions()
	if err != nil {
		t.Fatal(err)
	}
	ports := map[catalog.Ports]bool{}
	for _, s := range services {
		ports[s.Ports] = true
		if !slices.ContainsFunc(versions, func(v catalog.Version) bool { return slices.ContainsFunc(v.Services, like(s)) }) {
			t.Errorf("%s: no version listens on %s/%s with protocol %s, TLS %s: the benchmark asks what Exchange has not got", s.Name, s.Ports, s.Network, s.Protocol, s.TLS)
		}
	}
	if len(services) != 40 || len(ports) != 40 {
		t.Errorf("%d rows on %d ports, want 40 on 40", len(services), len(ports))
	}
}

// like finds a row that asks the same.
func like(s catalog.Service) func(catalog.Service) bool {
	return func(o catalog.Service) bool {
		return o.Name == s.Name && o.Network == s.Network && o.Ports == s.Ports && o.Protocol == s.Protocol && o.TLS == s.TLS && o.Unasked == "" &&
			reflect.DeepEqual(o.HTTP, s.HTTP)
	}
}
