// SPDX-License-Identifier: Apache-2.0

package tls12

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/rsa"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
)

// The groups of ECDHE (RFC 8422 section 5.1.1).
const (
	groupP256   = 23
	groupP384   = 24
	groupP521   = 25
	groupX25519 = 29
)

// secret makes the premaster secret, and our share of it for the server.
func (h *handshake) secret() (secret, share []byte, err error) {
	switch h.suite.exchange {
	case byECDHE:
		return h.ecdhe()
	case byDHE:
		return h.dhe()
	}
	key := readCertificateKey(h.conn.Certificates[0])
	if key == nil {
		return nil, nil, broken(AlertIllegalParameter)
	}
	secret = make([]byte, 48)
	rand.Read(secret)
	secret[0], secret[1] = version12>>8, version12&0xff
	//lint:ignore SA1019 TLS 1.2 has no other way with this key exchange, and nothing secret depends on it
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, key, secret)
	if err != nil {
		return nil, nil, broken(AlertIllegalParameter)
	}
	return secret, prefixed(sealed), nil
}

func (h *handshake) ecdhe() (secret, share []byte, err error) {
	var kind uint8
	var group uint16
	var point cryptobyte.String
	if !h.exchange.ReadUint8(&kind) || kind != 3 || !h.exchange.ReadUint16(&group) || !h.exchange.ReadUint8LengthPrefixed(&point) {
		return nil, nil, broken(AlertDecodeError)
	}
	curve := map[uint16]ecdh.Curve{groupP256: ecdh.P256(), groupP384: ecdh.P384(), groupP521: ecdh.P521(), groupX25519: ecdh.X25519()}[group]
	if curve == nil {
		return nil, nil, broken(AlertIllegalParameter)
	}
	theirs, err := curve.NewPublicKey(point)
	if err != nil {
		return nil, nil, broken(AlertIllegalParameter)
	}
	ours, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if secret, err = ours.ECDH(theirs); err != nil {
		return nil, nil, broken(AlertIllegalParameter)
	}
	public := ours.PublicKey().Bytes()
	return secret, append([]byte{byte(len(public))}, public...), nil
}

// largestPrime bounds what a server may have us calculate, in octets.
const largestPrime = 1024

func (h *handshake) dhe() (secret, share []byte, err error) {
	var prime, generator, theirs cryptobyte.String
	if !h.exchange.ReadUint16LengthPrefixed(&prime) || !h.exchange.ReadUint16LengthPrefixed(&generator) || !h.exchange.ReadUint16LengthPrefixed(&theirs) {
		return nil, nil, broken(AlertDecodeError)
	}
	p, g, y := new(big.Int).SetBytes(prime), new(big.Int).SetBytes(generator), new(big.Int).SetBytes(theirs)
	if len(prime) > largestPrime || p.Bit(0) == 0 || g.Cmp(p) >= 0 || y.Cmp(big.NewInt(1)) <= 0 || y.Cmp(p) >= 0 {
		return nil, nil, broken(AlertIllegalParameter)
	}
	ours := make([]byte, 32)
	rand.Read(ours)
	x := new(big.Int).SetBytes(ours)
	return new(big.Int).Exp(y, x, p).Bytes(), prefixed(new(big.Int).Exp(g, x, p).Bytes()), nil
}

// prefixed is b behind its length in two octets.
func prefixed(b []byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }
