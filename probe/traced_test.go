// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/hops"
	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// A runMade is the results of a run that the tests make up.
type runMade []Result

func (r *runMade) add(service, address string, port uint16, v Verdict) *Result {
	step := protocol.Connect
	if v == Silent { // a bare connect that is answered ends in the step connect
		step = protocol.Greet
	}
	*r = append(*r, Result{
		Order: len(*r),
		Check: catalog.Check{Host: address, Service: catalog.Service{
			Name: service, Network: catalog.TCP, Protocol: "smtp", Ports: catalog.Ports{First: port, Last: port},
		}},
		Address: netip.MustParseAddr(address), Port: port, Verdict: v, Step: step,
	})
	return &(*r)[len(*r)-1]
}

// hosts is the results of each host.
func (r runMade) hosts() []HostResults {
	var hosts []HostResults
	for _, res := range r {
		at := slices.IndexFunc(hosts, func(h HostResults) bool { return h.Host == res.Check.Host })
		if at < 0 {
			at = len(hosts)
			hosts = append(hosts, HostResults{Host: res.Check.Host, Place: at})
		}
		hosts[at].Results = append(hosts[at].Results, res)
	}
	return hosts
}

// A counter counts which targets were traced.
type counter struct {
	mu    sync.Mutex
	asked map[netip.AddrPort]bool
}

// ask knows one router, 10.0.1.1, and a server behind it that answers at 443
// and 25.
func (c *counter) ask(ctx context.Context, to socket.Target, ttl int) hops.Reply {
	c.mu.Lock()
	c.asked[to.Addr] = true
	c.mu.Unlock()
	switch open := to.Addr.Port() == 443 || to.Addr.Port() == 25; {
	case ttl == 1:
		return hops.Reply{Said: hops.SaidExceeded, From: netip.MustParseAddr("10.0.1.1")}
	case open:
		return hops.Reply{Said: hops.SaidAccepted, From: to.Addr.Addr()}
	}
	<-ctx.Done()
	return hops.Reply{Said: hops.SaidNothing}
}

// told is each result's service with what its trace was compared with.
func told(ctx context.Context, c *counter, r runMade) map[string]string {
	c.asked = map[netip.AddrPort]bool{}
	all := map[string]string{}
	for host := range Traced(ctx, hops.Tracer{Ask: c.ask}, slices.Values(r.hosts())) {
		for _, res := range host.Results {
			name := res.Check.Service.Name
			switch {
			case res.Untraced != "":
				all[name] = string(res.Untraced)
				if res.Trace != nil {
					all[name] += ", and a trace"
				}
			case res.Trace == nil:
				all[name] = "no trace"
			case res.Trace.Beside == nil:
				all[name] = "alone"
			default:
				all[name] = fmt.Sprintf("beside %d", res.Trace.Beside.Addr.Port())
			}
		}
	}
	return all
}

func TestResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r runMade
		r.add("owa", "10.0.9.9", 587, TimedOut) // two rows of one port
		r.add("ews", "10.0.9.9", 587, TimedOut)
		r.add("control", "10.0.9.9", 5893, TimedOut).Check.Service.Name = catalog.Control
		r.add("control-closed", "10.0.9.13", 5893, Refused).Check.Service.Name = catalog.Control
		r.add("lonely", "10.0.9.13", 135, TimedOut)
		r.add("bare", "10.0.9.14", 443, Answered)
		r.add("beside-bare", "10.0.9.14", 135, TimedOut)
		r.add("closed", "10.0.9.9", 110, Refused)
		r.add("smtp", "10.0.9.9", 25, Silent)
		r.add("rpc", "10.0.9.9", 135, TimedOut)
		r.add("dead-1", "10.0.9.10", 25, TimedOut)
		r.add("dead-2", "10.0.9.10", 135, TimedOut)
		r.add("resets", "10.0.9.11", 80, Refused)
		r.add("beside-resets", "10.0.9.11", 135, TimedOut)
		rejected := r.add("rejected", "10.0.9.12", 80, Refused)
		rejected.SaidBy = netip.MustParseAddr("10.0.1.1") // not the host
		r.add("rejects", "10.0.9.12", 135, TimedOut)
		c := &counter{}
		got := told(t.Context(), c, r)
		want := map[string]string{
			"owa": "beside 25", "ews": "beside 25", catalog.Control: "no trace", "lonely": "beside 5893", "bare": "no trace", "beside-bare": "beside 443",
			"closed": "no trace", "smtp": "no trace", "rpc": "beside 25",
			"dead-1": "alone", "dead-2": "same-path",
			"resets": "no trace", "beside-resets": "beside 80",
			"rejected": "no trace", "rejects": "alone",
		}
		if !maps.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
		var asked []string
		for _, to := range slices.SortedFunc(maps.Keys(c.asked), netip.AddrPort.Compare) {
			asked = append(asked, to.String())
		}
		if want := []string{"10.0.9.9:25", "10.0.9.9:135", "10.0.9.9:587", "10.0.9.10:25", "10.0.9.11:80", "10.0.9.11:135", "10.0.9.12:135",
			"10.0.9.13:135", "10.0.9.13:5893", "10.0.9.14:135", "10.0.9.14:443"}; !slices.Equal(asked, want) {
			t.Errorf("traced %q, want %q", asked, want)
		}
	})
}

