// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// A dnsAnswer is the part of a response that we look at.
type dnsAnswer struct {
	header  dnsmessage.Header
	records []dnsRecord // in the order of their preference
}

// A dnsRecord is a resource record as people write it.
type dnsRecord struct {
	preference uint16 // of MX and SRV: lower comes first
	text       string
}

// readDNS reads a response and makes sure that it answers our question, which it has to
// repeat. A server that refuses need not repeat it: it may not have understood it.
func readDNS(message []byte, asked dnsmessage.Question) (dnsAnswer, error) {
	var a dnsAnswer
	var parser dnsmessage.Parser
	var err error
	if a.header, err = parser.Start(message); err != nil {
		return a, dnsEnvelope.mismatch(err.Error())
	}
	repeated, err := parser.AllQuestions()
	if err != nil {
		return a, dnsEnvelope.mismatch(err.Error())
	}
	silent := len(repeated) == 0 && a.refuses()
	if !silent && !repeats(repeated, asked) {
		return a, dnsEnvelope.mismatch("a response to another question")
	}
	for len(a.records) < maxList {
		record, err := readRecord(&parser)
		if err == dnsmessage.ErrSectionDone {
			break
		}
		if err != nil && a.header.Truncated { // the response may end anywhere
			break
		}
		if err != nil {
			return a, dnsEnvelope.mismatch(err.Error())
		}
		a.records = append(a.records, record)
	}
	slices.SortStableFunc(a.records, func(a, b dnsRecord) int {
		return cmp.Or(cmp.Compare(a.preference, b.preference), strings.Compare(a.text, b.text))
	})
	return a, nil
}

func repeats(repeated []dnsmessage.Question, asked dnsmessage.Question) bool {
	return len(repeated) == 1 && repeated[0].Type == asked.Type && repeated[0].Class == asked.Class &&
		strings.EqualFold(repeated[0].Name.String(), asked.Name.String())
}

// readRecord reads the next record of the answer section.
func readRecord(parser *dnsmessage.Parser) (dnsRecord, error) {
	head, err := parser.AnswerHeader()
	if err != nil {
		return dnsRecord{}, err
	}
	switch head.Type {
	case dnsmessage.TypeMX:
		r, err := parser.MXResource()
		return dnsRecord{r.Pref, fmt.Sprint(r.Pref, " ", undotted(r.MX))}, err
	case dnsmessage.TypeSRV:
		r, err := parser.SRVResource()
		return dnsRecord{r.Priority, fmt.Sprint(r.Priority, " ", r.Weight, " ", r.Port, " ", undotted(r.Target))}, err
	case dnsmessage.TypeNS:
		r, err := parser.NSResource()
		return dnsRecord{text: "NS " + undotted(r.NS)}, err
	case dnsmessage.TypeSOA:
		r, err := parser.SOAResource()
		return dnsRecord{text: "SOA " + undotted(r.NS) + " " + undotted(r.MBox)}, err
	case dnsmessage.TypeCNAME:
		r, err := parser.CNAMEResource()
		return dnsRecord{text: "CNAME " + undotted(r.CNAME)}, err
	}
	return dnsRecord{text: strings.TrimPrefix(head.Type.String(), "Type")}, parser.SkipAnswer()
}

// undotted is a name without its last dot. The root stays ".".
func undotted(n dnsmessage.Name) string {
	if text := strings.TrimSuffix(n.String(), "."); text != "" {
		return text
	}
	return "."
}

// refuses reports whether the server says no and sends no records: PowerDNS forwards a
// FORMERR together with the records.
func (a dnsAnswer) refuses() bool {
	return slices.Contains(dnsRefusals, a.header.RCode) && len(a.records) == 0
}

// String is the records, or why there are none.
func (a dnsAnswer) String() string {
	var texts []string
	for _, r := range a.records {
		texts = append(texts, r.text)
	}
	switch {
	case len(texts) > 0:
		return strings.Join(texts, ", ")
	case a.header.Truncated:
		return "truncated"
	case a.header.RCode != dnsmessage.RCodeSuccess:
		return "none: " + rcodeText(a.header.RCode)
	}
	return "none"
}

// rcodes are the reply codes (RFC 6895, section 2.3).
var rcodes = []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE"}

func rcodeText(code dnsmessage.RCode) string {
	if int(code) < len(rcodes) {
		return rcodes[code]
	}
	return fmt.Sprintf("RCODE%d", code)
}

// answerDNS is a server that knows every domain, and names s.Host as the mail and
// Autodiscover server of each.
func answerDNS(conn net.Conn, s Stand) error {
	return dnsEnvelope.serve(conn, s.Service.Network, func(message []byte) []byte {
		var query dnsmessage.Message
		if err := query.Unpack(message); err != nil || query.Response || len(query.Questions) != 1 {
			return nil
		}
		whole, err := replyDNS(query, s.Host)
		if err != nil {
			return nil
		}
		return s.fits(whole, truncatedDNS(query))
	})
}

// truncatedDNS tells the client to ask again over TCP (RFC 1035 section 4.2.1). It is as long
// as the query; nil where it cannot be made.
func truncatedDNS(query dnsmessage.Message) []byte {
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: query.ID, Response: true, OpCode: query.OpCode, Authoritative: true, Truncated: true,
			RecursionDesired: query.RecursionDesired, RecursionAvailable: true,
		},
		Questions: query.Questions,
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// replyDNS answers with one record of the type that the question asks for.
func replyDNS(query dnsmessage.Message, host string) ([]byte, error) {
	name, err := dnsName(strings.TrimSuffix(host, "."))
	if err != nil {
		return nil, err
	}
	reply := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: query.ID, Response: true, OpCode: query.OpCode, Authoritative: true,
			RecursionDesired: query.RecursionDesired, RecursionAvailable: true,
		},
		Questions: query.Questions,
	}
	var body dnsmessage.ResourceBody
	switch asked := query.Questions[0]; {
	case query.OpCode != 0, asked.Class != dnsmessage.ClassINET: // Windows answers a question for its version (version.bind) so
		reply.RCode = dnsmessage.RCodeNotImplemented
		reply.Authoritative, reply.RecursionAvailable = false, false
	case asked.Type == dnsmessage.TypeMX:
		body = &dnsmessage.MXResource{Pref: 10, MX: name}
	case asked.Type == dnsmessage.TypeSRV:
		body = &dnsmessage.SRVResource{Port: 443, Target: name}
	case asked.Type == dnsmessage.TypeNS:
		body = &dnsmessage.NSResource{NS: name}
	case asked.Type == dnsmessage.TypeSOA:
		body = &dnsmessage.SOAResource{NS: name, MBox: name, Serial: 1, Refresh: 900, Retry: 600, Expire: 86400, MinTTL: 3600}
	}
	if body != nil {
		head := dnsmessage.ResourceHeader{Name: query.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 3600}
		reply.Answers = []dnsmessage.Resource{{Header: head, Body: body}}
		head.Name, head.TTL = name, 0
		reply.Additionals = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.TXTResource{TXT: []string{Mark}}}}
	}
	return reply.Pack()
}
