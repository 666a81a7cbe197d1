// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"iter"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// asked is the host of the end-to-end tests.
const asked = "mail01.contoso.example"

// A breakage is something that goes wrong on the way to a server.
type breakage func(*rig, probe.DialFunc) probe.DialFunc

// A rig is a stand-in on loopback, and what was put in its way.
type rig struct {
	server  *standin.Server
	pool    *probe.Pool
	addrs   []netip.Addr
	serving sync.WaitGroup
}

// run checks a stand-in through breakages and judges what it found.
func run(t *testing.T, plan []catalog.Check, breakages ...breakage) []Row {
	t.Helper()
	r := &rig{addrs: []netip.Addr{netip.MustParseAddr("192.0.2.10")}}
	r.server = &standin.Server{Host: asked, Version: plan[0].Version, Services: servicesOf(plan), Accounts: []protocol.Credentials{*alice("right")}}
	if err := r.server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.server.Close(); r.serving.Wait() })
	pool := &probe.Pool{
		Dial:     r.server.Dial,
		Shared:   &probe.Shared{Trust: trust.New(r.server.Roots())},
		Resolver: &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) { return r.addrs, nil }},
	}
	r.pool = pool
	for _, b := range breakages {
		pool.Dial = b(r, pool.Dial)
	}
	var rows []Row
	found := pool.Run(t.Context(), slices.Values([]probe.HostPlan{{Host: asked, Checks: catalog.WithControls(plan)}}))
	for h := range Hosts(t.Context(), withoutMark(found), time.Now(), nil) {
		rows = append(rows, h.Rows...)
	}
	return rows
}

// withoutMark takes the mark of a stand-in from the answers: these tests are about what a real
// server is told.
func withoutMark(hosts iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults] {
	return func(yield func(probe.HostResults) bool) {
		for h := range hosts {
			for _, r := range h.Results {
				if r.Peer != nil {
					r.Peer.StandIn = false
				}
			}
			if !yield(h) {
				return
			}
		}
	}
}

// planFor is the checks of one host of the embedded catalogue.
func planFor(t *testing.T, version, role, from string) []catalog.Check {
	t.Helper()
	c := catalog.Open()
	plan, err := c.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: asked, Version: version, Role: role}}}, from)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// servicesOf is what runs on a server where nothing is exposed.
func servicesOf(plan []catalog.Check) []catalog.Service {
	var services []catalog.Service
	for _, c := range plan {
		if c.Want != catalog.Forbidden {
			services = append(services, c.Service)
			services = append(services, servicesOf(c.Behind)...)
		}
	}
	return services
}

// on is where a breakage happens: at these ports of TCP, or at all.
func on(ports []uint16, then func(r *rig, next probe.DialFunc, ctx context.Context, at netip.AddrPort) (net.Conn, error)) breakage {
	return func(r *rig, next probe.DialFunc) probe.DialFunc {
		return func(ctx context.Context, network catalog.Network, at netip.AddrPort) (net.Conn, error) {
			if network != catalog.TCP || len(ports) > 0 && !slices.Contains(ports, at.Port()) {
				return next(ctx, network, at)
			}
			return then(r, next, ctx, at)
		}
	}
}

// losing drops what goes to these ports. The end of the time is told at once.
func losing(ports ...uint16) breakage { return failing(os.ErrDeadlineExceeded, ports...) }

// shunning loses what goes to port, and from the second try there on everything:
// that one was too much.
func shunning(port uint16) breakage {
	return func(r *rig, next probe.DialFunc) probe.DialFunc {
		r.pool.Timeouts.Connect = 500 * time.Millisecond
		var tries atomic.Int32
		return func(ctx context.Context, network catalog.Network, at netip.AddrPort) (net.Conn, error) {
			if at.Port() == port {
				tries.Add(1)
			}
			if at.Port() == port || tries.Load() > 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return next(ctx, network, at)
		}
	}
}

