// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A nameServer is one of a test, and what is wrong with it.
type nameServer struct {
	names map[string]nameRecord // by the name without the dot at its end; "*.suffix" stands for all others there

	dead      bool
	lame      bool             // it names servers that may know, and asks none (RFC 1034 section 4.3.2)
	refuses   error            // of the connect, or of the first read
	code      dnsmessage.RCode // in place of an answer
	loss      float64          // of datagrams, each way
	perSecond int              // answers that it gives in a second, and no more in a burst than a twentieth of that; 0 is any number
	overLimit dnsmessage.RCode // what it says to more than that; 0 is nothing
	swallows  dnsmessage.Type
	fails     dnsmessage.Type // SERVFAIL for it
	most      int             // questions that it has under way, and no more; 0 is any number
	delay     time.Duration
	limit     int // addresses that fit into a datagram; 0 is 25
	noTCP     bool

	refusesTCP error

	mu     sync.Mutex
	random *rand.Rand
	tokens float64
	since  time.Time
	asked  int
	busy   int
	peak   int
}

// A nameRecord is what a server knows of a name.
type nameRecord struct {
	addrs []string
	alias string
	code  dnsmessage.RCode
	empty bool // an alias without what is behind it
	cut   bool // it does not fit into a datagram
}

// A nameNet is the name servers of a machine, by their addresses.
type nameNet map[string]*nameServer

func (n nameNet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	s := n[host]
	if s == nil {
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	}
	if s.refuses != nil {
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", s.refuses)}
	}
	if network == "tcp" && s.refusesTCP != nil {
		return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", s.refusesTCP)}
	}
	if network == "tcp" && (s.noTCP || s.dead) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ours, theirs := net.Pipe()
	go s.serve(theirs, network == "tcp")
	return ours, nil
}

// serve answers every question of a connection.
func (s *nameServer) serve(conn net.Conn, stream bool) {
	defer conn.Close()
	for {
		b := make([]byte, 514)
		n, err := conn.Read(b)
		if err != nil {
			return
		}
		if b = b[:n]; stream {
			b = b[2:]
		}
		s.count(1)
		code, dropped := s.code, !stream && s.drops(b)
		if dropped && s.overLimit == 0 {
			s.count(-1)
			continue
		}
		if dropped {
			code = s.overLimit
		}
		time.AfterFunc(max(s.delay, time.Millisecond/10), func() {
			answer := s.answerWith(code, b, stream)
			s.count(-1)
			if stream {
				answer = append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)
			}
			_, _ = conn.Write(answer)
		})
	}
}

func (s *nameServer) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy += n
	s.peak = max(s.peak, s.busy)
	if n > 0 {
		s.asked++
	}
}

// counts is how many questions came, in all and at one time.
func (s *nameServer) counts() (asked, peak int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, s.peak
}

func (s *nameServer) drops(question []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.random == nil {
		s.random, s.since, s.tokens = rand.New(rand.NewPCG(1, 2)), time.Now(), float64(s.perSecond)/20
	}
	eitherWay := 1 - (1-s.loss)*(1-s.loss)
	if s.dead || s.most > 0 && s.busy > s.most || s.random.Float64() < eitherWay {
		return true
	}
	var m dnsmessage.Message
	if m.Unpack(question) != nil || m.Questions[0].Type == s.swallows {
		return true
	}
	if s.perSecond == 0 {
		return false
	}
	now := time.Now()
	s.tokens = min(float64(s.perSecond)/20, s.tokens+now.Sub(s.since).Seconds()*float64(s.perSecond))
	s.since = now
	if s.tokens < 1 {
		return true
	}
	s.tokens--
	return false
}

func (s *nameServer) answer(question []byte, stream bool) []byte {
	return s.answerWith(s.code, question, stream)
}

func (s *nameServer) answerWith(code dnsmessage.RCode, question []byte, stream bool) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil
	}
	q := m.Questions[0]
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, RCode: code}
	if q.Type == s.fails {
		m.RCode = dnsmessage.RCodeServerFailure
	}
	switch {
	case s.lame:
		head := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("com."), Class: dnsmessage.ClassINET, TTL: 60}
		m.Authorities = append(m.Authorities, dnsmessage.Resource{Header: head, Body: &dnsmessage.NSResource{NS: dnsmessage.MustNewName("a.gtld-servers.net.")}})
	case m.RCode == dnsmessage.RCodeSuccess:
		s.fill(&m, q)
	}
	if limit := max(s.limit, 25); !stream && len(m.Answers) > limit {
		m.Answers, m.Truncated = m.Answers[:limit], true
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// fill adds what is known of a name.
func (s *nameServer) fill(m *dnsmessage.Message, q dnsmessage.Question) {
	owner := q.Name
	for range 4 {
		record, known := s.lookUp(strings.ToLower(strings.TrimSuffix(owner.String(), ".")))
		if m.Truncated = m.Truncated || record.cut; record.cut {
			return
		}
		if m.RCode = record.code; !known {
			m.RCode = dnsmessage.RCodeNameError
			return
		}
		head := dnsmessage.ResourceHeader{Name: owner, Class: dnsmessage.ClassINET, TTL: 60}
		if record.alias != "" {
			owner = dnsmessage.MustNewName(record.alias + ".")
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.CNAMEResource{CNAME: owner}})
			if record.empty {
				return
			}
			continue
		}
		for _, a := range record.addrs {
			addr := netip.MustParseAddr(a)
			switch {
			case addr.Is4() && q.Type == dnsmessage.TypeA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: addr.As4()}})
			case !addr.Is4() && q.Type == dnsmessage.TypeAAAA:
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
			}
		}
		return
	}
}

