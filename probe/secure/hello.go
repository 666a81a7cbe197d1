// SPDX-License-Identifier: Apache-2.0

package secure

import (
	"crypto/tls"
	"net"
)

// A Hello is the kind of our first message (ClientHello), with which we begin a handshake.
type Hello int

// The kinds.
const (
	UsualHello Hello = iota // all versions and ciphers that crypto/tls has: about 320 octets
	OtherHello              // of another size: less than 256 octets, or more than 511 where the name is too long for that
	TLS12Hello              // that of the client that believes nothing (tls12.Conn)
)

// longName is the length of a name that makes the small hello too large.
const longName = 32

// usualCiphers returns the suites among which Schannel and OpenSSL choose, whatever their
// age.
func usualCiphers() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	}
}

// config returns the configuration of crypto/tls for a handshake with host. IIS asks for a
// client certificate of one of its directories by a new handshake in the middle of the
// conversation. It may go on without one, so we allow one such handshake.
func (h Hello) config(host string) *tls.Config {
	c := &tls.Config{
		ServerName:         serverName(host),
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       allCiphers(),
		Renegotiation:      tls.RenegotiateOnceAsClient,
	}
	switch {
	case h == OtherHello && len(c.ServerName) < longName:
		c.MaxVersion, c.CipherSuites, c.SessionTicketsDisabled = tls.VersionTLS12, usualCiphers(), true
	case h == OtherHello:
		c.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384} // a share of 1.2 KB
	}
	return c
}

// A Meter is a connection that sees how large our hello is, and whether anything came
// after it. A conversation hands it to Handshake.
type Meter struct {
	net.Conn
	Size  int  // of the hello in octets; 0 before it is sent
	Heard bool // something came after it
}

func (m *Meter) Write(b []byte) (int, error) {
	const recordHeader = 5
	if m.Size == 0 {
		m.Size = len(b) - recordHeader
	}
	return m.Conn.Write(b)
}

func (m *Meter) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	m.Heard = m.Heard || n > 0
	return n, err
}
