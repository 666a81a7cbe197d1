// SPDX-License-Identifier: Apache-2.0

// Package tls12 is a client of TLS 1.2 that does not authenticate the server, and a
// reader of certificates that takes what is in them as it is. Both are for servers that
// crypto/tls and crypto/x509 refuse, and clients on Windows do not. They are no way to
// keep a secret. It imports package wire only.
package tls12

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"net"
	"slices"
	"sync"

	"golang.org/x/crypto/cryptobyte"
)

// A Conn is a connection under TLS 1.2 (RFC 5246) to a server that is not authenticated.
// It is for servers that crypto/tls cannot talk to and clients on Windows can: those
// whose certificate crypto/x509 does not take, and those that insist on DHE. Of the
// certificate it reads an RSA key at most, and it does not check that the server has the
// key, so the other end must not be told a secret. Package secure uses it where
// crypto/tls has failed.
type Conn struct {
	net.Conn
	Cipher            string   // its IANA name
	Certificates      [][]byte // as they were sent, the server's own first
	ClientCertificate bool     // the server asked for a certificate of ours

	mu       sync.Mutex   // guards sending, once the handshake is over
	out, in  *tls12Cipher // nil until the handshake has agreed on keys
	unsent   []byte       // records that are put and not yet flushed
	rest     []byte       // data that Read has not yet returned
	messages []byte       // of the handshake, that next has not yet returned
}

// The messages of a handshake (RFC 5246 section 7.4).
const (
	helloRequest       = 0
	clientHello        = 1
	serverHello        = 2
	serverCertificate  = 11
	serverKeyExchange  = 12
	certificateRequest = 13
	serverHelloDone    = 14
	clientKeyExchange  = 16
	finished           = 20
)

// Limits of what a server may send in a handshake.
const (
	largestMessage   = 64 << 10 // bytes
	mostMessages     = 16
	mostCertificates = 32
)

// A handshake is the state of a handshake that is under way.
type handshake struct {
	conn       *Conn
	transcript bytes.Buffer
	client     [32]byte // the randoms
	server     []byte
	suite      *tls12Suite
	exchange   cryptobyte.String // the body of the ServerKeyExchange
}

// Shake does a handshake as a client. Where serverName is "" it sends no SNI. The caller
// sets the deadline of conn. The Conn is never nil: where the handshake fails, it has
// what the server showed until then.
func Shake(conn net.Conn, serverName string) (*Conn, error) {
	h := &handshake{conn: &Conn{Conn: conn}}
	rand.Read(h.client[:])
	hello, err := h.hello(serverName)
	if err != nil {
		return h.conn, err
	}
	h.put(clientHello, hello)
	if err := h.conn.flush(); err != nil {
		return h.conn, err
	}
	if err := h.listen(); err != nil {
		return h.conn, err
	}
	return h.conn, h.agree()
}

// hello returns the body of our ClientHello.
func (h *handshake) hello(serverName string) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddUint16(version12)
	b.AddBytes(h.client[:])
	b.AddUint8(0) // no session
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, s := range suites {
			b.AddUint16(s.id)
		}
	})
	b.AddBytes([]byte{1, 0}) // no compression
	extension := func(b *cryptobyte.Builder, id uint16, fill cryptobyte.BuilderContinuation) {
		b.AddUint16(id)
		b.AddUint16LengthPrefixed(fill)
	}
	list := func(values ...uint16) cryptobyte.BuilderContinuation {
		return func(b *cryptobyte.Builder) {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				for _, v := range values {
					b.AddUint16(v)
				}
			})
		}
	}
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		if serverName != "" {
			extension(b, 0, func(b *cryptobyte.Builder) {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint8(0)
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(serverName)) })
				})
			})
		}
		extension(b, 10, list(groupX25519, groupP256, groupP384, groupP521))
		extension(b, 11, func(b *cryptobyte.Builder) { b.AddBytes([]byte{1, 0}) }) // points as they are
		// We check no signatures, so any will do: RSA-PSS, RSA, ECDSA, DSA with whatever hash.
		extension(b, 13, list(0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601, 0x0403, 0x0503, 0x0603, 0x0201, 0x0203, 0x0402, 0x0202))
		extension(b, 0xff01, func(b *cryptobyte.Builder) { b.AddUint8(0) }) // RFC 5746
	})
	return b.Bytes()
}

