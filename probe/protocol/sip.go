// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/rand"
	"net"
	"net/netip"
	"slices"
	"strings"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// sipEnvelope is for UDP, where each datagram holds one message (RFC 3261, section
// 18). On a stream, Content-Length tells where a message ends.
var sipEnvelope = envelope{want: "SIP"}

// askSIP asks what the server can do: OPTIONS (RFC 3261, section 11) begins no
// dialog, rings no phone and needs no login. Any status proves a SIP server.
func askSIP(conn net.Conn, q Question) (Peer, error) {
	c := sipClient{talk: newTalk(conn, "SIP"), network: q.Service.Network, callID: rand.Text() + "@" + q.clientName()}
	q.At(Greet)
	if err := c.talk.send(c.options(q)...); err != nil {
		return Peer{}, err
	}
	c.talk.waiting = "the answer to OPTIONS"
	answer, err := c.final()
	if err != nil {
		return Peer{}, err
	}
	q.At(Talk)
	return answer.describe(), nil
}

// A sipClient holds one transaction: a request and what answers it.
type sipClient struct {
	talk    *talk
	network catalog.Network
	callID  string
}

// options returns the lines of the request. With Max-Forwards 0 a proxy, whatever name
// it goes by, answers the request itself and does not pass it on; other servers do not
// look at that header (RFC 3261, sections 11 and 16.3).
func (c *sipClient) options(q Question) []string {
	transport := string(q.Service.Network)
	if q.Service.TLS.First() {
		transport = "tls"
	}
	here, there := sentBy(c.talk.conn.LocalAddr()), web.HostPort(q.asked(), 0)
	return []string{
		"OPTIONS sip:" + there + ";transport=" + transport + " SIP/2.0",
		"Via: SIP/2.0/" + strings.ToUpper(transport) + " " + here + ";branch=z9hG4bK" + rand.Text() + ";rport",
		"Max-Forwards: 0",
		"From: <sip:exreach@" + clientName + ">;tag=" + rand.Text(),
		"To: <sip:" + there + ">",
		"Call-ID: " + c.callID,
		"CSeq: 1 OPTIONS",
		"Contact: <sip:exreach@" + here + ";transport=" + transport + ">",
		"Accept: application/sdp",
		"User-Agent: exreach",
		"Content-Length: 0",
		"",
	}
}

// sentBy returns where the server is to send its answer (RFC 3261, section 18.1.1).
func sentBy(local net.Addr) string {
	at, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return clientName
	}
	return netip.AddrPortFrom(at.Addr().WithZone(""), at.Port()).String()
}

// final returns the answer that ends the transaction. If none comes, it returns the
// last that said that work goes on (1xx).
func (c *sipClient) final() (sipMessage, error) {
	var last sipMessage
	for range maxStray {
		answer, err := c.next()
		switch {
		case err != nil && last.start != "":
			return last, nil
		case err != nil || answer.status() >= "200":
			return answer, err
		}
		last = answer
	}
	return sipMessage{}, c.talk.mismatch("provisional answers without an end")
}

// next reads the next answer. On a stream it skips the body of a 1xx, because another
// answer has to follow.
func (c *sipClient) next() (sipMessage, error) {
	if c.network == catalog.UDP {
		return c.fromDatagrams()
	}
	answer, err := readSIP(c.talk, fitsSIP)
	switch {
	case err != nil:
		return answer, err
	case answer.status() == "":
		return answer, c.talk.mismatch("a status line without a status")
	case answer.status() < "200":
		return answer, answer.skipBody(c.talk)
	}
	return answer, nil
}

// fromDatagrams returns the answer with our Call-ID, which no other server can guess.
func (c *sipClient) fromDatagrams() (sipMessage, error) {
	var answer sipMessage
	_, err := sipEnvelope.answer(c.talk.conn, c.network, func(datagram []byte) sight {
		var err error
		answer, err = readSIP(datagramTalk(datagram), fitsSIP)
		id := answer.headers["call-id"]
		switch {
		case err != nil, id == nil, answer.status() == "":
			return alien
		case id[0] != c.callID:
			return stray
		}
		return own
	})
	return answer, err
}

// sipFacts are the headers that tell who answers and why it says no. Microsoft's
// servers give their reasons in headers of their own (MS-OCER).
var sipFacts = []struct{ fact, header string }{
	{FactServer, "server"},
	{FactUserAgent, "user-agent"},
	{FactAllow, "allow"},
	{FactWarning, "warning"},
	{FactMSDiagnostics, "ms-diagnostics"},
	{FactMSDiagnosticsAll, "ms-diagnostics-public"},
}

// sipRefusals are the statuses of a server that does not work for us: it does
// not know our address or the domain that we say we are of, is broken, out of
// service, or declines.
var sipRefusals = map[string]wire.Reason{"403": wire.OurName, "500": "", "502": wire.Unavailable, "503": wire.Unavailable, "504": wire.Unavailable, "603": ""}

// describe returns what an answer tells about the server.
func (m sipMessage) describe() Peer {
	p := Peer{Greeting: m.start}
	status := strings.TrimSpace(m.start[len("SIP/2.0 "):])
	p.fact(FactStatus, status)
	for _, f := range sipFacts {
		p.fact(f.fact, strings.Join(m.headers[f.header], ", "))
	}
	logins := slices.Concat(m.headers["www-authenticate"], m.headers["proxy-authenticate"])
	p.fact(FactAuthenticate, strings.Join(web.Challenges(logins), ", "))
	if why, refuses := sipRefusals[m.status()]; refuses {
		p.turnAway("SIP "+status, why)
	}
	return p
}
