// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report/judge/identity"
)

// A neighbourhood holds the results of one host, laid out the way the rules look for
// them. judgeHost makes one for each host: a rule that walked through all results for
// each of them would take hours over a name with thousands of addresses.
type neighbourhood struct {
	spots     map[netip.Addr]*spot
	addresses []netip.Addr               // those of the host, each once
	living    []string                   // those of them at which something answers
	heard     map[netip.Addr]bool        // the addresses that sent something themselves, if only a refusal
	answered  map[namedRow]bool          // what answers at some address
	ipv6Dead  bool                       // all addresses of IPv6 are dead, and none of IPv4
	subjects  map[string][]*probe.Result // by the subject of a certificate: see addIssuer
	visits    int                        // results that rules have looked at besides their own; for tests
}

// A namedRow is a row of the catalogue.
type namedRow struct{ role, service string }

func rowOf(r probe.Result) namedRow { return namedRow{r.Check.Service.Role, r.Check.Service.Name} }

// A spot is one address of a host.
type spot struct {
	results    []*probe.Result
	ports      map[uint16][]*probe.Result
	planned    map[namedRow]*probe.Result // those to which no other result led
	groups     map[oneOf][]probe.Result   // in the order of the plan
	dead       bool                       // no connect came about
	needed     bool                       // a service must answer here
	everything bool                       // the port that no service uses answers
	shuns      bool                       // a port that had answered fell silent
	onlyMail   bool                       // see onlyMailConnects
	lives      bool                       // something accepted a connect or answered
	refuses    bool                       // the host itself refused a connect, so it is up
	proven     bool                       // a service spoke its own protocol
	inTheClear bool                       // a service answered without TLS
	forbids    *probe.Result              // a connect there that was refused on the way, or prohibited; nil where none was
	secured    []*probe.Result            // one of each port at which TLS came about
	standIn    *probe.Result              // the first answer that bears the mark of a stand-in; nil if none does
	servers    []string                   // names of those that answered, sorted
}

func newNeighbourhood(results []probe.Result) *neighbourhood {
	n := &neighbourhood{
		spots:    map[netip.Addr]*spot{},
		heard:    map[netip.Addr]bool{},
		answered: map[namedRow]bool{},
		subjects: map[string][]*probe.Result{},
	}
	for i := range results {
		n.add(&results[i])
	}
	for _, here := range n.spots {
		here.conclude()
	}
	n.ipv6Dead = true
	for _, a := range n.addresses {
		here := n.spots[a]
		n.ipv6Dead = n.ipv6Dead && here.dead == a.Is6()
		if slices.ContainsFunc(here.results, func(r *probe.Result) bool { return r.Verdict == probe.Answered }) {
			n.living = append(n.living, a.String())
		}
	}
	return n
}

func (n *neighbourhood) add(r *probe.Result) {
	if hostSent(*r) {
		n.heard[r.Address] = true
	}
	if untold(*r) {
		return // no rule looks at it
	}
	here := n.spots[r.Address]
	if here == nil {
		here = &spot{
			ports:   map[uint16][]*probe.Result{},
			planned: map[namedRow]*probe.Result{},
			groups:  map[oneOf][]probe.Result{},
		}
		n.spots[r.Address] = here
		if r.Address.IsValid() {
			n.addresses = append(n.addresses, r.Address)
		}
	}
	here.results = append(here.results, r)
	here.ports[r.Port] = append(here.ports[r.Port], r)
	if r.Parent == "" {
		here.planned[rowOf(*r)] = r
	}
	if group := groupOf(*r); group != (oneOf{}) {
		here.groups[group] = append(here.groups[group], *r)
	}
	if r.Verdict == probe.Answered {
		n.answered[rowOf(*r)] = true
	}
	n.addIssuer(r)
}

// addIssuer keeps two results for each subject of a certificate: the first one, and the
// first one whose issuer differs from it. If any certificate of the subject has another
// issuer than a given one, then one of these two has. Self-signed certificates stand on
// some ports of every Exchange server and are no sign of anything.
func (n *neighbourhood) addIssuer(r *probe.Result) {
	c := serverLeaf(*r)
	if c == nil || c.SelfSigned {
		return
	}
	known := n.subjects[c.Subject]
	if len(known) == 0 || len(known) == 1 && issuer(*serverLeaf(*known[0])) != issuer(*c) {
		n.subjects[c.Subject] = append(known, r)
	}
}

// maxServers is how many names of servers are kept for one address, at most: a peer may
// give itself another name in each answer.
const maxServers = 64

// conclude sets the fields that are about the address as a whole, once all results are in.
func (p *spot) conclude() {
	p.dead = isDead(p.results)
	for _, group := range p.groups {
		slices.SortStableFunc(group, func(a, b probe.Result) int { return cmp.Compare(a.Order, b.Order) })
	}
	p.onlyMail = onlyMailConnects(p.results)
	p.secured = securedPorts(p.results)
	for _, r := range p.results {
		p.everything = p.everything || r.Check.IsControl()
		p.shuns = p.shuns || fellSilent(*r)
		p.needed = p.needed || r.Check.Want == catalog.Required
		p.lives = p.lives || !isUnreached(*r) && r.Verdict != probe.Untried
		p.refuses = p.refuses || saidByHost(*r)
		p.proven = p.proven || proven(*r)
		p.inTheClear = p.inTheClear || talksInTheClear(*r)
		switch {
		case p.forbids == nil && forbids(*r):
			p.forbids = r
		case p.standIn == nil && r.Peer != nil && r.Peer.StandIn:
			p.standIn = r
		}
		if name := serverOf(*r); name != "" {
			p.servers = append(p.servers, name)
		}
	}
	slices.Sort(p.servers)
	p.servers = slices.Compact(p.servers)
	p.servers = p.servers[:min(len(p.servers), maxServers)]
}

