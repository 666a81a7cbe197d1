// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"slices"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
)

func TestPortsOf(t *testing.T) {
	drs := catalog.Interface{Name: "DRS", UUID: "f5cc59b4-4264-101a-8c59-08002b2f8426", Major: 21}
	tcp := func(major, minor, port uint16) rpc.Endpoint {
		return rpc.Endpoint{UUID: drs.UUID, Major: major, Minor: minor, Sequence: "ncacn_ip_tcp", Port: port}
	}
	var many []rpc.Endpoint
	for port := range uint16(40) {
		many = append(many, tcp(21, 0, 6000+port))
	}
	tests := []struct {
		name      string
		endpoints []rpc.Endpoint
		want      []uint16
	}{
		{"an empty map", nil, nil},
		{"one port", []rpc.Endpoint{tcp(21, 0, 6005)}, []uint16{6005}},
		{"one port for several addresses", []rpc.Endpoint{tcp(21, 0, 6005), tcp(21, 0, 6005)}, []uint16{6005}},
		{"several ports", []rpc.Endpoint{tcp(21, 0, 6010), tcp(21, 0, 6005)}, []uint16{6005, 6010}},
		{"a higher minor version", []rpc.Endpoint{tcp(21, 3, 6005)}, []uint16{6005}},
		{"the file replication service, which has the same UUID", []rpc.Endpoint{tcp(1, 1, 6005)}, nil},
		{"no port", []rpc.Endpoint{tcp(21, 0, 0)}, nil},
		{"a pipe", []rpc.Endpoint{{UUID: drs.UUID, Major: 21, Sequence: "ncacn_np"}}, nil},
		{"RPC over HTTP", []rpc.Endpoint{{UUID: drs.UUID, Major: 21, Sequence: "ncacn_http", Port: 6004}}, nil},
		{"too many", many, []uint16{6000, 6001, 6002, 6003, 6004, 6005, 6006, 6007}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := portsOf(drs, tt.endpoints); !slices.Equal(got, tt.want) {
				t.Errorf("portsOf = %v, want %v", got, tt.want)
			}
		})
	}
}

// TestUnregistered wants an interface that nobody registered told as refused by
// the mapper, without a port.
func TestUnregistered(t *testing.T) {
	pool, checks := startStandIn(t, "2010", "client-access", "client", nil)
	i := slices.IndexFunc(checks, isMapper)
	stranger := checks[i].Behind[0]
	stranger.Service.Name = "nobody"
	stranger.Service.RPC = &catalog.Interface{Name: "nobody", UUID: "00000000-0000-4000-8000-000000000001", Major: 1}
	checks[i].Behind = []catalog.Check{stranger}
	for _, res := range collect(t.Context(), pool, checks[i]) {
		if res.Parent == "" {
			continue
		}
		if res.Verdict != Refused || res.Port != 0 || res.Parent != "endpoint-mapper" {
			t.Errorf("%s on port %d under %q: %s", res.Verdict, res.Port, res.Parent, res.Detail)
		}
	}
}