// listen reads the server's answer to the hello, up to its ServerHelloDone.
func (h *handshake) listen() error {
	for range mostMessages {
		kind, body, err := h.next()
		if err != nil {
			return err
		}
		switch kind {
		case serverHello:
			if err := h.choose(body); err != nil {
				return err
			}
		case serverCertificate:
			if !h.keep(body) {
				return broken(alertDecodeError)
			}
		case serverKeyExchange:
			h.exchange = body
		case certificateRequest:
			h.conn.ClientCertificate = true
		case serverHelloDone:
			if h.suite == nil || len(h.conn.Certificates) == 0 {
				return broken(alertUnexpectedMessage)
			}
			return nil
		}
	}
	return broken(alertUnexpectedMessage)
}

// choose takes from a ServerHello the cipher suite that the server has chosen.
func (h *handshake) choose(body cryptobyte.String) error {
	var version, id uint16
	var session cryptobyte.String
	if !body.ReadUint16(&version) || !body.ReadBytes(&h.server, 32) || !body.ReadUint8LengthPrefixed(&session) || !body.ReadUint16(&id) {
		return broken(alertDecodeError)
	}
	i := slices.IndexFunc(suites, func(s tls12Suite) bool { return s.id == id })
	switch {
	case version != version12:
		return broken(AlertProtocolVersion)
	case i < 0 || h.suite != nil:
		return broken(alertIllegalParameter)
	}
	h.suite = &suites[i]
	h.conn.Cipher = h.suite.name
	return nil
}

// keep keeps the certificates of a Certificate message; false says that it is malformed.
func (h *handshake) keep(body cryptobyte.String) bool {
	var list cryptobyte.String
	if !body.ReadUint24LengthPrefixed(&list) {
		return false
	}
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) || len(h.conn.Certificates) == mostCertificates {
			return false
		}
		h.conn.Certificates = append(h.conn.Certificates, bytes.Clone(der))
	}
	return true
}

// agree ends the handshake: it sends our share of the secret, and checks by the server's
// Finished that both sides have the same keys.
func (h *handshake) agree() error {
	secret, share, err := h.secret()
	if err != nil {
		return err
	}
	if h.conn.ClientCertificate {
		h.put(serverCertificate, []byte{0, 0, 0}) // we have none
	}
	h.put(clientKeyExchange, share)
	master := h.suite.pseudorandom(secret, "master secret", append(h.client[:], h.server...), 48)
	out, in, err := h.suite.ciphers(master, append(bytes.Clone(h.server), h.client[:]...))
	if err != nil {
		return err
	}
	h.conn.put(recordChangeCipher, []byte{1})
	h.conn.out = out
	h.put(finished, h.verifyData(master, "client finished"))
	if err := h.conn.flush(); err != nil {
		return err
	}
	want := h.verifyData(master, "server finished")
	kind, _, err := h.conn.readRecord()
	switch {
	case err != nil:
		return err
	case kind != recordChangeCipher || len(h.conn.messages) > 0:
		return broken(alertUnexpectedMessage)
	}
	h.conn.in = in
	message, body, err := h.next()
	switch {
	case err != nil:
		return err
	case message != finished || !hmac.Equal(body, want):
		return broken(alertIllegalParameter)
	}
	return nil
}

func (h *handshake) verifyData(master []byte, label string) []byte {
	hash := h.suite.prf()
	hash.Write(h.transcript.Bytes())
	return h.suite.pseudorandom(master, label, hash.Sum(nil), 12)
}

// put adds a message of the handshake to what is sent next.
func (h *handshake) put(kind byte, body []byte) {
	message := append([]byte{kind, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	h.transcript.Write(message)
	h.conn.put(recordHandshake, message)
}

// next returns the next message of the handshake.
func (h *handshake) next() (kind byte, body cryptobyte.String, err error) {
	for {
		c := h.conn
		if len(c.messages) >= 4 {
			size := 4 + (int(c.messages[1])<<16 | int(c.messages[2])<<8 | int(c.messages[3]))
			switch {
			case size > largestMessage:
				return 0, nil, broken(alertDecodeError)
			case len(c.messages) >= size:
				message := c.messages[:size]
				c.messages = c.messages[size:]
				if message[0] != helloRequest {
					h.transcript.Write(message)
				}
				return message[0], cryptobyte.String(message[4:]), nil
			}
		}
		record, data, err := c.readRecord()
		switch {
		case err != nil:
			return 0, nil, err
		case record != recordHandshake || len(data) == 0:
			return 0, nil, broken(alertUnexpectedMessage)
		}
		c.messages = append(c.messages, data...)
	}
}
