// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"io"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/tls12"
	"exreach/report/judge"
)

// began is when the runs of all tests begin.
var began = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// A scene collects results in the order of a plan.
type scene struct {
	results []probe.Result
	host    string
	version string
	role    string
	address string
	from    string
}

// add puts in a required, healthy result on TCP after change has had its way.
func (s *scene) add(service string, port uint16, change func(*probe.Result)) {
	r := healthy(service, port)
	r.Order = len(s.results)
	r.Check.Host, r.Check.Version, r.Check.From, r.Check.Service.Role = s.host, s.version, s.from, s.role
	if s.address != "" {
		r.Address = netip.MustParseAddr(s.address)
	} else {
		r.Address = netip.Addr{}
	}
	if change != nil {
		change(&r)
	}
	s.results = append(s.results, r)
}

// healthy is a required service that answered.
func healthy(service string, port uint16) probe.Result {
	return probe.Result{
		Check: catalog.Check{
			Host: "mail01.contoso.com", Version: "2019", From: "client", Want: catalog.Required,
			Service: catalog.Service{
				Name: service, Role: "mailbox", Network: catalog.TCP, Protocol: "tcp",
				Ports: catalog.Ports{First: port, Last: port}, TLS: catalog.NoTLS, Verified: true,
			},
		},
		Port: port, Address: netip.MustParseAddr("192.0.2.10"), Verdict: probe.Answered, Step: protocol.Talk, Tries: 1,
		Took:   12 * time.Millisecond,
		Steps:  []probe.Timing{{Step: protocol.Connect, Took: 2 * time.Millisecond}, {Step: protocol.Talk, Took: 10 * time.Millisecond}},
		Detail: "spoke tcp",
	}
}

// verdict changes what was observed.
func verdict(v probe.Verdict, detail string) func(*probe.Result) {
	return func(r *probe.Result) {
		r.Verdict, r.Step, r.Detail = v, protocol.Connect, detail
		if v == probe.TimedOut {
			r.Tries, r.Took = 2, 7*time.Second
		}
	}
}

// all applies changes one after the other.
func all(changes ...func(*probe.Result)) func(*probe.Result) {
	return func(r *probe.Result) {
		for _, change := range changes {
			change(r)
		}
	}
}

func want(w catalog.Want) func(*probe.Result) {
	return func(r *probe.Result) { r.Check.Want = w }
}

func detail(text string) func(*probe.Result) {
	return func(r *probe.Result) { r.Detail = text }
}

func child(of string) func(*probe.Result) {
	return func(r *probe.Result) {
		r.Parent = of
		r.Check.Service.RPC = &catalog.Interface{Name: "EMSMDB", UUID: "a4f1db00-ca47-1067-b31f-00dd010662da"}
	}
}

// implicit is TLS from the first byte, with a certificate that all is well with.
func implicit(r *probe.Result) {
	r.Check.Service.TLS = catalog.Implicit
	r.Peer = &protocol.Peer{TLS: goodTLS()}
}

func goodTLS() *protocol.TLSInfo {
	return &protocol.TLSInfo{
		Version: "TLS 1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", NameMatches: true, Trusted: true,
		Chain: []tls12.Certificate{{
			Subject: "CN=mail01.contoso.com", Issuer: "CN=Contoso CA", Names: []string{"mail01.contoso.com", "autodiscover.contoso.com"},
			NotBefore: began.AddDate(0, -6, 0), NotAfter: began.AddDate(0, 6, 0), Key: "RSA 2048",
		}},
	}
}

// certificate changes the server's certificate.
func certificate(change func(*protocol.TLSInfo, *tls12.Certificate)) func(*probe.Result) {
	return func(r *probe.Result) { change(r.Peer.TLS, &r.Peer.TLS.Chain[0]) }
}

func selfSign(t *protocol.TLSInfo, c *tls12.Certificate) {
	t.Trusted, t.TrustError = false, "x509: certificate signed by unknown authority"
	c.Issuer, c.SelfSigned = c.Subject, true
}

