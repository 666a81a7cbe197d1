// SPDX-License-Identifier: Apache-2.0

package tls12

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"net"

	"exreach/probe/protocol/wire"
)

// The types of records (RFC 5246 section 6.2.1).
const (
	recordChangeCipher = 20
	recordAlert        = 21
	recordHandshake    = 22
	recordData         = 23
)

const (
	version12   = 0x0303
	largestData = 16 << 10           // of a record, in the clear
	largestSent = largestData + 2048 // and encrypted
)

// broken is the error for a server that breaks the protocol. It is the one that
// crypto/tls returns, with the alert that a client would send. We do not send it.
func broken(alert uint8) error {
	return &net.OpError{Op: "local error", Err: tls.AlertError(alert)}
}

// A tls12Cipher encrypts or decrypts the records of one direction of a connection.
type tls12Cipher struct {
	aead  cipher.AEAD  // of GCM; nil with CBC
	block cipher.Block // of CBC
	mac   hash.Hash    // of CBC
	iv    []byte       // of GCM: the part of the nonce that all records share
	seq   uint64       // the number of the next record
}

var errRecord = errors.New("the record does not verify")

// header returns what seal and open authenticate of a record beside its data.
func (c *tls12Cipher) header(kind byte, size int) []byte {
	b := binary.BigEndian.AppendUint64(nil, c.seq)
	b = binary.BigEndian.AppendUint16(append(b, kind), version12)
	return binary.BigEndian.AppendUint16(b, uint16(size))
}

func (c *tls12Cipher) sum(kind byte, data []byte) []byte {
	c.mac.Reset()
	c.mac.Write(c.header(kind, len(data)))
	c.mac.Write(data)
	return c.mac.Sum(nil)
}

func (c *tls12Cipher) seal(kind byte, data []byte) []byte {
	defer func() { c.seq++ }()
	if c.aead != nil {
		explicit := binary.BigEndian.AppendUint64(nil, c.seq)
		nonce := append(bytes.Clone(c.iv), explicit...)
		return c.aead.Seal(explicit, nonce, data, c.header(kind, len(data)))
	}
	size := c.block.BlockSize()
	text := append(bytes.Clone(data), c.sum(kind, data)...)
	padding := size - 1 - len(text)%size
	text = append(text, bytes.Repeat([]byte{byte(padding)}, padding+1)...)
	sealed := make([]byte, size+len(text))
	rand.Read(sealed[:size])
	cipher.NewCBCEncrypter(c.block, sealed[:size]).CryptBlocks(sealed[size:], text)
	return sealed
}

func (c *tls12Cipher) open(kind byte, sealed []byte) ([]byte, error) {
	defer func() { c.seq++ }()
	if c.aead != nil {
		const explicit = 8
		if len(sealed) < explicit+c.aead.Overhead() {
			return nil, errRecord
		}
		nonce := append(bytes.Clone(c.iv), sealed[:explicit]...)
		return c.aead.Open(nil, nonce, sealed[explicit:], c.header(kind, len(sealed)-explicit-c.aead.Overhead()))
	}
	size := c.block.BlockSize()
	if len(sealed) < 2*size || len(sealed)%size != 0 {
		return nil, errRecord
	}
	text := make([]byte, len(sealed)-size)
	cipher.NewCBCDecrypter(c.block, sealed[:size]).CryptBlocks(text, sealed[size:])
	end := len(text) - 1 - int(text[len(text)-1]) - c.mac.Size()
	if end < 0 || !hmac.Equal(c.sum(kind, text[:end]), text[end:end+c.mac.Size()]) {
		return nil, errRecord
	}
	return text[:end], nil
}

