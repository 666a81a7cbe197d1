// SPDX-License-Identifier: Apache-2.0

// Package protocol holds the wire conversations: for every protocol of the
// catalogue how to ask as a client and how to answer as a server. A protocol
// only speaks. It dials nothing, retries nothing, passes no verdict, and sets no
// deadline but a short one for words that may never come: probe does all that around
// it. The larger wire formats, and what they share, are packages below this one (http,
// ldap, smb, rpc, kerberos, tls12, wire), which know no conversation. Nothing here
// imports a package of exreach other than those and the catalogue.
package protocol

import (
	"net"
	"slices"
	"time"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/wire"
)

// A Protocol is both sides of one conversation: package probe calls Ask, its stand-in
// calls Answer. The caller sets a deadline on conn before and closes conn afterwards.
//
// Ask speaks as the client. It returns what it learned even when it also returns an
// error. It returns errors of conn as they came (wrapped, never replaced); a
// *wire.MismatchError says that something else answered.
//
// Answer speaks as the server, for one connection. It is as good as a real
// server's for what Ask asks, and no better.
type Protocol struct {
	Ask    func(conn net.Conn, q Question) (Peer, error)
	Answer func(conn net.Conn, s Stand) error
}

// Table is every protocol by the name that catalogue rows use.
var Table = map[string]Protocol{
	"tcp":        {askTCP, answerTCP},
	"any":        {askAny, answerAny},
	"smtp":       {askSMTP, answerSMTP},
	"pop3":       {askPOP3, answerPOP3},
	"imap":       {askIMAP, answerIMAP},
	"ldap":       {askLDAP, answerLDAP},
	"http":       {askHTTP, answerHTTP},
	"rpc":        {askRPC, answerRPC},
	"dns":        {askDNS, answerDNS},
	"kerberos":   {askKerberos, answerKerberos},
	"kpasswd":    {askKpasswd, answerKpasswd},
	"cldap":      {askCLDAP, answerCLDAP},
	"ntp":        {askNTP, answerNTP},
	"smb":        {askSMBSession, answerSMB},
	"netbios-ns": {askNetBIOSNS, answerNetBIOSNS},
	"x400":       {askX400, answerX400},
	"t120":       {askT120, answerT120},
	"h323":       {askH323, answerH323},
	"rdp":        {askRDP, answerRDP},
	"nntp":       {askNNTP, answerNNTP},
	"irc":        {askIRC, answerIRC},
	"link-state": {askLinkState, answerLinkState},
	"ncacn-http": {askNcacnHTTP, answerNcacnHTTP},
	"net-tcp":    {askNetTCP, answerNetTCP},
	"log-copier": {askLogCopier, answerLogCopier},
	"winrm":      {askWinRM, answerWinRM},
	"caldav":     {askCalDAV, answerCalDAV},
	"sip":        {askSIP, answerSIP},
	"socks":      {askSOCKS, answerSOCKS},
	"telnet":     {askTelnet, answerTelnet},
}

// Mark is what a stand-in of exreach says of itself: wire.Mark.
const Mark = wire.Mark

// markBehind is the mark behind the text of a reply. Scanners and firewalls know servers by
// their greetings to the last byte, so the mark stands in what they say next.
const markBehind = " (" + Mark + ")"

// greeters are the protocols whose servers speak before they are spoken to.
var greeters = []string{"smtp", "pop3", "imap", "nntp", "link-state", "ncacn-http"}

// GreetsFirst reports whether the server of a protocol says the first word.
func GreetsFirst(name string) bool { return slices.Contains(greeters, name) }

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

// A Question is what Ask has to find out.
type Question struct {
	Host        string              // the name or address the user gave, for HTTP's Host and the like
	Service     catalog.Service     // the row of the catalogue
	Domain      string              // the organization's mail domain; "" where it is not known
	Interfaces  []catalog.Interface // wanted behind an endpoint mapper
	Releases    *catalog.Releases   // what is known of all versions; nil means what comes with exreach
	Credentials *Credentials        // to log in with; nil for no login
	Token       string              // goes into the question where the protocol has room for it; "" changes nothing

	Session
}

