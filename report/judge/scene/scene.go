// SPDX-License-Identifier: Apache-2.0

// Package scene makes up what a run finds, for the tests of report and judge: results,
// whole hosts, and paths of traces. No program imports it.
package scene

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/tls12"
	"exreach/probe/socket"
)

// Began is when the runs of all tests begin.
var Began = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// A Scene collects results in the order of a plan. Its other fields are those of the next
// result that Add makes.
type Scene struct {
	Results []probe.Result
	Host    string
	Version string
	Role    string
	Address string
	From    string
}

// Add appends a required, healthy result on TCP, as change alters it; change may be nil.
func (s *Scene) Add(service string, port uint16, change func(*probe.Result)) {
	r := Healthy(service, port)
	r.Order = len(s.Results)
	r.Check.Host, r.Check.Version, r.Check.From, r.Check.Service.Role = s.Host, s.Version, s.From, s.Role
	if s.Address != "" {
		r.Address = netip.MustParseAddr(s.Address)
	} else {
		r.Address = netip.Addr{}
	}
	if change != nil {
		change(&r)
	}
	s.Results = append(s.Results, r)
}

// Healthy is a required service that answered.
func Healthy(service string, port uint16) probe.Result {
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
		Detail: "connected; nothing more was asked",
	}
}

// Verdict changes what was observed.
func Verdict(v probe.Verdict, detail string) func(*probe.Result) {
	return func(r *probe.Result) {
		r.Verdict, r.Step, r.Detail = v, protocol.Connect, detail
		if v == probe.TimedOut {
			r.Tries, r.Took = 2, 7*time.Second
		}
	}
}

// All applies changes one after the other.
func All(changes ...func(*probe.Result)) func(*probe.Result) {
	return func(r *probe.Result) {
		for _, change := range changes {
			change(r)
		}
	}
}

// Want changes what is wanted.
func Want(w catalog.Want) func(*probe.Result) {
	return func(r *probe.Result) { r.Check.Want = w }
}

// Detail changes the sentence that says what happened.
func Detail(text string) func(*probe.Result) {
	return func(r *probe.Result) { r.Detail = text }
}

// Child makes a result one to which the endpoint mapper of this name led.
func Child(of string) func(*probe.Result) {
	return func(r *probe.Result) {
		r.Parent = of
		r.Check.Service.RPC = &catalog.Interface{Name: "EMSMDB", UUID: "a4f1db00-ca47-1067-b31f-00dd010662da"}
	}
}

// Implicit gives a result TLS from the first byte, with a certificate in good order.
func Implicit(r *probe.Result) {
	r.Check.Service.TLS = catalog.Implicit
	r.Peer = &protocol.Peer{TLS: GoodTLS()}
}

// GoodTLS is what a server in good order shows in a handshake.
func GoodTLS() *protocol.TLSInfo {
	leaf := tls12.Certificate{
		Subject: "CN=mail01.contoso.com", Issuer: "CN=Contoso CA", Names: []string{"mail01.contoso.com", "autodiscover.contoso.com"},
		NotBefore: Began.AddDate(0, -6, 0), NotAfter: Began.AddDate(0, 6, 0), Key: "RSA 2048",
	}
	leaf.SHA256 = fingerprint(leaf)
	return &protocol.TLSInfo{
		Version: "TLS 1.2", Cipher: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", NameMatches: true, Trusted: true,
		Chain: []tls12.Certificate{leaf},
	}
}

// fingerprint returns what stands for the fingerprint of a certificate that is made up:
// another for each content.
func fingerprint(c tls12.Certificate) string {
	c.SHA256 = ""
	return tls12.Fingerprint(fmt.Append(nil, c))
}

// Certificate changes the server's certificate; apply Implicit first.
func Certificate(change func(*protocol.TLSInfo, *tls12.Certificate)) func(*probe.Result) {
	return func(r *probe.Result) {
		change(r.Peer.TLS, &r.Peer.TLS.Chain[0])
		leaf := &r.Peer.TLS.Chain[0] // where change may have moved it
		leaf.SHA256 = fingerprint(*leaf)
	}
}

// SelfSign makes a certificate its own issuer.
func SelfSign(t *protocol.TLSInfo, c *tls12.Certificate) {
	t.Trusted, t.TrustError = false, "x509: certificate signed by unknown authority"
	c.Issuer, c.SelfSigned = c.Subject, true
}

