// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/socket"
	"exreach/probe/standin"
)

// A fakeNet is a network in memory: what happens at each address and port.
type fakeNet struct {
	serve func(addr netip.AddrPort, try int) (func(net.Conn), error)

	mu        sync.Mutex
	tries     map[netip.AddrPort]int
	open, max int // connections, now and at most
}

// dial connects to what serve returns; nil and no error is a dropped SYN.
func (f *fakeNet) dial(ctx context.Context, _ catalog.Network, addr netip.AddrPort) (net.Conn, error) {
	f.mu.Lock()
	if f.tries == nil {
		f.tries = map[netip.AddrPort]int{}
	}
	f.tries[addr]++
	try := f.tries[addr]
	f.open++
	f.max = max(f.max, f.open)
	f.mu.Unlock()
	serve, err := f.serve(addr, try)
	if serve == nil && err == nil {
		<-ctx.Done()
		err = ctx.Err()
	}
	if err != nil {
		f.closed()
		return nil, err
	}
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		serve(far)
	}()
	return &countedConn{Conn: near, closed: sync.OnceFunc(f.closed)}, nil
}

func (f *fakeNet) closed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open--
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// Ways to serve.

func smtpServer(c net.Conn) {
	_, _ = io.WriteString(c, "220 mail01 Microsoft ESMTP MAIL Service ready\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		_, _ = io.WriteString(c, "250 mail01\r\n")
	}
}

func silentServer(c net.Conn)  { _, _ = io.Copy(io.Discard, c) }
func closingServer(c net.Conn) {}

// helloServer hangs up on the first thing it hears.
func helloServer(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }

// sayingServer speaks while it listens, as sockets do.
func sayingServer(words string) func(net.Conn) {
	return func(c net.Conn) {
		go func() { _, _ = io.WriteString(c, words) }()
		_, _ = io.Copy(io.Discard, c)
	}
}

// always serves every address alike.
func always(serve func(net.Conn)) func(netip.AddrPort, int) (func(net.Conn), error) {
	return func(netip.AddrPort, int) (func(net.Conn), error) { return serve, nil }
}

func failing(err error) func(netip.AddrPort, int) (func(net.Conn), error) {
	return func(netip.AddrPort, int) (func(net.Conn), error) { return nil, err }
}

func smtpCheck(host string, port uint16) catalog.Check {
	return catalog.Check{Host: host, Version: "2019", Want: catalog.Required, From: "client", Service: catalog.Service{
		Name: fmt.Sprintf("smtp-%d", port), Role: "mailbox", Network: catalog.TCP, Protocol: "smtp", TLS: catalog.NoTLS,
		Ports: catalog.Ports{First: port, Last: port},
	}}
}

func collect(ctx context.Context, p *Pool, checks ...catalog.Check) []Result {
	var all []Result
	for host := range p.Run(ctx, slices.Values(plansOf(checks))) {
		all = append(all, host.Results...)
	}
	return all
}

// plansOf is a plan for each host of checks.
func plansOf(checks []catalog.Check) []HostPlan {
	var plans []HostPlan
	for _, c := range checks {
		at := slices.IndexFunc(plans, func(p HostPlan) bool { return p.Host == c.Host })
		if at < 0 {
			at = len(plans)
			plans = append(plans, HostPlan{Host: c.Host, Place: at})
		}
		plans[at].Checks = append(plans[at].Checks, c)
	}
	return plans
}

