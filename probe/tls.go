// SPDX-License-Identifier: Apache-2.0

package probe

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
)

// A shown is what a server showed in a handshake.
type shown struct {
	protocol.TLSInfo
	chain  []*x509.Certificate
	judged bool // whether it is trusted

	asked    atomic.Bool // for a certificate of ours, in the midst of the conversation
	answered atomic.Bool // something came after that
}

// handshake starts TLS on conn as a client for host and returns what it showed.
// It accepts every certificate and every version and cipher it can speak, since
// an old or self-signed server is reachable all the same; trust is judged apart.
// The whole of it takes no longer than limit. A handshake that fails because we
// have no certificate of our own has shown the server's.
func handshake(conn net.Conn, host string, limit time.Duration, l *leash, h hello) (net.Conn, *shown, error) {
	_ = l.SetDeadline(time.Now().Add(limit))
	defer func() { _ = l.SetDeadline(time.Time{}) }()
	if h == tls12Hello {
		return handshakeTLS12(conn, host)
	}
	s := new(shown)
	config := h.config(host)
	shaken := false
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		s.asked.Store(true)
		if shaken { // whoever goes on without one does so at once
			_ = l.SetDeadline(time.Now().Add(limit))
		}
		return &tls.Certificate{}, nil // we have none
	}
	client := tls.Client(conn, config)
	err := client.Handshake() // ended by deadlines: a context would close the connection
	shaken = true
	asked := s.asked.Swap(false)
	if err != nil && !asked {
		return nil, nil, &tlsError{err: err}
	}
	s.describe(client.ConnectionState(), host)
	s.ClientCertificate = asked
	if err != nil {
		return nil, s, &tlsError{err: err}
	}
	return &secured{Conn: client, shown: s, line: l}, s, nil
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

func (s *shown) describe(state tls.ConnectionState, host string) {
	s.chain = state.PeerCertificates
	s.Version, s.Cipher = tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	for _, cert := range s.chain {
		s.Chain = append(s.Chain, describeCertificate(cert))
	}
	s.NameMatches = len(s.chain) > 0 && s.chain[0].VerifyHostname(host) == nil
	s.NameInSubject = len(s.chain) > 0 && namedInSubject(s.Chain[0], host)
}

// judge finds out whether the server is trusted. That may take a while, so that
// no connection should wait for it.
func (s *shown) judge(t *Trust) *protocol.TLSInfo {
	if s == nil {
		return nil
	}
	if !s.judged && len(s.chain) > 0 {
		s.TrustError = t.judge(s.chain)
		s.Trusted = s.TrustError == ""
	}
	s.judged = true
	s.ClientCertificate = s.ClientCertificate || s.asked.Load()
	return &s.TLSInfo
}

func describeCertificate(cert *x509.Certificate) protocol.Certificate {
	names := append([]string{}, cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	return protocol.Certificate{
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
