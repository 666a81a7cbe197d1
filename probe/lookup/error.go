// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"exreach/probe/socket"
)

// failure says what each server did, in the order of the configuration.
func (a *inquiry) failure() error {
	f := &resolverError{kind: a.q.kind}
	for _, l := range a.lines {
		f.servers = append(f.servers, serverFailure{l.server.addr.Addr(), l.said})
	}
	configured := func(f serverFailure) int {
		return slices.IndexFunc(a.client.servers, func(s *dnsServer) bool { return s.addr.Addr() == f.server })
	}
	slices.SortFunc(f.servers, func(x, y serverFailure) int { return configured(x) - configured(y) })
	return f
}

// A resolverError says that no server answered a question, and what each did instead.
type resolverError struct {
	kind    dnsmessage.Type
	servers []serverFailure
	knows   netip.Addr // the server that says there is no address of the other kind; invalid where none does
}

// A serverFailure is what a server did instead.
type serverFailure struct {
	server netip.Addr
	err    error // nil where it did not answer
}

func (e *resolverError) Error() string {
	var words []string
	for _, f := range e.servers {
		words = append(words, f.server.String()+" "+failureWords(f.err))
	}
	if len(words) == 0 {
		words = []string{"no name server was asked"}
	}
	said := strings.Join(words, ", ")
	if e.knows.IsValid() {
		other := dnsmessage.TypeA + dnsmessage.TypeAAAA - e.kind
		said = fmt.Sprintf("%s knows no %s record; asked for %s, %s", e.knows, typeWord(other), typeWord(e.kind), said)
	}
	return said
}

// A cutDNSError says that an answer was cut short, and why TCP did not bring the rest.
type cutDNSError struct{ rest error }

func (e *cutDNSError) Error() string { return failureWords(e) }

// failureWords says what a name server did.
func failureWords(err error) string {
	var code *rcodeError
	var cut *cutDNSError
	switch {
	case errors.As(err, &cut):
		return "sends an answer over UDP that is cut short; over TCP it " + failureWords(cut.rest)
	case err == nil, socket.IsTimeout(err), errors.Is(err, context.Canceled):
		return "did not answer"
	case errors.As(err, &code), errors.Is(err, errBrokenDNS), errors.Is(err, errLameDNS), errors.Is(err, errStrayDNS), errors.Is(err, errDNSCut):
		return err.Error()
	}
	switch socket.CauseOf(err) {
	case socket.Refused:
		return "refuses queries (nothing listens on its port 53)"
	case socket.Reset:
		return "hangs up"
	case socket.Denied:
		return "cannot be asked: a firewall or policy of this machine forbids it"
	case socket.NoRoute, socket.Unreachable:
		return "cannot be reached from this machine"
	case socket.TimedOut:
		return "did not answer"
	}
	return fmt.Sprintf("cannot be asked: %v", err)
}

// A noAddressError says that a server is certain: the name has no address.
type noAddressError struct {
	name   string
	by     netip.Addr
	alias  string
	exists bool // the name does, without an address
}

func (e *noAddressError) Error() string {
	name, lack := e.name, " does not exist"
	if e.alias != "" {
		name += " is an alias of " + e.alias + ", which"
	}
	if e.exists {
		lack = " has no address"
	}
	return name + lack + ", says " + e.by.String()
}

// noAddress is the error of a name without an address.
func noAddress(host string) error {
	return &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
}

// NotFound reports whether an error of LookUp says for certain that the name has no
// address of a host. A resolver that did not answer is certain of nothing.
func NotFound(err error) bool {
	var dns *net.DNSError
	var missing *noAddressError
	var bogus *bogusError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &missing) || errors.As(err, &bogus)
}

// Reason puts into words why a name has no usable address: an error that is NotFound.
func Reason(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "the name has no address"
	}
	return err.Error()
}
