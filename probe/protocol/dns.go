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

// dnsEnvelope is that of RFC 1035, sections 4.2.1 and 4.2.2.
var dnsEnvelope = envelope{want: "DNS", size: 2, most: maxDatagram}

// A dnsQuestion is what is asked and the fact that its answer becomes.
type dnsQuestion struct {
	fact  string
	name  string
	kind  dnsmessage.Type
	local bool // the server shall not ask others for it
	guess bool // our own guess: the user did not say that the server should know it
}

// askDNS asks what a mail domain has in DNS: its MX and Autodiscover's SRV
// record (RFC 1035, RFC 2782). Any reply code proves a DNS server. A name that
// does not exist is an answer; a server that does not look is a Refusal.
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
	if p.Refusal != "" {
		return p, nil
	}
	for _, more := range questions[1:] {
		q.At(Talk)
		answer, err := exchangeDNS(conn, q, more)
		if _, ok := errors.AsType[*wire.MismatchError](err); ok {
			return p, err
		}
		if err != nil { // it has answered once: that this one got lost is no verdict
			p.fact(more.fact, "no answer")
			continue
		}
		p.fact(more.fact, answer.String())
	}
	return p, nil
}

// dnsQuestions is what to ask. Where the mail domain is not known it is the zone
// that the server's own name is in. An address has no zone: then it is the root,
// out of the server's own knowledge, because one without a way to the Internet
// would keep us waiting.
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

// message is the query. It has no EDNS, which some firewalls drop: what does not
// fit into 512 bytes is noted as truncated.
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

// dnsRefusals are the reply codes of a server that did not look, or found nothing
// out. Our query has no EDNS that a server could take for an error of form.
var dnsRefusals = []dnsmessage.RCode{dnsmessage.RCodeFormatError, dnsmessage.RCodeServerFailure, dnsmessage.RCodeNotImplemented, dnsmessage.RCodeRefused}

// describeDNS tells what the answer to the first question says. That a server
// has no view of the root is nothing that it holds against us.
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
