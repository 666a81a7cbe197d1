// SPDX-License-Identifier: Apache-2.0

package probe

import "crypto/tls"

// A hello is how we begin a handshake.
type hello int

const (
	usualHello hello = iota // all versions and ciphers that crypto/tls has: about 320 octets
	otherHello              // of another size: less than 256 octets, or more than 511 where the name is too long for that
	tls12Hello              // that of the client that believes nothing (tls12.Conn)
)

// longName is the length from which on a name makes the small hello too large.
const longName = 32

// usualCiphers are what Schannel and OpenSSL choose of, whatever their age.
func usualCiphers() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	}
}

// config is that of crypto/tls for a handshake with host. A directory of IIS asks
// for a client certificate by a new handshake in the middle of the conversation.
// It may be content with none, so that we do one.
func (h hello) config(host string) *tls.Config {
	c := &tls.Config{
		ServerName:         serverName(host),
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       allCiphers(),
		Renegotiation:      tls.RenegotiateOnceAsClient,
	}
	switch {
	case h == otherHello && len(c.ServerName) < longName:
		c.MaxVersion, c.CipherSuites, c.SessionTicketsDisabled = tls.VersionTLS12, usualCiphers(), true
	case h == otherHello:
		c.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384} // a share of 1.2 KB
	}
	return c
}
