// SPDX-License-Identifier: Apache-2.0

// Package protocol holds the wire conversations: for every protocol of the
// catalogue how to ask as a client and how to answer as a server. A protocol
// only speaks. It dials nothing, retries nothing, passes no verdict, and sets no
// deadline but a short one for its farewell: probe does all that around it.
package protocol

import (
	"fmt"
	"net"

	"exreach/catalog"
)

// A Protocol is both sides of one conversation.
//
// Ask speaks as the client. The deadline of conn is set already. What Ask
// learned is returned even when it ends in an error; errors of conn are
// returned as they came (wrapped, never replaced), and a *MismatchError says
// that something else answered.
//
// Answer speaks as the server, for one connection. It is as good as a real
// server's for what Ask asks, and no better.
type Protocol struct {
	Ask    func(conn net.Conn, q Question) (Peer, error)
	Answer func(conn net.Conn, s Stand) error
}

// Table is every protocol by the name that catalogue rows use.
var Table = map[string]Protocol{
	"tcp":  {askTCP, answerTCP},
	"smtp": {askSMTP, answerSMTP},
	"pop3": {askPOP3, answerPOP3},
	"imap": {askIMAP, answerIMAP},
	"ldap": {askLDAP, answerLDAP},
	"http": {askHTTP, answerHTTP},
	"rpc":  {askRPC, answerRPC},
}

// A Step is how far a check came.
type Step string

// The steps of a check, in order. A conversation that starts TLS in band goes
// greet, tls, talk.
const (
	Resolve Step = "resolve" // the name to addresses
	Connect Step = "connect" // the transport connection
	TLS     Step = "tls"     // the TLS handshake
	Greet   Step = "greet"   // the server's first words
	Talk    Step = "talk"    // the conversation after them
)

// A Question is what Ask has to find out, and how it reaches the pool.
type Question struct {
	Host       string              // the name or address the user gave, for HTTP's Host and the like
	Service    catalog.Service     // the row of the catalogue
	Interfaces []catalog.Interface // wanted behind an endpoint mapper
	At         func(Step)          // tells the pool that a step begins; never nil
	StartTLS   func(net.Conn) (net.Conn, error)
	// StartTLS does the TLS handshake as a client on the plain connection and
	// returns the connection to go on with. Never nil. Its error is returned
	// from Ask as it is.
}

// A Stand is the server that Answer stands in for.
type Stand struct {
	Host      string // its host name, for greetings
	Version   string // of Exchange: "2019"
	Service   catalog.Service
	Endpoints []Endpoint // what an endpoint mapper hands out
	StartTLS  func(net.Conn) (net.Conn, error)
	// StartTLS does the TLS handshake as a server. Nil where there is no
	// certificate: Answer then does not offer TLS.
}

// A Peer is what a conversation learned about the other side. All of it came
// from the network; the pool makes it printable before anybody sees it.
type Peer struct {
	Greeting     string            `json:"greeting,omitempty"`     // its first line, whole
	Capabilities []string          `json:"capabilities,omitempty"` // what it offers, one keyword line each
	Facts        map[string]string `json:"facts,omitempty"`        // what else the protocol knows, by lower-case name: "server", "status", "default_naming_context"
	Refusal      string            `json:"refusal,omitempty"`      // how it turned us away in its own protocol: "421 4.3.2 Service not available"
	Endpoints    []Endpoint        `json:"endpoints,omitempty"`    // of an endpoint mapper
	TLS          *TLSInfo          `json:"tls,omitempty"`          // set by the pool
}

// An Endpoint is one entry of an endpoint map.
type Endpoint struct {
	UUID       string `json:"uuid"`
	Major      uint16 `json:"major"`
	Minor      uint16 `json:"minor"`
	Sequence   string `json:"sequence"`          // ncacn_ip_tcp, ncacn_http, ncadg_ip_udp, ncacn_np, ncalrpc
	Port       uint16 `json:"port,omitempty"`    // for the sequences over IP
	Address    string `json:"address,omitempty"` // as the tower carries it; often 0.0.0.0 or another host's
	Annotation string `json:"annotation,omitempty"`
}

// A MismatchError says that something answered which is not the expected
// protocol. The first bytes it sent are kept by the pool as evidence.
type MismatchError struct {
	Want string // the protocol that was expected: "SMTP"
	Got  string // what was seen instead, in a few words of ours: "no three-digit reply code"
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("this is not %s: %s", e.Want, e.Got)
}
