// SPDX-License-Identifier: Apache-2.0

package standin_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/lookup"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a server of a role, as prepare leaves it, and returns the checks of it.
func start(t testing.TB, version, role string, prepare func(*standin.Server)) (*standin.Server, []catalog.Check) {
	t.Helper()
	cat := catalog.Open()
	v, err := cat.Version(version)
	if err != nil {
		t.Fatal(err)
	}
	s, err := standin.New(v, role)
	if err != nil {
		t.Fatal(err)
	}
	prepare(s)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	checks, err := cat.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: s.Host, Version: version, Role: role}}}, "mailbox")
	if err != nil {
		t.Fatal(err)
	}
	return s, checks
}

// poolOf returns the pool that finds a server.
func poolOf(s *standin.Server) *probe.Pool {
	return &probe.Pool{
		Taped: true, Token: token, Dial: s.Dial, Resolver: &lookup.Resolver{Lookup: s.Lookup},
		Shared: &probe.Shared{Trust: trust.New(s.Roots())},
	}
}

// run asks a server, and returns the results.
func run(t testing.TB, pool *probe.Pool, checks []catalog.Check) (all []probe.Result) {
	t.Helper()
	for host := range pool.Run(t.Context(), slices.Values([]probe.HostPlan{{Host: checks[0].Host, Checks: checks}})) {
		all = append(all, host.Results...)
	}
	return all
}

// token is that of the checker: with one, it hears each conversation to its end.
const token = "abcdefghijklmnop"

// TestBothEndsAgree asks every service of a role, and finds what each connection sent and
// received at the other end, to the byte.
func TestBothEndsAgree(t *testing.T) {
	for _, of := range [][2]string{{"se", "mailbox"}, {"2010", "client-access"}, {"2016", "domain-controller"}} {
		for _, guarded := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s, guarded %t", of[0], of[1], guarded), func(t *testing.T) {
				s, checks := start(t, of[0], of[1], func(s *standin.Server) { s.Guarded = guarded })
				forget := s.Expect(netip.MustParseAddr("127.0.0.1"), token)
				defer forget()
				results := run(t, poolOf(s), checks)
				arrivals := map[end]far.Arrival{}
				record := s.RecordFor(netip.MustParseAddr("127.0.0.1"), token)
				for _, a := range record.Arrivals {
					arrivals[end{a.Network, a.From}] = a
				}
				calls := 0
				for _, r := range results {
					for _, c := range r.Wire.Calls {
						if !c.Local.IsValid() {
							continue // a connect that a busy machine gave up, and tried again
						}
						calls++
						agree(t, r, c, arrivals[end{r.Check.Service.Network, c.Local}])
					}
				}
				if calls > len(record.Arrivals) || calls < len(checks)/2 {
					t.Errorf("%d calls and %d arrivals of %d checks", calls, len(record.Arrivals), len(checks))
				}
			})
		}
	}
}

// An end is the near end of a connection.
type end struct {
	network catalog.Network
	local   netip.AddrPort
}

func agree(t *testing.T, r probe.Result, c far.Call, a far.Arrival) {
	t.Helper()
	name := r.Check.Service.Name
	switch {
	case a.At.IsZero():
		t.Errorf("%s: nothing arrived from %s", name, c.Local)
	case !a.Received.Equals(c.Sent):
		t.Errorf("%s: sent %d bytes, arrived %d (%s)", name, c.Sent.Bytes, a.Received.Bytes, r.Detail)
	case !a.Sent.Equals(c.Received):
		t.Errorf("%s: answered %d bytes, came %d (%s)", name, a.Sent.Bytes, c.Received.Bytes, r.Detail)
	case a.Certificate != c.Certificate:
		t.Errorf("%s: showed certificate %q, %q came", name, a.Certificate, c.Certificate)
	case a.At.Before(c.At.Add(-time.Second)) || a.At.After(c.At.Add(c.Took+time.Second)):
		t.Errorf("%s: arrived at %s, called at %s", name, a.At, c.At)
	}
}
