// SPDX-License-Identifier: Apache-2.0

package ldap

import (
	"bytes"
	"io"
	"net"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// heard is a connection on which all has been said.
type heard struct {
	net.Conn
	io.Reader
}

func (h heard) Read(b []byte) (int, error) { return h.Reader.Read(b) }

func saying(said []byte) net.Conn { return heard{Reader: bytes.NewReader(said)} }

// FuzzFrames: what gets through to the decoder is a message whose encoding
// is a message again.
func FuzzFrames(f *testing.F) {
	for _, seed := range []string{"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", "\x30\x80", "\x30\x84\x7f\xff\xff\xff", "\x30\x05\x02\x01\x03\x42\x00"} {
		f.Add([]byte(seed))
	}
	nested := Result(ldap.ApplicationBindResponse, 0, "")
	for range 20 {
		outer := ber.NewSequence("")
		outer.AppendChild(nested)
		nested = outer
	}
	f.Add(Message(1, nested).Bytes())
	f.Fuzz(func(t *testing.T, said []byte) {
		frames := NewFrames(saying(said))
		for {
			message, err := frames.Next()
			if err != nil {
				return
			}
			again, err := NewFrames(saying(message.Bytes())).Next()
			if err != nil || !bytes.Equal(again.Bytes(), message.Bytes()) {
				t.Fatalf("%x does not come back: %v", message.Bytes(), err)
			}
		}
	})
}
