// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// startStandIn starts a server of the embedded catalogue and returns the pool
// that finds it and the checks of what connects to it.
func startStandIn(t *testing.T, version, role, from string, faults map[string]standin.Fault, accounts ...protocol.Credentials) (*Pool, []catalog.Check) {
	t.Helper()
	c := catalog.Open()
	v, err := c.Version(version)
	if err != nil {
		t.Fatal(err)
	}
	var services []catalog.Service
	for _, s := range v.Services {
		if s.Role == role {
			services = append(services, s)
		}
	}
	s := &standin.Server{Host: "mail01.contoso.example", Version: version, Services: services, Faults: faults, Accounts: accounts}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	checks, err := c.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: s.Host, Version: version, Role: role}}}, from)
	if err != nil {
		t.Fatal(err)
	}
	return &Pool{Dial: s.Dial, Resolver: &lookup.Resolver{Lookup: s.Lookup}, Shared: &Shared{Trust: trust.New(s.Roots())}}, checks
}

// TestStandIn asks whole servers: every service answers, the RPC interfaces
// behind an endpoint mapper too, and every certificate is good.
func TestStandIn(t *testing.T) {
	for _, of := range []struct {
		version, role, from string
		behind              int // RPC interfaces
	}{
		{"5.5", "server", "client", 3},
		{"2003", "back-end", "client", 3},
		{"2010", "client-access", "client", 4},
		{"2019", "mailbox", "client", 0},
		{"2019", "mailbox", "mailbox", 0},
		{"2019", "domain-controller", "mailbox", 5},
		{"se", "edge", "mailbox", 0},
	} {
		t.Run(of.version+" "+of.role+" from "+of.from, func(t *testing.T) {
			pool, checks := startStandIn(t, of.version, of.role, of.from, nil)
			children := 0
			for _, res := range collect(t.Context(), pool, checks...) {
				if res.Verdict != Answered {
					t.Errorf("%s on port %d: %s at %s: %s (%s)", res.Check.Service.Name, res.Port, res.Verdict, res.Step, res.Detail, res.Evidence)
					continue
				}
				checkTLS(t, res)
				if res.Parent != "" {
					children++
				}
			}
			if children != of.behind {
				t.Errorf("%d RPC interfaces asked, want %d", children, of.behind)
			}
		})
	}
}

// checkTLS wants TLS where the service has it, and its certificate to be good.
func checkTLS(t *testing.T, res Result) {
	t.Helper()
	if res.Check.Service.TLS == catalog.NoTLS {
		return
	}
	if tls := res.Peer.TLS; tls == nil || !tls.Trusted || !tls.NameMatches || tls.Version != "TLS 1.3" {
		t.Errorf("%s: TLS %+v", res.Check.Service.Name, tls)
	}
}

func isMapper(c catalog.Check) bool { return c.Behind != nil }

// TestStandInFaults wants every fault found as what it is, and nothing else
// called faulty.
func TestStandInFaults(t *testing.T) {
	pool, checks := startStandIn(t, "2010", "client-access", "client", map[string]standin.Fault{
		"pop3":  standin.Foreign,
		"imap":  standin.Refused,
		"http":  standin.Silent,
		"imaps": standin.Expired,
		"nspi":  standin.Refused,
	})
	want := map[string]Verdict{"pop3": Mismatch, "imap": Refused, "http": Silent, "nspi": Refused}
	// Only the silent service is asked in a hurry: the others may be slow where
	// the machine is.
	hasty := *pool
	hasty.Timeouts.Check = 300 * time.Millisecond
	i := slices.IndexFunc(checks, func(c catalog.Check) bool { return c.Service.Name == "http" })
	results := append(collect(t.Context(), &hasty, checks[i]), collect(t.Context(), pool, slices.Delete(checks, i, i+1)...)...)
	for _, res := range results {
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

// TestStandInAddress finds the services on their own port of a given address.
func TestStandInAddress(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := netip.MustParseAddrPort(free.Addr().String()).Port()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddr("127.0.0.1")
	service := catalog.Service{Name: "pop3", Network: catalog.TCP, Ports: catalog.Ports{First: port, Last: port}, Protocol: "pop3", TLS: catalog.NoTLS}
	s := &standin.Server{Host: "mail01.contoso.example", Version: "2019", Services: []catalog.Service{service}, Addresses: []netip.Addr{at}}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	asked := 0
	for _, res := range collect(t.Context(), new(Pool), catalog.Check{Host: at.String(), Service: service}) {
		if asked++; res.Verdict != Answered {
			t.Errorf("%s at %s: %s (%s)", service.Name, res.Address, res.Verdict, res.Detail)
		}
	}
	if asked != 1 {
		t.Errorf("%d results, want 1", asked)
	}
}