func (s *nameServer) lookUp(name string) (nameRecord, bool) {
	if r, known := s.names[name]; known {
		return r, true
	}
	for suffix, more := name, true; more; {
		_, suffix, more = strings.Cut(suffix, ".")
		if r, known := s.names["*."+suffix]; known {
			return r, true
		}
	}
	return nameRecord{}, false
}

func addrsOf(addrs ...string) nameRecord { return nameRecord{addrs: addrs} }

// within is the time that a lookup has.
const within = 15 * time.Second

// resolverOf is a resolver whose machine has these servers, in this order.
func resolverOf(t *testing.T, servers nameNet, conf string) *Resolver {
	t.Helper()
	dir := t.TempDir()
	files := etc{filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "nsswitch.conf"), filepath.Join(dir, "hosts"), ""}
	if err := os.WriteFile(files.resolv, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	client := newDNSClient(readResolvConf(files.resolv, files.hostname))
	client.dial = servers.dial
	return &Resolver{files: files, client: client, system: func(context.Context, string) (Name, error) {
		return Name{}, errors.New("nobody was to ask the system")
	}}
}

func (r *Resolver) writes(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func addresses(t *testing.T, words ...string) []netip.Addr {
	t.Helper()
	var addrs []netip.Addr
	for _, w := range words {
		addrs = append(addrs, netip.MustParseAddr(w))
	}
	return addrs
}

const twoServers = "nameserver 10.77.3.53\nnameserver 10.77.3.54\n"

// TestManyNames looks up six hundred names where name servers have what field
// reports tell of: the first one is dead, packets are lost, a limit of questions
// a second drops the rest, and AAAA is swallowed. Nothing may stay unknown.
func TestManyNames(t *testing.T) {
	const many = 600
	names := map[string]nameRecord{}
	for i := range many {
		names[fmt.Sprintf("mail%d.contoso.com", i)] = addrsOf(fmt.Sprintf("10.80.%d.%d", i/250, 1+i%250))
	}
	tests := []struct {
		name   string
		server *nameServer
		dead   bool // the first of two
		within time.Duration
	}{
		{"all is well", &nameServer{}, false, 3 * time.Second},
		{"the first server is dead", &nameServer{}, true, 6 * time.Second},
		{"3 % lost each way", &nameServer{loss: .03}, false, 30 * time.Second},
		{"10 % lost each way", &nameServer{loss: .1}, false, 60 * time.Second},
		{"150 questions a second", &nameServer{perSecond: 150}, false, 40 * time.Second},
		// https://github.com/moby/libnetwork/issues/2082: Docker's resolver drops what is
		// more than a hundred at once, and other forwarders have lower limits.
		{"ten questions at once", &nameServer{most: 10, delay: 200 * time.Millisecond}, false, 60 * time.Second},
		{"AAAA is swallowed", &nameServer{swallows: dnsmessage.TypeAAAA}, false, 30 * time.Second},
		{"all of it", &nameServer{loss: .1, perSecond: 150, swallows: dnsmessage.TypeAAAA}, true, 90 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := tt.server
				server.names, server.delay = names, max(server.delay, 2*time.Millisecond)
				servers, conf := nameNet{"10.77.3.54": server}, "nameserver 10.77.3.54\n"
				if tt.dead {
					servers["10.77.3.53"], conf = &nameServer{dead: true}, twoServers
				}
				r := resolverOf(t, servers, conf)
				began := time.Now()
				var all sync.WaitGroup
				for name, want := range names {
					all.Go(func() {
						got, err := r.LookUp(t.Context(), name, within)
						if err != nil || len(got.Addrs) != 1 || got.Addrs[0].String() != want.addrs[0] {
							t.Errorf("%s: %v, %v", name, got.Addrs, err)
						}
						if server.swallows != 0 && !slices.Equal(got.Unanswered, []string{"AAAA"}) {
							t.Errorf("%s: unanswered is %q", name, got.Unanswered)
						}
					})
				}
				all.Wait()
				took := time.Since(began)
				asked, peak := server.counts()
				t.Logf("%d names in %s, %d questions, at most %d at once", many, took.Round(100*time.Millisecond), asked, peak)
				if took > tt.within {
					t.Errorf("took %s, want at most %s", took, tt.within)
				}
				if peak > 2*lookupsAtOnce {
					t.Errorf("%d questions at once: more than %d names were looked up side by side", peak, lookupsAtOnce)
				}
			})
		})
	}
}