// TestVerdicts runs one check against every kind of behaviour. The silences in
// it cost no time.
func TestVerdicts(t *testing.T) {
	tests := []struct {
		name  string
		tls   catalog.TLS
		serve func(netip.AddrPort, int) (func(net.Conn), error)
		want  Verdict
		step  protocol.Step
		tries int
	}{
		{"a server", catalog.NoTLS, always(smtpServer), Answered, protocol.Talk, 1},
		{"dropped", catalog.NoTLS, always(nil), TimedOut, protocol.Connect, 7},
		{"refused", catalog.NoTLS, failing(errnoOf(t, socket.Refused)), Refused, protocol.Connect, 1},
		{"silent", catalog.NoTLS, always(silentServer), Silent, protocol.Greet, 2},
		{"silent under TLS", catalog.Implicit, always(silentServer), Silent, protocol.TLS, 2},
		{"hangs up", catalog.NoTLS, always(closingServer), Cut, protocol.Greet, 2},
		{"hangs up under TLS", catalog.Implicit, always(helloServer), Cut, protocol.TLS, 3}, // the last with the client that speaks DHE
		{"silent after the greeting", catalog.NoTLS, always(sayingServer("220 mail01\r\n")), Silent, protocol.Talk, 2},
		{"another protocol", catalog.NoTLS, always(sayingServer("SSH-2.0-OpenSSH_9.2\r\n")), Mismatch, protocol.Greet, 1},
		{"plain text under TLS", catalog.Implicit, always(sayingServer("220 mail01 ready\r\n")), BadTLS, protocol.TLS, 1},
		{"one lost SYN", catalog.NoTLS, func(_ netip.AddrPort, try int) (func(net.Conn), error) {
			if try == 1 {
				return nil, nil
			}
			return smtpServer, nil
		}, Answered, protocol.Talk, 2},
		{"busy once", catalog.NoTLS, func(_ netip.AddrPort, try int) (func(net.Conn), error) {
			if try == 1 {
				return closingServer, nil
			}
			return smtpServer, nil
		}, Answered, protocol.Talk, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNet{serve: tt.serve}
				c := smtpCheck("192.0.2.1", 25)
				c.Service.TLS = tt.tls
				got := collect(t.Context(), &Pool{Dial: network.dial}, c)
				if len(got) != 1 {
					t.Fatalf("%d results, want 1", len(got))
				}
				res := got[0]
				if res.Verdict != tt.want || res.Step != tt.step || res.Tries != tt.tries {
					t.Errorf("%s at step %s after %d tries, want %s at %s after %d (%s)",
						res.Verdict, res.Step, res.Tries, tt.want, tt.step, tt.tries, res.Detail)
				}
				if res.Detail == "" || res.Steps[0].Step != protocol.Resolve || res.Steps[1].Step != protocol.Connect {
					t.Errorf("detail %q, steps %v", res.Detail, res.Steps)
				}
				if network.open != 0 {
					t.Errorf("%d connections left open", network.open)
				}
			})
		})
	}
}

// TestEvidence wants the first bytes of what answered, made printable.
func TestEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(sayingServer("HTTP/1.1 403 \x1b[31mForbidden\r\n"))}
		res := collect(t.Context(), &Pool{Dial: network.dial}, smtpCheck("192.0.2.1", 25))[0]
		if want := `HTTP/1.1 403 \x1b[31mForbidden\r\n`; !strings.HasPrefix(res.Evidence, want) {
			t.Errorf("evidence %q, want %q", res.Evidence, want)
		}
	})
}

// TestEvidenceWhole wants all that came in one piece, though the protocol gave
// up on the first byte of it.
func TestEvidenceWhole(t *testing.T) {
	for _, name := range []string{"smtp", "ldap", "rpc"} {
		synctest.Test(t, func(t *testing.T) {
			network := &fakeNet{serve: always(sayingServer("SSH-2.0-OpenSSH_9.2\r\n"))}
			c := smtpCheck("192.0.2.1", 25)
			c.Service.Protocol = name
			res := collect(t.Context(), &Pool{Dial: network.dial}, c)[0]
			if want := `SSH-2.0-OpenSSH_9.2\r\n`; res.Verdict != Mismatch || res.Evidence != want {
				t.Errorf("%s: %s, evidence %q, want mismatch, %q", name, res.Verdict, res.Evidence, want)
			}
		})
	}
}

// TestMutualTLS wants a server that asks for a client certificate told as there,
// with its own certificate, however it turns us away then.
func TestMutualTLS(t *testing.T) {
	a, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue("192.0.2.1", time.Now().AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	serve := func(version uint16, auth tls.ClientAuthType) func(net.Conn) {
		return func(c net.Conn) {
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version, ClientAuth: auth})
			_ = s.Handshake()
			_, _ = io.Copy(io.Discard, c)
		}
	}
	tests := []struct {
		name  string
		mode  catalog.TLS
		serve func(net.Conn)
		want  Verdict
		step  protocol.Step
	}{
		{"asks, TLS 1.2", catalog.Mutual, serve(tls.VersionTLS12, tls.RequireAnyClientCert), Answered, protocol.TLS},
		{"asks, TLS 1.3", catalog.Mutual, serve(tls.VersionTLS13, tls.RequireAnyClientCert), Answered, protocol.TLS},
		{"asks where nobody should", catalog.Implicit, serve(tls.VersionTLS12, tls.RequireAnyClientCert), BadTLS, protocol.TLS},
		{"plain text", catalog.Mutual, sayingServer("220 mail01 ready\r\n"), BadTLS, protocol.TLS},
		{"silent", catalog.Mutual, silentServer, Silent, protocol.TLS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNet{serve: always(tt.serve)}
				c := smtpCheck("192.0.2.1", 5061)
				c.Service.TLS = tt.mode
				res := collect(t.Context(), &Pool{Dial: network.dial}, c)[0]
				if res.Verdict != tt.want || res.Step != tt.step {
					t.Errorf("%s at %s (%s), want %s at %s", res.Verdict, res.Step, res.Detail, tt.want, tt.step)
				}
				if tt.want == Answered && (res.Peer == nil || !res.Peer.TLS.ClientCertificate || len(res.Peer.TLS.Chain) != 1) {
					t.Errorf("peer %+v", res.Peer)
				}
			})
		})
	}
}

