// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"crypto/tls"
	"net"
	"slices"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/protocol"
)

// serve holds a conversation, with the fault of its service if it has one. Over UDP the
// answer has at most so many bytes; 0 is no limit.
func (c *conversation) serve(conn net.Conn, most int) error {
	service, cert, speak := c.opening.service, c.good, protocol.Table[c.opening.service.Protocol]
	switch c.Faults[service.Name] {
	case Silent:
		speak = protocol.Table["tcp"]
		service.TLS = catalog.NoTLS
	case Expired:
		cert = c.old
	case Foreign:
		speak = foreign(service.Protocol)
	}
	starttls := func(plain net.Conn) (net.Conn, error) { return c.secure(plain, c.tlsConfig(cert, service.TLS)) }
	if service.TLS.First() {
		secured, err := starttls(conn)
		if err != nil {
			return err
		}
		conn = secured
	} else if c.Contact != nil && c.isTCP() {
		c.peek = &peek{Conn: conn, conversation: c}
		conn = c.peek
	}
	return speak.Answer(conn, protocol.Stand{
		Host:      c.Host,
		Version:   c.Version,
		Releases:  c.Releases,
		Service:   service,
		Shared:    c.shared[c.opening.Port],
		Endpoints: c.endpoints,
		Accounts:  c.Accounts,
		Most:      most,
		StartTLS:  starttls,
	})
}

// foreign returns a protocol that greets and is not the named one.
func foreign(name string) protocol.Protocol {
	if name == "smtp" {
		return protocol.Table["imap"]
	}
	return protocol.Table["smtp"]
}

// tlsConfig returns how to do the handshake as a server. A client that asks for the
// contact gets one that has nothing else. Any other does not see that it could have, as
// crypto/tls refuses clients whose protocols are not among the server's.
func (c *conversation) tlsConfig(cert shown, mode catalog.TLS) *tls.Config {
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.ledger.change(c.entry, func(a *far.Arrival) { a.Certificate = cert.print })
		return &cert.Certificate, nil
	}}
	if mode == catalog.Mutual {
		config.ClientAuth = tls.RequireAnyClientCert
	}
	if c.Contact != nil {
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			if slices.Contains(hello.SupportedProtos, ContactProtocol) {
				return c.contactConfig(), nil
			}
			return nil, nil // go on with this one
		}
	}
	return config
}

// secure does a TLS handshake as a server, and returns the connection to go on with. If the
// client asked for the contact, it holds that first and returns errContact.
func (c *conversation) secure(plain net.Conn, config *tls.Config) (net.Conn, error) {
	if c.peek != nil {
		c.peek.looked = true
	}
	secured := tls.Server(plain, config)
	c.secured = secured
	if err := secured.Handshake(); err != nil {
		return nil, err
	}
	if secured.ConnectionState().NegotiatedProtocol == ContactProtocol {
		return nil, c.contact(secured)
	}
	if c.entry.plain == nil {
		return secured, nil
	}
	return c.entry.plain.Record(secured), nil
}