// Many ports are traced side by side, and all of it has an end.
func TestResultsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r runMade
		r.add("smtp", "10.0.9.9", 25, Answered)
		for port := range uint16(20) {
			r.add(fmt.Sprint("port-", port), "10.0.9.9", 1000+port, TimedOut)
		}
		began := time.Now()
		told(t.Context(), &counter{}, r)
		if took := time.Since(began); took > 25*time.Second {
			t.Errorf("20 ports of one address took %v", took)
		}

		r = nil
		for host := range 100 {
			name := fmt.Sprintf("10.0.%d.9", host)
			r.add("smtp-"+name, name, 25, Answered)
			for port := range uint16(40) {
				r.add(fmt.Sprintf("%s-%d", name, port), name, 1000+port, TimedOut)
			}
		}
		began = time.Now()
		got := told(t.Context(), &counter{}, r)
		if took := time.Since(began); took > 2*time.Minute || len(got) != len(r) {
			t.Errorf("%d of %d results in %v", len(got), len(r), took)
		}
	})
}

// After Ctrl-C, or the run's deadline, every result comes out at once, and says why it has
// no trace.
func TestResultsInterrupted(t *testing.T) {
	for _, test := range []struct {
		cause error
		why   string
	}{{nil, "interrupted"}, {ErrDeadline, "deadline"}} {
		synctest.Test(t, func(t *testing.T) {
			var r runMade
			r.add("rpc", "10.0.9.9", 135, TimedOut)
			r.add("smtp", "10.0.9.9", 25, Answered)
			ctx, stop := context.WithCancelCause(t.Context())
			stop(test.cause)
			began := time.Now()
			got := told(ctx, &counter{}, r)
			if want := map[string]string{"rpc": test.why, "smtp": "no trace"}; !maps.Equal(got, want) || time.Since(began) > 0 {
				t.Errorf("got %v after %v, want %v", got, time.Since(began), want)
			}
		})
	}
}

// Where all traces together take too long, what is left says so: no port that timed out
// looks traced, and none is forgotten.
func TestResultsTimeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r runMade
		for i := range 300 {
			r.add(fmt.Sprint("smtp-", i), fmt.Sprintf("10.%d.%d.9", i/250, i%250), 135, TimedOut)
		}
		silent := func(ctx context.Context, to socket.Target, ttl int) hops.Reply { // a router of its own before each host
			if addr := to.Addr.Addr(); ttl == 1 {
				return hops.Reply{Said: hops.SaidExceeded, From: addr.Next()}
			}
			<-ctx.Done()
			return hops.Reply{Said: hops.SaidNothing}
		}
		began := time.Now()
		count := map[string]int{}
		for host := range Traced(t.Context(), hops.Tracer{Ask: silent}, slices.Values(r.hosts())) {
			res := host.Results[0]
			if count[string(res.Untraced)]++; (res.Trace == nil) != (res.Untraced != "") {
				t.Errorf("%s: trace %v, untraced %q", res.Check.Host, res.Trace, res.Untraced)
			}
		}
		if took := time.Since(began); took > 125*time.Second || count[""] < 20 || count[""]+count[string(TraceTimeUp)] != len(r) {
			t.Errorf("%v after %v", count, took)
		}
	})
}

// A system that cannot trace says so at every port that timed out.
func TestUntraceable(t *testing.T) {
	var r runMade
	r.add("rpc", "10.0.9.9", 135, TimedOut)
	r.add("smtp", "10.0.9.9", 25, Answered)
	for host := range untraceable(slices.Values(r.hosts())) {
		if got := []Untraced{host.Results[0].Untraced, host.Results[1].Untraced}; !slices.Equal(got, []Untraced{TraceUnable, ""}) {
			t.Errorf("got %q", got)
		}
	}
}

// A reader that stops early leaves nothing behind: synctest waits for it.
func TestResultsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r runMade
		r.add("rpc", "10.0.9.9", 135, TimedOut)
		r.add("smb", "10.0.9.9", 445, TimedOut)
		r.add("smtp", "10.0.9.9", 25, Answered)
		c := &counter{asked: map[netip.AddrPort]bool{}}
		for host := range Traced(t.Context(), hops.Tracer{Ask: c.ask}, slices.Values(r.hosts())) {
			if host.Results[0].Trace != nil {
				break
			}
		}
	})
}

// Every conversation over UDP has something to say first, and it fits.
func TestFirstDatagram(t *testing.T) {
	cat := catalog.Open()
	asked := map[string]bool{}
	versions, err := cat.Versions()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		for _, s := range v.Services {
			if s.Network != catalog.UDP || s.Unasked != "" || asked[s.Protocol] {
				continue
			}
			asked[s.Protocol] = true
			payload := NewTarget(catalog.Check{Host: "mail01.contoso.com", Service: s}, netip.MustParseAddrPort("10.0.9.9:135")).Payload
			if len(payload) == 0 || len(payload) >= largestPayload {
				t.Errorf("%s: %d octets", s.Protocol, len(payload))
			}
		}
	}
	if len(asked) < 4 {
		t.Errorf("only %v were asked", asked)
	}
	if p := NewTarget(catalog.Check{Service: catalog.Service{Network: catalog.UDP, Protocol: "none"}}, netip.MustParseAddrPort("10.0.9.9:135")).Payload; len(p) > 0 {
		t.Errorf("a protocol that is not there says %q", p)
	}
}
