// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// Answers of Kamailio 5.6.3 in Debian, to our own question: one with the
// configuration that it comes with, one that is set to answer OPTIONS, and one
// that is set to refuse. Lines end in LF here and in CR LF on the wire.
const (
	kamailioVia = "Via: SIP/2.0/TCP 127.0.0.1:57350;branch=z9hG4bKCE4PMHCTEQXVES74PYYZUZQ55F;rport=57350;received=127.0.0.1\n" +
		"From: <sip:exreach@exreach.invalid>;tag=773NS36PO54S4CE234KQTIZO77\n" +
		"To: <sip:127.0.0.1:25060>;tag=5497176f96ac98204aead303f19a0d17.9a2710e9\n" +
		"Call-ID: JXAOH7A7LIRIIT2YNWM7LSDTJC@exreach.invalid\nCSeq: 1 OPTIONS\n"
	kamailioEnd     = "Server: kamailio (5.6.3 (x86_64/linux))\nContent-Length: 0\n\n"
	kamailioOK      = "SIP/2.0 200 OK\n" + kamailioVia + "Accept: */*\nAccept-Encoding: \nAccept-Language: en\nSupported: \n" + kamailioEnd
	kamailioDefault = "SIP/2.0 483 Too Many Hops\n" + kamailioVia + kamailioEnd
	kamailioRefuses = "SIP/2.0 403 Forbidden\n" + kamailioVia + kamailioEnd
)

// Answers made up after the RFC and after what is known of Microsoft's servers.
const (
	lyncRefuses = "SIP/2.0 403 Forbidden\nFROM: <sip:a@b>;tag=1\nTO: <sip:c>;tag=2\nCALL-ID: x\nCSEQ: 1 OPTIONS\n" +
		"SERVER: RTC/4.0\nms-diagnostics: 1027;reason=\"Cannot route this type of SIP request\";\n  source=\"LYNC01\"\nCONTENT-LENGTH: 0\n\n"
	pbxLogin = "SIP/2.0 401 Unauthorized\nv: SIP/2.0/TCP a\ni: x\nWWW-Authenticate: Digest algorithm=MD5, realm=\"pbx, main\", nonce=\"1\"\n" +
		"User-Agent: PBX 18\nAllow: INVITE, ACK\nAllow: OPTIONS\nl: 0\n\n"
	trying = "SIP/2.0 100 Trying\nl: 6\n\n200 OK"
)

// saysSIP hears one request and says said; then it listens until the client
// hangs up.
func saysSIP(said string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := readSIP(newTalk(conn, "SIP"), nil); err != nil {
			return
		}
		_, _ = io.WriteString(conn, strings.ReplaceAll(said, "\n", "\r\n"))
		_, _ = io.Copy(io.Discard, conn)
	}
}