// Network is a scene with something of everything.
func Network() []probe.Result {
	s := &Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	s.Add("smtp", 25, Detail("220 mail01.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026 10:30:00 +0100"))
	s.Add("pop3", 110, All(Want(catalog.Off), Verdict(probe.Refused, "connection refused (RST)")))
	s.Add("imap4", 143, All(Want(catalog.Off), Verdict(probe.TimedOut, "no reply to 2 connection attempts in 7.0 s")))
	selfSigned := All(Implicit, Certificate(SelfSign))
	s.Add("owa", 443, All(selfSigned, Detail("302 to /owa/auth/logon.aspx, Microsoft-IIS/10.0")))
	s.Add("ews", 443, All(selfSigned, Detail("401 Negotiate, NTLM, Microsoft-IIS/10.0"), func(r *probe.Result) {
		r.Peer.Facts = map[string]string{protocol.FactHealth: "503 Service Unavailable"}
		r.Peer.Web = &web.Web{Unhealthy: true}
	}))
	s.Add("smtp-submission", 587, Verdict(probe.TimedOut, "no reply to 2 connection attempts in 7.0 s"))
	s.Add("imap4s", 993, All(Want(catalog.Optional), Verdict(probe.Refused, "connection refused (RST)")))
	s.Address = "2001:db8::10"
	s.Add("smtp", 25, All(Verdict(probe.Prohibited, "2001:db8::1 sent an ICMP message: administratively prohibited"), func(r *probe.Result) {
		r.SaidBy = netip.MustParseAddr("2001:db8::1")
	}))
	s.Host, s.Version, s.Role, s.Address = "cas01.contoso.com", "2010", "client-access", "192.0.2.20"
	s.Add("rpc-endpoint-mapper", 135, Detail("71 entries, 53 endpoints: EMSMDB 59532, NSPI 59533"))
	s.Add("mapi-rpc", 59532, All(Child("rpc-endpoint-mapper"), Verdict(probe.TimedOut, "no reply to 2 connection attempts in 7.0 s"), func(r *probe.Result) {
		r.Check.Service.Note = `The value "TCP/IP Port" under MSExchangeRPC\ParametersSystem makes the port static.`
	}))
	s.Add("rfr", 0, All(Child("rpc-endpoint-mapper"), Verdict(probe.Refused, "the interface is not registered in the endpoint map")))
	s.Add("address-book", 59533, Child("rpc-endpoint-mapper"))
	s.Host, s.Version, s.Role, s.Address = "edge01.contoso.com", "2019", "edge", "192.0.2.30"
	s.Add("smtp", 25, All(Verdict(probe.Mismatch, "this is not SMTP: no three-digit reply code"), func(r *probe.Result) {
		r.Evidence = `HTTP/1.0 400 Bad Request\r\nServer: filter`
	}))
	s.Add("ad-lds", 50389, All(Want(catalog.Forbidden), Detail("AD LDS edge01.contoso.com"), func(r *probe.Result) {
		r.Check.Service.Exposure = "It is the directory of the Edge server in the clear, and only the server itself needs it."
	}))
	s.Add("remote-desktop", 3389, All(Want(catalog.Forbidden), Verdict(probe.TimedOut, "no reply to 2 connection attempts in 7.0 s")))
	s.Host, s.Version, s.Role, s.Address = "mail99.contoso.com", "se", "mailbox", ""
	for i, name := range []string{"smtp", "owa", "ews"} {
		s.Add(name, []uint16{25, 443, 443}[i], Verdict(probe.Unresolved, "the name has no address"))
	}
	for i, r := range s.Results {
		if r.Address.IsValid() {
			s.Results[i].Source = sources[r.Address.Is6()]
		}
	}
	return s.Results
}

// sources are the addresses that the checks of a Network go out from: over IPv6, and over
// IPv4. One without an address has none.
var sources = map[bool]netip.Addr{true: netip.MustParseAddr("2001:db8:1::7"), false: netip.MustParseAddr("198.51.100.7")}

// HostsOf returns the results of a run host by host, each in the place of its first check.
func HostsOf(results []probe.Result) iter.Seq[probe.HostResults] {
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

// Named gives the host a name with one address, which change may alter.
func Named(change func(*lookup.Name)) func(*probe.Result) {
	return func(r *probe.Result) {
		n := lookup.Name{Addrs: IPs("192.0.2.10"), By: "10.77.3.53", Count: 1}
		change(&n)
		r.Name = &n
	}
}

// IPs reads addresses.
func IPs(list ...string) []netip.Addr {
	var addrs []netip.Addr
	for _, a := range list {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	return addrs
}

// At sets the address of the results that Add makes next, and returns s.
func (s *Scene) At(address string) *Scene {
	s.Address = address
	return s
}

// Way reads a path as the tests write it: one word for each hop, "-" for one that says
// nothing. A word is an address, "?" if it is not known, and what it said after a "!". A
// second sender stands behind a comma.
func Way(port uint16, words ...string) hops.Path {
	p := hops.Path{Target: socket.Target{Network: catalog.TCP, Addr: netip.AddrPortFrom(netip.MustParseAddr("10.0.9.9"), port)}}
	for i, word := range words {
		h := hops.Hop{TTL: i + 1, Said: hops.SaidNothing}
		if word != "-" {
			from, said, _ := strings.Cut(word, "!")
			h.Said, h.Took = hops.SaidExceeded, 2*time.Millisecond
			if said != "" {
				h.Said = hops.Said(said)
			}
			for _, a := range strings.Split(from, ",") {
				if a != "?" {
					h.From = append(h.From, netip.MustParseAddr(a))
				}
			}
		}
		p.Hops = append(p.Hops, h)
	}
	return p
}

// ReadFacts sets Page, Directory and Clock of a peer, which code reads, from its facts, by
// which the tests describe it.
func ReadFacts(p *protocol.Peer) {
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
