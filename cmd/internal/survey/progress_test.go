// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/gauge"
)

// slow is a catalogue with a version of sixteen ports of SMTP, from 1001 on.
func slow(t *testing.T) *catalog.Catalog {
	t.Helper()
	text := "version: slow\ntitle: A slow server\nroles:\n  - {name: server, text: sixteen ports}\nservices:\n"
	for port := 1001; port <= 1016; port++ {
		text += fmt.Sprintf("  - {name: smtp-%d, role: server, port: %[1]d, protocol: smtp, wants: {client: required}}\n", port)
	}
	cat := catalog.Open()
	if err := cat.Add("slow.yaml", strings.NewReader(text), []string{"smtp"}); err != nil {
		t.Fatal(err)
	}
	return cat
}

// A faraway network answers after 200 ms, but some ports are silent, some drop everything,
// and some refuse.
type faraway struct{ silent, dropped, refused []uint16 }

func (f faraway) dial(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error) {
	port := addr.Port()
	if slices.Contains(f.dropped, port) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	time.Sleep(200 * time.Millisecond)
	if port > 1016 || slices.Contains(f.refused, port) {
		return nil, &net.OpError{Op: "dial", Net: string(network), Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		if slices.Contains(f.silent, port) {
			_, _ = io.Copy(io.Discard, far)
			return
		}
		time.Sleep(200 * time.Millisecond)
		_, _ = io.WriteString(far, "220 mail01 ready\r\n")
		for lines := bufio.NewScanner(far); lines.Scan(); {
			time.Sleep(200 * time.Millisecond)
			_, _ = io.WriteString(far, "250 mail01\r\n")
		}
	}()
	return near, nil
}

// followed runs a survey of the hosts in a bubble and returns what was told meanwhile, and
// how many rows the report has.
func followed(t *testing.T, pool probe.Pool, o Options, hosts ...string) (told []Progress, rows int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		targets, err := Named(hosts, o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(slow(t), targets)
		if err != nil {
			t.Fatal(err)
		}
		s.Pool, s.Every = &pool, 100*time.Millisecond
		s.Watch = func(e Event) {
			if p, ok := e.(Progress); ok {
				told = append(told, p)
			}
		}
		for h := range s.Run(t.Context()) {
			for _, r := range h.Rows {
				if !r.Check.IsControl() {
					rows++
				}
			}
		}
	})
	return told, rows
}

// manyHosts are so many addresses.
func manyHosts(n int) []string {
	var hosts []string
	for i := range n {
		hosts = append(hosts, fmt.Sprintf("192.0.2.%d", i+1))
	}
	return hosts
}

// TestProgress follows runs, and wants of each line that its counts are those of the
// report, that the time left changes by at most a factor of two, and that what it said at
// half time came true.
func TestProgress(t *testing.T) {
	mixed := faraway{silent: []uint16{1003}, dropped: []uint16{1005}, refused: []uint16{1007, 1008}}
	for name, test := range map[string]struct {
		net    faraway
		pool   probe.Pool
		hosts  int
		phases []Phase // that must be told
	}{
		"a silent port":            {faraway{silent: []uint16{1003}}, probe.Pool{}, 1, []Phase{Waiting}},
		"a dropped port":           {faraway{dropped: []uint16{1003}}, probe.Pool{}, 1, []Phase{Checking, Waiting}},
		"sixty hosts":              {mixed, probe.Pool{}, 60, []Phase{Checking, Waiting}},
		"few connections for many": {mixed, probe.Pool{Shared: &probe.Shared{Limit: 40}}, 60, []Phase{Checking, Waiting}},
		"a rate":                   {mixed, probe.Pool{Shared: &probe.Shared{Rate: 20}}, 60, []Phase{Checking, Waiting}},
		"one port after the other": {faraway{}, probe.Pool{Shared: &probe.Shared{Gentle: true}}, 5, []Phase{Checking}},
		"short timeouts":           {mixed, probe.Pool{Timeouts: probe.Timeouts{Check: 5 * time.Second}}, 60, []Phase{Waiting}},
		"nothing answers":          {faraway{dropped: []uint16{1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 59533}}, probe.Pool{}, 60, []Phase{Waiting}},
	} {
		t.Run(name, func(t *testing.T) {
			test.pool.Dial = test.net.dial
			told, rows := followed(t, test.pool, Options{Version: "slow"}, manyHosts(test.hosts)...)
			end := told[len(told)-1]
			if !end.Over || end.Checks != rows || end.AllChecks != rows || end.Hosts != test.hosts {
				t.Errorf("the end: %+v, want %d rows", end, rows)
			}
			phases := map[Phase]bool{}
			var before, half *Progress
			for i, p := range told {
				phases[p.Phase] = true
				if p.Checks > p.AllChecks {
					t.Errorf("%d of %d checks", p.Checks, p.AllChecks)
				}
				if before != nil && (p.Left > 2*before.Left || 2*p.Left < before.Left) {
					t.Errorf("after %s the time left went from %s to %s", p.Took, before.Left, p.Left)
				}
				if p.AtMost && p.Took+p.Left < end.Took {
					t.Errorf("after %s: at most %s, but the end came after %s", p.Took, p.Left, end.Took)
				}
				if before = nil; p.Left >= 0 {
					before = &told[i]
				}
				if p.Took <= end.Took/2 {
					half = &told[i]
				}
			}
			for _, phase := range test.phases {
				if !phases[phase] {
					t.Errorf("phase %s was never told", phase)
				}
			}
			if off := (half.Took + half.Left - end.Took).Abs(); end.Took > 10*time.Second && off > end.Took/5 {
				t.Errorf("after %s the line said %s, but the end came after %s", half.Took, half.Left, end.Took)
			}
		})
	}
}