// serving has something else listen at these ports.
func serving(serve func(net.Conn), ports ...uint16) breakage {
	return on(ports, func(r *rig, _ probe.DialFunc, _ context.Context, _ netip.AddrPort) (net.Conn, error) {
		return r.listen(serve)
	})
}

// listen is a connection to something that serves on loopback.
func (r *rig) listen(serve func(net.Conn)) (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, err
	}
	far, err := l.Accept()
	if err != nil {
		return nil, err
	}
	r.serving.Go(func() {
		defer far.Close()
		_ = far.SetDeadline(time.Now().Add(20 * time.Second))
		serve(far)
	})
	return near, nil
}

// accepting takes every connect to a port where nobody listens, and is silent.
func accepting(r *rig, next probe.DialFunc) probe.DialFunc {
	return func(ctx context.Context, network catalog.Network, at netip.AddrPort) (net.Conn, error) {
		conn, err := next(ctx, network, at)
		if err != nil && network == catalog.TCP {
			return r.listen(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
		}
		return conn, err
	}
}

// doctoring is a firewall that writes over what the server says at a port, and
// leaves the length as it is.
func doctoring(port uint16, change func([]byte)) breakage {
	return on([]uint16{port}, func(_ *rig, next probe.DialFunc, ctx context.Context, at netip.AddrPort) (net.Conn, error) {
		conn, err := next(ctx, catalog.TCP, at)
		return &doctored{Conn: conn, change: change}, err
	})
}

type doctored struct {
	net.Conn
	change func([]byte)
}

func (d *doctored) Read(b []byte) (int, error) {
	n, err := d.Conn.Read(b)
	d.change(b[:n])
	return n, err
}

// writing writes words over others of the same length.
func writing(over, words string) func([]byte) {
	return func(b []byte) { copy(b, bytes.ReplaceAll(b, []byte(over), []byte(words))) }
}

// alsoAt has a name lead to these addresses, too, where the breakage happens.
func alsoAt(b breakage, addrs ...string) breakage {
	return func(r *rig, next probe.DialFunc) probe.DialFunc {
		var there []netip.Addr
		for _, a := range addrs {
			there = append(there, netip.MustParseAddr(a))
		}
		r.addrs = append(r.addrs, there...)
		broken := b(r, next)
		return func(ctx context.Context, network catalog.Network, at netip.AddrPort) (net.Conn, error) {
			if slices.Contains(there, at.Addr()) {
				return broken(ctx, network, at)
			}
			return next(ctx, network, at)
		}
	}
}

// alice has an account on the stand-in.
func alice(password string) *protocol.Credentials {
	return &protocol.Credentials{User: "alice", Domain: "CONTOSO", Password: protocol.NewSecret(password)}
}

// loggingIn is alice's doing, with this password.
func loggingIn(password string) breakage {
	return func(r *rig, next probe.DialFunc) probe.DialFunc {
		r.pool.Credentials = alice(password)
		return next
	}
}

// impatient waits less for who stays silent.
func impatient(r *rig, next probe.DialFunc) probe.DialFunc {
	r.pool.Timeouts.Check, r.pool.Timeouts.TLS = 600*time.Millisecond, 300*time.Millisecond
	return next
}

// resolving gives the name these addresses.
func resolving(addrs ...string) breakage {
	return func(r *rig, next probe.DialFunc) probe.DialFunc {
		r.addrs = ips(addrs...)
		return next
	}
}

// nameless is a name without an address.
func nameless(r *rig, next probe.DialFunc) probe.DialFunc {
	r.addrs = nil
	return next
}

// failing ends every connect with an error of the system.
func failing(err error, ports ...uint16) breakage {
	return on(ports, func(*rig, probe.DialFunc, context.Context, netip.AddrPort) (net.Conn, error) { return nil, err })
}

// refusing has nothing listen at these ports.
func refusing(ports ...uint16) breakage {
	return on(ports, func(*rig, probe.DialFunc, context.Context, netip.AddrPort) (net.Conn, error) { return refused() })
}

// refused dials a port at which nobody listens any more: what that gives differs
// between systems.
func refused() (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_ = l.Close()
	return net.Dial("tcp", l.Addr().String())
}

// muteOverUDP lets no datagram be answered. The end of the time is told at once.
func muteOverUDP(_ *rig, next probe.DialFunc) probe.DialFunc {
	return func(ctx context.Context, network catalog.Network, at netip.AddrPort) (net.Conn, error) {
		if network == catalog.UDP {
			return nil, os.ErrDeadlineExceeded
		}
		return next(ctx, network, at)
	}
}

// overUDP answers the first datagram to a port; where answer is nil, nothing
// listens there.
func overUDP(port uint16, answer func([]byte) []byte) breakage {
	return func(r *rig, next probe.DialFunc) probe.DialFunc {
		return func(ctx context.Context, network catalog.Network, at netip.AddrPort) (net.Conn, error) {
			switch {
			case network != catalog.UDP || at.Port() != port:
				return next(ctx, network, at)
			case answer == nil:
				return refused()
			}
			far, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				return nil, err
			}
			_ = far.SetDeadline(time.Now().Add(20 * time.Second))
			r.serving.Go(func() {
				defer far.Close()
				b := make([]byte, 1500)
				if n, from, err := far.ReadFrom(b); err == nil {
					_, _ = far.WriteTo(answer(b[:n]), from)
				}
			})
			return net.Dial("udp", far.LocalAddr().String())
		}
	}
}