// TestEveryAddress wants one result per address of a name, each with its own
// verdict.
func TestEveryAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := netip.MustParseAddr("192.0.2.2")
		network := &fakeNet{serve: func(addr netip.AddrPort, _ int) (func(net.Conn), error) {
			if addr.Addr() == dead {
				return nil, nil
			}
			return smtpServer, nil
		}}
		p := &Pool{Dial: network.dial, Resolver: &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("192.0.2.1"), dead, netip.MustParseAddr("2001:db8::1")}, nil
		}}}
		got := map[string]Verdict{}
		for _, res := range collect(t.Context(), p, smtpCheck("mail01", 25)) {
			got[res.Address.String()] = res.Verdict
		}
		if len(got) != 3 || got["192.0.2.1"] != Answered || got["192.0.2.2"] != TimedOut || got["2001:db8::1"] != Answered {
			t.Errorf("verdicts %v", got)
		}
	})
}

// TestOneLookup wants a name looked up once for all its checks, and a resolver
// that did not answer told from a name that does not exist.
func TestOneLookup(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Verdict
	}{
		{&net.DNSError{Err: "no such host", IsNotFound: true}, Unresolved},
		{&net.DNSError{Err: "i/o timeout", IsTimeout: true}, Untried},
		{nil, Unresolved}, // no error and no address
	} {
		synctest.Test(t, func(t *testing.T) {
			var lookups atomic.Int32
			p := &Pool{Dial: (&fakeNet{}).dial, Resolver: &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) {
				lookups.Add(1)
				time.Sleep(time.Second)
				return nil, tt.err
			}}}
			for _, res := range collect(t.Context(), p, smtpCheck("nosuch", 25), smtpCheck("nosuch", 587)) {
				if res.Verdict != tt.want || res.Address.IsValid() || res.Step != protocol.Resolve {
					t.Errorf("%v: %s %s at %s, want %s", tt.err, res.Verdict, res.Address, res.Step, tt.want)
				}
			}
			if n := lookups.Load(); n != 1 {
				t.Errorf("%d lookups, want 1", n)
			}
		})
	}
}

// TestShortage wants this machine's own shortage waited out, and never told as
// the server's state.
func TestShortage(t *testing.T) {
	shortage := errnoOf(t, socket.NoDescriptors)
	for _, tt := range []struct {
		name string
		lack int // how many connects find no descriptor
		want Verdict
	}{{"passing", 5, Answered}, {"lasting", 1 << 20, Untried}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNet{serve: func(_ netip.AddrPort, try int) (func(net.Conn), error) {
					if try <= tt.lack {
						return nil, shortage
					}
					return smtpServer, nil
				}}
				start := time.Now()
				res := collect(t.Context(), &Pool{Dial: network.dial}, smtpCheck("192.0.2.1", 25))[0]
				if res.Verdict != tt.want {
					t.Errorf("%s (%s), want %s", res.Verdict, res.Detail, tt.want)
				}
				if time.Since(start) > 21*time.Second {
					t.Errorf("took %s, longer than the check's own limit", time.Since(start))
				}
			})
		})
	}
}

// TestInterrupt wants a run that is interrupted half way to end at once with
// what is known, and nothing that was cut short told as silent or timed-out.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		network := &fakeNet{serve: func(addr netip.AddrPort, _ int) (func(net.Conn), error) {
			switch addr.Port() % 4 {
			case 0:
				return smtpServer, nil
			case 1:
				return silentServer, nil
			case 2:
				return nil, nil
			}
			return nil, errnoOf(t, socket.Refused)
		}}
		var checks []catalog.Check
		for port := range uint16(400) {
			checks = append(checks, smtpCheck("192.0.2.1", port+1))
		}
		time.AfterFunc(300*time.Millisecond, interrupt) // before any dropped port can be known for one
		start := time.Now()
		count := map[Verdict]int{}
		for _, res := range collect(ctx, &Pool{Dial: network.dial, Shared: &Shared{PerHost: 40}}, checks...) {
			count[res.Verdict]++
		}
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("ended after %s, want 300ms", d)
		}
		if count[Silent]+count[TimedOut]+count[Cut] != 0 || count[Answered] == 0 || count[Untried] == 0 {
			t.Errorf("verdicts %v", count)
		}
		if n := count[Answered] + count[Refused] + count[Untried]; n != len(checks) {
			t.Errorf("%d results for %d checks", n, len(checks))
		}
	})
}

