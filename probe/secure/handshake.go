// SPDX-License-Identifier: Apache-2.0

// Package secure is TLS as a client that wants to see and not to be safe: it shakes
// hands with whatever a server still speaks, reports what the server showed, and names
// the errors of TLS. Whom to trust is decided in probe/trust, and when to ask again with
// another hello in probe; it may import neither.
package secure

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
)

// A Shown is what a server showed in a handshake.
type Shown struct {
	protocol.TLSInfo
	chain  []*x509.Certificate
	judged bool // whether it is trusted

	asked    atomic.Bool // for a certificate of ours, in the midst of the conversation
	answered atomic.Bool // something came after that
}

// A Client is how TLS is begun.
type Client struct {
	Host  string        // whom we mean to reach
	Hello Hello         // our first message
	Limit time.Duration // the whole handshake
	Line  net.Conn      // the connection below, whose deadlines end it
}

// Handshake starts TLS on conn and returns what the server showed. It accepts
// every certificate and every version and cipher it can speak, since an old or
// self-signed server is reachable all the same; trust is judged apart. A handshake
// that fails because we have no certificate of our own has shown the server's.
func (c Client) Handshake(conn net.Conn) (net.Conn, *Shown, error) {
	_ = c.Line.SetDeadline(time.Now().Add(c.Limit))
	defer func() { _ = c.Line.SetDeadline(time.Time{}) }()
	if c.Hello == TLS12Hello {
		return handshakeTLS12(conn, c.Host)
	}
	s := new(Shown)
	config := c.Hello.config(c.Host)
	shaken := false
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		s.asked.Store(true)
		if shaken { // a server that goes on without one does so immediately
			_ = c.Line.SetDeadline(time.Now().Add(c.Limit))
		}
		return &tls.Certificate{}, nil // we have none
	}
	secure := tls.Client(conn, config)
	err := secure.Handshake() // ended by deadlines: a context would close the connection
	shaken = true
	asked := s.asked.Swap(false)
	if err != nil && !asked {
		return nil, nil, &Error{Err: err}
	}
	s.describe(secure.ConnectionState(), c.Host)
	s.ClientCertificate = asked
	if err != nil {
		return nil, s, &Error{Err: err}
	}
	return &secured{Conn: secure, shown: s, line: c.Line}, s, nil
}

// serverName is the name for the server name indication (RFC 6066): never an
// address.
func serverName(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	return strings.TrimSuffix(host, ".")
}

// allCiphers lists the insecure suites, too: Exchange 2003 and 2007 on Windows
// Server 2003 know no other.
func allCiphers() []uint16 {
	var ids []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}

func (s *Shown) describe(state tls.ConnectionState, host string) {
	s.chain = state.PeerCertificates
	s.Version, s.Cipher = tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	for _, cert := range s.chain {
		s.Chain = append(s.Chain, describeCertificate(cert))
	}
	s.NameMatches = len(s.chain) > 0 && s.chain[0].VerifyHostname(host) == nil
	s.NameInSubject = len(s.chain) > 0 && namedInSubject(s.Chain[0], host)
}

// Judge finds out whether the server is trusted, by asking why its chain is not.
// That may take a while, so no connection should wait for it.
func (s *Shown) Judge(whyNot func(chain []*x509.Certificate) string) *protocol.TLSInfo {
	if s == nil {
		return nil
	}
	if !s.judged && len(s.chain) > 0 {
		s.TrustError = whyNot(s.chain)
		s.Trusted = s.TrustError == ""
	}
	s.judged = true
	s.ClientCertificate = s.ClientCertificate || s.asked.Load()
	return &s.TLSInfo
}

func describeCertificate(cert *x509.Certificate) tls12.Certificate {
	names := append([]string{}, cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	return tls12.Certificate{
		Subject:    cert.Subject.String(),
		CommonName: cert.Subject.CommonName,
		Issuer:     cert.Issuer.String(),
		Names:      names,
		NotBefore:  cert.NotBefore.UTC(),
		NotAfter:   cert.NotAfter.UTC(),
		Key:        describeKey(cert.PublicKey),
		SelfSigned: string(cert.RawSubject) == string(cert.RawIssuer),
	}
}

func describeKey(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return fmt.Sprintf("ECDSA %s", k.Curve.Params().Name)
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "unknown"
}

// namedInSubject reports whether a certificate without alternative names, such
// as one of X.509 version 1, has the host for its common name. RFC 9525 section 2
// forbids looking there, and Windows does it.
func namedInSubject(c tls12.Certificate, host string) bool {
	named := x509.Certificate{DNSNames: []string{c.CommonName}}
	return len(c.Names) == 0 && named.VerifyHostname(host) == nil
}
