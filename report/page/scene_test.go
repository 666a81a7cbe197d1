// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/protocol"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// A finished is a whole report.
type finished struct {
	head  content.Head
	hosts [][]content.Entry
}

// finish judges results and makes what a Writer gets of them.
func finish(t testing.TB, results []probe.Result) finished {
	t.Helper()
	f := finished{head: content.Head{Report: content.Report{
		Schema: content.Schema, Tool: "exreach 0.1.0", From: "client", Machine: "admin01", Started: scene.Began, Took: 7.24,
		Options: content.Options{"only": {"25", "443"}, "gentle": {"true"}},
	}}}
	for host := range judge.Hosts(t.Context(), scene.HostsOf(results), scene.Began, nil) {
		entries := content.Entries(host)
		content.Arrange(entries)
		content.CountDays(entries, scene.Began)
		f.add(entries)
	}
	h := &f.head
	h.Causes = []content.Cause{
		{What: "587/tcp", How: "timed-out", Services: []string{"smtp-submission"}, Weight: judge.Fail, Hosts: 1, Names: []string{"mail01.contoso.com"}, After: "10.9.1.1"},
		{What: "not asked: interrupted", Weight: judge.Unknown, Unasked: true, Hosts: 1, Names: []string{"edge01.contoso.com"}},
		{What: "Certificate: issuer not trusted", Weight: judge.Warn, Beside: true, Hosts: 1, Names: []string{"mail01.contoso.com"}},
	}
	h.Versions = []content.VersionCount{{Version: "2019", Hosts: 2}, {Version: "", Hosts: 1}}
	h.Certificates = []content.Lifetime{{Subject: "CN=mail01.contoso.com", SHA256: "4a5e", Until: scene.Began.AddDate(0, 0, 30), Began: scene.Began, Hosts: 1, Names: []string{"mail01.contoso.com"}}}
	h.Untestable = []content.Untestable{{Version: "2019", Role: "mailbox", Service: "rpc-dynamic", Network: catalog.TCP, Ports: "49152-65535", Reason: "Windows chooses the ports."}}
	h.GroundRules = []content.GroundRule{{Text: "Nothing may stand between two Exchange servers.", Sources: []string{"Network ports for clients and mail flow in Exchange"}}}
	return f
}

// add counts one more host, and gives it a line in the grid.
func (f *finished) add(entries []content.Entry) {
	s := content.Summarize(entries, scene.Began)
	h, g := &f.head, &f.head.Grid
	h.Hosts = append(h.Hosts, s)
	h.Counts.Hosts.Add(s.Grade)
	h.Counts.Hosts.Care.Add(s.Care)
	for _, e := range entries {
		h.Counts.Add(e.Grade)
		h.Counts.Care.Add(e.Care)
	}
	g.Rows = append(g.Rows, content.GridRow{Host: s.Host, Grade: s.Grade, Care: s.Care, Cells: content.CellsOf(entries, func(c content.Column) int {
		if i := slices.Index(g.Columns, c); i >= 0 {
			return i
		}
		g.Columns = append(g.Columns, c)
		return len(g.Columns) - 1
	})})
	f.hosts = append(f.hosts, entries)
}

// write writes a report as a page.
func (f finished) write(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := New(&out, content.Style{})
	if err := w.Begin(f.head); err != nil {
		t.Fatal(err)
	}
	for i, entries := range f.hosts {
		if err := w.Host(content.Part{Summary: f.head.Hosts[i], Entries: entries}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(f.head); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// traced is a scene with a trace of a blocked port, and one that shares its path.
func traced() []probe.Result {
	results := scene.Network()
	beside := scene.Way(443, "10.9.1.1", "10.9.2.1", "-", "10.9.9.9!accepted")
	first := true
	for i := range results {
		r := &results[i]
		if r.Verdict != probe.TimedOut || r.Check.Host != "mail01.contoso.com" {
			continue
		}
		r.Trace = &hops.Trace{Path: scene.Way(r.Port, "10.9.1.1", "-", "-", "-", "-"), Beside: &beside}
		if !first {
			r.Trace.Shared = &results[2].Trace.Path.Target
		}
		first = false
	}
	return results
}

// farm is so many healthy hosts of 16 services each, of which every tenth has problems.
func farm(hosts int) []probe.Result {
	names := []string{"smtp", "smtp-submission", "pop3", "pop3s", "imap", "imaps", "http", "owa", "ecp", "autodiscover", "ews", "oab", "mapi", "rpc-http", "activesync", "api"}
	ports := []uint16{25, 587, 110, 995, 143, 993, 80, 443, 443, 443, 443, 443, 443, 443, 443, 443}
	s := &scene.Scene{Version: "2019", Role: "mailbox", From: "client"}
	for n := range hosts {
		s.Host = fmt.Sprintf("mail%04d.contoso.com", n)
		s.Address = netip.AddrFrom4([4]byte{10, 1, byte(n / 250), byte(n%250 + 1)}).String()
		for i, name := range names {
			s.Add(name, ports[i], service(n, ports[i]))
		}
	}
	return s.Results
}

// service is what becomes of a port of host n in a farm.
func service(n int, port uint16) func(*probe.Result) {
	switch {
	case n%10 == 0 && (port == 587 || port == 993):
		return scene.All(scene.Verdict(probe.TimedOut, "no reply to 2 connection attempts in 7.0 s"), from)
	case n%10 == 1 && port == 143:
		return scene.All(scene.Want(catalog.Optional), scene.Verdict(probe.Refused, "connection refused (RST)"), from)
	case port == 110 || port == 995 || port == 143:
		return scene.All(scene.Want(catalog.Off), scene.Verdict(probe.Refused, "connection refused (RST)"), from)
	case port == 443:
		return scene.All(scene.Implicit, scene.Detail("HTTP/1.1 401 Unauthorized"), from, func(r *probe.Result) {
			r.Evidence = `HTTP/1.1 401 Unauthorized\r\nServer: Microsoft-IIS/10.0\r\nWWW-Authenticate: Negotiate`
			r.Steps = []probe.Timing{{Step: protocol.Connect, Took: 2 * time.Millisecond}, {Step: protocol.TLS, Took: 7 * time.Millisecond}, {Step: protocol.Talk, Took: 3 * time.Millisecond}}
		})
	}
	return scene.All(scene.Detail("220 mail.contoso.com Microsoft ESMTP MAIL Service ready"), from)
}

func from(r *probe.Result) {
	r.Source, r.RTT = netip.MustParseAddr("10.0.0.7"), 800*time.Microsecond
}
