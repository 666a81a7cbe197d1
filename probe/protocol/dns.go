// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"exreach/probe/protocol/wire"
)

// dnsEnvelope frames messages as RFC 1035, sections 4.2.1 and 4.2.2, has it.
var dnsEnvelope = envelope{want: "DNS", size: 2, most: maxDatagram}

// A dnsQuestion is one question of ours.
type dnsQuestion struct {
	fact  string // that the answer becomes
	name  string // without its last dot; "" is the root
	kind  dnsmessage.Type
	local bool // the server shall not ask others for it
	guess bool // our own guess: the user did not say that the server should know it
}

// askDNS asks what a mail domain has in DNS: its MX and Autodiscover's SRV record
// (RFC 1035, RFC 2782). Any reply code proves a DNS server. "This name does not exist" is
// an answer; the code of a server that does not look the name up is a Refusal.
func askDNS(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	questions := dnsQuestions(q)
	q.At(Greet)
	ask := questions[0]
	first, err := exchangeDNS(conn, q, ask)
	if err == nil && ask.local && first.header.RCode == dnsmessage.RCodeFormatError {
		// PowerDNS answers so when it may not ask others and knows nothing itself.
		ask.local = false
		first, err = exchangeDNS(conn, q, ask)
	}
	if err != nil {
		return p, err
	}
	describeDNS(first, ask, &p)
	if q.Token != "" { // a question of its own: one with EDNS would not pass every firewall
		_, _ = exchangeDNS(conn, q, dnsQuestion{name: q.clientName(), kind: dnsmessage.TypeSOA})
	}
	if p.Refusal != "" {
		return p, nil
	}
	for _, more := range questions[1:] {
		q.At(Talk)
		answer, err := exchangeDNS(conn, q, more)
		if _, ok := errors.AsType[*wire.MismatchError](err); ok {
			return p, err
		}
		if err != nil { // the server has answered once, so a lost answer is no failure
			p.fact(more.fact, "no answer")
			continue
		}
		p.fact(more.fact, answer.String())
	}
	return p, nil
}

// dnsQuestions returns what to ask. Where we do not know the mail domain, we ask for the
// zone that the server's own name is in. Where the host is an address, which is in no
// zone, we ask for the root, out of the server's own knowledge: a server without a way to
// the Internet would keep us waiting.
func dnsQuestions(q Question) []dnsQuestion {
	if domain := strings.TrimSuffix(q.Domain, "."); domain != "" {
		return []dnsQuestion{
			{fact: FactMX, name: domain, kind: dnsmessage.TypeMX},
			{fact: FactAutodiscoverSRV, name: "_autodiscover._tcp." + domain, kind: dnsmessage.TypeSRV},
		}
	}
	if zone := wire.DomainOf(q.Host); zone != "" {
		return []dnsQuestion{{fact: FactAnswers, name: zone, kind: dnsmessage.TypeSOA, guess: true}}
	}
	return []dnsQuestion{{fact: FactAnswers, kind: dnsmessage.TypeNS, local: true, guess: true}}
}

// exchangeDNS asks one question.
func exchangeDNS(conn net.Conn, q Question, ask dnsQuestion) (dnsAnswer, error) {
	var id [2]byte
	_, _ = rand.Read(id[:])
	query, err := ask.message(binary.BigEndian.Uint16(id[:]))
	var packed []byte
	if err == nil {
		packed, err = query.Pack()
	}
	if err != nil {
		return dnsAnswer{}, fmt.Errorf("asking for %s: %w", ask, err)
	}
	message, err := dnsEnvelope.exchange(conn, q.Service.Network, packed, func(head []byte) sight { return lookDNS(head, id) })
	if err != nil {
		return dnsAnswer{}, err
	}
	return readDNS(message, query.Questions[0])
}

// message is the query. It has no EDNS, because some firewalls drop queries that have
// it: we note as truncated an answer that does not fit into 512 bytes.
func (ask dnsQuestion) message(id uint16) (dnsmessage.Message, error) {
	name, err := dnsName(ask.name)
	return dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: !ask.local},
		Questions: []dnsmessage.Question{{Name: name, Type: ask.kind, Class: dnsmessage.ClassINET}},
	}, err
}

func (ask dnsQuestion) String() string { return ask.typeName() + " of " + ask.zone() }

func (ask dnsQuestion) typeName() string { return strings.TrimPrefix(ask.kind.String(), "Type") }

func (ask dnsQuestion) zone() string { return cmp.Or(ask.name, ".") }

// dnsName is a name without its last dot; "" is the root.
func dnsName(text string) (dnsmessage.Name, error) { return dnsmessage.NewName(text + ".") }

// lookDNS knows a response to a query by the third byte of its header: no text
// has such a byte.
func lookDNS(head []byte, id [2]byte) sight {
	const response, operation = 0x80, 0x78
	switch {
	case len(head) > 2 && head[2]&(response|operation) != response:
		return alien
	case len(head) > 0 && head[0] != id[0], len(head) > 1 && head[1] != id[1]:
		return stray
	}
	return own
}

// dnsRefusals are the reply codes of a server that did not look the name up, or could not
// find out. FORMERR is one: our query has no EDNS that a server could mean by it.
var dnsRefusals = []dnsmessage.RCode{dnsmessage.RCodeFormatError, dnsmessage.RCodeServerFailure, dnsmessage.RCodeNotImplemented, dnsmessage.RCodeRefused}

// describeDNS notes what the answer to the first question says. A server that refuses to
// tell of the root from its own knowledge does not turn us away: it only has none.
func describeDNS(a dnsAnswer, ask dnsQuestion, p *Peer) {
	p.fact(FactQuestion, ask.String())
	p.fact(FactQuestionName, ask.zone())
	p.fact(FactQuestionType, ask.typeName())
	p.fact(FactRCode, rcodeText(a.header.RCode))
	p.fact(FactRecursion, either(a.header.RecursionAvailable, "available", "not available"))
	p.fact(FactAuthoritative, either(a.header.Authoritative, "yes", "no"))
	p.fact(ask.fact, a.String())
	if a.header.Truncated {
		p.fact(FactTruncated, "yes")
	}
	if !a.refuses() || ask.local && a.header.RCode == dnsmessage.RCodeRefused {
		return
	}
	p.turnAway(rcodeText(a.header.RCode)+" to "+ask.String(), "")
	if ask.guess {
		p.Reason = wire.OurQuestion
	}
}

func either(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}