func TestSIPRecorded(t *testing.T) {
	kamailio := func(status string) map[string]string {
		return map[string]string{"status": status, "server": "kamailio (5.6.3 (x86_64/linux))"}
	}
	for name, c := range map[string]struct {
		said string
		want Peer
	}{
		"Kamailio":                  {kamailioOK, Peer{Greeting: "SIP/2.0 200 OK", Facts: kamailio("200 OK")}},
		"Kamailio as it comes":      {kamailioDefault, Peer{Greeting: "SIP/2.0 483 Too Many Hops", Facts: kamailio("483 Too Many Hops")}},
		"Kamailio refuses":          {kamailioRefuses, Peer{Greeting: "SIP/2.0 403 Forbidden", Facts: kamailio("403 Forbidden"), Refusal: "SIP 403 Forbidden", Reason: wire.OurName}},
		"work goes on":              {trying + kamailioOK, Peer{Greeting: "SIP/2.0 200 OK", Facts: kamailio("200 OK")}},
		"empty lines before it":     {"\n\n" + kamailioOK, Peer{Greeting: "SIP/2.0 200 OK", Facts: kamailio("200 OK")}},
		"a body that does not come": {"SIP/2.0 200 OK\nContent-Length: 9999999999\n\nv=0", Peer{Greeting: "SIP/2.0 200 OK", Facts: map[string]string{"status": "200 OK"}}},
		"a method that it has not":  {"SIP/2.0 405 Method Not Allowed\nAllow: INVITE\n\n", Peer{Greeting: "SIP/2.0 405 Method Not Allowed", Facts: map[string]string{"status": "405 Method Not Allowed", "allow": "INVITE"}}},
		"no such dialog":            {"SIP/2.0 481 Call/Transaction Does Not Exist\n\n", Peer{Greeting: "SIP/2.0 481 Call/Transaction Does Not Exist", Facts: map[string]string{"status": "481 Call/Transaction Does Not Exist"}}},
		"no reason":                 {"SIP/2.0 503\n\n", Peer{Greeting: "SIP/2.0 503", Facts: map[string]string{"status": "503"}, Refusal: "SIP 503", Reason: wire.Unavailable}},
		"nobody behind the proxy":   {"SIP/2.0 504 Server time-out\n\n", Peer{Greeting: "SIP/2.0 504 Server time-out", Facts: map[string]string{"status": "504 Server time-out"}, Refusal: "SIP 504 Server time-out", Reason: wire.Unavailable}}, // RFC 3261 section 21.5.5
		"a bad gateway":             {"SIP/2.0 502 Bad Gateway\n\n", Peer{Greeting: "SIP/2.0 502 Bad Gateway", Facts: map[string]string{"status": "502 Bad Gateway"}, Refusal: "SIP 502 Bad Gateway", Reason: wire.Unavailable}},
		"Lync does not know us": {lyncRefuses, Peer{Greeting: "SIP/2.0 403 Forbidden", Refusal: "SIP 403 Forbidden", Reason: wire.OurName, Facts: map[string]string{
			"status": "403 Forbidden", "server": "RTC/4.0",
			"ms_diagnostics": `1027;reason="Cannot route this type of SIP request"; source="LYNC01"`}}},
		"a PBX that wants a login": {pbxLogin, Peer{Greeting: "SIP/2.0 401 Unauthorized", Facts: map[string]string{
			"status": "401 Unauthorized", "user_agent": "PBX 18", "allow": "INVITE, ACK, OPTIONS", "authenticate": "Digest"}}},
	} {
		p, err := pipeTo(askSIP, question("sip", catalog.NoTLS), saysSIP(c.said))
		if diff := cmp.Diff(c.want, told(t, p)); diff != "" || err != nil {
			t.Errorf("%s: error %v, peer (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestSIPForeign(t *testing.T) {
	for said, want := range map[string]string{
		"HTTP/1.1 400 Bad Request\n\n":                           "the answer to OPTIONS opens like HTTP",
		"220 mail ESMTP\n":                                       "the answer to OPTIONS opens like SMTP or FTP",
		"\x15\x03\x01\x00\x02\x02\x28":                           "the answer to OPTIONS opens like TLS",
		"S":                                                      "", // it may go on
		"SX":                                                     "the answer to OPTIONS does not open like SIP",
		"OPTIONS sip:a SIP/2.0\n\n":                              "the answer to OPTIONS does not open like SIP",
		"SIP/2.0 OK\n\n":                                         "a status line without a status",
		"SIP/2.0 700 What\n\n":                                   "a status line without a status",
		"SIP/2.0 2000 OK\n\n":                                    "a status line without a status",
		"SIP/2.0 200 OK\nhello\n\n":                              "a header without a name",
		"SIP/2.0 200 OK\n: hello\n\n":                            "a header without a name",
		"SIP/2.0 200 OK\n more: a\n\n":                           "",
		"SIP/2.0 100 Trying\nContent-Length: -1\n\n":             "a body of a length that is none",
		"SIP/2.0 100 Trying\nContent-Length: 65535\n\n":          "the answer to OPTIONS does not end",
		strings.Repeat("SIP/2.0 100 Trying\n\n", maxStray):       "provisional answers without an end",
		"SIP/2.0 200 " + strings.Repeat("K", maxLine):            "the answer to OPTIONS has a line without an end",
		"SIP/2.0 200 OK\n" + strings.Repeat("A: a\n", maxTalk/6): "the answer to OPTIONS does not end",
		"SIP/2.0 200 OK\nA: a\n" + strings.Repeat(" a\n", maxTalk/4) + "\n\n": "the answer to OPTIONS does not end",
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := pipeTo(askSIP, question("sip", catalog.NoTLS), saysSIP(said))
			mismatch, ok := errors.AsType[*wire.MismatchError](err)
			if ok && mismatch.Got != want || ok != (want != "") {
				t.Errorf("%.40q: error %v, want a mismatch %q", said, err, want)
			}
		})
	}
}

// TestSIPProvisional: a server that said that it works has proved itself, also
// where nothing follows.
func TestSIPProvisional(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"says no more": saysSIP(trying),
		"hangs up": func(conn net.Conn) {
			_, _ = readSIP(newTalk(conn, "SIP"), nil)
			_, _ = io.WriteString(conn, strings.ReplaceAll(trying, "\n", "\r\n"))
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, err := pipeTo(askSIP, question("sip", catalog.NoTLS), serve)
			if err != nil || p.Facts["status"] != "100 Trying" {
				t.Errorf("%s: error %v, peer %+v", name, err, p)
			}
		})
	}
}

