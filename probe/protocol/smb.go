// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"strings"
	"time"

	"exreach/probe/protocol/smb"
)

// askSMB negotiates a dialect as a client without credentials, and goes no
// further (MS-SMB2 section 3.2.4.2.2). It begins with the negotiation of SMB1, because
// a server without SMB2 takes no other. If a server without SMB1 or a filter before it
// refuses that or hangs up, askSMB connects again and asks for SMB2 alone.
func askSMB(conn net.Conn, q Question) (Peer, error) {
	q.At(Greet)
	p, err := negotiateSMB(conn, q, smb.Negotiate1())
	if q.Redial == nil || !smb1Unwanted(p, err) {
		return p, err
	}
	again, failed := q.Redial()
	if failed != nil {
		return p, err
	}
	newer, failed := negotiateSMB(again, q, smb.Negotiate2(0, q.Token))
	if failed != nil || newer.Refusal != "" {
		return p, err
	}
	return newer, nil
}

// smb1Unwanted reports whether a negotiation that began with SMB1 ended as it does
// with a server that no longer speaks SMB1.
func smb1Unwanted(p Peer, err error) bool {
	if err != nil {
		return hungUp(err)
	}
	return p.Refusal != "" && p.Reason == ""
}

// negotiateSMB sends request, and negotiates once more if the answer asks for that.
func negotiateSMB(conn net.Conn, q Question, request []byte) (Peer, error) {
	var p Peer
	c := smb.New(conn)
	if q.Service.Ports.First == smb.SessionPort {
		refusal, why, err := c.OpenSession()
		if err != nil || refusal != "" {
			return Peer{Refusal: refusal, Reason: why}, err
		}
	}
	message, err := c.Ask(request)
	if err != nil {
		return p, err
	}
	if strings.HasPrefix(string(message), smb.Magic1) {
		n, err := smb.ParseSMB1(message)
		p.negotiated(n)
		return p, err
	}
	answer, err := smb.ParseSMB2(message, 0)
	if err != nil {
		return p, err
	}
	p.negotiated(answer.Describe())
	if answer.Status != 0 || answer.Dialect != smb.Wildcard2 {
		return p, nil
	}
	q.At(Talk)
	// The request before counts as message 0, so this is 1: Samba hangs up on another 0.
	if message, err = c.Ask(smb.Negotiate2(1, q.Token)); err != nil {
		return p, err
	}
	if answer, err = smb.ParseSMB2(message, 1); err != nil {
		return p, err
	}
	p.negotiated(answer.Describe())
	return p, nil
}

// negotiated adds what the answer to a negotiation tells.
func (p *Peer) negotiated(n smb.Negotiated) {
	if n.Refusal != "" {
		p.turnAway(n.Refusal, n.Why)
		return
	}
	p.fact(FactDialect, n.Dialect)
	p.fact(FactSigning, n.Signing)
	p.fact(FactSecurityMode, n.SecurityMode)
	p.fact(FactServerGUID, n.GUID)
	p.fact(FactCipher, n.Cipher)
	p.fact(FactTimeZone, n.TimeZone)
	p.fact(FactDomain, n.Domain)
	p.fact(FactComputer, n.Computer)
	p.Capabilities = n.Capabilities
	if n.SMB1Only {
		p.fact(FactSMB1Only, "true")
	}
	if !n.Boot.IsZero() {
		p.fact(FactBootTime, factTime(n.Boot))
	}
	if !n.Now.IsZero() {
		p.clocks(n.Now, time.Now())
	}
}

// answerSMB negotiates as Windows Server 2019 does with its defaults, and lets
// no client in: whatever comes next is denied.
func answerSMB(conn net.Conn, s Stand) error {
	return smb.Serve(conn, s.Service.Ports.First, s.Service.Role)
}
