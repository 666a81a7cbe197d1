// SPDX-License-Identifier: Apache-2.0

// Package secure is a TLS client that wants to see and not to be safe: it shakes hands
// with whatever a server still speaks, reports what the server showed, and names the
// errors of TLS. The conversations of probe use it. Package trust decides whom to trust,
// and package probe when to ask again with another hello; secure may import neither.
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

// A Shown is what a server showed in a handshake. Judge completes it.
type Shown struct {
	protocol.TLSInfo
	chain  []*x509.Certificate
	judged bool // Judge has found out whether the server is trusted

	asked    atomic.Bool // the server asked for a certificate of ours in the middle of the conversation
	answered atomic.Bool // something came after that
}

// A Client says how to begin TLS.
type Client struct {
	Host  string        // the name or address of the server we mean to reach
	Hello Hello         // the kind of our first message
	Limit time.Duration // for the whole handshake
	Line  net.Conn      // the connection below; its deadlines end the handshake
}

// Handshake starts TLS on conn and returns what the server showed. It accepts
// every certificate and every version and cipher it can speak, since an old or
// self-signed server is reachable all the same; Judge judges trust. With an error, Shown
// is nil, unless the server asked for a certificate of ours: then it has shown its own.
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
		if shaken { // a server that goes on without a certificate does so immediately
			_ = c.Line.SetDeadline(time.Now().Add(c.Limit))
		}
		return &tls.Certificate{}, nil // we have none
	}
	secure := tls.Client(conn, config)
	err := secure.Handshake() // deadlines end it: a context would close the connection
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

// serverName returns the name for the server name indication (RFC 6066); "" for an
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

// Judge finds out whether the server is trusted: whyNot says why its chain is not, ""
// where it is. That may take a while, so no connection should wait for it. A nil Shown
// gives nil.
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
		SHA256:     tls12.Fingerprint(cert.Raw),
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
