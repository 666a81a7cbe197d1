// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"maps"
	"math/big"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/wire"
)

// enough is far beyond what a conversation on loopback takes.
const enough = 20 * time.Second

// speaksFirst are the protocols whose server greets.
var speaksFirst = []string{"smtp", "pop3", "imap"}

// overUDP are the protocols that UDP carries, onlyUDP those that nothing else
// does.
var (
	overUDP = []string{"dns", "kerberos", "kpasswd", "cldap", "ntp", "netbios-ns", "sip"}
	onlyUDP = []string{"cldap", "ntp", "netbios-ns"}
)

// ofTCP is the part of the table that TCP carries, ofUDP what UDP does.
func ofTCP() map[string]Protocol {
	table := maps.Clone(Table)
	maps.DeleteFunc(table, func(name string, _ Protocol) bool { return slices.Contains(onlyUDP, name) })
	return table
}

func ofUDP() map[string]Protocol {
	table := maps.Clone(Table)
	maps.DeleteFunc(table, func(name string, _ Protocol) bool { return !slices.Contains(overUDP, name) })
	return table
}

func TestEachAgainstItself(t *testing.T) {
	for name, p := range ofTCP() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer, err := meet(t, p.Ask, p.Answer, question(name, catalog.NoTLS), standIn(name, catalog.NoTLS), enough)
			if err != nil {
				t.Errorf("%s did not understand its own answer: %v", name, err)
			}
			if peer.Refusal != "" {
				t.Errorf("%s was refused: %s", name, peer.Refusal)
			}
		})
	}
}

func TestEachAgainstAllOthers(t *testing.T) {
	for asker, ask := range ofTCP() {
		for answerer, answer := range ofTCP() {
			if asker == answerer || asker == "tcp" || asker == "any" { // which take whatever answers
				continue
			}
			t.Run(asker+" asks "+answerer, func(t *testing.T) {
				t.Parallel()
				// Two that wait for the other to speak stay silent, which has to be
				// waited for; elsewhere the time must not matter.
				greets, limit := slices.Contains(speaksFirst, answerer), enough
				if !greets {
					limit = 100 * time.Millisecond
				}
				peer, err := meet(t, ask.Ask, answer.Answer, question(asker, catalog.NoTLS), standIn(answerer, catalog.NoTLS), limit)
				if err == nil {
					t.Fatalf("%s took %s for its own: %+v", asker, answerer, peer)
				}
				if _, ok := errors.AsType[*wire.MismatchError](err); greets && !ok {
					t.Errorf("%s was greeted by %s and did not see that it is a mismatch: %v", asker, answerer, err)
				}
			})
		}
	}
}

// TestEachOverUDP is the same for datagrams, over real sockets.
func TestEachOverUDP(t *testing.T) {
	for asker, ask := range ofUDP() {
		for answerer, answer := range ofUDP() {
			t.Run(asker+" asks "+answerer, func(t *testing.T) {
				t.Parallel()
				limit := enough
				if asker != answerer {
					limit = 100 * time.Millisecond // of silence: nobody answers what is foreign
				}
				peer, err := meetUDP(t, ask.Ask, answer.Answer, questionUDP(asker), standInUDP(answerer), limit)
				switch {
				case asker == answerer && err != nil:
					t.Errorf("%s did not understand its own answer: %v", asker, err)
				case asker == answerer && peer.Refusal != "":
					t.Errorf("%s was refused: %s", asker, peer.Refusal)
				case asker != answerer && err == nil:
					t.Errorf("%s took %s for its own: %+v", asker, answerer, peer)
				}
			})
		}
	}
}

