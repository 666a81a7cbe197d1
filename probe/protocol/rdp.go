// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"fmt"
	"net"
)

// The kinds of negotiation message, each of 8 octets, and the protocols that client
// and server negotiate (MS-RDPBCGR sections 2.2.1.1.1 and 2.2.1.2.1).
const (
	rdpNegotiate = 1
	rdpSelect    = 2
	rdpFailure   = 3
	rdpSize      = 8

	rdpTLS     = 1
	rdpCredSSP = 2
)

// rdpWindows is the high octet of the reference that Windows gives its end of
// every connection; the low one is mostly 0x34 (nmap's patterns of RDP).
const rdpWindows = 0x12

// rdpProtocols are the protocols that a server may select, and what its choice says of
// Network Level Authentication, which we always offer.
var rdpProtocols = map[uint32]struct{ name, nla string }{
	0:          {"RDP", NotOffered},
	rdpTLS:     {"TLS", NotOffered},
	rdpCredSSP: {"CredSSP", "offered"},
}

// rdpFailures are the codes by which a server refuses what we offered (MS-RDPBCGR
// section 2.2.1.2.2).
var rdpFailures = map[uint32]string{
	1: "SSL_REQUIRED_BY_SERVER",
	2: "SSL_NOT_ALLOWED_BY_SERVER",
	3: "SSL_CERT_NOT_ON_SERVER",
	4: "INCONSISTENT_FLAGS",
	5: "HYBRID_REQUIRED_BY_SERVER",
	6: "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
}

// rdpPlain is the failure of a server that speaks RDP's own encryption only.
const rdpPlain = 2

// askRDP asks for a connection as a Remote Desktop client does, and learns which
// protection the server selects (MS-RDPBCGR section 2.2.1.1).
func askRDP(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, "RDP")
	q.At(Greet)
	request := tpdu{kind: x224Request, variable: append(rdpCookie(q.Token), rdpNegotiation(rdpNegotiate, rdpTLS|rdpCredSSP)...)}
	confirm, refusal, err := t.connectX224(request)
	if err == nil && refusal != "" {
		err = t.mismatch("it refuses an X.224 connection, which RDP does not")
	}
	if err != nil {
		return Peer{}, err
	}
	return judgeRDP(t, confirm)
}

// rdpCookie is the user's name for devices that share users out among servers
// (MS-RDPBCGR section 2.2.1.1); nil without a token.
func rdpCookie(token string) []byte {
	if token == "" {
		return nil
	}
	return []byte("Cookie: mstshash=" + token + "\r\n")
}

// judgeRDP reads the negotiation that came with a confirm.
func judgeRDP(t *talk, confirm tpdu) (Peer, error) {
	b := confirm.variable
	switch {
	case len(b) == 0 && confirm.source>>8 == rdpWindows:
		// Windows 2000 and 2003 without a service pack negotiate nothing.
		return rdpSelected(0), nil
	case len(b) == 0:
		return Peer{}, t.mismatch("it confirms an X.224 connection, but not as RDP does")
	case len(b) != rdpSize || binary.LittleEndian.Uint16(b[2:]) != rdpSize:
		return Peer{}, t.mismatch("an X.224 confirm without RDP's negotiation")
	}
	value := binary.LittleEndian.Uint32(b[4:])
	switch {
	case b[0] == rdpSelect:
		return rdpSelected(value), nil
	case b[0] == rdpFailure && value == rdpPlain:
		return rdpSelected(0), nil
	case b[0] == rdpFailure:
		return Peer{Refusal: "RDP negotiation failure: " + rdpFailureText(value)}, nil
	}
	return Peer{}, t.mismatch("an X.224 confirm without RDP's negotiation")
}

// rdpSelected describes a server that selected a protocol.
func rdpSelected(selected uint32) Peer {
	p, ok := rdpProtocols[selected]
	if !ok {
		p.name, p.nla = fmt.Sprintf("0x%08x", selected), "unknown"
	}
	return Peer{Facts: map[string]string{FactProtocol: p.name, FactNLA: p.nla}}
}

func rdpFailureText(code uint32) string {
	if text, ok := rdpFailures[code]; ok {
		return text
	}
	return fmt.Sprintf("code %d", code)
}

// rdpNegotiation encodes one negotiation message.
func rdpNegotiation(kind byte, value uint32) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{kind, 0}, rdpSize)
	return binary.LittleEndian.AppendUint32(b, value)
}

// answerRDP confirms a connection as Windows does: 2000 knows no negotiation,
// 2003 selects TLS, and all later ones CredSSP.
func answerRDP(conn net.Conn, s Stand) error {
	speaks := uint32(rdpTLS | rdpCredSSP)
	if s.Version == "2003" {
		speaks = rdpTLS
	}
	return newTalk(conn, "RDP").acceptX224(func(request tpdu) tpdu {
		confirm := tpdu{kind: x224Confirm, source: rdpWindows<<8 | 0x34}
		at := len(request.variable) - rdpSize // a cookie may stand before it
		if at < 0 || request.variable[at] != rdpNegotiate || s.Version == "2000" {
			return confirm
		}
		offered := binary.LittleEndian.Uint32(request.variable[at+4:])
		confirm.variable = rdpNegotiation(rdpSelect, min(offered&speaks, rdpCredSSP))
		return confirm
	})
}
