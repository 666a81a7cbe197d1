// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

func TestDNSRecorded(t *testing.T) {
	for name, want := range map[string]Peer{
		"dns-bind.txt": {Facts: map[string]string{
			"question": "MX of lab.test", "question_name": "lab.test", "question_type": "MX", "rcode": "NOERROR", "recursion": "not available", "authoritative": "yes",
			"mx": "10 mail.lab.test, 20 mail2.lab.test", "autodiscover_srv": "0 0 443 mail.lab.test",
		}},
		"dns-samba.txt": {Facts: map[string]string{
			"question": "MX of lab.test", "question_name": "lab.test", "question_type": "MX", "rcode": "NOERROR", "recursion": "not available", "authoritative": "yes",
			"mx": "none", "autodiscover_srv": "none: NXDOMAIN",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			q := question("dns", catalog.NoTLS)
			q.Domain = "lab.test"
			got, err := askReplay(t, "dns", q, &replay{said: recordedMessages(t, name), size: 2})
			checkPeer(t, want, got, err)
		})
	}
}

// dnsSays is a server that answers each query with what reply makes of it.
func dnsSays(reply func(*dnsmessage.Message)) answering {
	return func(conn net.Conn, s Stand) error {
		return dnsEnvelope.serve(conn, s.Service.Network, func(query []byte) []byte {
			var m dnsmessage.Message
			if m.Unpack(query) != nil {
				return nil
			}
			m.Response = true
			reply(&m)
			packed, err := m.Pack()
			if err != nil {
				return nil
			}
			return packed
		})
	}
}

// TestDNSQuestions: what is asked, by what is known.
func TestDNSQuestions(t *testing.T) {
	for name, c := range map[string]struct {
		host, domain string
		want         []string
	}{
		"a mail domain":  {"dc01.lab.test", "contoso.example.", []string{"MX contoso.example. true", "SRV _autodiscover._tcp.contoso.example. true"}},
		"a host":         {"dc01.lab.test", "", []string{"SOA lab.test. true"}},
		"an address":     {"10.77.3.20", "", []string{"NS . false"}},
		"a short name":   {"dc01", "", []string{"NS . false"}},
		"an IPv6 adress": {"fd77:3::20", "", []string{"NS . false"}},
	} {
		for _, network := range []catalog.Network{catalog.TCP, catalog.UDP} {
			var got []string
			q, s, meeting := question("dns", catalog.NoTLS), standIn("dns", catalog.NoTLS), meet
			if network == catalog.UDP {
				q, s, meeting = questionUDP("dns"), standInUDP("dns"), meetUDP
			}
			q.Host, q.Domain = c.host, c.domain
			_, err := meeting(t, askDNS, dnsSays(func(m *dnsmessage.Message) {
				asked := m.Questions[0]
				got = append(got, strings.TrimPrefix(asked.Type.String(), "Type")+" "+asked.Name.String()+" "+map[bool]string{true: "true", false: "false"}[m.RecursionDesired])
			}), q, s, enough)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%s over %s: error %v, asked:\n%s", name, network, err, diff)
			}
		}
	}
}

// TestDNSCodes: every code is an answer; some are refusals. A server that does
// not know what nobody said it should is not to blame for that.
func TestDNSCodes(t *testing.T) {
	for code, want := range map[dnsmessage.RCode]struct{ rcode, refusal, ofRoot string }{
		0:  {"NOERROR", "", ""},
		1:  {"FORMERR", "FORMERR", "FORMERR"},
		2:  {"SERVFAIL", "SERVFAIL", "SERVFAIL"},
		3:  {"NXDOMAIN", "", ""},
		4:  {"NOTIMP", "NOTIMP", "NOTIMP"},
		5:  {"REFUSED", "REFUSED", ""},
		9:  {"NOTAUTH", "", ""},
		15: {"RCODE15", "", ""},
	} {
		answer := dnsSays(func(m *dnsmessage.Message) { m.RCode = code })
		for _, asked := range []struct {
			host, domain, question, refusal string
			why                             wire.Reason
		}{
			{"dc01.lab.test", "", "SOA of lab.test", want.refusal, wire.OurQuestion},
			{"10.77.3.20", "", "NS of .", want.ofRoot, wire.OurQuestion},
			{"10.77.3.20", "lab.test", "MX of lab.test", want.refusal, ""},
		} {
			q := questionUDP("dns")
			q.Host, q.Domain = asked.host, asked.domain
			p, err := meetUDP(t, askDNS, answer, q, standInUDP("dns"), enough)
			refusal, why := asked.refusal, asked.why
			if refusal == "" {
				why = ""
			} else {
				refusal += " to " + asked.question
			}
			if err != nil || p.Facts[FactRCode] != want.rcode || p.Facts[FactQuestion] != asked.question || p.Refusal != refusal || p.Reason != why {
				t.Errorf("code %d of a server called %s: error %v, peer %+v", code, asked.host, err, p)
			}
		}
	}
}