// network is a scene with something of everything.
func network() []probe.Result {
	s := &scene{host: "mail01.contoso.com", version: "2019", role: "mailbox", address: "192.0.2.10", from: "client"}
	s.add("smtp", 25, detail("220 mail01.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026 10:30:00 +0100"))
	s.add("pop3", 110, all(want(catalog.Off), verdict(probe.Refused, "connection refused (RST)")))
	s.add("imap4", 143, all(want(catalog.Off), verdict(probe.TimedOut, "no reply to 2 connects of up to 3.5s each, 7s in all")))
	selfSigned := all(implicit, certificate(selfSign))
	s.add("owa", 443, all(selfSigned, detail("302 to /owa/auth/logon.aspx, Microsoft-IIS/10.0")))
	s.add("ews", 443, all(selfSigned, detail("401 Negotiate, NTLM, Microsoft-IIS/10.0"), func(r *probe.Result) {
		r.Peer.Facts = map[string]string{"health": "503 Service Unavailable"}
		r.Peer.Web = &web.Web{Unhealthy: true}
	}))
	s.add("smtp-submission", 587, verdict(probe.TimedOut, "no reply to 2 connects of up to 3.5s each, 7s in all"))
	s.add("imap4s", 993, all(want(catalog.Optional), verdict(probe.Refused, "connection refused (RST)")))
	s.address = "2001:db8::10"
	s.add("smtp", 25, all(verdict(probe.Prohibited, "2001:db8::1 sent an ICMP message: administratively prohibited"), func(r *probe.Result) {
		r.SaidBy = netip.MustParseAddr("2001:db8::1")
	}))
	s.host, s.version, s.role, s.address = "cas01.contoso.com", "2010", "client-access", "192.0.2.20"
	s.add("rpc-endpoint-mapper", 135, detail("53 endpoints"))
	s.add("mapi-rpc", 59532, all(child("rpc-endpoint-mapper"), verdict(probe.TimedOut, "no reply to 2 connects of up to 3.5s each, 7s in all"), func(r *probe.Result) {
		r.Check.Service.Note = `The value "TCP/IP Port" under MSExchangeRPC\ParametersSystem makes the port static.`
	}))
	s.add("rfr", 0, all(child("rpc-endpoint-mapper"), verdict(probe.Refused, "the interface is not registered in the endpoint map")))
	s.add("address-book", 59533, child("rpc-endpoint-mapper"))
	s.host, s.version, s.role, s.address = "edge01.contoso.com", "2019", "edge", "192.0.2.30"
	s.add("smtp", 25, all(verdict(probe.Mismatch, "this is not SMTP: no three-digit reply code"), func(r *probe.Result) {
		r.Evidence = `HTTP/1.0 400 Bad Request\r\nServer: filter`
	}))
	s.add("ad-lds", 50389, all(want(catalog.Forbidden), detail("LDAP server"), func(r *probe.Result) {
		r.Check.Service.Exposure = "It is the directory of the Edge server in the clear, and only the server itself needs it."
	}))
	s.add("remote-desktop", 3389, all(want(catalog.Forbidden), verdict(probe.TimedOut, "no reply to 2 connects of up to 3.5s each, 7s in all")))
	s.host, s.version, s.role, s.address = "mail99.contoso.com", "se", "mailbox", ""
	for i, name := range []string{"smtp", "owa", "ews"} {
		s.add(name, []uint16{25, 443, 443}[i], verdict(probe.Unresolved, "the name has no address"))
	}
	return s.results
}

// hostsOf is the results of a run host by host, each in the place of its first check.
func hostsOf(results []probe.Result) iter.Seq[probe.HostResults] {
	var hosts []probe.HostResults
	for _, r := range results {
		at := slices.IndexFunc(hosts, func(h probe.HostResults) bool { return h.Host == r.Check.Host })
		if at < 0 {
			at = len(hosts)
			hosts = append(hosts, probe.HostResults{Host: r.Check.Host, Place: r.Order})
		}
		hosts[at].Place = min(hosts[at].Place, r.Order)
		hosts[at].Results = append(hosts[at].Results, r)
	}
	return slices.Values(hosts)
}

// newDraft begins a report that is written when everything is known.
func newDraft(to Writer) *Draft {
	return Format{Whole: true}.Draft(to, New("exreach", "client", began))
}

