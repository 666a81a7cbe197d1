// SPDX-License-Identifier: Apache-2.0

package tls12

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// A keyExchange is how the two sides of TLS 1.2 agree on a secret.
type keyExchange int

const (
	byRSA keyExchange = iota
	byDHE
	byECDHE
)

// A tls12Suite is a cipher suite of TLS 1.2.
type tls12Suite struct {
	id       uint16
	name     string // at IANA
	exchange keyExchange
	keySize  int
	block    func([]byte) (cipher.Block, error)
	mac      func() hash.Hash // nil: GCM
	prf      func() hash.Hash // the hash of pseudorandom
}

// suites are the cipher suites that Schannel knows for certificates with RSA and ECDSA,
// the best first. We offer all of them.
var suites = []tls12Suite{
	{0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", byECDHE, 32, aes.NewCipher, nil, sha512.New384},
	{0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", byECDHE, 16, aes.NewCipher, nil, sha256.New},
	{0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", byECDHE, 32, aes.NewCipher, nil, sha512.New384},
	{0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", byECDHE, 16, aes.NewCipher, nil, sha256.New},
	{0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", byDHE, 32, aes.NewCipher, nil, sha512.New384},
	{0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", byDHE, 16, aes.NewCipher, nil, sha256.New},
	{0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", byECDHE, 32, aes.NewCipher, sha512.New384, sha512.New384},
	{0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", byECDHE, 16, aes.NewCipher, sha256.New, sha256.New},
	{0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", byECDHE, 32, aes.NewCipher, sha512.New384, sha512.New384},
	{0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", byECDHE, 16, aes.NewCipher, sha256.New, sha256.New},
	{0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", byECDHE, 32, aes.NewCipher, sha1.New, sha256.New},
	{0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", byECDHE, 16, aes.NewCipher, sha1.New, sha256.New},
	{0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", byECDHE, 32, aes.NewCipher, sha1.New, sha256.New},
	{0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", byECDHE, 16, aes.NewCipher, sha1.New, sha256.New},
	{0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", byDHE, 32, aes.NewCipher, sha256.New, sha256.New},
	{0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", byDHE, 16, aes.NewCipher, sha256.New, sha256.New},
	{0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", byDHE, 32, aes.NewCipher, sha1.New, sha256.New},
	{0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", byDHE, 16, aes.NewCipher, sha1.New, sha256.New},
	{0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", byRSA, 32, aes.NewCipher, nil, sha512.New384},
	{0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", byRSA, 16, aes.NewCipher, nil, sha256.New},
	{0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", byRSA, 32, aes.NewCipher, sha256.New, sha256.New},
	{0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", byRSA, 16, aes.NewCipher, sha256.New, sha256.New},
	{0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", byRSA, 32, aes.NewCipher, sha1.New, sha256.New},
	{0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", byRSA, 16, aes.NewCipher, sha1.New, sha256.New},
	{0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", byDHE, 24, des.NewTripleDESCipher, sha1.New, sha256.New},
	{0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", byRSA, 24, des.NewTripleDESCipher, sha1.New, sha256.New},
}

// pseudorandom is the PRF of TLS 1.2 (RFC 5246 section 5).
func (s tls12Suite) pseudorandom(secret []byte, label string, seed []byte, size int) []byte {
	seed = append([]byte(label), seed...)
	sum := func(data ...[]byte) []byte {
		h := hmac.New(s.prf, secret)
		for _, d := range data {
			h.Write(d)
		}
		return h.Sum(nil)
	}
	var out []byte
	for a := sum(seed); len(out) < size; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:size]
}

// ivSize is how many octets of each nonce come from the key block.
func (s tls12Suite) ivSize() int {
	if s.mac == nil {
		return 4 // the rest stands in each record (RFC 5288 section 3)
	}
	return 0
}

func (s tls12Suite) macSize() int {
	if s.mac == nil {
		return 0
	}
	return s.mac().Size()
}

// ciphers makes the ciphers of both directions, ours first (RFC 5246 section 6.3).
func (s tls12Suite) ciphers(master, randoms []byte) (out, in *tls12Cipher, err error) {
	block := s.pseudorandom(master, "key expansion", randoms, 2*(s.macSize()+s.keySize+s.ivSize()))
	next := func(n int) []byte {
		part := block[:n]
		block = block[n:]
		return part
	}
	macOut, macIn := next(s.macSize()), next(s.macSize())
	keyOut, keyIn := next(s.keySize), next(s.keySize)
	if out, err = s.cipher(macOut, keyOut, next(s.ivSize())); err != nil {
		return nil, nil, err
	}
	in, err = s.cipher(macIn, keyIn, next(s.ivSize()))
	return out, in, err
}

func (s tls12Suite) cipher(macKey, key, iv []byte) (*tls12Cipher, error) {
	block, err := s.block(key)
	if err != nil {
		return nil, err
	}
	if s.mac != nil {
		return &tls12Cipher{block: block, mac: hmac.New(s.mac, macKey)}, nil
	}
	aead, err := cipher.NewGCM(block)
	return &tls12Cipher{aead: aead, iv: slices.Clone(iv)}, err
}

// The groups of ECDHE (RFC 8422 section 5.1.1).
const (
	groupP256   = 23
	groupP384   = 24
	groupP521   = 25
	groupX25519 = 29
)

// secret makes the premaster secret, and the body of the ClientKeyExchange that gives
// the server our share of it.
func (h *handshake) secret() (secret, share []byte, err error) {
	switch h.suite.exchange {
	case byECDHE:
		return h.ecdhe()
	case byDHE:
		return h.dhe()
	}
	key := readCertificateKey(h.conn.Certificates[0])
	if key == nil {
		return nil, nil, broken(alertIllegalParameter)
	}
	secret = make([]byte, 48)
	rand.Read(secret)
	secret[0], secret[1] = version12>>8, version12&0xff
	//lint:ignore SA1019 TLS 1.2 has no other way with this key exchange, and nothing secret depends on it
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, key, secret)
	if err != nil {
		return nil, nil, broken(alertIllegalParameter)
	}
	return secret, prefixed(sealed), nil
}

func (h *handshake) ecdhe() (secret, share []byte, err error) {
	var kind uint8
	var group uint16
	var point cryptobyte.String
	if !h.exchange.ReadUint8(&kind) || kind != 3 || !h.exchange.ReadUint16(&group) || !h.exchange.ReadUint8LengthPrefixed(&point) {
		return nil, nil, broken(alertDecodeError)
	}
	curve := map[uint16]ecdh.Curve{groupP256: ecdh.P256(), groupP384: ecdh.P384(), groupP521: ecdh.P521(), groupX25519: ecdh.X25519()}[group]
	if curve == nil {
		return nil, nil, broken(alertIllegalParameter)
	}
	theirs, err := curve.NewPublicKey(point)
	if err != nil {
		return nil, nil, broken(alertIllegalParameter)
	}
	ours, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if secret, err = ours.ECDH(theirs); err != nil {
		return nil, nil, broken(alertIllegalParameter)
	}
	public := ours.PublicKey().Bytes()
	return secret, append([]byte{byte(len(public))}, public...), nil
}

// largestPrime is how many octets a server's prime may have: it bounds what a server can
// make us calculate.
const largestPrime = 1024

func (h *handshake) dhe() (secret, share []byte, err error) {
	var prime, generator, theirs cryptobyte.String
	if !h.exchange.ReadUint16LengthPrefixed(&prime) || !h.exchange.ReadUint16LengthPrefixed(&generator) || !h.exchange.ReadUint16LengthPrefixed(&theirs) {
		return nil, nil, broken(alertDecodeError)
	}
	p, g, y := new(big.Int).SetBytes(prime), new(big.Int).SetBytes(generator), new(big.Int).SetBytes(theirs)
	if len(prime) > largestPrime || p.Bit(0) == 0 || g.Cmp(p) >= 0 || y.Cmp(big.NewInt(1)) <= 0 || y.Cmp(p) >= 0 {
		return nil, nil, broken(alertIllegalParameter)
	}
	ours := make([]byte, 32)
	rand.Read(ours)
	x := new(big.Int).SetBytes(ours)
	return new(big.Int).Exp(y, x, p).Bytes(), prefixed(new(big.Int).Exp(g, x, p).Bytes()), nil
}

// prefixed puts the length of b, in two octets, before b.
func prefixed(b []byte) []byte { return append([]byte{byte(len(b) >> 8), byte(len(b))}, b...) }
