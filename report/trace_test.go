// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/socket"
)

// way reads a path as the tests write it: one word for each hop, "-" for one
// that says nothing. A word is an address and what it said after a "!"; a second
// sender stands behind a comma.
func way(port uint16, words ...string) hops.Path {
	p := hops.Path{Target: socket.Target{Network: catalog.TCP, Addr: netip.AddrPortFrom(netip.MustParseAddr("10.0.9.9"), port)}}
	for i, word := range words {
		h := hops.Hop{TTL: i + 1, Said: hops.SaidNothing}
		if word != "-" {
			from, said, _ := strings.Cut(word, "!")
			h.Said, h.Took = hops.SaidExceeded, 2*time.Millisecond
			if said != "" {
				h.Said = hops.Said(said)
			}
			for _, a := range strings.Split(from, ",") {
				if a != "?" {
					h.From = append(h.From, netip.MustParseAddr(a))
				}
			}
		}
		p.Hops = append(p.Hops, h)
	}
	return p
}

func over(network catalog.Network, p hops.Path) hops.Path {
	p.Network = network
	return p
}

func besides(p hops.Path) *hops.Path { return &p }

// self makes this machine the sender of the last hop.
func self(p hops.Path) hops.Path {
	p.Hops[len(p.Hops)-1].Self = true
	return p
}

const there = "10.0.9.9!accepted"