// TestStartTLS does a real handshake in band, where TLS then protects what the
// client asks next.
func TestStartTLS(t *testing.T) {
	for _, name := range speaksFirst {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q, s := question(name, catalog.StartTLS), standIn(name, catalog.StartTLS)
			var steps []Step
			var secured *tls.Conn
			q.At = func(s Step) { steps = append(steps, s) }
			q.StartTLS = func(conn net.Conn) (net.Conn, error) {
				secured = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
				return secured, secured.Handshake()
			}
			config := &tls.Config{Certificates: []tls.Certificate{throwAway(t)}}
			s.StartTLS = func(conn net.Conn) (net.Conn, error) {
				c := tls.Server(conn, config)
				return c, c.Handshake()
			}
			peer, err := meet(t, Table[name].Ask, Table[name].Answer, q, s, enough)
			if err != nil {
				t.Fatal(err)
			}
			if secured == nil || !secured.ConnectionState().HandshakeComplete {
				t.Error("there was no handshake")
			}
			if !slices.Equal(steps, []Step{Greet, Talk, TLS, Talk}) {
				t.Errorf("steps are %v", steps)
			}
			if fact, ok := peer.Facts["starttls"]; ok {
				t.Errorf("TLS worked, yet the fact starttls says %q", fact)
			}
		})
	}
}

// TestNoCertificate: a server without a certificate does not offer TLS, which
// is a fact about it and no error.
func TestNoCertificate(t *testing.T) {
	for _, name := range speaksFirst {
		q := question(name, catalog.StartTLS)
		peer, err := meet(t, Table[name].Ask, Table[name].Answer, q, standIn(name, catalog.StartTLS), enough)
		if err != nil || peer.Facts["starttls"] != "not offered" {
			t.Errorf("%s: error %v, facts %v", name, err, peer.Facts)
		}
	}
}

func TestFailedHandshake(t *testing.T) {
	broken := errors.New("broken")
	for _, name := range speaksFirst {
		q, s := question(name, catalog.StartTLS), standIn(name, catalog.StartTLS)
		q.StartTLS = func(net.Conn) (net.Conn, error) { return nil, broken }
		s.StartTLS = func(conn net.Conn) (net.Conn, error) { return conn, nil }
		peer, err := meet(t, Table[name].Ask, Table[name].Answer, q, s, enough)
		if err != broken {
			t.Errorf("%s returned %v and not the error of the handshake as it is", name, err)
		}
		if name != "pop3" && len(peer.Capabilities) == 0 {
			t.Errorf("%s forgot what it learned before the handshake", name)
		}
	}
}

// TestCutAnywhere has the server hang up after every byte of a good conversation:
// the client must end, and must not call it a success before the server has said
// enough.
func TestCutAnywhere(t *testing.T) {
	for name, p := range ofTCP() {
		if name == "tcp" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, whole := 0, false; !whole; n++ {
				ours, theirs := net.Pipe()
				server := &hangsUp{Conn: theirs, left: n}
				s := standIn(name, catalog.StartTLS)
				s.StartTLS = func(conn net.Conn) (net.Conn, error) { return conn, nil }
				peer, err := converse(ours, server, p.Ask, p.Answer, question(name, catalog.StartTLS), s, enough)
				whole = !server.hungUp
				switch {
				case n == 0 && !errors.Is(err, io.EOF):
					t.Errorf("a peer that hangs up at once gives %v, not EOF", err)
				case n < 4 && err == nil:
					t.Errorf("%d bytes are taken for %s: %+v", n, name, peer)
				case errors.Is(err, os.ErrDeadlineExceeded):
					t.Errorf("cut after %d bytes, it waits for more", n)
				case whole && err != nil:
					t.Errorf("the whole of it fails: %v", err)
				}
			}
		})
	}
}

// hangsUp is a connection that closes when more than left bytes were written.
type hangsUp struct {
	net.Conn
	left   int
	hungUp bool
}

func (h *hangsUp) Write(p []byte) (int, error) {
	if len(p) <= h.left {
		h.left -= len(p)
		return h.Conn.Write(p)
	}
	n, _ := h.Conn.Write(p[:h.left])
	h.left, h.hungUp = 0, true
	h.Conn.Close()
	return n, io.ErrClosedPipe
}

