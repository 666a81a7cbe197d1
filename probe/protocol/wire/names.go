// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"net/netip"
	"strings"
)

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
