// SPDX-License-Identifier: Apache-2.0

package tls12

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"
)

// A keyExchange is how the two sides of TLS 1.2 come by a secret.
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
	prf      func() hash.Hash
}

// suites are those that Schannel knows for certificates with RSA and ECDSA,
// the best first.
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

// ivSize is how much of a nonce comes out of the key block.
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

// ciphers are the two directions of a connection, ours first (RFC 5246 section 6.3).
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
