// SPDX-License-Identifier: Apache-2.0

package probe

import "crypto/tls"

// A hello is how we begin a handshake.
type hello int

const (
	usualHello hello = iota // all versions and ciphers that crypto/tls has: about 320 octets
	smallHello              // TLS 1.2 with the usual ciphers: less than 256 octets, unless the name is long
	tls12Hello              // that of the client that believes nothing (protocol.TLS12Conn)
)

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
	if h == smallHello {
		c.MaxVersion, c.CipherSuites = tls.VersionTLS12, usualCiphers()
		c.SessionTicketsDisabled = true
	}
	return c
}
