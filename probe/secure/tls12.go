// SPDX-License-Identifier: Apache-2.0

package secure

import (
	"cmp"
	"crypto/x509"
	"errors"
	"net"
	"strings"

	"exreach/probe/protocol/tls12"
)

// handshakeTLS12 does the handshake with the client that believes nothing (package tls12),
// and returns what the server showed. It leaves trust unjudged: the server has not proved
// that it has the key of its certificate.
func handshakeTLS12(conn net.Conn, host string) (net.Conn, *Shown, error) {
	client, err := tls12.Shake(conn, serverName(host))
	if err != nil && !client.ClientCertificate {
		return nil, nil, &Error{Err: err}
	}
	s := new(Shown)
	s.Version, s.Cipher, s.ClientCertificate, s.Unjudged = "TLS 1.2", client.Cipher, client.ClientCertificate, true
	for _, der := range client.Certificates {
		cert, why := readCertificate(der)
		s.Unreadable = cmp.Or(s.Unreadable, why)
		if cert == nil {
			break
		}
		s.Chain = append(s.Chain, *cert)
	}
	s.NameMatches = len(s.Chain) > 0 && isFor(s.Chain[0], host)
	s.NameInSubject = len(s.Chain) > 0 && namedInSubject(s.Chain[0], host)
	if err != nil {
		return nil, s, &Error{Err: err}
	}
	return &secured{Conn: client, shown: s}, s, nil
}

// readCertificate describes a certificate, and says why strict clients refuse it; "" where
// they do not. c is nil where nothing of the certificate can be read.
func readCertificate(der []byte) (c *tls12.Certificate, unreadable string) {
	cert, refused := x509.ParseCertificate(der)
	if refused == nil && cert.PublicKey == nil { // RSASSA-PSS, say (RFC 4055)
		refused = errors.New("the kind of its key is not in common use")
	}
	if refused == nil {
		c := describeCertificate(cert)
		return &c, ""
	}
	read, err := tls12.ReadCertificate(der)
	if err != nil {
		return nil, err.Error()
	}
	return &read, strings.TrimPrefix(refused.Error(), "x509: ")
}

// isFor reports whether a certificate is for host.
func isFor(c tls12.Certificate, host string) bool {
	cert := x509.Certificate{DNSNames: c.Names}
	for _, name := range c.Names {
		if ip := net.ParseIP(name); ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		}
	}
	return cert.VerifyHostname(host) == nil
}