// TestEndless feeds both sides of every protocol what never ends: they must give
// up after a bounded number of bytes.
func TestEndless(t *testing.T) {
	const most = 4 << 20
	for name, p := range ofTCP() {
		for _, words := range []string{"A", "\x00", "\x30", "220-A\r\n", "220 ", "+OK ", "+OK\r\n", "* OK ", "* OK A\r\n", "HTTP/1.1 200 OK\r\n", "A: B\r\n", "NOOP\r\n"} {
			asked, answered := &endless{words: words}, &endless{words: words}
			if _, err := p.Ask(asked, question(name, catalog.StartTLS)); err == nil && name != "tcp" && name != "any" {
				t.Errorf("%s accepts an endless %q", name, words)
			}
			_ = p.Answer(answered, standIn(name, catalog.NoTLS))
			if asked.read > most || answered.read > most {
				t.Errorf("%s read %d bytes of %q as a client and %d as a server", name, asked.read, words, answered.read)
			}
		}
	}
}

type (
	asking    func(net.Conn, Question) (Peer, error)
	answering func(net.Conn, Stand) error
)

// meet lets ask and answer speak with each other over loopback and returns what
// ask made of it, once both are done.
func meet(t *testing.T, ask asking, answer answering, q Question, s Stand, limit time.Duration) (Peer, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ours, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return converse(ours, theirs, ask, answer, q, s, limit)
}

// meetUDP is meet over datagrams. The server goes on until the client is done.
func meetUDP(t *testing.T, ask asking, answer answering, q Question, s Stand, limit time.Duration) (Peer, error) {
	t.Helper()
	l, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := net.Dial("udp", l.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs := &oneClient{UDPConn: l, client: ours.LocalAddr()}
	return converse(ours, theirs, func(conn net.Conn, q Question) (Peer, error) {
		defer theirs.Close()
		return ask(conn, q)
	}, answer, q, s, limit)
}

// oneClient is a UDP server's socket that answers one client.
type oneClient struct {
	*net.UDPConn
	client net.Addr
}

func (c *oneClient) Write(p []byte) (int, error) { return c.WriteTo(p, c.client) }
func (c *oneClient) RemoteAddr() net.Addr        { return c.client }

// converse is meet over a connection that stands. limit is the client's.
func converse(ours, theirs net.Conn, ask asking, answer answering, q Question, s Stand, limit time.Duration) (Peer, error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer theirs.Close()
		theirs.SetDeadline(time.Now().Add(enough))
		_ = answer(theirs, s) // some call it an error when the client goes away
	}()
	ours.SetDeadline(time.Now().Add(limit))
	peer, err := ask(ours, q)
	ours.Close()
	<-done
	return peer, err
}

func question(name string, how catalog.TLS) Question {
	return Question{
		Host:    "mail.example.com",
		Service: service(name, how),
		Session: Session{At: func(Step) {}, StartTLS: func(conn net.Conn) (net.Conn, error) { return conn, nil }},
	}
}

func questionUDP(name string) Question {
	q := question(name, catalog.NoTLS)
	q.Service.Network = catalog.UDP
	return q
}

func standInUDP(name string) Stand {
	s := standIn(name, catalog.NoTLS)
	s.Service.Network = catalog.UDP
	return s
}

func standIn(name string, how catalog.TLS) Stand {
	return Stand{
		Host:      "mail.example.com",
		Version:   "2019",
		Service:   service(name, how),
		Endpoints: []rpc.Endpoint{{UUID: "a4f1db00-ca47-1067-b31f-00dd010662da", Sequence: "ncacn_ip_tcp", Port: 6001, Address: "0.0.0.0"}},
	}
}

func service(name string, how catalog.TLS) catalog.Service {
	s := catalog.Service{Name: name, Network: catalog.TCP, Protocol: name, TLS: how}
	if name == "http" {
		s.HTTP = &catalog.Directory{Path: "/owa/", Status: []int{302}}
	}
	return s
}

// throwAway is a certificate that nobody trusts.
func throwAway(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "mail.example.com"},
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