// draft is the report of some results.
func draft(results []probe.Result) Report {
	var m memory
	d := newDraft(&m)
	d.head.Tool, d.head.Machine = "exreach 0.1.0", "admin01"
	for _, r := range results {
		readFacts(r.Peer)
	}
	for host := range judge.Hosts(context.Background(), hostsOf(results), began, nil) {
		_ = d.Add(host) // to memory
	}
	_ = d.End(7240*time.Millisecond, 0)
	return m.report
}

// readFacts gives a peer of the tests, which they tell of by its facts, what code
// reads of it.
func readFacts(p *protocol.Peer) {
	if p == nil {
		return
	}
	fact := func(name string) string { return p.Facts[name] }
	status, _, _ := strings.Cut(fact(protocol.FactStatus), " ")
	code, _ := strconv.Atoi(status)
	server, powered := strings.ToLower(fact(protocol.FactServer)), fact(protocol.FactXPoweredBy)
	exchange := fact(protocol.FactXFrontEnd) + fact(protocol.FactXBackEndTarget) + fact(protocol.FactXOWAVersion)
	if code+len(p.Facts) == 0 {
		return
	}
	p.Page = &protocol.Page{
		Status: code, Location: fact(protocol.FactLocation), Server: fact(protocol.FactServer), Via: fact(protocol.FactVia),
		FrontEnd: fact(protocol.FactXFrontEnd), BackEnd: fact(protocol.FactXBackEndTarget), Health: fact(protocol.FactHealth),
		Login:  fact(protocol.FactAuthenticate) != "",
		Marked: strings.HasPrefix(server, "microsoft-") || powered == "ASP.NET" || exchange != "",
	}
	result, _ := strconv.Atoi(fact(protocol.FactResultCode))
	p.Directory = &protocol.Directory{Kind: protocol.Kind(fact(protocol.FactKind)), NotReady: fact(protocol.FactGlobalCatalog) == "FALSE", Result: result}
	local, _ := time.Parse(time.RFC3339, fact(protocol.FactLocalTime))
	if at, err := time.Parse(time.RFC3339, fact(protocol.FactServerTime)); err == nil {
		p.Clock = &protocol.Clock{Server: at, Local: local}
	} else if at, err := time.Parse("20060102150405.0Z", fact(protocol.FactCurrentTime)); err == nil {
		p.Clock = &protocol.Clock{Server: at}
	}
}

// A memory is a format that keeps a report as it is.
type memory struct{ report Report }

func (m *memory) Begin(h Head) error {
	m.report = h.Report
	m.report.Results = []Entry{}
	return nil
}

func (m *memory) Host(entries []Entry) error {
	m.report.Results = append(m.report.Results, entries...)
	return nil
}

func (m *memory) End(Head) error { return nil }

// put writes a report in a format.
func put(w io.Writer, format string, f Finished, s Style) error {
	as, err := FormatNamed(format, FormatNames())
	if err != nil {
		return err
	}
	return f.Write(as.Report(w, s))
}

// putTrace writes a trace in a format.
func putTrace(w io.Writer, format string, r TraceReport, s Style) error {
	as, err := FormatNamed(format, TraceFormatNames())
	if err != nil {
		return err
	}
	return as.Trace(w, r, s)
}

// alone is the entry of a result that has none beside it.
func alone(r probe.Result) Entry { return draft([]probe.Result{r}).Results[0] }

func unconfirmed(r *probe.Result) {
	r.Check.Service.Verified, r.Check.Service.Note = false, "Seen on one server only."
}

func portless(r *probe.Result) { r.Port, r.Check.Service.Ports = 0, catalog.Ports{} }

func named(change func(*lookup.Name)) func(*probe.Result) {
	return func(r *probe.Result) {
		n := lookup.Name{Addrs: ips("192.0.2.10"), By: "10.77.3.53", Count: 1}
		change(&n)
		r.Name = &n
	}
}

func ips(list ...string) []netip.Addr {
	var addrs []netip.Addr
	for _, a := range list {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	return addrs
}

func (s *scene) at(address string) *scene {
	s.address = address
	return s
}

func controlPort(s *scene, change func(*probe.Result)) {
	s.add(catalog.Control, 5893, all(want(catalog.Off), change))
}