func TestSIPSilent(t *testing.T) {
	for _, said := range []string{"", "SIP/2.0 200", "SIP/2.0 200 OK\nCSeq: 1 OPTIONS\n"} {
		synctest.Test(t, func(t *testing.T) {
			_, err := pipeTo(askSIP, question("sip", catalog.NoTLS), saysSIP(said))
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%q and silence: %v", said, err)
			}
		})
	}
}

// TestSIPRequest: what the server hears, over each transport.
func TestSIPRequest(t *testing.T) {
	for _, c := range []struct {
		network   catalog.Network
		tls       catalog.TLS
		host      string
		port      uint16
		transport string
		at        string
	}{
		{catalog.TCP, catalog.NoTLS, "um01.example.com", 5060, "tcp", "um01.example.com:5060"},
		{catalog.TCP, catalog.Implicit, "um01.example.com", 5061, "tls", "um01.example.com:5061"},
		{catalog.UDP, catalog.NoTLS, "2001:db8::25", 5060, "udp", "[2001:db8::25]:5060"},
		{catalog.TCP, catalog.NoTLS, "[2001:db8::25]", 0, "tcp", "[2001:db8::25]"},
		{catalog.TCP, catalog.NoTLS, "um01.example.com", 0, "tcp", "um01.example.com"},
	} {
		q := question("sip", c.tls)
		q.Host, q.Service.Network, q.Service.Ports = c.host, c.network, catalog.Ports{First: c.port, Last: c.port}
		heard := &replay{}
		_, _ = askSIP(heard, q)
		if len(heard.heard) != 1 {
			t.Fatalf("%s is sent in %d pieces", c.transport, len(heard.heard))
		}
		random := regexp.MustCompile(`(z9hG4bK|tag=|Call-ID: )([A-Z2-7]{26})`)
		said, words := string(heard.heard[0]), map[string]bool{}
		for _, found := range random.FindAllStringSubmatch(said, -1) {
			words[found[2]] = true
		}
		if len(words) != 3 {
			t.Errorf("%s: branch, tag and Call-ID are %d random words", c.transport, len(words))
		}
		got := random.ReplaceAllString(said, "${1}R")
		want := strings.Join([]string{
			"OPTIONS sip:" + c.at + ";transport=" + c.transport + " SIP/2.0",
			"Via: SIP/2.0/" + strings.ToUpper(c.transport) + " [::1]:0;branch=z9hG4bKR;rport",
			"Max-Forwards: 0", "From: <sip:exreach@exreach.invalid>;tag=R", "To: <sip:" + c.at + ">",
			"Call-ID: R@exreach.invalid", "CSeq: 1 OPTIONS", "Contact: <sip:exreach@[::1]:0;transport=" + c.transport + ">",
			"Accept: application/sdp", "User-Agent: exreach", "Content-Length: 0", "", "",
		}, "\r\n")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.transport, diff)
		}
	}
}