// TestDNSQuirks: error codes of servers that are well.
func TestDNSQuirks(t *testing.T) {
	ns := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("."), Class: dnsmessage.ClassINET},
		Body: &dnsmessage.NSResource{NS: dnsmessage.MustNewName("a.root-servers.net.")}}
	for name, reply := range map[string]func(*dnsmessage.Message){
		// https://github.com/PowerDNS/pdns/issues/5211
		"FORMERR along with the answer": func(m *dnsmessage.Message) {
			m.RCode, m.Answers = dnsmessage.RCodeFormatError, []dnsmessage.Resource{ns}
		},
		"FORMERR where nobody else may be asked": func(m *dnsmessage.Message) {
			if m.Answers = []dnsmessage.Resource{ns}; !m.RecursionDesired {
				m.RCode, m.Answers = dnsmessage.RCodeFormatError, nil
			}
		},
	} {
		q := questionUDP("dns")
		q.Host = "10.77.3.20"
		p, err := meetUDP(t, askDNS, dnsSays(reply), q, standInUDP("dns"), enough)
		if err != nil || p.Refusal != "" || p.Facts["answers"] != "NS a.root-servers.net" {
			t.Errorf("%s: error %v, peer %+v", name, err, p)
		}
	}
}

func TestDNSAnswers(t *testing.T) {
	name := func(text string) dnsmessage.Name { return dnsmessage.MustNewName(text) }
	record := func(m *dnsmessage.Message, body dnsmessage.ResourceBody) {
		head := dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET}
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: body})
	}
	for what, c := range map[string]struct {
		reply     func(*dnsmessage.Message)
		mx, wrong string
	}{
		"by preference": {func(m *dnsmessage.Message) {
			record(m, &dnsmessage.MXResource{Pref: 20, MX: name("b.")})
			record(m, &dnsmessage.MXResource{Pref: 5, MX: name("z.")})
			record(m, &dnsmessage.MXResource{Pref: 5, MX: name("a.")})
		}, "5 a, 5 z, 20 b", ""},
		"no mail (RFC 7505)": {func(m *dnsmessage.Message) { record(m, &dnsmessage.MXResource{MX: name(".")}) }, "0 .", ""},
		"an alias and a strange type": {func(m *dnsmessage.Message) {
			record(m, &dnsmessage.CNAMEResource{CNAME: name("other.example.")})
			record(m, &dnsmessage.AResource{})
		}, "A, CNAME other.example", ""},
		"truncated": {func(m *dnsmessage.Message) { m.Truncated = true }, "truncated", ""},
		"refused, and the question left out": {func(m *dnsmessage.Message) {
			m.RCode, m.Questions = dnsmessage.RCodeRefused, nil
		}, "none: REFUSED", ""},
		"in other case": {func(m *dnsmessage.Message) {
			m.Questions[0].Name = name(strings.ToUpper(m.Questions[0].Name.String()))
		}, "none", ""},
		"another name":          {func(m *dnsmessage.Message) { m.Questions[0].Name = name("other.example.") }, "", "a response to another question"},
		"another type":          {func(m *dnsmessage.Message) { m.Questions[0].Type = dnsmessage.TypeA }, "", "a response to another question"},
		"the question left out": {func(m *dnsmessage.Message) { m.Questions = nil }, "", "a response to another question"},
		"two questions": {func(m *dnsmessage.Message) {
			m.Questions = append(m.Questions, m.Questions[0])
		}, "", "a response to another question"},
	} {
		t.Run(what, func(t *testing.T) {
			q := questionUDP("dns")
			q.Domain = "example.com"
			p, err := meetUDP(t, askDNS, dnsSays(c.reply), q, standInUDP("dns"), enough)
			mismatch, _ := errors.AsType[*wire.MismatchError](err)
			switch {
			case c.wrong != "" && (mismatch == nil || mismatch.Got != c.wrong):
				t.Errorf("the error is %v", err)
			case c.wrong == "" && (err != nil || p.Facts["mx"] != c.mx):
				t.Errorf("error %v, peer %+v", err, p)
			}
		})
	}
}

