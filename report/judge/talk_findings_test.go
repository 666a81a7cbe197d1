// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/tls12"
	"exreach/probe/protocol/wire"
	"exreach/report/judge/scene"
)

// saying is a service of a protocol that turned us away for a reason.
func saying(name, refusal string, why wire.Reason) change {
	return func(r *probe.Result) {
		r.Check.Service.Protocol = name
		r.Peer = &protocol.Peer{Refusal: refusal, Reason: why}
	}
}

// learned is a service of a protocol that answered, and what is known of it.
func learned(name, fact, value string) change {
	return func(r *probe.Result) {
		r.Check.Service.Protocol = name
		r.Peer = &protocol.Peer{Facts: map[string]string{fact: value}}
	}
}

func heard(pace probe.Pace, bytes int) change {
	return func(r *probe.Result) {
		r.Verdict, r.Step, r.Took = probe.Silent, protocol.Greet, 20*time.Second
		r.Steps = []probe.Timing{{Step: protocol.Greet, Took: 20 * time.Second}}
		r.Silence = &probe.Silence{Pace: pace, Heard: bytes, Quiet: time.Second}
	}
}

// commonNameCert is a certificate of X.509 version 1.
var commonNameCert = all(implicit, certificate(func(t *protocol.TLSInfo, c *tls12.Certificate) {
	t.NameMatches, t.NameInSubject, c.Names = false, true, nil
}))

func bound(r *probe.Result) { r.Check.Service.RPC = &catalog.Interface{Name: "EMSMDB"} }

const (
	noName   = "450 4.7.1 <exreach.invalid>: Helo command rejected: Host not found"
	notBound = "1 Operations Error: 000004DC: LdapErr: DSID-0C090A5C, comment: In order to perform this operation a successful bind must be completed"
	denied   = "fault 0x00000005 (access denied)"
)