// A Session holds what the caller of Ask does for a conversation while it goes on.
type Session struct {
	// At tells the caller that a step begins. Never nil.
	At func(Step)

	// StartTLS does the TLS handshake as a client on the plain connection and
	// returns the connection to go on with. Never nil. Ask returns its error as it
	// is.
	StartTLS func(net.Conn) (net.Conn, error)

	// Redial hangs up and connects to the same address again, without TLS, for what
	// needs a conversation of its own; nil where that cannot be done. The caller of
	// Ask closes the new connection, too.
	Redial func() (net.Conn, error)

	// Private says why the client must not send a password over the connection as it
	// is now, nil where it may. Ask calls it only with credentials.
	Private func() error

	// Turn waits until this conversation may log in once. Ask calls end with the
	// outcome, which gives the turn back. An error says why the run allows no login
	// here any more; end is not called then. Ask calls Turn only with credentials.
	Turn func() (end func(Outcome), err error)
}

// A Stand is the server that Answer stands in for.
type Stand struct {
	Host      string            // its host name, for greetings
	Version   string            // of Exchange: "2019"
	Releases  *catalog.Releases // what is known of all versions; nil means what comes with exreach
	Service   catalog.Service
	Shared    []catalog.Interface // RPC interfaces of other services that share the port
	Endpoints []rpc.Endpoint      // what an endpoint mapper hands out
	Accounts  []Credentials       // who may log in; without any, no client may
	Most      int                 // bytes that the answer over UDP may have, because the source may be forged; 0 is no limit
	StartTLS  func(net.Conn) (net.Conn, error)
	// StartTLS does the TLS handshake as a server. Nil where there is no
	// certificate: Answer then does not offer TLS.
}

// A Peer is what a conversation learned about the server. All of it came from the
// network, so the pool calls Clean before anyone is shown it.
type Peer struct {
	Greeting     string            `json:"greeting,omitempty"`      // its first line, whole
	GreetingRest []string          `json:"greeting_rest,omitempty"` // further lines of the greeting, which SMTP allows
	Capabilities []string          `json:"capabilities,omitempty"`  // what it offers, one keyword line each
	Facts        map[string]string `json:"facts,omitempty"`         // what else the conversation learned, by the names in facts.go: "server", "status", "default_naming_context"
	Refusal      string            `json:"refusal,omitempty"`       // how it turned us away in its own protocol: "421 4.3.2 Service not available"
	Reason       wire.Reason       `json:"reason,omitempty"`        // why it did, where its answer tells
	StandIn      bool              `json:"stand_in,omitempty"`      // it bears the mark of a stand-in of exreach, in its words or its certificate
	Spoke        string            `json:"-"`                       // what the server of a port spoke whose protocol was not known: "ssh"; "" where that did not show
	Logins       Logins            `json:"-"`                       // what came of the credentials, as the fact "auth" tells people
	Page         *Page             `json:"-"`                       // of an answer over HTTP: what code reads of its facts
	Directory    *Directory        `json:"-"`                       // of an answer over LDAP: the same
	Clock        *Clock            `json:"-"`                       // the server's, where it is known
	Web          *web.Web          `json:"web,omitempty"`           // who gave an answer over HTTP; nil for other protocols
	Endpoints    []rpc.Endpoint    `json:"endpoints,omitempty"`     // of an endpoint mapper
	Withheld     []string          `json:"withheld,omitempty"`      // names of the wanted interfaces that an endpoint mapper would not tell about
	TLS          *TLSInfo          `json:"tls,omitempty"`           // set by the pool
	TLSFailure   *TLSFailure       `json:"tls_failure,omitempty"`   // set by the pool; nil where TLS did not fail

	MoreCapabilities int `json:"more_capabilities,omitempty"` // how many of each Clean left out
	MoreFacts        int `json:"more_facts,omitempty"`
	MoreEndpoints    int `json:"more_endpoints,omitempty"`
}

// A Clock is what a server's clock said, and ours at that moment.
type Clock struct {
	Server time.Time
	Local  time.Time // zero where it was not noted
}

// clocks notes the server's time, where the server tells it, and ours beside it, which
// shows how far apart they are.
func (p *Peer) clocks(server, local time.Time) {
	p.fact(FactLocalTime, factTime(local))
	if server.IsZero() {
		return
	}
	p.fact(FactServerTime, factTime(server))
	p.Clock = &Clock{server.UTC(), local.UTC()} // in UTC, since other goroutines share the local time zone
}
