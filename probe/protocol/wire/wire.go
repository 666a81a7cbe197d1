// SPDX-License-Identifier: Apache-2.0

// Package wire is what the packages of wire formats have in common: how they say
// that something else answered and why a server turned us away, how they look at
// octets as these come, and how a peer's words become fit to be shown. It speaks no
// protocol and imports nothing of exreach.
package wire

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// A MismatchError says that something answered which is not the expected
// protocol. The first bytes it sent are kept by the pool as evidence.
type MismatchError struct {
	Want string // the protocol that was expected: "SMTP"
	Got  string // what was seen instead, in a few words of ours: "no three-digit reply code"
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("this is not %s: %s", e.Want, e.Got)
}

// UnexpectedEOF is an error of reading in the middle of something: the end is not
// expected there.
func UnexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Fill reads the rest of b, whose first have octets are there. It asks fits about the
// octets as they come, because a peer that sends a few foreign ones and waits must not
// be called silent, and returns those that do not fit.
func Fill(r io.Reader, b []byte, have int, fits func(head []byte) bool) (foreign []byte, err error) {
	for have < len(b) {
		n, err := io.ReadAtLeast(r, b[have:], 1)
		have += n
		switch {
		case have > 0 && !fits(b[:have]):
			return b[:have], nil
		case err != nil && have > 0:
			return nil, UnexpectedEOF(err)
		case err != nil:
			return nil, err
		}
	}
	return nil, nil
}

// A Reason is why a server turned us away, where its answer tells.
type Reason string

// The reasons. What a server turns away for the first three alone may work well
// for all others.
const (
	NeedsLogin  Reason = "login"       // it answers only clients that have logged in
	OurName     Reason = "name"        // the name that we introduced ourselves by
	OurQuestion Reason = "question"    // what we asked for was a guess of ours, and it does not serve that
	OurAddress  Reason = "address"     // the address that we came from is banned, or not let in
	Limited     Reason = "limit"       // too many connections or questions
	Unavailable Reason = "unavailable" // it is starting, stopping, or short of something
	NoCommands  Reason = "commands"    // it greets and takes no command
)

// Octets reads a connection byte by byte, so none is taken too many.
type Octets struct{ R io.Reader }

// ReadByte reads the next one.
func (o Octets) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(o.R, b[:])
	return b[0], err
}

// openings are the first words of protocols that are met on ports of others.
var openings = []struct{ head, name string }{
	{"HTTP/", "HTTP"},
	{"SIP/", "SIP"},
	{"SSH-", "SSH"},
	{"+OK", "POP3"},
	{"-ERR", "POP3"},
	{"* OK", "IMAP"},
	{"* BYE", "IMAP"},
	{"* PREAUTH", "IMAP"},
	{"220 ", "SMTP or FTP"},
	{"220-", "SMTP or FTP"},
	{"200 ", "NNTP"},
	{"201 ", "NNTP"},
	{"ncacn_http/1.0", "RPC over HTTP"},
	{"\x15\x03", "TLS"},
	{"\x05\x00", "RPC"},
}

// OpensLike names the protocol that head opens like, where that is a known one.
func OpensLike(head, want string) string {
	for _, o := range openings {
		if strings.HasPrefix(head, o.head) {
			return "opens like " + o.name
		}
	}
	return "does not open like " + want
}

// Numbered is a number of a protocol with its name behind it, where it has one:
// "0x00000005 (access denied)".
func Numbered(number, name string) string {
	if name == "" {
		return number
	}
	return number + " (" + name + ")"
}

// DomainOf is the domain that a host is most likely in, "" where its name does
// not tell. A name of two labels is a domain: that of Active Directory leads to
// the domain's controllers.
func DomainOf(host string) string {
	host = strings.TrimSuffix(host, ".")
	_, parent, _ := strings.Cut(host, ".")
	_, notAddress := netip.ParseAddr(host)
	switch {
	case parent == "" || notAddress == nil:
		return ""
	case strings.Contains(parent, "."):
		return parent
	}
	return host
}