var talkTests = []findingTest{
	{"rpc-not-told", Unknown, Pass, all(child("mapper"), portless, verdict(probe.Unresolved, "")), verdict(probe.Unresolved, ""),
		[]string{"unknown", "RestrictRemoteClients", "EnableAuthEpResolution", "Outlook"}},
	{"rpc-not-told", Unknown, Pass, all(child("mapper"), portless, want(catalog.Off), verdict(probe.Unresolved, "")), all(child("mapper"), portless, want(catalog.Off), verdict(probe.Refused, "")), nil},
	{"refuses-strangers", Warn, Pass, saying("rpc", denied, wire.NeedsLogin), saying("rpc", "fault 0x1c010014 (nca_s_server_too_busy)", wire.Unavailable),
		[]string{denied, "RestrictRemoteClients"}},
	{"refuses-strangers", Warn, Pass, saying("rpc", "fault 0x1c010002 (nca_s_op_rng_error)", wire.OurQuestion), saying("dns", "REFUSED to NS of .", wire.OurQuestion), nil},
	{"refuses-strangers", Warn, Pass, all(saying("rpc", denied, wire.NeedsLogin), bound), all(learned("rpc", "interfaces", "EMSMDB 0.81"), bound), []string{"EMSMDB listens here"}},
	{"refuses-strangers", Warn, Pass, saying("ldap", notBound, wire.NeedsLogin), learned("ldap", "anonymous_bind", "8 Strong Auth Required"), []string{"directory", "000004DC", "--credentials"}},
	{"refuses-strangers", Warn, Pass, all(saying("ldap", "8 Strong Auth Required: 00002028", wire.NeedsLogin), also(protocol.FactResultCode, "8")),
		learned("ldap", "kind", "LDAP server"), []string{"LDAP signing", "2889"}},
	{"refuses-strangers", Warn, Pass, saying("ldap", "48 Inappropriate Authentication", wire.NeedsLogin), nil, []string{"--credentials"}},
	{"refuses-strangers", Warn, Pass, saying("socks", "no acceptable authentication method", wire.NeedsLogin), learned("socks", "method", "no authentication"), []string{"open proxy"}},
	{"smtp-name-refused", Warn, Pass, saying("smtp", noName, wire.OurName), saying("smtp", "554 5.7.1 blocked using zen.spamhaus.org", wire.OurAddress),
		[]string{noName, "hosts with a real name may be accepted", "records in DNS"}},
	// What Postfix says: https://www.postfix.org/postconf.5.html#reject_unknown_client_hostname.
	{"smtp-name-refused", Warn, Pass, saying("smtp", "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]", wire.OurName), healthySMTP,
		[]string{"no name for its address", "(PTR)"}},
	{"smtp-name-refused", Warn, Pass, saying("smtp", "550 5.7.1 Administrative prohibition", wire.OurName), healthySMTP, []string{"does not say why", "receive connector ranges"}},
	{"smtp-name-refused", Pass, Pass, all(healthySMTP, also(protocol.FactNameRefused, noName)), healthySMTP, []string{noName, "accepted the address"}},
	{"takes-no-commands", Fail, Pass, saying("imap", "BAD Command received in Invalid state.", wire.NoCommands), learned("imap", protocol.FactStartTLS, "not offered"),
		[]string{"Invalid state.", "-Component ImapProxy"}},
	{"takes-no-commands", Warn, Pass, all(want(catalog.Off), version("2010"), saying("pop3", "-ERR Command is not valid in this state.", wire.NoCommands)),
		learned("pop3", protocol.FactCapabilities, "-ERR Protocol Error"), []string{"Restart the service"}},
	{"smtp-reply-broken", Pass, Warn, learned("smtp", protocol.FactMalformed, "EHLO"), learned("smtp", "hello", "HELO"), []string{"EHLO", "5321"}},
	{"imap-preauth", Pass, Warn, learned("imap", protocol.FactPreauth, "yes"), learned("imap", protocol.FactStartTLS, "not offered"), []string{"PREAUTH"}},
	// A reason of ours is no failure of the service; others are.
	{"service-refuses", Warn, Pass, saying("dns", "SERVFAIL to SOA of contoso.example", wire.OurQuestion), learned("dns", protocol.FactRCode, "NXDOMAIN"), []string{"SOA of contoso.example"}},
	{"refuses-address", Fail, Pass, saying("imap", "* BYE Your address is temporarily banned", wire.OurAddress), learned("imap", protocol.FactStartTLS, "not offered"),
		[]string{"temporarily banned", "block list"}},
	{"refuses-address", Warn, Pass, all(want(catalog.Optional), saying("nntp", "502 Connection refused", wire.OurAddress)), nil, nil},
	{"limits-address", Warn, Pass, saying("ntp", "kiss-o'-death RATE", wire.Limited), saying("ntp", "kiss-o'-death DENY", wire.OurAddress), []string{"RATE", "--gentle"}},
	{"limits-address", Warn, Pass, saying("pop3", "-ERR Connection refused, too many connections", wire.Limited), saying("pop3", "-ERR no", ""), nil},
	{"certificate-common-name-only", Pass, Warn, commonNameCert, otherNameCert, []string{"only as its common name", "browsers"}},
	{"certificate-common-name-only", Pass, Pass, all(commonNameCert, from("mailbox")), implicit, nil},
	{"certificate-name-mismatch", Pass, Warn, otherNameCert, commonNameCert, nil},
	{"service-refuses", Warn, Pass, saying("sip", "SIP 403 Forbidden", wire.OurName), nil, nil},
	{"service-refuses", Fail, Pass, saying("dns", "SERVFAIL to MX of contoso.example", ""), nil, nil},
	{"service-refuses", Fail, Pass, saying("ldap", "52 Unavailable: the server is shutting down", wire.Unavailable), saying("ldap", notBound, wire.NeedsLogin), nil},
	{"silent", Fail, Pass, heard(probe.Slowly, 20), nil, []string{"20 bytes in 20.0 s", "--timeout 60s"}},
	{"silent", Fail, Pass, all(heard(probe.Never, 0), smtpAsked), nil, []string{"nothing came in time", "five minutes", "--timeout 60s"}},
	{"silent", Fail, Pass, all(heard(probe.Stalled, 35), evidence("220 mail01")), nil, []string{"nothing more came", "220 mail01"}},
	{"silent", Fail, Pass, all(heard(probe.Never, 0), func(r *probe.Result) { r.Took = time.Minute }), nil, []string{"--timeout 120s"}},
}