// TestWaits: the line names the one port that a run waits for, and how long at most.
func TestWaits(t *testing.T) {
	told, _ := followed(t, probe.Pool{Dial: faraway{silent: []uint16{1003}}.dial}, Options{Version: "slow"}, "192.0.2.1")
	waited := 0
	for _, p := range told {
		if p.Phase != Waiting {
			continue
		}
		waited++
		if w := p.Waits; !p.AtMost || w.Silent != 1 || len(w.First) != 1 || w.First[0] != (WaitingFor{"192.0.2.1", "1003/tcp", true}) {
			t.Fatalf("after %s: %+v", p.Took, p)
		}
	}
	if waited < 150 {
		t.Errorf("told %d times in 20 s that it waits", waited)
	}
}

// TestVersions: while hosts are asked what they are, that is the phase.
func TestVersions(t *testing.T) {
	told, _ := followed(t, probe.Pool{Dial: faraway{dropped: []uint16{443, 25}}.dial}, Options{}, manyHosts(3)...)
	if p := told[3]; p.Phase != FindingVersions || p.Known != 0 || p.ToKnow != 3 || p.Left >= 0 {
		t.Errorf("%+v", p)
	}
}

// TestForecast: whatever the estimates, a shown time is never more than twice the one
// before, or less than half of it, and never nothing.
func TestForecast(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var f forecast
		last := time.Duration(0)
		for range 100 {
			left := time.Duration(random.ExpFloat64() * float64(time.Minute) * random.ExpFloat64() * 10)
			next := f.follow(left, 100*time.Millisecond, random.IntN(3) == 0)
			if next < time.Second || last > 0 && (next > 2*last || 2*next < last) {
				t.Fatalf("from %s to %s", last, next)
			}
			last = next
		}
	}
}

// TestForecastFollows: the shown time runs down with the clock, and follows an estimate
// that changes within seconds.
func TestForecastFollows(t *testing.T) {
	var f forecast
	at := func(tick int, total time.Duration) time.Duration {
		return f.follow(total-time.Duration(tick)*100*time.Millisecond, 100*time.Millisecond, false)
	}
	for tick := range 100 {
		if got, want := at(tick, 60*time.Second), 60*time.Second-time.Duration(tick)*100*time.Millisecond; (got - want).Abs() > time.Second {
			t.Fatalf("tick %d: %s, want %s", tick, got, want)
		}
	}
	for tick := range 60 {
		at(100+tick, 40*time.Second)
	}
	if got := at(160, 40*time.Second); (got - 24*time.Second).Abs() > 2*time.Second {
		t.Errorf("six seconds after the estimate fell: %s, want 24 s", got)
	}
}

// row is a row that waits for something that should have come by now.
func row(state gauge.State, port uint16, age, left time.Duration) gauge.RowReading {
	return gauge.RowReading{
		Network: catalog.TCP, To: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port),
		State: state, Age: age, Wait: gauge.Wait{Left: left, Overdue: state > gauge.Queued},
	}
}

// TestLeft: how long moments of runs still take.
func TestLeft(t *testing.T) {
	quick := gauge.Durations{}
	for range 90 {
		quick.Add(100 * time.Millisecond)
	}
	silent := row(gauge.Talking, 443, 5*time.Second, 15*time.Second)
	shaking := silent
	shaking.ForAll = true
	behind := row(gauge.Queued, 443, 5*time.Second, 0)
	under := func(rows ...gauge.RowReading) []gauge.HostReading {
		return []gauge.HostReading{{Name: "192.0.2.1", Rows: rows}}
	}
	for name, test := range map[string]struct {
		work work
		want time.Duration
	}{
		"a silent port":                      {work{Reading: gauge.Reading{Underway: under(silent)}}, 15 * time.Second},
		"another row behind it":              {work{Reading: gauge.Reading{Underway: under(silent, behind)}}, 35 * time.Second},
		"silent in the handshake, for all":   {work{Reading: gauge.Reading{Underway: under(shaking, behind)}}, 15 * time.Second},
		"a slow start is not the whole rate": {work{Reading: gauge.Reading{Counts: gauge.Counts{Rows: 90, Took: quick}, Underway: under(silent)}, unbegun: 91, hosts: 1}, 49 * time.Second},
		"a trace to come":                    {work{Reading: gauge.Reading{Counts: gauge.Counts{Lost: 1}}, traces: traces{wanted: true}}, usualTrace + time.Second},
		"half of the traces in 20 s":         {work{Reading: gauge.Reading{Counts: gauge.Counts{Lost: 60}}, traces: traces{wanted: true, running: 30, done: 30, spent: 20 * time.Second}}, 20 * time.Second},
		"nothing":                            {work{}, 0},
	} {
		if got := test.work.left(); (got - test.want).Abs() > test.want/5 {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
