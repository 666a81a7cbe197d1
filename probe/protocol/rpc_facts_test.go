// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
)

// TestRPCNames: the catalogue and the conversation call an interface the same.
func TestRPCNames(t *testing.T) {
	c := catalog.Open()
	versions, err := c.Versions()
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	for _, v := range versions {
		for _, s := range v.Services {
			if s.RPC == nil {
				continue
			}
			checked[s.RPC.Name] = true
			if got := rpc.NameOf(s.RPC.UUID, s.RPC.Major); got != s.RPC.Name {
				t.Errorf("%s, %s: %s is called %q, want %q", v.Name, s.Name, s.RPC.UUID, got, s.RPC.Name)
			}
		}
	}
	if len(checked) < 10 {
		t.Errorf("the catalogue has only %d interfaces", len(checked))
	}
}

func TestRPCNamesTellVersions(t *testing.T) {
	const shared = "f5cc59b4-4264-101a-8c59-08002b2f8426"
	for major, want := range map[uint16]string{21: "DRS", 1: "FRS", 2: ""} {
		if got := rpc.NameOf(shared, major); got != want {
			t.Errorf("version %d is called %q, want %q", major, got, want)
		}
	}
}

func TestRPCFacts(t *testing.T) {
	here := netip.MustParseAddr("192.0.2.10")
	at := func(name, sequence string, port uint16, address string) rpc.Endpoint {
		return rpc.Endpoint{UUID: "00000000-0000-4000-8000-000000000001", Name: name, Sequence: sequence, Port: port, Address: address}
	}
	annotated := func(e rpc.Endpoint, annotation string) rpc.Endpoint {
		e.Annotation = annotation
		return e
	}
	mapper := at("endpoint mapper", "ncacn_ip_tcp", 135, "0.0.0.0")
	mapper.UUID = rpc.Mapper.UUID
	mgmt := at("mgmt", "ncacn_http", 6001, "0.0.0.0")
	mgmt.UUID = rpc.Management.UUID
	const store20, store40 = "Exchange Server STORE Admin20 Interface", "Exchange Server STORE Admin40 Interface"
	tests := []struct {
		name   string
		all    []rpc.Endpoint
		dialed netip.Addr
		want   map[string]string
	}{
		{"nothing", nil, here, map[string]string{}},
		{"what is no service", []rpc.Endpoint{mapper, mgmt, at("NSPI", "ncalrpc", 0, "OLE1")}, here, map[string]string{}},
		{"TCP, by port", []rpc.Endpoint{at("RFR", "ncacn_ip_tcp", 6006, ""), at("NSPI", "ncacn_ip_tcp", 6006, ""), at("EMSMDB", "ncacn_ip_tcp", 6005, ""), at("EMSMDB", "ncacn_ip_tcp", 6005, "0.0.0.0")},
			here, map[string]string{"tcp_endpoints": "EMSMDB 6005, RFR 6006, NSPI 6006"}},
		{"HTTP", []rpc.Endpoint{at("NSPI", "ncacn_http", 6004, ""), at("EMSMDB", "ncacn_http", 6001, ""), at("RFR", "ncacn_http", 6002, "")},
			here, map[string]string{"http_endpoints": "6001 EMSMDB, 6002 RFR, 6004 NSPI"}},
		{"HTTP without a name", []rpc.Endpoint{annotated(at("", "ncacn_http", 6003, ""), "Mystery"), at("", "ncacn_http", 6009, "")},
			here, map[string]string{"http_endpoints": "6003 Mystery, 6009 00000000-0000-4000-8000-000000000001", "unknown_interfaces": "Mystery"}},
		{"annotations", []rpc.Endpoint{annotated(at("", "ncacn_ip_tcp", 6412, ""), store40), annotated(at("", "ncacn_ip_tcp", 6411, ""), store20),
			annotated(at("", "ncacn_np", 0, `\pipe\x`), store20), annotated(at("", "ncalrpc", 0, "x"), "local"), annotated(at("NSPI", "ncacn_np", 0, "x"), "known")},
			here, map[string]string{"unknown_interfaces": store20 + ", " + store40}},
		{"behind NAT", []rpc.Endpoint{at("NSPI", "ncadg_ip_udp", 1, "10.0.0.5"), at("NSPI", "ncadg_ip_udp", 2, "10.0.0.5"), at("NSPI", "ncadg_ip_udp", 3, "192.0.2.10"), at("NSPI", "ncadg_ip_udp", 3, "10.1.0.5")},
			here, map[string]string{"tower_addresses": "10.0.0.5, 10.1.0.5"}},
		{"not behind NAT", []rpc.Endpoint{at("NSPI", "ncadg_ip_udp", 1, "0.0.0.0"), at("NSPI", "ncadg_ip_udp", 1, "192.0.2.10"), at("NSPI", "ncadg_ip_udp", 1, "127.0.0.1"),
			at("NSPI", "ncadg_ip_udp", 1, "fd77::1"), at("NSPI", "ncadg_ip_udp", 1, "MAIL1"), at("NSPI", "ncadg_ip_udp", 1, "")}, here, map[string]string{}},
		{"over IPv6", []rpc.Endpoint{at("NSPI", "ncadg_ip_udp", 1, "10.0.0.5")}, netip.MustParseAddr("2001:db8::1"), map[string]string{}},
		{"from who knows where", []rpc.Endpoint{at("NSPI", "ncadg_ip_udp", 1, "10.0.0.5")}, netip.Addr{}, map[string]string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, factsOf(test.all, test.dialed)); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRPCTowersElsewhere: the address that was dialed comes from the connection.
func TestRPCTowersElsewhere(t *testing.T) {
	s := standIn("rpc", catalog.NoTLS)
	s.Endpoints = everySequence
	peer, err := meet(t, askRPC, answerRPC, question("rpc", catalog.NoTLS), s, enough)
	if err != nil || peer.Facts["tower_addresses"] != "10.1.2.3" {
		t.Errorf("error %v, facts %v", err, peer.Facts)
	}
}

// TestRPCListing: a list never outgrows a fact, and says what it leaves out.
func TestRPCListing(t *testing.T) {
	var many []rpc.Endpoint
	for n := range 500 {
		many = append(many, rpc.Endpoint{UUID: emsmdb.UUID, Sequence: "ncacn_ip_tcp", Annotation: fmt.Sprintf("interface %03d", n)})
	}
	got := factsOf(many, netip.Addr{})["unknown_interfaces"]
	var last int
	var left int
	head, tail, _ := strings.Cut(got, " and ")
	fmt.Sscanf(head[len(head)-3:], "%d", &last)
	fmt.Sscanf(tail, "%d more", &left)
	if len(got) > maxString || last+1+left != 500 || last < 20 {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}
