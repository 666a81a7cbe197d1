// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// ContactProtocol is the ALPN protocol with which a TLS handshake asks for the contact
// (RFC 7301). It can do so where TLS comes first, after STARTTLS, and at any other port with
// a TLS record as the client's first bytes.
const ContactProtocol = "exreach-contact/1"

// ContactProof is how long a contact may take to prove the code, with the delay of a
// refusal. It is cut off then.
const ContactProof = 45 * time.Second

// Limits of a contact.
const (
	contactIdle  = 10 * time.Minute
	contactWhole = 2 * time.Hour
)

// errContact says that a conversation was a contact, which is over.
var errContact = errors.New("this was a contact")

// contactConfig is TLS for the contact and nothing else (RFC 9266 wants TLS 1.3 for its exporter).
func (s *Server) contactConfig() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{s.good.Certificate},
		NextProtos:   []string{ContactProtocol},
		MinVersion:   tls.VersionTLS13,
	}
}

// contact holds a contact. It returns errContact at its end.
func (c *conversation) contact(conn *tls.Conn) error {
	seat := c.door.seat(c.entry.From.Addr())
	if seat == nil {
		return fmt.Errorf("%w, and there are too many", errContact)
	}
	defer seat.Leave()
	from := c.entry.From
	c.herald.tell(Contacted{c.ledger.withdraw(c.entry)})
	c.leash.stretch(contactIdle, contactWhole)
	defer time.AfterFunc(ContactProof, func() {
		if !seat.isProved() {
			c.leash.stretch(0, 0)
			_ = c.leash.Conn.Close()
		}
	}).Stop()
	c.Contact(c.ctx, conn, from, seat)
	return errContact
}

// A peek is a plain connection that looks at the client's first bytes: a TLS record that
// holds a ClientHello begins a contact (RFC 8446, section 5.1), and nothing of the
// protocols that begin in plain text.
type peek struct {
	net.Conn
	conversation *conversation
	looked       bool
	back         []byte // what was read ahead
	over         error  // the connection was a contact, or was to be one
}

// Beginning of a TLS record with a handshake message.
const recordHandshake, recordMajor = 0x16, 0x03

func (p *peek) Read(b []byte) (int, error) {
	if p.over != nil {
		return 0, p.over
	}
	if len(p.back) > 0 {
		n := copy(b, p.back)
		p.back = p.back[n:]
		return n, nil
	}
	if p.looked || len(b) == 0 {
		return p.Conn.Read(b)
	}
	p.looked = true
	n, err := p.Conn.Read(b)
	if n == 0 || b[0] != recordHandshake {
		return n, err
	}
	head := slices.Clone(b[:n])
	if n == 1 && err == nil {
		var second [1]byte
		var m int
		m, err = p.Conn.Read(second[:])
		p.back = second[:m]
		head = append(head, p.back...)
	}
	if err != nil || len(head) < 2 || head[1] != recordMajor {
		return n, err
	}
	p.back = nil
	p.over = p.conversation.plainContact(&ahead{p.Conn, head})
	return 0, p.over
}

func (p *peek) Write(b []byte) (int, error) {
	if p.over != nil {
		return 0, p.over
	}
	return p.Conn.Write(b)
}

// plainContact does the handshake that a client began where the protocol is plain.
func (c *conversation) plainContact(plain net.Conn) error {
	config := c.contactConfig()
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if !slices.Contains(hello.SupportedProtos, ContactProtocol) {
			return nil, errors.New("TLS at a port where there is none")
		}
		return nil, nil
	}
	if _, err := c.secure(plain, config); err != nil {
		return err
	}
	return errContact
}

// An ahead is a connection of which some bytes were read before.
type ahead struct {
	net.Conn
	head []byte
}

func (a *ahead) Read(b []byte) (int, error) {
	if len(a.head) == 0 {
		return a.Conn.Read(b)
	}
	n := copy(b, a.head)
	a.head = a.head[n:]
	return n, nil
}
