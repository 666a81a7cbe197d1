// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/protocol"
	"exreach/probe/protocol/wire"
	"exreach/probe/standin"
)

// A session is the near end of a contact that stands.
type session struct {
	*line
	local netip.AddrPort // this machine's end
}

// A welcome is what the far end says to a request.
type welcome struct {
	You    netip.AddrPort // our end, as it sees it
	Token  string         // by which it will know our questions; of doBegin
	Record far.Record
	Ahead  time.Duration // by how much its clock is ahead
	Loose  time.Duration // by how much that may be wrong
}

// A refusedError says that the other side does not know the code, or that another party
// opens TLS on the way.
type refusedError struct {
	opened bool   // the certificate is not that of a stand-in
	issuer string // of the certificate that came
	spoke  bool   // it spoke the contact, and proofs were exchanged
}

func (e *refusedError) Error() string {
	if e.opened {
		return "TLS ends at another party there: its certificate is from " + wire.Printable(e.issuer, 120)
	}
	if !e.spoke {
		return "the stand-in there takes no contact"
	}
	return "the code does not fit the listener there"
}

// errOtherVersion says that the other side speaks no contact of this version.
var errOtherVersion = errors.New("the far end speaks another version of the contact: use the same version of exreach at both ends")

// meet makes the contact over a connection to a service of a stand-in: with the TLS that the
// service has, or in the clear with one that the stand-in takes for a contact at its first
// byte. host is the name for the server name indication. The caller closes conn.
func meet(ctx context.Context, conn net.Conn, host string, s catalog.Service, code Code) (*session, error) {
	defer within(ctx, conn, proofTime)()
	line, err := secure(conn, host, s)
	if err != nil {
		return nil, err
	}
	if err := exchange(ctx, line, code); err != nil {
		return nil, err
	}
	return &session{line, endOf(conn)}, nil
}

// endOf returns this machine's end of a connection.
func endOf(conn net.Conn) netip.AddrPort {
	tcp, ok := conn.LocalAddr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	a := tcp.AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// secure does the handshake of TLS as the service wants it.
func secure(conn net.Conn, host string, s catalog.Service) (*line, error) {
	switch {
	case s.TLS == catalog.StartTLS:
		plain, err := upgrade(conn, host, s)
		if err != nil {
			return nil, err
		}
		conn = plain
	case s.TLS == catalog.NoTLS && protocol.GreetsFirst(s.Protocol):
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil { // it has begun to greet
			return nil, err
		}
		conn = &greeted{Conn: conn}
	}
	config := &tls.Config{
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{standin.ContactProtocol},
		InsecureSkipVerify: true, // the proofs show who is at the other end
	}
	if _, err := netip.ParseAddr(host); err != nil {
		config.ServerName = strings.TrimSuffix(host, ".")
	}
	secured := tls.Client(conn, config)
	if err := secured.Handshake(); err != nil {
		if op := new(net.OpError); errors.As(err, &op) && op.Err.Error() == noApplicationProtocol.Error() {
			return nil, errOtherVersion
		}
		return nil, err
	}
	if state := secured.ConnectionState(); state.NegotiatedProtocol != standin.ContactProtocol {
		return nil, refusedBy(state, false)
	}
	return newLine(secured), nil
}

// noApplicationProtocol is the alert of a server that knows none of our protocols (RFC 7301
// section 3.2). crypto/tls exports neither its number nor the type of alerts that come.
const noApplicationProtocol = tls.AlertError(120)

// refusedBy tells who refused, by the certificate.
func refusedBy(state tls.ConnectionState, spoke bool) error {
	e := &refusedError{spoke: spoke}
	var shown *x509.Certificate
	if len(state.PeerCertificates) > 0 {
		shown = state.PeerCertificates[0]
		e.issuer = shown.Issuer.String()
	}
	e.opened = !strings.Contains(e.issuer, protocol.Mark)
	return e
}

// errUpgraded ends a conversation at the point where TLS begins.
var errUpgraded = errors.New("TLS begins here")

// upgrade asks for STARTTLS in the service's own protocol, and returns the connection on
// which TLS begins.
func upgrade(conn net.Conn, host string, s catalog.Service) (plain net.Conn, err error) {
	_, err = protocol.Table[s.Protocol].Ask(conn, protocol.Question{Host: host, Service: s, Session: protocol.Session{
		At: func(protocol.Step) {},
		StartTLS: func(at net.Conn) (net.Conn, error) {
			plain = at
			return nil, errUpgraded
		},
	}})
	switch {
	case plain != nil:
		return plain, nil
	case err != nil:
		return nil, err
	}
	return nil, errors.New("the service does not offer STARTTLS")
}

// A greeted is a connection whose server speaks first. It leaves out the greeting, which
// has no byte that begins TLS.
type greeted struct {
	net.Conn
	over bool
}

// The first byte of an alert and of a handshake (RFC 8446 section 5.1).
const (
	tlsAlert     = 0x15
	tlsHandshake = 0x16
)

func (c *greeted) Read(b []byte) (int, error) {
	for left := lineLimit; !c.over; {
		n, err := c.Conn.Read(b[:min(len(b), left)])
		if at := bytes.IndexAny(b[:n], string([]byte{tlsAlert, tlsHandshake})); at >= 0 {
			c.over = true
			return copy(b, b[at:n]), err
		}
		if left -= n; err == nil && left == 0 {
			err = errTooLong
		}
		if err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(b)
}

// exchange holds the proofs as the near end.
func exchange(ctx context.Context, l *line, code Code) error {
	ours := hello{make([]byte, nonceBytes)}
	_, _ = rand.Read(ours.Nonce) // never fails
	var theirs hello
	if err := l.send(ours); err != nil {
		return err
	}
	if err := l.receive(lineLimit, &theirs); err != nil {
		return err
	}
	state := l.conn.ConnectionState()
	if len(theirs.Nonce) != nonceBytes {
		return refusedBy(state, true)
	}
	mine, err := prove(code, "near", ours, theirs, state)
	if err != nil {
		return err
	}
	if err := l.send(proof{Proof: mine}); err != nil {
		return err
	}
	defer within(ctx, l.conn, lastDelay+proofTime)() // a refusal comes late
	var back proof
	if err := l.receive(lineLimit, &back); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return refusedBy(state, true) // it waited longer than the listener lets it
	} else if err != nil {
		return err
	}
	want, err := prove(code, "far", ours, theirs, state)
	if err != nil {
		return err
	}
	if !hmac.Equal(want, back.Proof) {
		return refusedBy(state, true)
	}
	return nil
}

// ask sends a request and returns the far end's answer, which must come within the limit.
func (s *session) ask(ctx context.Context, do, token string, limit time.Duration) (welcome, error) {
	defer within(ctx, s.conn, limit)()
	asked := time.Now()
	a, err := s.request(request{Do: do, Token: token})
	if err != nil {
		return welcome{}, err
	}
	you, err := netip.ParseAddrPort(a.You)
	if err != nil {
		return welcome{}, errors.New("the far end did not say how it sees this machine")
	}
	if do == doBegin && !isToken(a.Token) {
		return welcome{}, errors.New("the far end gave no token")
	}
	r, err := far.ReadRecord(bytes.NewReader(a.Record))
	if err != nil {
		return welcome{}, err
	}
	took := time.Since(asked)
	return welcome{
		You:    netip.AddrPortFrom(you.Addr().Unmap().WithZone(""), you.Port()),
		Token:  a.Token,
		Record: r,
		Ahead:  r.Now.Sub(asked.Add(took / 2)),
		Loose:  took/2 + 100*time.Millisecond,
	}, nil
}