// lives reports whether something else at the address shows that the host is up.
func (s seen) lives() bool {
	return s.Witness != nil && s.Witness.Answers || s.here().lives || s.here().refuses
}

// meanwhile says what else shows that the host is up: "other ports of 192.0.2.10 answer".
// Only a host that lives has it.
func (s seen) meanwhile() string {
	if s.Witness != nil && s.Witness.Answers || s.here().lives {
		return fmt.Sprintf("other ports of %s answer", s.target())
	}
	return fmt.Sprintf("%s itself turns other connections away", s.target())
}

// securedPorts returns one result of each port at which a service answered inside TLS.
func securedPorts(results []*probe.Result) []*probe.Result {
	var secured []*probe.Result
	known := map[uint16]bool{}
	for _, r := range results {
		if r.Verdict == probe.Answered && r.Peer != nil && r.Peer.TLS != nil && !known[r.Port] {
			known[r.Port] = true
			secured = append(secured, r)
		}
	}
	return secured
}

// isDead reports whether connects were tried and none came about, and no datagram had an
// answer. A datagram without an answer proves nothing, so datagrams alone do not count.
func isDead(results []*probe.Result) bool {
	asked := false
	for _, r := range results {
		switch {
		case r.Verdict == probe.Untried:
			continue
		case !isUnreached(*r):
			return false
		}
		asked = asked || r.Check.Service.Network == catalog.TCP
	}
	return asked
}

// onlyMailConnects reports whether at least two mail ports connect here, none of them
// answers as it should, and all other ports, at least two, are dropped. A mail shield may
// watch only some mail ports, and the others are dropped. Then the ports that connect
// must not have said a word, because a server behind a firewall for mail would look the
// same.
func onlyMailConnects(results []*probe.Result) bool {
	connected, others := map[uint16]bool{}, map[uint16]bool{}
	partly, spoke := false, false
	for _, r := range results {
		mail, lost := slices.Contains(mailPorts, r.Port), slices.Contains(dropped, r.Verdict)
		switch {
		case r.Check.Service.Network != catalog.TCP:
		case lost && mail:
			partly = true
		case lost:
			others[r.Port] = true
		case !mail, isUnreached(*r), r.Verdict == probe.Answered, r.Verdict == probe.Untried:
			return false
		default:
			connected[r.Port] = true
			spoke = spoke || r.Evidence != ""
		}
	}
	return len(connected) >= 2 && len(others) >= 2 && !(partly && spoke)
}

// A seen is a result as the rules look at it.
type seen struct {
	probe.Result
	want    catalog.Want           // that of the check; Off if the service is excused
	grade   Grade                  // by want and verdict alone
	started time.Time              // of the run: certificates are judged as of then
	host    *neighbourhood         // all results of the same host, this one too
	hurried bool                   // the run was interrupted and patience is over: the rules are skipped
	answer  identity.Answer        // what the service said
	signs   func() []identity.Sign // of answer, found at the first call; do not change them
}

// wanted reports whether the service may be reached at all. If it must not be, the rules
// ignore everything else about it.
func (s seen) wanted() bool { return s.want != catalog.Forbidden }

// required reports whether the service must answer.
func (s seen) required() bool { return s.want == catalog.Required }

// speaks reports whether a wanted service answered in this protocol and did not
// turn us away.
func (s seen) speaks(protocol string) bool {
	return s.wanted() && s.Verdict == probe.Answered && s.Check.Service.Protocol == protocol && s.Peer != nil && s.Peer.Refusal == ""
}

// fact returns what the conversation noted under a name.
func (s seen) fact(name string) (string, bool) {
	value, known := s.peer().Facts[name]
	return value, known
}

// peer returns what is known of the peer. It is never nil, but empty if nothing is known.
func (s seen) peer() *protocol.Peer {
	if s.Peer == nil {
		return &protocol.Peer{}
	}
	return s.Peer
}

// valueOf returns what p points to, or the zero value if p is nil.
func valueOf[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}

// here returns the spot of the result's address.
func (s seen) here() *spot { return s.host.spots[s.Address] }

// someHere reports whether like is true of a result of the same address. It looks at all of
// them: a rule that applies to many results needs a field of spot instead.
func (s seen) someHere(like func(probe.Result) bool) bool {
	return s.someOf(s.here().results, like)
}

// someAtPort is someHere for one port.
func (s seen) someAtPort(port uint16, like func(probe.Result) bool) bool {
	return s.someOf(s.here().ports[port], like)
}

func (s seen) someOf(results []*probe.Result, like func(probe.Result) bool) bool {
	return slices.ContainsFunc(results, func(r *probe.Result) bool {
		s.host.visits++
		return like(*r)
	})
}
