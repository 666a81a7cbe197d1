// SPDX-License-Identifier: Apache-2.0

// Package wire has what the packages of wire formats and the conversations share: the
// error for a peer that speaks something else, the reasons why a server turns us away, the mark of a stand-in,
// readers that look at octets as they come, and Printable, which makes a peer's words
// fit to be shown. It speaks no protocol and imports nothing of exreach.
package wire

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// Mark is what a stand-in of exreach says of itself, in every protocol and certificate with
// room for words. It proves nothing: anyone can say it. It has 16 octets, as many as a GUID.
const Mark = "exreach stand-in"

// A MismatchError says that a peer answered, but not in the expected protocol. It has
// none of the peer's bytes: package probe keeps the first of them as evidence.
type MismatchError struct {
	Want string // the protocol that was expected: "SMTP"
	Got  string // what was seen instead, in a few words of ours: "no three-digit reply code"
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("this is not %s: %s", e.Want, e.Got)
}

// UnexpectedEOF turns io.EOF into io.ErrUnexpectedEOF and returns other errors as they
// are. It is for reads in the middle of something, where no end is expected.
func UnexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Fill reads until b is full; its first have octets are there already. After every read
// it asks fits about all octets so far, because a peer that sends a few foreign ones and
// waits must not be called silent. Octets that do not fit come back as foreign, with a
// nil error. The error is io.EOF only where the peer ends before the first octet.
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

// A Reason is why a server turned us away; "" where its answer does not tell.
type Reason string

// The reasons. A service that turns us away for one of the first three alone may work
// well for everyone else.
const (
	NeedsLogin  Reason = "login"       // it answers only clients that have logged in
	OurName     Reason = "name"        // it objects to the name that we gave, or to that of our address
	OurQuestion Reason = "question"    // what we asked for was a guess of ours, and it does not serve that
	OurAddress  Reason = "address"     // it has banned the address that we came from, or does not let it in
	Limited     Reason = "limit"       // too many connections or questions
	Unavailable Reason = "unavailable" // it is starting, stopping, or short of something
	NoCommands  Reason = "commands"    // it greets us and then takes no command
)

// Octets reads R one byte at a time, so it takes none that belong to the next reader.
type Octets struct{ R io.Reader }

// ReadByte reads the next byte.
func (o Octets) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(o.R, b[:])
	return b[0], err
}

// openings are the first bytes of protocols that answer on the ports of others.
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

// OpensLike says in words which protocol head opens like, or, where it knows none, that
// it does not open like want. Callers put it into MismatchError.Got.
func OpensLike(head, want string) string {
	for _, o := range openings {
		if strings.HasPrefix(head, o.head) {
			return "opens like " + o.name
		}
	}
	return "does not open like " + want
}

// Numbered returns a number of a protocol with its name after it, if it has one:
// "0x00000005 (access denied)".
func Numbered(number, name string) string {
	if name == "" {
		return number
	}
	return number + " (" + name + ")"
}

// DomainOf returns the domain that a host is most likely in, "" where its name does not
// tell. It takes a name of two labels for a domain itself: the name of an Active
// Directory domain leads to the domain's controllers.
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

// IndexFold returns where word, which is ASCII, begins in s, in upper or lower case; -1
// if s does not have it. An index in strings.ToLower(s) would not do: bytes that are
// not UTF-8 take more room there.
func IndexFold(s, word string) int {
	for i := range len(s) - len(word) + 1 {
		if strings.EqualFold(s[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
