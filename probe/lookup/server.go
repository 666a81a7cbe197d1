// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A dnsServer is one of the machine's name servers, and what a run has seen of it.
type dnsServer struct {
	addr netip.AddrPort // not changed any more

	mu    sync.Mutex               // protects the fields below
	last  time.Time                // when it last answered anything
	knows map[dnsmessage.Type]bool // it has answered a question of this type
	lost  int                      // questions in a row that it left unanswered
}

// deadDNS questions in a row that a server leaves unanswered make it dead: the others
// are asked first.
const deadDNS = 3

// hear takes note that the server said something, and whether that was an answer.
func (s *dnsServer) hear(kind dnsmessage.Type, answer bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.lost = time.Now(), 0
	s.knows[kind] = s.knows[kind] || answer
}

// unanswered takes note of a question without an answer. It reports whether the
// server answers such questions at other times, so this one was lost.
func (s *dnsServer) unanswered(sent time.Time, kind dnsmessage.Type) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.Before(sent) {
		s.lost++
	}
	return s.knows[kind] && s.lost < 2*deadDNS
}

func (s *dnsServer) answers(kind dnsmessage.Type) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.knows[kind]
}

func (s *dnsServer) isDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost >= deadDNS
}

// A dnsClient asks the name servers of a machine for all names of a run.
type dnsClient struct {
	// Inputs; not changed any more.
	conf    resolvConf
	servers []*dnsServer
	dial    func(ctx context.Context, network, address string) (net.Conn, error)

	pace dnsPace

	mu        sync.Mutex              // protects the fields below
	first     int                     // the server that is asked first
	swallowed map[dnsmessage.Type]int // names that got no answer of this type
}

func newDNSClient(conf resolvConf) *dnsClient {
	c := &dnsClient{conf: conf, dial: new(net.Dialer).DialContext, swallowed: map[dnsmessage.Type]int{}}
	for _, addr := range conf.servers {
		c.servers = append(c.servers, &dnsServer{addr: addr, knows: map[dnsmessage.Type]bool{}})
	}
	return c
}

// inOrder returns all servers in the order in which one question goes to them.
func (c *dnsClient) inOrder() []*dnsServer {
	if !c.conf.rotate {
		return c.servers
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.first = (c.first + 1) % len(c.servers)
	return slices.Concat(c.servers[c.first:], c.servers[:c.first])
}

// living returns the servers that are not dead; all of them where none is left.
func living(servers []*dnsServer) []*dnsServer {
	left := slices.DeleteFunc(slices.Clone(servers), (*dnsServer).isDead)
	if len(left) == 0 {
		return servers
	}
	return left
}

// answers reports whether any server has answered a question of this type.
func (c *dnsClient) answers(kind dnsmessage.Type) bool {
	return slices.ContainsFunc(c.servers, func(s *dnsServer) bool { return s.answers(kind) })
}

// swallows reports whether questions of this type are dropped on their way: no
// server ever answered one, and several names had to do without.
func (c *dnsClient) swallows(kind dnsmessage.Type) bool {
	const proven = 3
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.swallowed[kind] >= proven && !c.answers(kind)
}

// swallow counts a name that has addresses but got no answer of this type.
func (c *dnsClient) swallow(kind dnsmessage.Type) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.swallowed[kind]++
}
