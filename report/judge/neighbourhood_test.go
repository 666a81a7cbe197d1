// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge/scene"
)

// ofManyAddresses is a host whose name has n addresses, each with one result of
// every kind that makes a rule look at other results.
func ofManyAddresses(n int) []probe.Result {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", From: "client"}
	for i := range n {
		s.At(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}).String())
		addRestless(s, i, []uint16{25, 587, 53, 443, 465, 110, 995})
	}
	return s.Results
}

// manyPorts is a host with n results of every kind, each at ports of its own.
func manyPorts(n int) []probe.Result {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	for i := range n {
		first := uint16(1000 + i*8)
		addRestless(s, i, []uint16{first, first + 1, first + 2, first + 3, first + 4, first + 5, first + 6})
	}
	return s.Results
}

func addRestless(s *scene.Scene, i int, ports []uint16) {
	s.Add("smtp", ports[0], lost)
	s.Add("smtp-submission", ports[1], verdict(probe.Silent, ""))
	s.Add("dns", ports[2], all(udp, lost))
	s.Add("dns", ports[2], lost)
	s.Add("owa", ports[3], all(issued("CN=mail01", fmt.Sprint("O=CA ", i%7, ",CN=", i)), fact("x_feserver", fmt.Sprint("MAIL", i))))
	s.Add("rpc-proxy", ports[4], all(spoken("http"), fact("status", "405 Method Not Allowed"), verdict(probe.Mismatch, ""), func(r *probe.Result) {
		r.Check.Service.HTTP = &catalog.Directory{Method: catalog.RPCInData, Path: "/rpc/rpcproxy.dll"}
	}))
	s.Add("pop3", ports[5], verdict(probe.Silent, ""))
	s.Add("log-copier", ports[6], all(want(catalog.Forbidden), verdict(probe.Silent, "")))
}

// TestJudgingIsLinear: twice as many results cost twice as much, whether they are
// at many addresses or at one. Before, a name with 4,000 addresses took minutes
// and 2 GB.
func TestJudgingIsLinear(t *testing.T) {
	for name, host := range map[string]func(int) []probe.Result{"addresses": ofManyAddresses, "ports": manyPorts} {
		var visits, bytes [2]int
		for i, n := range []int{400, 800} {
			results := host(n)
			host := newNeighbourhood(results)
			for _, r := range results {
				for _, f := range judge(seen{Result: r, started: began, host: host}).Findings {
					bytes[i] += len(f.Text) + len(f.Hint)
				}
			}
			visits[i] = host.visits
		}
		if visits[0] == 0 || visits[1] > 2*visits[0]+100 {
			t.Errorf("%s: rules look at %d results, and at %d where there are twice as many", name, visits[0], visits[1])
		}
		if float64(bytes[1]) > 2.1*float64(bytes[0]) {
			t.Errorf("%s: findings of %d bytes, and of %d where there are twice as many results", name, bytes[0], bytes[1])
		}
	}
}

// TestInterruptedJudging: from an interrupt on a large host is told as it was
// observed. Nothing of it is lost, and none of it passes.
func TestInterruptedJudging(t *testing.T) {
	results := ofManyAddresses(3)
	asked := 0
	rows := judgeHost(probe.HostResults{Results: slices.Clone(results)}, began, func() bool { asked++; return asked > 8 }).Rows
	if len(rows) != len(results) {
		t.Fatalf("%d rows of %d results", len(rows), len(results))
	}
	for i, e := range rows {
		f, hurried := finding(e, "not-judged")
		if hurried != (i >= 8) {
			t.Errorf("row %d: %+v", i, e.Findings)
		}
		if hurried && (e.Grade != Unknown || len(e.Findings) != 1 || e.Verdict != results[i].Verdict) {
			t.Errorf("row %d: %s, %s, %+v", i, e.Verdict, e.Grade, e.Findings)
		}
		if hurried {
			checkSays(t, f, []string{"interrupted", string(e.Verdict)})
		}
	}
}

// Of certificates for one subject each finds the one of another issuer, whichever
// came first.
func TestReissuedFromBothSides(t *testing.T) {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	for i, by := range []string{"O=Contoso,CN=CA 1", "O=Contoso,CN=CA 2", "O=Proxy", "O=Contoso,CN=CA 1"} {
		s.Add("owa", uint16(443+i), issued("CN=mail01", by))
	}
	for _, e := range judged(s.Results) {
		other := "TCP 445"
		if e.Port == 445 {
			other = "TCP 443"
		}
		f, found := finding(e, "certificate-other-issuer")
		if !found {
			t.Errorf("port %d: %+v", e.Port, e.Findings)
			continue
		}
		checkSays(t, f, []string{other})
	}
}