// readRecord returns the next record, decrypted. It skips warnings and empty data. The
// server's close_notify is io.EOF.
func (c *Conn) readRecord() (kind byte, data []byte, err error) {
	for range 16 {
		kind, data, err = c.readAny()
		switch {
		case err != nil:
			return 0, nil, err
		case kind == recordData && len(data) == 0: // some servers send one before each that has data
		case kind != recordAlert:
			return kind, data, nil
		case len(data) != 2:
			return 0, nil, broken(alertDecodeError)
		case data[1] == alertCloseNotify:
			return 0, nil, io.EOF
		case data[0] != 1:
			return 0, nil, &net.OpError{Op: "remote error", Err: tls.AlertError(data[1])}
		}
	}
	return 0, nil, broken(alertUnexpectedMessage)
}

func (c *Conn) readAny() (kind byte, data []byte, err error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(c.Conn, head); err != nil {
		return 0, nil, err
	}
	kind, size := head[0], int(binary.BigEndian.Uint16(head[3:]))
	switch {
	case kind < recordChangeCipher || kind > recordData || head[1] != 3:
		return 0, nil, tls.RecordHeaderError{Msg: "the server does not speak TLS", RecordHeader: [5]byte(head), Conn: c.Conn}
	case size > largestSent:
		return 0, nil, broken(alertRecordOverflow)
	}
	data = make([]byte, size)
	if _, err := io.ReadFull(c.Conn, data); err != nil {
		return 0, nil, wire.UnexpectedEOF(err)
	}
	if c.in != nil {
		if data, err = c.in.open(kind, data); err != nil {
			return 0, nil, broken(alertBadRecordMAC)
		}
	}
	return kind, data, nil
}

// put adds data to what is sent next, in as many records as it takes.
func (c *Conn) put(kind byte, data []byte) {
	for first := true; first || len(data) > 0; first = false {
		part := data[:min(len(data), largestData)]
		data = data[len(part):]
		if c.out != nil {
			part = c.out.seal(kind, part)
		}
		c.unsent = binary.BigEndian.AppendUint16(append(c.unsent, kind), version12)
		c.unsent = binary.BigEndian.AppendUint16(c.unsent, uint16(len(part)))
		c.unsent = append(c.unsent, part...)
	}
}

// flush sends what was put.
func (c *Conn) flush() error {
	_, err := c.Conn.Write(c.unsent)
	c.unsent = c.unsent[:0]
	return err
}

// Read returns what the server says.
func (c *Conn) Read(b []byte) (int, error) {
	for len(c.rest) == 0 {
		kind, data, err := c.readRecord()
		switch {
		case err != nil:
			return 0, err
		case kind == recordHandshake && len(data) >= 4 && data[0] == helloRequest:
			return 0, broken(AlertNoRenegotiation)
		case kind != recordData:
			return 0, broken(alertUnexpectedMessage)
		}
		c.rest = data
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// Write says something to the server.
func (c *Conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(recordData, b)
	if err := c.flush(); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close says goodbye and closes the connection.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out != nil {
		c.put(recordAlert, []byte{1, alertCloseNotify})
		_ = c.flush()
	}
	return c.Conn.Close()
}

// The alerts of TLS that code here or elsewhere in exreach uses (RFC 8446 section 6, RFC
// 5246 section 7.2). Of them we send close_notify alone.
const (
	alertCloseNotify         = 0
	alertUnexpectedMessage   = 10
	alertBadRecordMAC        = 20
	alertRecordOverflow      = 22
	AlertHandshakeFailure    = 40
	AlertNoCertificate       = 41 // of SSL 3.0; the first of the alerts about the peer's certificate
	AlertUnknownCertificate  = 46 // the last of these, apart from AlertUnknownAuthority
	alertIllegalParameter    = 47
	AlertUnknownAuthority    = 48
	AlertAccessDenied        = 49
	alertDecodeError         = 50
	AlertProtocolVersion     = 70
	AlertInsufficient        = 71 // insufficient security
	AlertInternalError       = 80
	AlertNoRenegotiation     = 100
	AlertUnrecognizedName    = 112
	AlertCertificateRequired = 116
)