func smtpAsked(r *probe.Result) { r.Check.Service.Protocol = "smtp" }

// A shield that watches two of the mail ports lets the others be dropped with all
// else of a dead host (https://github.com/projectdiscovery/naabu/issues/422: 25
// and 110, by Huorong; https://github.com/gaubert/gmvault/issues/115: 993, by
// Avast).
func TestMailShieldOfTwoPorts(t *testing.T) {
	wordless, lost := verdict(probe.Silent, ""), verdict(probe.TimedOut, "")
	for name, test := range map[string]struct {
		add  func(*scene.Scene)
		want bool
	}{
		"two ports without a word": {func(s *scene.Scene) { s.Add("smtp", 25, wordless); s.Add("pop3", 110, wordless) }, true},
		"two of TLS, hung up":      {func(s *scene.Scene) { s.Add("pop3s", 995, verdict(probe.Cut, "")); s.Add("imaps", 993, wordless) }, true},
		"a server that greets": {func(s *scene.Scene) {
			s.Add("smtp", 25, all(wordless, evidence("220 mail01")))
			s.Add("pop3", 110, wordless)
		}, false},
		"a server that answers": {func(s *scene.Scene) {
			s.Add("smtp", 25, nil)
			s.Add("pop3", 110, wordless)
			s.Add("imap", 143, wordless)
		}, false},
		"a port that the run did not get to": {func(s *scene.Scene) {
			s.Add("smtp", 25, wordless)
			s.Add("pop3", 110, verdict(probe.Untried, ""))
		}, false},
		"one port": {func(s *scene.Scene) { s.Add("smtp", 25, wordless) }, false},
		"a host that refuses": {func(s *scene.Scene) {
			s.Add("smtp", 25, wordless)
			s.Add("pop3", 110, wordless)
			s.Add("imap", 143, verdict(probe.Refused, ""))
		}, false},
		"another port that answers": {func(s *scene.Scene) {
			s.Add("smtp", 25, wordless)
			s.Add("pop3", 110, wordless)
			s.Add("ews", 443, nil)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
			test.add(s)
			s.Add("smtp-submission", 587, lost)
			s.Add("owa", 443, lost)
			s.Add("mapper", 135, lost)
			for _, e := range judged(s.Results) {
				_, found := finding(e, "mail-shield")
				if connected := e.Verdict == probe.Silent || e.Verdict == probe.Cut; found != (test.want && connected) {
					t.Errorf("%s at %d, %s: told as a shield: %t", e.Check.Service.Name, e.Port, e.Verdict, found)
				}
			}
		})
	}
}

