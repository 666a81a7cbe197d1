// SPDX-License-Identifier: Apache-2.0

// Package catalog holds what SHOULD be reachable: for every version of Exchange,
// which services each role listens on, who connects to them, and what each of
// those expects to find. The facts are data (data/*.yaml); this package reads
// them, answers questions about them, and turns a topology into a plan of checks.
//
// It uses no network and no clock, and has no opinion on what a probe saw. It may
// import no other package of exreach.
package catalog

import "fmt"

// A Catalog holds every version that exreach knows. It reads the file of a version at
// the first call that needs it: most commands need one or two. Any number of
// goroutines may use a Catalog, but not while Add runs.
type Catalog struct {
	shelves  []shelf                           // in the order of their names
	sources  func() (map[string]string, error) // the title of each document, by its key
	releases *Releases                         // of all versions; nil means those that come with exreach
}

// A shelf holds one version of a Catalog.
type shelf struct {
	name string
	read func() (Version, error) // reads once, however often it is called
}

// A Version is one generation of Exchange (or a family of support servers) with
// its roles and the services they listen on.
type Version struct {
	Release
	Roles    []Role       // what a host may do in this version
	Services []Service    // in the order of the data
	Ground   []GroundRule // requirements beyond single services
}

// A Role is what a host does in a version.
type Role struct {
	Name string // "mailbox"
	Text string // one line for people
	Auto Taken  // when exreach assumes this role of a host; "" is never
}

// Taken says when exreach assumes a role of a host for which the user gave none.
type Taken string

// The cases. The user must give every other role.
const (
	Usual  Taken = "usual"  // if its services answer, or if no answer shows any role
	Proved Taken = "proved" // only if its services answer
)

// A Service is one row of the catalogue: a role listens on a port and speaks a
// protocol there. Either Ports or RPC says where it is found; a check of an RPC
// interface with a static port has both.
type Service struct {
	Name     string            // unique within its version and role: "smtp"
	Role     string            // the role that listens
	Facts    []string          // ids of the data paths that this row states; nil where it states none
	Network  Network           // tcp or udp
	Ports    Ports             // the port, or the range it is in; zero where it is dynamic, and for an RPC interface
	RPC      *Interface        // an RPC interface that the endpoint mapper leads to; nil for all others
	Protocol string            // the key of a conversation in probe/protocol
	TLS      TLS               // how TLS begins on this port
	HTTP     *Directory        // what an HTTP service answers; nil for all others
	Wants    map[string]Want   // what each client should find, by the name of a From
	OneOf    string            // the group of which one service is enough, within the role; "" where it stands alone
	Exposure string            // why a "forbidden" from must not reach it
	Unasked  string            // why no check is ever planned for it; "" where one is
	Note     string            // for the reader, in our own words
	Restart  string            // what makes the service take a new static port: "Restart-Service MSExchangeRPC"
	Programs map[string]string // the program that each of Setup's rules for Windows Firewall is bound to, by the rule's name
	Sources  []Source          // where the row comes from
	Verified bool              // false where the row rests on memory or on an unconfirmed listing
}

// Page returns the path that a check requests of an HTTP service, "" for all others.
func (s Service) Page() string {
	if s.HTTP == nil {
		return ""
	}
	return s.HTTP.Path
}

// Location says where a service is found: "25/tcp", or the RPC interface.
func (s Service) Location() string {
	if s.RPC != nil {
		return "rpc " + s.RPC.Name
	}
	return s.Ports.String() + "/" + string(s.Network)
}

// Network is the transport of a service.
type Network string

// The transports.
const (
	TCP Network = "tcp"
	UDP Network = "udp"
)

// Ports is a port, or an inclusive range of ports.
type Ports struct {
	First uint16 `json:"first"`
	Last  uint16 `json:"last"` // equal to First for a single port
}

// Single reports whether p is exactly one port, which a check can dial.
func (p Ports) Single() bool { return p.First != 0 && p.First == p.Last }

// String returns "25", "1024-65535", or "dynamic" where there is no fixed port.
func (p Ports) String() string {
	switch {
	case p.First == 0:
		return "dynamic"
	case p.First == p.Last:
		return fmt.Sprint(p.First)
	}
	return fmt.Sprintf("%d-%d", p.First, p.Last)
}

// An Interface is a DCE/RPC interface as an endpoint map lists it
// (C706, MS-RPCE).
type Interface struct {
	Name  string `json:"name"`  // "EMSMDB"
	UUID  string `json:"uuid"`  // lower case, with dashes
	Major uint16 `json:"major"` // the version is part of the identity: FRS and
	Minor uint16 `json:"minor"` // the 5.5 directory share a UUID
}

// Serves reports whether a server of interface i serves a client that asks for
// another: a higher minor version serves a lower one (C706 section 6.1.2).
func (i Interface) Serves(asked Interface) bool {
	return i.UUID == asked.UUID && i.Major == asked.Major && i.Minor >= asked.Minor
}

// TLS is how TLS begins on a port.
type TLS string

// The ways TLS begins.
const (
	NoTLS    TLS = "none"
	StartTLS TLS = "starttls" // asked for in band, after a plain greeting
	Implicit TLS = "implicit" // the handshake comes first
	Mutual   TLS = "mutual"   // as implicit, and the server wants a client certificate too
)

// First reports whether the handshake is the first thing on the port.
func (t TLS) First() bool { return t == Implicit || t == Mutual }

// A Directory is an IIS virtual directory and what it answers without
// credentials.
type Directory struct {
	Path   string `json:"path"`             // "/owa/"
	Method Method `json:"method,omitempty"` // how it is requested; "" is GET
	Status []int  `json:"status"`           // the healthy answers
	Health string `json:"health,omitempty"` // the health page of 2013 and later: "/owa/healthcheck.htm"
}

// Method is the HTTP method that a directory is requested with.
type Method string

// The methods. None of them changes anything on a server without credentials.
const (
	Get       Method = "GET"
	Options   Method = "OPTIONS" // ActiveSync lists its versions (MS-ASHTTP)
	Post      Method = "POST"
	PropFind  Method = "PROPFIND"    // WebDAV (RFC 4918)
	RPCInData Method = "RPC_IN_DATA" // RPC over HTTP (MS-RPCH)
)

// Want is what a client should find at a service.
type Want string

// The wants.
const (
	Required  Want = "required"  // must answer
	Optional  Want = "optional"  // answers only if the feature is in use
	Off       Want = "off"       // installed but stopped by default: closed is healthy, open is healthy
	Forbidden Want = "forbidden" // must not be reachable from there
)

// A Source is the document a row comes from and how far it is trusted.
type Source struct {
	Key   string `json:"key"`   // "NP", or the name of a user's file
	Title string `json:"title"` // the document
	Grade string `json:"grade"` // "" user's own row · A vendor document · B excerpt or reproduction · C seen on a live server · D unconfirmed listing · M general knowledge
}

// A Check is one question: what does a client of the kind From find at one service
// of one host? Plan makes the checks, package probe asks them.
type Check struct {
	Host    string
	Version string
	Service Service
	From    string
	Want    Want
	Ground  []GroundRule // between From and the host, beyond its services

	Releases *Releases // of all versions; nil means those that come with exreach

	Behind []Check // asked through the answer to this one: the RPC interfaces behind an endpoint mapper
}
