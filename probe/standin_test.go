// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"exreach/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startStandIn starts a mailbox server of the embedded catalogue and returns
// the pool that finds it and the checks of a client and of a server.
func startStandIn(t *testing.T, faults map[string]Fault) (*Pool, []catalog.Check) {
	t.Helper()
	c, err := catalog.Open()
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.Version("2019")
	if err != nil {
		t.Fatal(err)
	}
	var services []catalog.Service
	for _, s := range v.Services {
		if s.Role == "mailbox" {
			services = append(services, s)
		}
	}
	s := &StandIn{Host: "mail01.contoso.example", Version: "2019", Services: services, Faults: faults}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	checks, err := c.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: s.Host, Version: "2019", Role: "mailbox"}}}, "mailbox")
	if err != nil {
		t.Fatal(err)
	}
	return &Pool{Dial: s.Dial, Lookup: s.Lookup, Roots: s.Roots(), Timeouts: Timeouts{Check: 5 * time.Second}}, checks
}

// TestStandIn asks a whole server: every service answers, the RPC interfaces
// behind the endpoint mapper too, and every certificate is good.
func TestStandIn(t *testing.T) {
	pool, checks := startStandIn(t, nil)
	children := 0
	for _, res := range collect(t.Context(), pool, checks...) {
		if res.Verdict != Answered {
			t.Errorf("%s on port %d: %s at %s: %s (%s)", res.Check.Service.Name, res.Port, res.Verdict, res.Step, res.Detail, res.Evidence)
			continue
		}
		if res.Check.Service.TLS != catalog.NoTLS {
			if tls := res.Peer.TLS; tls == nil || !tls.Trusted || !tls.NameMatches || tls.Version != "TLS 1.3" {
				t.Errorf("%s: TLS %+v", res.Check.Service.Name, tls)
			}
		}
		if res.Parent != "" {
			children++
		}
	}
	if wanted := len(checks[slices.IndexFunc(checks, isMapper)].Behind); children != wanted || wanted == 0 {
		t.Errorf("%d RPC interfaces asked, want %d", children, wanted)
	}
}

func isMapper(c catalog.Check) bool { return c.Behind != nil }

// TestStandInFaults wants every fault found as what it is, and nothing else
// called faulty.
func TestStandInFaults(t *testing.T) {
	pool, checks := startStandIn(t, map[string]Fault{
		"smtp":           FaultForeign,
		"smtp-transport": FaultRefused,
		"smtp-delivery":  FaultSilent,
		"imaps":          FaultExpired,
		"emsmdb":         FaultRefused,
	})
	pool.Timeouts.Check = 500 * time.Millisecond
	want := map[string]Verdict{"smtp": Mismatch, "smtp-transport": Refused, "smtp-delivery": Silent, "emsmdb": Refused}
	for _, res := range collect(t.Context(), pool, checks...) {
		name := res.Check.Service.Name
		verdict, faulty := want[name]
		if !faulty {
			verdict = Answered
		}
		if res.Verdict != verdict {
			t.Errorf("%s: %s (%s), want %s", name, res.Verdict, res.Detail, verdict)
		}
		if name == "imaps" && (!res.Peer.TLS.Trusted || !res.Peer.TLS.Chain[0].NotAfter.Before(time.Now())) {
			t.Errorf("imaps: the certificate is not both trusted and expired: %+v", res.Peer.TLS)
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("not asked: %v", want)
	}
}