// TestSIPSentBy: the address that answers go to is ours.
func TestSIPSentBy(t *testing.T) {
	for addr, want := range map[net.Addr]string{
		&net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1234}:                     "10.0.0.1:1234",
		&net.UDPAddr{IP: net.ParseIP("fe80::1"), Port: 1234, Zone: "eth0"}:      "[fe80::1]:1234",
		&net.UnixAddr{Name: "/run/a"}:                                           clientName,
		&net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 65535, Zone: "eth0"}: "[2001:db8::1]:65535",
	} {
		if got := sentBy(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// TestSIPStrays: over UDP an answer to somebody else is passed over.
func TestSIPStrays(t *testing.T) {
	others := []byte(strings.ReplaceAll(kamailioRefuses, "\n", "\r\n"))
	trying := func(question []byte) []byte {
		return bytes.Replace(properly(t, "sip", question), []byte("200 OK"), []byte("100 Trying"), 1)
	}
	p, err := meetOnce(t, "sip", func(question []byte) [][]byte {
		return [][]byte{others, trying(question), others, properly(t, "sip", question)}
	}, enough)
	if err != nil || p.Facts["status"] != "200 OK" {
		t.Errorf("error %v, peer %+v", err, p)
	}
	p, err = meetOnce(t, "sip", func(question []byte) [][]byte { return [][]byte{trying(question), others} }, 50*time.Millisecond)
	if err != nil || p.Facts["status"] != "100 Trying" {
		t.Errorf("an answer that work goes on, and no other: error %v, peer %+v", err, p)
	}
	_, err = meetOnce(t, "sip", func([]byte) [][]byte { return [][]byte{others} }, 50*time.Millisecond)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an answer to somebody else, and no other: %v", err)
	}
	_, err = meetOnce(t, "sip", func([]byte) [][]byte { return slices.Repeat([][]byte{others}, maxStray) }, enough)
	if _, ok := errors.AsType[*wire.MismatchError](err); !ok {
		t.Errorf("%d answers to somebody else: %v", maxStray, err)
	}
}

// TestSIPAnswers: one connection carries many requests, whatever their bodies.
func TestSIPAnswers(t *testing.T) {
	var said strings.Builder
	for _, request := range []string{
		"OPTIONS sip:a SIP/2.0\nVia: SIP/2.0/TCP a\nVia: SIP/2.0/TCP b\nf: <sip:a>;tag=1\nt: <sip:b>\ni: x\nCSeq: 1 OPTIONS\n\n",
		"\n\nINVITE sip:a SIP/2.0\nTo: <sip:b>;tag=2\nCSeq: 2 INVITE\nContent-Length: 7\n\nOPTIONS",
		"ACK sip:a SIP/2.0\nCSeq: 2 ACK\n\n",
		"options sip:a SIP/2.0\nCSeq: 3 options\n\n",
		"GET / HTTP/1.1\n\n",
	} {
		said.WriteString(strings.ReplaceAll(request, "\n", "\r\n"))
	}
	ours, theirs := net.Pipe()
	result := make(chan error, 1)
	go func() {
		defer theirs.Close()
		s := standIn("sip", catalog.NoTLS)
		s.Version = "2016"
		result <- answerSIP(theirs, s)
	}()
	go func() { _, _ = io.WriteString(ours, said.String()) }()
	heard, _ := io.ReadAll(ours)
	if _, ok := errors.AsType[*wire.MismatchError](<-result); !ok {
		t.Error("the request of HTTP did not end it")
	}
	const (
		options = "\r\nACCEPT: application/sdp\r\nALLOW: OPTIONS"
		end     = "\r\nCONTENT-LENGTH: 0\r\nSERVER: RTCC/5.0.0.0 MSExchangeUM/15.01.2507.006\r\nX-EXREACH: exreach stand-in\r\n\r\n"
	)
	want := "SIP/2.0 200 OK\r\nFROM: <sip:a>;tag=1\r\nTO: <sip:b>;tag=R\r\nCSEQ: 1 OPTIONS\r\nCALL-ID: x\r\nVIA: SIP/2.0/TCP a\r\nVIA: SIP/2.0/TCP b" + options + end +
		"SIP/2.0 302 Moved Temporarily\r\nTO: <sip:b>;tag=2\r\nCSEQ: 2 INVITE\r\nCONTACT: <sip:mail.example.com:5065;user=phone;transport=Tcp;maddr=mail.example.com>" + end +
		"SIP/2.0 405 Method Not Allowed\r\nCSEQ: 3 options" + options + end
	if diff := cmp.Diff(want, regexp.MustCompile(`[A-Z2-7]{26}`).ReplaceAllString(string(heard), "R")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func FuzzAskSIP(f *testing.F) {
	crlf := strings.NewReplacer("\n", "\r\n")
	fuzzAsk(f, "sip", crlf.Replace(kamailioOK), crlf.Replace(trying+kamailioRefuses), crlf.Replace(lyncRefuses), crlf.Replace(pbxLogin),
		"\r\nSIP/2.0 100 \r\nl:1\r\n\r\n1SIP/2.0 600 \r\n\r\n")
}
