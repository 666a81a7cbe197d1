// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bytes"
	"crypto/aes"
	aead "crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"testing"
)

// A tls12Server is a server of TLS 1.2 that can do what crypto/tls cannot: DHE, and to
// ask for another handshake in the middle of the conversation, with a client
// certificate. It knows AES-128-GCM alone.
type tls12Server struct {
	net.Conn
	key    *rsa.PrivateKey
	der    []byte
	dhe    bool
	wants  bool // a client certificate
	in     aead.AEAD
	out    aead.AEAD
	salts  [2][]byte
	counts [2]uint64
	hands  []byte
	script bytes.Buffer // the messages of the handshake
	rest   []byte
}

const (
	rsaGCM = 0x009c
	dheGCM = 0x009e
)

// overTLS12 serves behind such a handshake.
func overTLS12(t *testing.T, dhe bool, serve func(*tls12Server)) func(net.Conn) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der := leafOf(t, func(l *leaf) { l.key = key }).Certificates[0].Certificate[0]
	return func(c net.Conn) {
		s := &tls12Server{Conn: c, key: key, der: der, dhe: dhe}
		if s.handshake() == nil {
			serve(s)
		}
	}
}

func prf(secret []byte, label string, seed []byte, size int) (out []byte) {
	seed = append([]byte(label), seed...)
	sum := func(b ...[]byte) []byte {
		h := hmac.New(sha256.New, secret)
		h.Write(bytes.Join(b, nil))
		return h.Sum(nil)
	}
	for a := sum(seed); len(out) < size; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:size]
}

func sized(bytesOfLength int, b []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(len(b)))[8-bytesOfLength:], b...)
}

func (s *tls12Server) handshake() error {
	s.script.Reset()
	hello, err := s.message()
	if err != nil || len(hello) < 38 {
		return errors.Join(err, io.ErrUnexpectedEOF)
	}
	client, server := slices.Clone(hello[6:38]), make([]byte, 32)
	rand.Read(server)
	suite, prime, private := uint16(rsaGCM), big.NewInt(0), new(big.Int).SetBytes(server)
	if s.dhe {
		suite = dheGCM
		if prime, err = rand.Prime(rand.Reader, 512); err != nil {
			return err
		}
	}
	if !bytes.Contains(hello, binary.BigEndian.AppendUint16(nil, suite)) {
		_, err := s.Conn.Write([]byte{21, 3, 3, 0, 2, 2, 40})
		return errors.Join(err, errors.New("no cipher in common"))
	}
	s.say(2, slices.Concat([]byte{3, 3}, server, []byte{0}, binary.BigEndian.AppendUint16(nil, suite), []byte{0}))
	s.say(11, sized(3, sized(3, s.der)))
	if s.dhe { // the signature is not looked at
		public := new(big.Int).Exp(big.NewInt(2), private, prime)
		s.say(12, slices.Concat(sized(2, prime.Bytes()), sized(2, []byte{2}), sized(2, public.Bytes()), []byte{4, 1}, sized(2, []byte{0})))
	}
	if s.wants {
		s.say(13, slices.Concat(sized(1, []byte{1}), sized(2, []byte{4, 1}), sized(2, nil)))
	}
	s.say(14, nil)
	if s.wants {
		if _, err := s.message(); err != nil {
			return err
		}
	}
	share, err := s.message()
	if err != nil || len(share) < 6 {
		return errors.Join(err, io.ErrUnexpectedEOF)
	}
	var secret []byte
	if s.dhe {
		secret = new(big.Int).Exp(new(big.Int).SetBytes(share[6:]), private, prime).Bytes()
	} else {
		//lint:ignore SA1019 TLS 1.2 has no other way with this key exchange
		if secret, err = rsa.DecryptPKCS1v15(nil, s.key, share[6:]); err != nil {
			return err
		}
	}
	return s.finish(secret, client, server)
}

// finish changes to the new keys and exchanges the last messages.
func (s *tls12Server) finish(secret, client, server []byte) error {
	master := prf(secret, "master secret", slices.Concat(client, server), 48)
	keys := prf(master, "key expansion", slices.Concat(server, client), 40)
	gcm := func(key []byte) aead.AEAD {
		block, _ := aes.NewCipher(key)
		sealer, _ := aead.NewGCM(block)
		return sealer
	}
	if kind, _, err := s.record(); err != nil || kind != 20 {
		return errors.Join(err, errors.New("no change of cipher"))
	}
	s.in, s.salts[0], s.counts[0] = gcm(keys[:16]), keys[32:36], 0
	if _, err := s.message(); err != nil {
		return err
	}
	if err := s.send(20, []byte{1}); err != nil {
		return err
	}
	s.out, s.salts[1], s.counts[1] = gcm(keys[16:32]), keys[36:], 0
	sum := sha256.Sum256(s.script.Bytes())
	return s.say(20, prf(master, "server finished", sum[:], 12))
}

// askAgain asks for another handshake, with a client certificate.
func (s *tls12Server) askAgain() error {
	s.wants = true
	if err := s.send(22, []byte{0, 0, 0, 0}); err != nil {
		return err
	}
	return s.handshake()
}

func (s *tls12Server) say(kind byte, body []byte) error {
	message := append([]byte{kind}, sized(3, body)...)
	s.script.Write(message)
	return s.send(22, message)
}

// message returns the next message of the handshake with its header.
func (s *tls12Server) message() ([]byte, error) {
	for len(s.hands) < 4 || len(s.hands) < 4+int(binary.BigEndian.Uint32(s.hands)&0xffffff) {
		kind, data, err := s.record()
		if err != nil || kind != 22 {
			return nil, errors.Join(err, errors.New("no handshake"))
		}
		s.hands = append(s.hands, data...)
	}
	size := 4 + int(binary.BigEndian.Uint32(s.hands)&0xffffff)
	message := s.hands[:size]
	s.hands = slices.Clone(s.hands[size:])
	s.script.Write(message)
	return message, nil
}

func (s *tls12Server) additional(direction int, kind byte, size int) []byte {
	b := append(binary.BigEndian.AppendUint64(nil, s.counts[direction]), kind, 3, 3)
	s.counts[direction]++
	return binary.BigEndian.AppendUint16(b, uint16(size))
}

func (s *tls12Server) send(kind byte, data []byte) error {
	if s.out != nil {
		explicit := binary.BigEndian.AppendUint64(nil, s.counts[1])
		data = s.out.Seal(explicit, slices.Concat(s.salts[1], explicit), data, s.additional(1, kind, len(data)))
	}
	_, err := s.Conn.Write(append([]byte{kind, 3, 3}, sized(2, data)...))
	return err
}

func (s *tls12Server) record() (kind byte, data []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(s.Conn, head); err != nil {
		return 0, nil, err
	}
	data = make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(s.Conn, data); err != nil || s.in == nil {
		return head[0], data, err
	}
	if len(data) < 24 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	data, err = s.in.Open(nil, slices.Concat(s.salts[0], data[:8]), data[8:], s.additional(0, head[0], len(data)-24))
	return head[0], data, err
}

func (s *tls12Server) Read(b []byte) (int, error) {
	for len(s.rest) == 0 {
		kind, data, err := s.record()
		if err != nil || kind == 21 {
			return 0, errors.Join(err, io.EOF)
		}
		s.rest = data
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *tls12Server) Write(b []byte) (int, error) {
	if err := s.send(23, b); err != nil {
		return 0, err
	}
	return len(b), nil
}