// talkSicknesses are what servers do that turn us away, end to end.
var talkSicknesses = []sickness{
	{"rpc-not-told", "nspi", fromClient2010, things(serving(denyingMapper, 135))},
	{"rpc-not-told", "emsmdb", fromClient2010, things(serving(speaking("rpc", catalog.Service{}), 135))},
	{"refuses-strangers", "endpoint-mapper", fromClient2010, things(serving(denyingMapper, 135))},
	{"smtp-name-refused", "smtp", fromClient, things(serving(script("220 mx ESMTP Postfix", map[string]string{"EHLO": noName, "HELO": noName, "QUIT": "221 bye"}), 25))},
	{"refuses-address", "smtp", fromClient, things(serving(script("554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org", nil), 25))},
	{"limits-address", "imap", fromClient, things(serving(script("* BYE Too many connections from your address", nil), 143))},
	{"certificate-common-name-only", "imaps", fromClient, tlsAt(993, "imap", func(l *leaf) { l.cert.DNSNames = nil })},
	{"takes-no-commands", "pop3", fromClient, things(serving(script("+OK The Microsoft Exchange POP3 service is ready.",
		map[string]string{"CAPA": "-ERR Command is not valid in this state.", "QUIT": "-ERR Command is not valid in this state."}), 110))},
	{"smtp-reply-broken", "smtp", fromClient, smtpAt25("220 mail01 Microsoft ESMTP MAIL Service ready", "250 mail01\r\n250 SIZE\r\n250 X-ANONYMOUSTLS")},
	{"imap-preauth", "imap", fromClient, things(serving(script("* PREAUTH ready",
		map[string]string{"a1": "* CAPABILITY IMAP4rev1\r\na1 OK", "a4": "* BYE\r\na4 OK"}), 143))},
	{"starttls-refused", "ldap-starttls", directoryWithTLS, things(serving(unableDirectory, 1389))},
}

// mapping is an endpoint mapper with one interface.
func mapping(uuid string) func(net.Conn) {
	return func(c net.Conn) {
		_ = protocol.Table["rpc"].Answer(c, protocol.Stand{Host: asked, Service: catalog.Service{Protocol: "rpc"}, Endpoints: []rpc.Endpoint{
			{UUID: uuid, Major: 1, Sequence: "ncacn_ip_tcp", Port: 49152, Address: "0.0.0.0"},
		}})
	}
}

// denyingMapper is an endpoint mapper under RestrictRemoteClients: the bind is
// accepted, and each call ends in fault 5 (fortra/impacket#2166).
func denyingMapper(c net.Conn) {
	packet := func(kind byte, call []byte, body ...byte) {
		head := binary.LittleEndian.AppendUint16([]byte{5, 0, kind, 3, 0x10, 0, 0, 0}, uint16(16+len(body)))
		_, _ = c.Write(append(append(append(head, 0, 0), call...), body...))
	}
	accepted := append([]byte{0xd0, 0x16, 0xd0, 0x16, 1, 0, 0, 0, 4, 0, '1', '3', '5', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, ndrSyntax...)
	head := make([]byte, 16)
	for {
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(binary.LittleEndian.Uint16(head[8:]))-16); err != nil {
			return
		}
		switch head[2] {
		case 11:
			packet(12, head[12:], accepted...)
		case 0:
			packet(3, head[12:], 32, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0)
		}
	}
}

// ndrSyntax is the transfer syntax that every server takes.
var ndrSyntax = []byte{0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2, 0, 0, 0}

// directoryWithTLS asks a directory for TLS in band.
func directoryWithTLS(*testing.T) []catalog.Check {
	return []catalog.Check{{Host: asked, Version: "2019", From: "mailbox", Want: catalog.Required, Service: catalog.Service{
		Name: "ldap-starttls", Role: "domain-controller", Network: catalog.TCP, Protocol: "ldap", TLS: catalog.StartTLS, Verified: true,
		Ports: catalog.Ports{First: 1389, Last: 1389},
	}}}
}

// unableDirectory is a domain controller without a certificate
// (https://github.com/CravateRouge/bloodyAD/issues/15).
func unableDirectory(c net.Conn) {
	for {
		request, err := ber.ReadPacket(c)
		if err != nil || len(request.Children) < 2 {
			return
		}
		answers := map[ber.Tag]ber.Tag{0: 1, 3: 5, 23: 24} // bind, search, extended
		code := int64(0)
		if request.Children[1].Tag == 23 {
			code = 52
		}
		op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, answers[request.Children[1].Tag], nil, "")
		op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
		op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
		op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "Error initializing SSL/TLS\x00", ""))
		message := ber.NewSequence("")
		message.AppendChild(request.Children[0])
		message.AppendChild(op)
		if _, err := c.Write(message.Bytes()); err != nil {
			return
		}
	}
}