// What the comparison of two paths proves, and no more.
func TestConcludeTrace(t *testing.T) {
	const r1, r2, r3, r4 = "10.0.1.1", "10.0.2.2", "10.0.3.3", "10.0.4.4"
	ended := way(135, r1, "-", "-")
	ended.Ended = true
	unasked := way(135)
	unasked.Err = errors.New("connect: network is unreachable")
	unborn := way(135)
	unborn.Ended = true
	circle := make([]string, 30)
	for i := range circle {
		circle[i] = []string{r1, r2}[i%2]
	}
	tests := []struct {
		name    string
		path    hops.Path
		beside  *hops.Path
		outcome Outcome
		want    string
	}{
		{"open", way(443, r1, r2, there), nil, Open,
			"Port 443 goes through to the server, at hop 3: nothing on the path blocks it."},
		{"open behind a silent hop", way(443, "-", r2, there), nil, Open,
			"Port 443 goes through to the server, at hop 3: nothing on the path blocks it. Hop 1 says nothing and lets it pass."},
		{"open, and nobody else speaks", way(443, "-", "-", there), nil, Open,
			"Port 443 goes through to the server, at hop 3: nothing on the path blocks it. Hops 1, 2 say nothing and let it pass."},

		{"dropped by the last router, or the server", way(135, r1, r2, "-", "-"), besides(way(443, r1, r2, there)), Blocked,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall."},
		{"dropped before the last router", way(135, r1, "-", "-"), besides(way(443, r1, r2, r3, there)), Blocked,
			"Port 135 stops after 10.0.1.1, port 443 goes on to 10.0.2.2 and the server: what drops it is 10.0.1.1 or 10.0.2.2."},
		{"the next hop is silent for both", way(135, r1, "-", "-"), besides(way(443, r1, "-", there)), Blocked,
			"Port 135 stops after 10.0.1.1, port 443 goes on to the server: what drops it is 10.0.1.1, hop 2 (which says nothing for port 443 either) or the server's own firewall."},
		{"two silent hops, then a router", way(135, r1, "-", "-", "-"), besides(way(443, r1, "-", "-", r4, there)), Blocked,
			"Port 135 stops after 10.0.1.1, port 443 goes on to 10.0.4.4 and the server: what drops it is 10.0.1.1, one of the hops 2 to 3 (which say nothing for port 443 either) or 10.0.4.4."},
		{"the first router is silent", way(135, "-", r2, "-", "-"), besides(way(443, "-", r2, there)), Blocked,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall. Hop 1 says nothing and lets it pass."},
		{"nothing leaves", way(135, "-", "-"), besides(way(443, r1, r2, there)), Blocked,
			"Port 135 stops after this machine, port 443 goes on to 10.0.1.1 and the server: what drops it is this machine's own firewall or 10.0.1.1."},
		{"no router speaks", way(135, "-", "-", "-"), besides(way(443, "-", "-", there)), Blocked,
			"Port 135 stops after this machine, port 443 goes on to the server: what drops it is this machine's own firewall, one of the hops 1 to 2 (which say nothing for port 443 either) or the server's own firewall."},
		{"on the same network", way(135, "-", "-"), besides(way(443, there)), Blocked,
			"Port 135 stops after this machine, port 443 goes on to the server: what drops it is this machine's own firewall or the server's own firewall."},
		{"a port that only resets shows the way, too", way(135, r1, "-"), besides(way(80, r1, "10.0.9.9!reset")), Blocked,
			"Port 135 stops after 10.0.1.1, port 80 goes on to the server: what drops it is 10.0.1.1 or the server's own firewall."},

		{"nothing to compare with", way(135, r1, r2, "-"), nil, Undecided,
			"Port 135 stops after 10.0.2.2. No other port of the server is known to answer, so it may be down, or everything to it is dropped."},
		{"nothing at all", way(135, "-", "-"), nil, Undecided,
			"Nothing comes back for port 135, from the server or a hop on the way: where it stops is not known."},
		{"the other port is gone, too", way(135, r1, "-"), besides(way(443, r1, "-", "-")), Undecided,
			"Port 135 stops after 10.0.1.1, and so does port 443 now, which answered before: packets get lost, or something shuts this machine out."},
		{"the other port got farther, not to the end", way(135, r1, "-"), besides(way(443, r1, r2, "-")), Blocked,
			"Port 135 stops after 10.0.1.1, port 443 goes on to 10.0.2.2: what drops it is 10.0.1.1 or 10.0.2.2."},
		{"the blocked port's way is longer", way(135, r1, r2, r3, "-"), besides(way(443, r1, r2, there)), Blocked,
			"Port 135 stops after 10.0.3.3 at hop 3, and port 443 is at the server after 3: the two take different ways."},
		{"routing loop", way(135, circle...), nil, Undecided,
			"Port 135 is still on its way after 30 hops: its packets are most likely in a routing loop."},

		{"two routers at one distance", way(135, "10.0.1.1,10.0.1.5", r2, "-"), besides(way(443, r1, r2, there)), Blocked,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall. " +
				"Packets take several paths (at hop 1: 10.0.1.1 or 10.0.1.5), so not every connect passes the same hops."},
		{"another router for the other port", way(135, r1, r2, "-"), besides(way(443, r1, "10.0.2.7", there)), Blocked,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall. " +
				"Packets take several paths (at hop 2: 10.0.2.2 or 10.0.2.7), so not every connect passes the same hops."},

		{"prohibited", way(135, r1, r2, "10.0.2.2!prohibited"), besides(way(443, r1, r2, there)), Blocked,
			"10.0.2.2 says that a rule forbids port 135 (administratively prohibited), port 443 goes on to the server."},
		{"prohibited, nothing else open", way(135, r1, "10.0.2.2!prohibited"), nil, Blocked,
			"10.0.2.2 says that a rule forbids port 135 (administratively prohibited)."},
		{"no way", way(135, r1, "10.0.2.2!unreachable"), nil, Blocked,
			"10.0.2.2 says that there is no way to the server."},
		{"a firewall that rejects", way(135, r1, "10.0.2.2!port-unreachable"), nil, Blocked,
			"10.0.2.2 says that port 135 is unreachable (ICMP port unreachable)."},
		{"somebody says no", way(135, r1, "?!unreachable"), nil, Blocked,
			"A device on the path says that there is no way to the server."},
		{"the server's firewall says so", way(135, r1, "10.0.9.9!prohibited"), nil, Blocked,
			"The server itself says that a rule forbids port 135 (administratively prohibited): its own firewall."},
		{"this machine's firewall says so", self(way(135, "10.0.0.1!prohibited")), nil, Blocked,
			"This machine itself says that a rule forbids port 135 (administratively prohibited): its own firewall."},
		{"nobody has the address", self(way(135, "10.0.0.1!unreachable")), nil, Undecided,
			"This machine itself says that there is no way to the server: there is no route, or nobody on its own network answers for the address."},

		{"closed", way(135, r1, r2, "10.0.9.9!reset"), besides(way(443, r1, r2, there)), Undecided,
			"Port 135 is refused in the server's name (RST), at hop 3: nothing drops it on the way. Nothing listens there, or the firewall before the server resets it."},
		{"reset by this machine, or in front of it", way(135, "10.0.9.9!reset"), besides(way(443, r1, r2, there)), Blocked,
			"Port 135 is reset after this machine, at hop 1, and the server is at hop 3, as port 443 shows: a firewall before it refuses in its name."},
		{"reset close by, and nothing to compare with", way(135, "10.0.9.9!reset"), nil, Undecided,
			"Port 135 is refused in the server's name (RST), at hop 1: nothing drops it on the way. Nothing listens there, or the firewall before the server resets it."},
		{"denied by this machine", self(way(135, "?!prohibited")), nil, Blocked,
			"This machine itself says that a rule forbids port 135 (administratively prohibited): its own firewall."},
		{"closed on the same network", way(135, "10.0.9.9!reset"), besides(way(443, there)), Open,
			"The server itself refuses port 135 (RST), with no router in between: nothing on the path blocks it."},
		{"reset before the server", way(135, r1, "10.0.9.9!reset"), besides(way(443, r1, r2, r3, there)), Blocked,
			"Port 135 is reset after 10.0.1.1, at hop 2, and the server is at hop 4, as port 443 shows: a firewall before it refuses in its name."},
		{"reset on another path", way(135, r1, "10.0.9.9!reset"), besides(way(443, "10.0.1.5", r2, r3, there)), Undecided,
			"Port 135 is refused in the server's name (RST), at hop 2: nothing drops it on the way. Nothing listens there, or the firewall before the server resets it. " +
				"Packets take several paths (at hop 1: 10.0.1.1 or 10.0.1.5), so not every connect passes the same hops."},

		{"UDP without an answer", over(catalog.UDP, way(53, r1, r2, "-")), besides(way(443, r1, r2, there)), Undecided,
			"Port 53/udp stops after 10.0.2.2, port 443/tcp goes on to the server: what drops it is 10.0.2.2 or the server's own firewall, unless the service got it and does not answer."},
		{"UDP dropped on the way", over(catalog.UDP, way(53, r1, "-")), besides(way(443, r1, r2, there)), Blocked,
			"Port 53/udp stops after 10.0.1.1, port 443/tcp goes on to 10.0.2.2 and the server: what drops it is 10.0.1.1 or 10.0.2.2."},
		{"UDP, nobody listens", over(catalog.UDP, way(53, r1, "10.0.9.9!port-unreachable")), nil, Open,
			"The server itself says that nothing listens at port 53/udp: nothing on the path blocks it."},
		{"TCP beside UDP", way(53, r1, "-"), besides(over(catalog.UDP, way(53, r1, there))), Blocked,
			"Port 53/tcp stops after 10.0.1.1, port 53/udp goes on to the server: what drops it is 10.0.1.1 or the server's own firewall."},

		{"interrupted", ended, nil, Undecided,
			"The trace ended too early: port 135 came as far as 10.0.1.1, and more is not known."},
		{"interrupted at once", unborn, nil, Undecided,
			"The trace of port 135 ended before any hop had answered."},
		{"not asked", unasked, nil, Undecided,
			"This machine could not ask: connect: network is unreachable."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := NewTrace(hops.Trace{Path: tt.path, Beside: tt.beside})
			if got.Outcome != tt.outcome || got.Sentence != tt.want {
				t.Errorf("%s: %s\nwant %s: %s", got.Outcome, got.Sentence, tt.outcome, tt.want)
			}
		})
	}
}

// blockedTrace is a trace as the firewall of the lab makes it.
func blockedTrace() *hops.Trace {
	return &hops.Trace{Path: way(587, "10.0.1.1", "10.0.2.2", "-", "-", "-"), Beside: besides(way(443, "10.0.1.1", "10.0.2.2", there))}
}

// tracedScene is two services at a port that is dropped, and one that answers.
func tracedScene() Report {
	s := &scene{host: "mail01.contoso.com", version: "2019", role: "mailbox", address: "10.0.9.9", from: "client"}
	dropped := all(verdict(probe.TimedOut, "no reply"), func(r *probe.Result) { r.Trace = blockedTrace() })
	s.add("smtp-submission", 587, dropped)
	s.add("smtp-relay", 587, dropped)
	s.add("owa", 443, nil)
	return draft(s.results)
}

// A report with traces follows the schema and can be read back.
func TestTraceInReport(t *testing.T) {
	r := tracedScene()
	var text bytes.Buffer
	if err := writeJSON(&text, r.Finished(), Style{}); err != nil {
		t.Fatal(err)
	}
	root := readSchema(t)
	var document any
	if err := json.Unmarshal(text.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range root.check(root, "report", document) {
		t.Error(wrong)
	}
	back, err := Read("saved", bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range r.Results {
		if diff := cmp.Diff(e.Trace, back.Results[i].Trace); diff != "" {
			t.Errorf("%s (- written, + read):\n%s", e.Service, diff)
		}
	}
	if r.Results[0].Trace == nil || r.Results[2].Trace != nil {
		t.Error("want a trace at what timed out, and only there")
	}
}

// The table tells where a port stops under its first row, and not again.
func TestTraceInTable(t *testing.T) {
	var text strings.Builder
	if err := writeTable(&text, tracedScene().Finished(), Style{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "Port 587 stops after 10.0.2.2, port 443 goes on to the server"); n != 1 {
		t.Errorf("it is told %d times:\n%s", n, text.String())
	}
}

// What anybody may have put into a saved report reaches no terminal as it is.
func TestTraceMadePrintable(t *testing.T) {
	r := tracedScene()
	r.Results[0].Trace.Sentence = "stops\x1b[2J here"
	r.Results[0].Trace.Hops[0].From[0] = "10.0.1.1\x07"
	var text bytes.Buffer
	if err := writeJSON(&text, r.Finished(), Style{}); err != nil {
		t.Fatal(err)
	}
	back, err := Read("saved", &text)
	if err != nil {
		t.Fatal(err)
	}
	trace := back.Results[0].Trace
	if strings.ContainsAny(trace.Sentence+trace.Hops[0].From[0], "\x1b\x07") {
		t.Errorf("%q, %q", trace.Sentence, trace.Hops[0].From[0])
	}
}

func traceReport() TraceReport {
	return TraceReport{
		Schema: TraceSchema, Tool: "exreach 0.1.0", Host: "mail01.contoso.com", Network: "tcp", Port: 587, Started: began, Took: 4.4,
		Traces: []Traced{
			{"10.0.9.9", NewTrace(*blockedTrace())},
			{"10.0.9.10", NewTrace(hops.Trace{Path: way(587, "-", "10.0.9.9!accepted")})},
		},
	}
}

func TestTraceTable(t *testing.T) {
	const want = `mail01.contoso.com  10.0.9.9
  hop  587/tcp         443/tcp
    1  10.0.1.1  2 ms  10.0.1.1  2 ms
    2  10.0.2.2  2 ms  10.0.2.2  2 ms
    3  no answer       10.0.9.9  2 ms  accepted
  Port 587 stops after 10.0.2.2, port 443 goes on to the server: what
  drops it is 10.0.2.2 or the server's own firewall.

mail01.contoso.com  10.0.9.10
  hop  587/tcp
    1  no answer
    2  10.0.9.9  2 ms  accepted
  Port 587 goes through to the server, at hop 2: nothing on the path
  blocks it. Hop 1 says nothing and lets it pass.

`
	var text strings.Builder
	if err := TraceFormats["table"](&text, traceReport(), Style{Width: 70}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("- wanted, + written:\n%s", diff)
	}
	text.Reset()
	if err := TraceFormats["table"](&text, traceReport(), Style{Width: 30}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if width(strings.TrimSuffix(line, "\n")) > 30 {
			t.Errorf("wider than the terminal: %q", line)
		}
	}
}

func TestTraceDocument(t *testing.T) {
	var text bytes.Buffer
	if err := TraceFormats["json"](&text, traceReport(), Style{}); err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(text.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	root := readSchema(t)
	for _, wrong := range root.check(root.Defs["traceReport"], "trace", document) {
		t.Error(wrong)
	}
}

func TestWorstOutcome(t *testing.T) {
	of := func(outcomes ...Outcome) TraceReport {
		var r TraceReport
		for _, o := range outcomes {
			r.Traces = append(r.Traces, Traced{Trace: Trace{Outcome: o}})
		}
		return r
	}
	for _, tt := range []struct {
		report TraceReport
		want   Outcome
	}{
		{of(), Undecided},
		{of(Open), Open},
		{of(Open, Undecided, Open), Undecided},
		{of(Blocked, Undecided), Blocked},
		{of(Undecided, Blocked, Open), Blocked},
	} {
		if got := tt.report.Worst(); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.report.Traces, got, tt.want)
		}
	}
}
