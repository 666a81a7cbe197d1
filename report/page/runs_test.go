// SPDX-License-Identifier: Apache-2.0

package page

import (
	"strings"
	"testing"
	"time"

	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// A certificate has one age in the whole page, and none where the start of the run is not
// known.
func TestCertificateHasOneAge(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	withTLS := func(r *probe.Result) { r.Peer = &protocol.Peer{TLS: scene.GoodTLS()} }
	s.Add("owa", 443, scene.All(withTLS, scene.Certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.NotAfter = scene.Began.Add(-300 * time.Hour) })))
	f := finish(t, s.Results)
	f.head.Certificates[0].Until = scene.Began.Add(-300 * time.Hour)
	if page := string(f.write(t)); strings.Count(page, "xpired 12 days ago") < 3 || strings.Contains(page, "13 days") {
		t.Errorf("want a care, a row and the list to say 12 days in\n%s", page)
	}
	f.head.Started, f.head.Certificates[0].Began = time.Time{}, time.Time{}
	f.head.Hosts[0].Cares = nil // they were summed up with the start of the run
	if page := string(f.write(t)); strings.Contains(page, ", expired") || strings.Contains(page, "<td>expired") {
		t.Errorf("the age of a certificate without a start of the run in\n%s", page)
	}
}

// A machine that is not known is called the same everywhere.
func TestUnknownMachine(t *testing.T) {
	f := finish(t, traced())
	f.head.Machine = ""
	if page := string(f.write(t)); !strings.Contains(page, "here: unknown machine") || strings.Contains(page, "this computer,") {
		t.Error("the path does not begin at an unknown machine")
	}
}

// A pair leads to its host, also where another run has written its name in capitals.
func TestPairOfHostInCapitals(t *testing.T) {
	h := content.Head{Report: content.Report{Runs: []content.Run{{Name: "a"}, {Name: "b"}}}}
	for i, name := range []string{"MBX.contoso.com", "mbx.contoso.com"} {
		h.Hosts = append(h.Hosts, content.Summary{Host: name, Run: i + 1, Grade: judge.Fail})
		h.Grid.Rows = append(h.Grid.Rows, content.GridRow{Host: name, Run: i + 1})
	}
	p := pairsOf(h)
	if len(p.Rows) != 1 || p.Rows[0].Pairs[0].Number != 1 || p.Rows[0].Pairs[1].Number != 2 {
		t.Errorf("%+v", p)
	}
}
