// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/standin"
	"exreach/report/table"
)

// openings is so many open ports from 1 up.
func openings(n int) []far.Opening {
	var all []far.Opening
	for i := range n {
		all = append(all, far.Opening{Service: fmt.Sprintf("service-%d", i+1), Network: catalog.TCP, Port: uint16(i + 1), State: far.Open, Address: netip.IPv6Unspecified()})
	}
	return all
}

func arrival(port uint16, from string) far.Arrival {
	return far.Arrival{Network: catalog.TCP, Port: port, From: netip.MustParseAddrPort(from), At: time.Unix(1, 0)}
}

// TestScreenFits wants no picture wider or taller than the terminal, whatever its size.
func TestScreenFits(t *testing.T) {
	var seen tally
	for i := range 60 {
		seen.note(standin.Came{Arrival: arrival(uint16(i%30+1), fmt.Sprintf("[2001:db8::%x]:50000", i))})
	}
	for _, size := range [][2]int{{80, 24}, {20, 5}, {10, 2}, {200, 100}, {1, 1}, {0, 0}} {
		var out bytes.Buffer
		s := &screen{text: text{to: &out}, at: Screen{Size: func() (int, int) { return size[0], size[1] }}}
		columns, rows := s.size()
		for range 2 {
			out.Reset()
			if err := s.show(view{ports: seen.count(openings(70))}); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if len(lines) > max(rows-1, 1) {
				t.Errorf("%v: %d lines", size, len(lines))
			}
			for _, line := range lines {
				if _, line, _ = strings.Cut(line, erase); table.Columns(line) >= columns && columns > 1 {
					t.Errorf("%v: %d columns: %q", size, table.Columns(line), line)
				}
			}
		}
	}
}

// TestScreenBeginsAnew: after a change of size the lines may have wrapped, so that a picture
// must not be drawn over them.
func TestScreenBeginsAnew(t *testing.T) {
	var out bytes.Buffer
	columns := 80
	s := &screen{text: text{to: &out}, at: Screen{Size: func() (int, int) { return columns, 24 }}}
	for i, want := range []bool{false, true, false, true} {
		if i == 2 {
			columns = 40
		}
		out.Reset()
		if err := s.show(view{ports: (&tally{}).count(openings(3))}); err != nil {
			t.Fatal(err)
		}
		if got := strings.HasPrefix(out.String(), "\x1b[2F"); got != want {
			t.Errorf("picture %d goes up: %t, want %t: %q", i, got, want, out.String())
		}
	}
}

// TestFlood wants what is told of a flood to be short, and what is counted to be right.
func TestFlood(t *testing.T) {
	const many = 100_000
	var seen tally
	for i := range many {
		a := arrival(uint16(i%3+1), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 40000).String())
		seen.note(standin.Came{Arrival: a})
		seen.note(standin.Ended{Arrival: a})
	}
	n := seen.look()
	if len(n.bursts) > mostBursts || len(n.ended) > mostEnded {
		t.Errorf("%d bursts and %d arrivals are kept", len(n.bursts), len(n.ended))
	}
	if len(n.ended)+n.unlisted != many {
		t.Errorf("%d arrivals listed and %d not, of %d", len(n.ended), n.unlisted, many)
	}
	var out bytes.Buffer
	l := &log{text{to: &out}}
	if err := l.show(view{news: n}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != mostLines+1 {
		t.Errorf("%d lines", lines)
	}
	if want := fmt.Sprintf("and %d more arrivals in this second\n", many-mostLines); !strings.HasSuffix(out.String(), want) {
		t.Errorf("it ends with %q, want %q", out.String()[max(0, out.Len()-80):], want)
	}
	total := 0
	for _, p := range seen.count(openings(3)) {
		total += p.Times
		if len(p.sources) > mostSources {
			t.Errorf("%d sources are kept", len(p.sources))
		}
	}
	if total != many {
		t.Errorf("%d arrivals are counted, want %d", total, many)
	}
}

// TestSummary has the answer first: which ports saw nothing.
func TestSummary(t *testing.T) {
	var seen tally
	half, turned := arrival(2, "10.0.0.6:1"), arrival(2, "8.8.8.8:1")
	half.HalfOpen, turned.Turned = true, "allow"
	for _, a := range []far.Arrival{arrival(1, "10.0.0.5:1"), arrival(1, "10.0.0.5:2"), half, turned} {
		seen.note(standin.Came{Arrival: a})
	}
	contact := arrival(3, "10.0.0.5:3")
	seen.note(standin.Came{Arrival: contact})
	seen.note(standin.Contacted{Arrival: contact})
	ports := openings(4)
	ports[3].State, ports[3].Holder = far.Held, "master"
	var out bytes.Buffer
	if err := (text{to: &out}).end(far.Record{}, view{ports: seen.count(ports)}); err != nil {
		t.Fatal(err)
	}
	want := `
1 of 3 open ports saw nothing: 3/tcp.
PORT   SERVICE    CAME  HALF-OPEN  TURNED AWAY  FROM
1/tcp  service-1  2     0          0            10.0.0.5
2/tcp  service-2  0     1          1            8.8.8.8, 10.0.0.6
`
	if out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}