// TestDNSCutRecord: a truncated message may end in the middle of a record, a
// whole one may not.
func TestDNSCutRecord(t *testing.T) {
	asked, err := dnsQuestion{name: "lab.test", kind: dnsmessage.TypeMX}.message(1)
	if err != nil {
		t.Fatal(err)
	}
	whole := recordedMessages(t, "dns-bind.txt")[0]
	const flags, truncated, inTheSecondMX = 2, 2, 55
	if _, err := readDNS(whole[:inTheSecondMX], asked.Questions[0]); err == nil {
		t.Error("a record that is cut is taken for whole")
	}
	whole[flags] |= truncated
	if a, err := readDNS(whole[:inTheSecondMX], asked.Questions[0]); err != nil || a.String() != "20 mail2.lab.test" {
		t.Errorf("error %v, answer %v", err, a)
	}
}

// TestDNSSecondLost: a server that answered once is there, whether it hangs up
// then (TCP) or falls silent (UDP).
func TestDNSSecondLost(t *testing.T) {
	once := func(conn net.Conn, s Stand) error {
		heard := 0
		return dnsEnvelope.serve(conn, s.Service.Network, func(query []byte) []byte {
			if heard++; heard > 1 {
				return nil
			}
			return properly(t, "dns", query)
		})
	}
	q, datagrams := question("dns", catalog.NoTLS), questionUDP("dns")
	q.Domain, datagrams.Domain = "example.com", "example.com"
	hungUp, err := meet(t, askDNS, once, q, standIn("dns", catalog.NoTLS), enough)
	if err != nil || hungUp.Facts["mx"] != "10 mail.example.com" || hungUp.Facts["autodiscover_srv"] != "no answer" {
		t.Errorf("error %v, peer %+v", err, hungUp)
	}
	synctest.Test(t, func(t *testing.T) {
		silent, err := pipeTo(askDNS, datagrams, func(conn net.Conn) { _ = once(conn, standInUDP("dns")) })
		if err != nil || silent.Facts["mx"] != "10 mail.example.com" || silent.Facts["autodiscover_srv"] != "no answer" {
			t.Errorf("error %v, peer %+v", err, silent)
		}
	})
}

// TestDNSBadDomain: a name that DNS cannot hold is an error of ours.
func TestDNSBadDomain(t *testing.T) {
	for _, domain := range []string{strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 200) + "example", "a..example"} {
		q := questionUDP("dns")
		q.Domain = domain
		_, err := askDNS(&replay{}, q)
		if _, ok := errors.AsType[*wire.MismatchError](err); err == nil || ok || !strings.Contains(err.Error(), "MX of ") {
			t.Errorf("%.20s…: %v", domain, err)
		}
	}
}

func FuzzAskDNS(f *testing.F) {
	fuzzAsk(f, "dns", "\x00\x0c\x00\x00\x80\x05\x00\x00\x00\x00\x00\x00\x00\x00", "\x00\x00", "\xff\xff")
}

// FuzzReadDNS is behind the number that FuzzAskDNS cannot guess.
func FuzzReadDNS(f *testing.F) {
	for _, name := range []string{"dns-bind.txt", "dns-samba.txt"} {
		for _, said := range recordedMessages(f, name) {
			f.Add(said)
		}
	}
	ask := dnsQuestion{fact: "mx", name: "lab.test", kind: dnsmessage.TypeMX}
	asked, err := ask.message(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		a, err := readDNS(said, asked.Questions[0])
		if err != nil {
			return
		}
		var p Peer
		describeDNS(a, ask, &p)
		if p.Facts["rcode"] == "" || p.Facts["mx"] == "" {
			t.Errorf("an answer that says nothing: %+v", p)
		}
		p.Clean()
		checkClean(t, p)
	})
}
