// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"exreach/probe/protocol/wire"
)

// A dnsQuestion asks for a name's addresses of one family.
type dnsQuestion struct {
	name string // absolute, without the dot at the end
	kind dnsmessage.Type
	id   uint16
}

// pack makes a message of the kind that no server ever refused: without EDNS, which
// some home routers and firewalls do not pass. An answer that does not fit into 512 bytes
// comes over TCP.
func (q dnsQuestion) pack() ([]byte, error) {
	name, err := dnsmessage.NewName(q.name + ".")
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: q.id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: q.kind, Class: dnsmessage.ClassINET}},
	}
	return m.Pack()
}

// A dnsAnswer is the answer of a server that knows. It is certain: where it has no
// addresses, there are none.
type dnsAnswer struct {
	addrs  []netip.Addr
	alias  string     // where the chain of CNAME records ends; "" where there is none
	exists bool       // the name exists, with an address or without
	chased bool       // the server followed the aliases to their end
	by     netip.Addr // the server; await sets it
}

// A rcodeError is the error code of a server that does not know.
type rcodeError struct{ code dnsmessage.RCode }

func (e *rcodeError) Error() string { return "says " + rcodeWord(e.code) }

// rcodeWord returns the name that people and tools use for a code (RFC 8914 and dig).
func rcodeWord(code dnsmessage.RCode) string {
	switch code {
	case dnsmessage.RCodeFormatError:
		return "FORMERR"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL"
	case dnsmessage.RCodeNotImplemented:
		return "NOTIMP"
	case dnsmessage.RCodeRefused:
		return "REFUSED"
	}
	return fmt.Sprintf("error %d", code)
}

var (
	errStrayDNS  = errors.New("answers another question")
	errBrokenDNS = errors.New("sends an answer that cannot be read")
	errDNSCut    = errors.New("sends an answer that is cut short")
	errLameDNS   = errors.New("does not know the name and does not ask others (no recursion)")
)

// read reads a server's answer. It fails with errStrayDNS for a message that answers
// another question, which any device on the path can send. With errDNSCut it also
// returns the part of the answer that came.
func (q dnsQuestion) read(message []byte) (dnsAnswer, error) {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil || h.ID != q.id || !h.Response {
		return dnsAnswer{}, errStrayDNS
	}
	asked, err := p.AllQuestions()
	if err != nil || len(asked) > 0 && !q.is(asked[0]) || len(asked) == 0 && h.RCode == dnsmessage.RCodeSuccess {
		return dnsAnswer{}, errStrayDNS
	}
	if h.RCode != dnsmessage.RCodeSuccess && h.RCode != dnsmessage.RCodeNameError {
		return dnsAnswer{}, &rcodeError{h.RCode}
	}
	records, whole := readRecords(&p)
	if !whole && !h.Truncated {
		return dnsAnswer{}, errBrokenDNS
	}
	if !h.Authoritative && !h.RecursionAvailable && records.isReferral() {
		return dnsAnswer{}, errLameDNS
	}
	a := records.follow(q.name)
	a.exists = h.RCode == dnsmessage.RCodeSuccess
	a.chased = a.chased || !a.exists || len(a.addrs) > 0
	if h.Truncated {
		return a, errDNSCut
	}
	return a, nil
}

func (q dnsQuestion) is(asked dnsmessage.Question) bool {
	return asked.Type == q.kind && asked.Class == dnsmessage.ClassINET && strings.EqualFold(TrimDot(asked.Name.String()), q.name)
}

// dnsRecords holds the records of an answer. The keys are their names in lower case.
type dnsRecords struct {
	addrs   map[string][]netip.Addr
	aliases map[string]string
	ns      bool // there is an NS record, which leads to other servers
	soa     bool // there is an SOA record, as with "there is no such record" (RFC 2308 section 2.2)
}

// readRecords reads the records of an answer, and reports whether it could read all.
func readRecords(p *dnsmessage.Parser) (r dnsRecords, whole bool) {
	r = dnsRecords{addrs: map[string][]netip.Addr{}, aliases: map[string]string{}}
	for {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil || r.take(h, p) != nil {
			return r, false
		}
	}
	for {
		h, err := p.AuthorityHeader()
		if err != nil {
			return r, errors.Is(err, dnsmessage.ErrSectionDone)
		}
		r.ns = r.ns || h.Type == dnsmessage.TypeNS
		r.soa = r.soa || h.Type == dnsmessage.TypeSOA
		if p.SkipAuthority() != nil {
			return r, false
		}
	}
}

// isReferral reports whether an answer does nothing but name other servers: its sender
// knows nothing of the name, and does not ask the others.
func (r dnsRecords) isReferral() bool {
	return r.ns && len(r.addrs) == 0 && len(r.aliases) == 0 && !r.soa
}

// take reads one record.
func (r dnsRecords) take(h dnsmessage.ResourceHeader, p *dnsmessage.Parser) error {
	owner := strings.ToLower(TrimDot(h.Name.String()))
	switch h.Type {
	case dnsmessage.TypeA:
		a, err := p.AResource()
		r.addrs[owner] = append(r.addrs[owner], netip.AddrFrom4(a.A))
		return err
	case dnsmessage.TypeAAAA:
		a, err := p.AAAAResource()
		r.addrs[owner] = append(r.addrs[owner], netip.AddrFrom16(a.AAAA).Unmap())
		return err
	case dnsmessage.TypeCNAME:
		c, err := p.CNAMEResource()
		r.aliases[owner] = TrimDot(c.CNAME.String())
		return err
	}
	return p.SkipAnswer()
}

// follow walks from a name over its aliases to the addresses.
func (r dnsRecords) follow(name string) dnsAnswer {
	a := dnsAnswer{chased: r.soa}
	for at := strings.ToLower(name); ; at = strings.ToLower(a.alias) {
		next, aliased := r.aliases[at]
		if !aliased {
			a.addrs = r.addrs[at]
			a.chased = a.chased || a.alias == ""
			return a
		}
		a.alias = next
		delete(r.aliases, at) // so a circle ends
	}
}

// overTCP asks on an open connection, where messages have their length in front
// (RFC 1035 section 4.2.2).
func (q dnsQuestion) overTCP(conn net.Conn) (dnsAnswer, error) {
	message, err := q.pack()
	if err != nil {
		return dnsAnswer{}, err
	}
	var length [2]byte
	binary.BigEndian.PutUint16(length[:], uint16(len(message)))
	if _, err := conn.Write(append(length[:], message...)); err != nil {
		return dnsAnswer{}, err
	}
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return dnsAnswer{}, err
	}
	message = make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, message); err != nil {
		return dnsAnswer{}, err
	}
	return q.read(message)
}

// printableName makes a name that came over the network fit to be shown.
func printableName(name string) string { return wire.Printable(name, longestName) }