// script is a server of a protocol in lines: what it says first, and to each
// command.
func script(greeting string, replies map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, greeting+"\r\n")
		for lines := bufio.NewScanner(c); lines.Scan(); {
			word, _, _ := strings.Cut(lines.Text(), " ")
			reply, known := replies[word]
			if !known {
				reply = "500 5.3.3 Unrecognized command"
			}
			_, _ = io.WriteString(c, reply+"\r\n")
		}
	}
}

// behindTLS serves behind a handshake.
func behindTLS(config *tls.Config, serve func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		secured := tls.Server(c, config)
		if secured.Handshake() == nil {
			serve(secured)
		}
	}
}

// speaking is a server of another service.
func speaking(name string, service catalog.Service) func(net.Conn) {
	return func(c net.Conn) {
		_ = protocol.Table[name].Answer(c, protocol.Stand{Host: asked, Version: "2019", Service: service})
	}
}

// webServer is a web server that answers each request with a status line and headers.
func webServer(t *testing.T, answer func(*http.Request) string) func(net.Conn) {
	return behindTLS(leafOf(t, nil), func(c net.Conn) {
		for r := bufio.NewReader(c); ; {
			request, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			lines := strings.ReplaceAll("HTTP/1.1 "+answer(request)+"\nContent-Length: 0\n\n", "\n", "\r\n")
			if _, err := io.WriteString(c, lines); err != nil {
				return
			}
		}
	})
}

// always answers every request alike.
func always(lines string) func(*http.Request) string {
	return func(*http.Request) string { return lines }
}

// leafOf makes a server's configuration with a certificate of an authority that
// nobody knows, after change has had its way.
func leafOf(t *testing.T, change func(*leaf)) *tls.Config {
	t.Helper()
	ca, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := &leaf{key: ca, config: &tls.Config{}}
	l.issuer = &x509.Certificate{Subject: pkix.Name{CommonName: "Proxy CA", Organization: []string{"Proxy"}}}
	l.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: asked}, DNSNames: []string{asked},
		NotBefore: time.Now().AddDate(0, -1, 0), NotAfter: time.Now().AddDate(0, 6, 0),
	}
	if change != nil {
		change(l)
	}
	der, err := x509.CreateCertificate(rand.Reader, l.cert, l.issuer, l.key.Public(), ca)
	if err != nil {
		t.Fatal(err)
	}
	l.config.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: l.key}}
	return l.config
}

// A leaf is a certificate in the making.
type leaf struct {
	cert, issuer *x509.Certificate
	key          crypto.Signer
	config       *tls.Config
}
