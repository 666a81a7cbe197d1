// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"net"
	"os"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"exreach/catalog"
	ldapwire "exreach/probe/protocol/ldap"
	"exreach/probe/protocol/wire"
)

// askLDAP binds anonymously and reads the rootDSE, the entry in which a server
// describes itself (RFC 4511; RFC 4512, section 5.1). A server that refuses one
// or the other has spoken LDAP: Exchange 5.0 knows version 2 alone, and hardened
// servers answer no anonymous client.
func askLDAP(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	q.At(Greet)
	if q.Service.TLS == catalog.StartTLS {
		secured, err := secureLDAP(conn, q)
		var refusal *ldapwire.Refusal
		switch {
		case errors.As(err, &refusal) && refusal.Code == ldap.LDAPResultProtocolError: // it does not know the request (RFC 4511 section 4.14.1)
			p.fact(FactStartTLS, NotOffered)
		case errors.As(err, &refusal):
			// We go on without TLS: nothing secret follows.
			p.fact(FactStartTLS, refusal.Error())
		case err != nil:
			return p, err
		default:
			conn = secured
		}
		q.At(Talk)
	}
	err := talkLDAP(conn, q, &p)
	return p, err
}

// secureLDAP asks for TLS and does the handshake. It does not leave the request to
// go-ldap, whose reader would take the first bytes of the handshake.
func secureLDAP(conn net.Conn, q Question) (net.Conn, error) {
	w := ldapwire.NewLink(conn)
	request := ldapwire.Operation(ldap.ApplicationExtendedRequest)
	request.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, ldapwire.StartTLSOID, ""))
	if _, err := w.Write(ldapwire.Message(1, request).Bytes()); err != nil {
		return nil, fmt.Errorf("asking for TLS: %w", err)
	}
	answer, err := w.Answer()
	if err != nil {
		return nil, fmt.Errorf("waiting for the answer to StartTLS: %w", err)
	}
	if err := ldapwire.Outcome(ldap.GetLDAPError(answer)); err != nil {
		return nil, err
	}
	q.At(TLS)
	return q.StartTLS(conn)
}

// talkLDAP binds anonymously, reads the rootDSE, logs in if it may, and unbinds.
func talkLDAP(conn net.Conn, q Question, p *Peer) error {
	w := ldapwire.NewLink(conn)
	l := ldap.NewConn(w, q.Service.TLS == catalog.Implicit)
	l.Start()
	defer l.Close()
	var unbound, refusal *ldapwire.Refusal
	err := w.Cause(l.UnauthenticatedBind(""))
	switch {
	case errors.As(err, &unbound):
		p.fact(FactAnonymousBind, unbound.Error())
	case err != nil:
		return fmt.Errorf("waiting for the answer to a bind: %w", err)
	}
	if q.Service.TLS != catalog.StartTLS {
		q.At(Talk)
	}
	found, err := l.Search(rootDSESearch(q))
	err = w.Cause(err)
	switch {
	case err == nil:
		describeLDAP(found, q, p)
		loginLDAP(w, l, q, p)
	case errors.As(err, &refusal):
		refuseLDAP(refusal, p)
		loginLDAP(w, l, q, p)
	case unbound != nil && hungUp(err):
		refuseLDAP(unbound, p)
	default:
		// No farewell: a peer that speaks something else may not read it, and we
		// would wait until the deadline.
		return fmt.Errorf("waiting for the rootDSE: %w", err)
	}
	_ = l.Unbind()
	return nil
}

// hungUp reports whether err, which came instead of an answer, means that the server
// ended the conversation: that it neither spoke something else nor kept silent.
func hungUp(err error) bool {
	var foreign *wire.MismatchError
	return !errors.As(err, &foreign) && !errors.Is(err, os.ErrDeadlineExceeded)
}

// fact notes what the peer said about itself. An empty value is no fact.
func (p *Peer) fact(name, value string) {
	if value == "" {
		return
	}
	if p.Facts == nil {
		p.Facts = map[string]string{}
	}
	p.Facts[name] = value
}