// TestBreak wants a consumer that stops half way to leave nothing behind: the
// bubble does not end while a goroutine is left.
func TestBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(silentServer)}
		var checks []catalog.Check
		for port := range uint16(100) {
			checks = append(checks, smtpCheck(fmt.Sprintf("192.0.2.%d", 1+port%50), port+1))
		}
		for range (&Pool{Dial: network.dial}).Run(t.Context(), slices.Values(plansOf(checks))) {
			break
		}
		if network.open != 0 {
			t.Errorf("%d connections left open", network.open)
		}
	})
}

// TestLimits wants no more connections at once than the run, the host and the
// port may have.
func TestLimits(t *testing.T) {
	slow := func(c net.Conn) {
		time.Sleep(400 * time.Millisecond)
		smtpServer(c)
	}
	ports := func(host string, n uint16) (checks []catalog.Check) {
		for port := range n {
			checks = append(checks, smtpCheck(host, port+1))
		}
		return checks
	}
	samePort := slices.Repeat([]catalog.Check{smtpCheck("192.0.2.1", 25)}, 20)
	pages := slices.Clone(samePort)
	for i := range pages {
		pages[i].Service.HTTP = &catalog.Directory{Path: "/owa/"}
	}
	tests := []struct {
		name   string
		pool   Pool
		checks []catalog.Check
		want   int
	}{
		{"run", Pool{Shared: &Shared{Limit: 10}}, append(ports("192.0.2.1", 30), ports("192.0.2.2", 30)...), 10},
		{"host", Pool{Shared: &Shared{PerHost: 7}}, ports("192.0.2.1", 30), 2 * 7}, // as many talk as wait for that
		{"host, by default", Pool{}, ports("192.0.2.1", 100), 2 * 48},
		{"port", Pool{}, samePort, 1},
		{"port, HTTP", Pool{}, pages, browserConnections},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNet{serve: always(slow)}
				tt.pool.Dial = network.dial
				for _, res := range collect(t.Context(), &tt.pool, tt.checks...) {
					if res.Verdict != Answered {
						t.Fatalf("%s: %s", res.Verdict, res.Detail)
					}
					if res.Took > 2*time.Second {
						t.Errorf("took %s: waiting for one's turn is not the server's time", res.Took)
					}
				}
				if network.max != tt.want {
					t.Errorf("%d connections at once, want %d", network.max, tt.want)
				}
			})
		})
	}
}

// TestDeadPortOnce wants the services of one port to share what connecting to
// it found: a dropped port costs its time-outs once.
func TestDeadPortOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(nil)}
		checks := make([]catalog.Check, 10)
		for i := range checks {
			checks[i] = smtpCheck("192.0.2.1", 443)
			checks[i].Service.Name = fmt.Sprint("row ", i)
		}
		start := time.Now()
		seen := map[string]bool{}
		for _, res := range collect(t.Context(), &Pool{Dial: network.dial}, checks...) {
			if res.Verdict != TimedOut || res.Tries != 7 {
				t.Errorf("%s after %d tries", res.Verdict, res.Tries)
			}
			seen[res.Check.Service.Name] = true
		}
		if d := time.Since(start).Round(time.Microsecond); d != 3500*time.Millisecond || len(seen) != 10 {
			t.Errorf("took %s for %d services, want 3.5s for 10", d, len(seen))
		}
	})
}

// TestPanic wants a fault in one conversation to stay with its check.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(smtpServer)}
		p := &Pool{Dial: func(ctx context.Context, n catalog.Network, addr netip.AddrPort) (net.Conn, error) {
			conn, err := network.dial(ctx, n, addr)
			if addr.Port() == 25 {
				conn = panickingConn{conn}
			}
			return conn, err
		}}
		for _, res := range collect(t.Context(), p, smtpCheck("192.0.2.1", 25), smtpCheck("192.0.2.1", 587)) {
			want := Answered
			if res.Port == 25 {
				want = Untried
			}
			if res.Verdict != want {
				t.Errorf("port %d: %s (%s), want %s", res.Port, res.Verdict, res.Detail, want)
			}
		}
	})
}

type panickingConn struct{ net.Conn }

func (panickingConn) Read([]byte) (int, error) { panic(errors.New("boom")) }
