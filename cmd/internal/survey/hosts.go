// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"exreach/catalog"
)

// Hints for what is no host.
const (
	oneByOne = "name hosts one by one"
	onlyHost = "write only the host, such as mail01.contoso.com"
	aHost    = "a host is a DNS name or an address, such as mail01.contoso.com or 192.0.2.10"
)

// ParseHost returns word, without quotes and brackets, if it is a DNS name or an address.
// If it is something else that people write where a host belongs, the error says what.
func ParseHost(word string) (string, error) {
	word = unquoted(word)
	wrong := func(why, hint string) (string, error) {
		return "", mistake(hint, "host %q: %s", catalog.Shown(word), why)
	}
	switch {
	case word == "":
		return wrong("it is empty", "name a server, such as mail01.contoso.com")
	case strings.ContainsAny(word, " \t\r\n"):
		return wrong("it has a space in it", oneByOne)
	case strings.Contains(word, "://"):
		return wrong("it is a URL", didYouMean(urlHost(word)))
	case strings.Contains(word, "@"):
		at := strings.LastIndex(word, "@")
		host, _, _ := strings.Cut(word[at+1:], ":")
		if strings.Contains(word[:at], ":") {
			return wrong("it has a user and a password in it", didYouMean(host))
		}
		return wrong("it is a mail address", didYouMean(host))
	}
	if inside, ok := strings.CutPrefix(word, "["); ok {
		return parseBracketed(word, inside)
	}
	if addr, err := netip.ParseAddr(word); err == nil {
		return parseAddress(word, addr)
	}
	switch {
	case isRange(word):
		return wrong("it is more than one host", oneByOne)
	case strings.Contains(word, "/"):
		return wrong("it has a slash in it", didYouMean(word[:strings.Index(word, "/")]))
	case strings.Count(word, ":") == 1:
		return wrong("it has a port", "write only the host")
	}
	if isNumber(word) {
		return wrong("it is a number", afterHost(word))
	}
	if why := badName(strings.TrimSuffix(word, ".")); why != "" { // a dot at the end says that the name is whole
		return wrong(why, aHost)
	}
	return word, nil
}

// ParseHostPort reads the operand of exreach trace: mail01:443, 192.0.2.10:443 or
// [2001:db8::10]:443.
func ParseHostPort(word string) (string, uint16, error) {
	if strings.Contains(word, "://") {
		hint := "write only the host and the port, such as mail01.contoso.com:443"
		if host, port, err := parseURL(word); err == nil {
			hint = fmt.Sprintf("did you mean %s?", net.JoinHostPort(host, port))
		}
		return "", 0, mistake(hint, "%q: it is a URL", catalog.Shown(word))
	}
	if strings.Contains(word, "@") {
		_, err := ParseHost(word)
		return "", 0, err
	}
	host, digits, err := net.SplitHostPort(word)
	hint := "write it as mail01.contoso.com:443, 192.0.2.10:443 or [2001:db8::10]:443"
	if err == nil && host == "" {
		return "", 0, mistake(hint, "%q: there is nothing before the colon", catalog.Shown(word))
	}
	if err != nil {
		if host, alone := ParseHost(word); alone == nil {
			hint = fmt.Sprintf("such as %s", net.JoinHostPort(host, "443"))
		}
		return "", 0, mistake(hint, "%q: there is no port in it", catalog.Shown(word))
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 {
		return "", 0, mistake("a port is a number from 1 to 65535", "%q: %q is not a port", catalog.Shown(word), catalog.Shown(digits))
	}
	host, err = ParseHost(host)
	return host, uint16(port), err
}

// unquoted is a word without the quotes around it, which spreadsheets and
// Export-Csv put there.
func unquoted(word string) string {
	for _, quotes := range [][2]string{{`"`, `"`}, {"'", "'"}, {"\u201c", "\u201d"}} {
		inside, opened := strings.CutPrefix(word, quotes[0])
		if inside, closed := strings.CutSuffix(inside, quotes[1]); opened && closed {
			return strings.TrimSpace(inside)
		}
	}
	return word
}

// parseBracketed takes [2001:db8::1], which people copy from URLs.
func parseBracketed(word, inside string) (string, error) {
	inside, rest, closed := strings.Cut(inside, "]")
	addr, err := netip.ParseAddr(inside)
	switch {
	case !closed:
		return "", mistake("write it as 2001:db8::1, or with a port as [2001:db8::1]:443", "host %q: the bracket is not closed", catalog.Shown(word))
	case err != nil || !addr.Is6():
		return "", mistake("brackets are for IPv6 addresses, such as [2001:db8::1]", "host %q: there is no IPv6 address in the brackets", catalog.Shown(word))
	case rest != "":
		return "", mistake("write a port as in [2001:db8::1]:443", "host %q: there is unexpected text after the brackets", catalog.Shown(word))
	}
	return parseAddress(word, addr)
}

// parseAddress returns addr as text, unless no single host can have it.
func parseAddress(word string, addr netip.Addr) (string, error) {
	addr = addr.Unmap()
	if strings.ContainsFunc(addr.Zone(), func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }) {
		return "", mistake("a zone is the name or the number of an interface, such as fe80::1%eth0", "host %q: its zone is not the name of an interface", catalog.Shown(word))
	}
	if addr.Is6() && addr.IsLinkLocalUnicast() && addr.Zone() == "" {
		return "", mistake(fmt.Sprintf("name the interface that leads there, such as %s%%eth0", addr), "host %q: a link-local address needs the name of an interface", catalog.Shown(word))
	}
	if addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return "", mistake("name the address of a server, such as 192.0.2.10", "host %q: it is not the address of one host", catalog.Shown(word))
	}
	return addr.String(), nil
}

// afterHost is the hint for a number where a host belongs.
func afterHost(number string) string {
	if _, err := catalog.ParsePort(number); err != nil {
		return aHost
	}
	return "write it after the host, such as mail01:" + number
}

func isNumber(word string) bool { return strings.Trim(word, "0123456789") == "" }

// isRange recognises 10.0.0.0/8, 10.0.0.1-9 and *.contoso.com, which other
// tools take.
func isRange(word string) bool {
	if _, err := netip.ParsePrefix(word); err == nil || strings.ContainsAny(word, "*,") {
		return true
	}
	return strings.Contains(word, "-") && strings.Contains(word, ".") && strings.Trim(word, "0123456789.-") == ""
}

// badName says what keeps a word from being a DNS name (RFC 1123 section 2.1;
// Windows allows the underscore too).
func badName(word string) string {
	if len(word) > 253 {
		return fmt.Sprintf("a name has at most 253 letters, this one has %d", len(word))
	}
	for label := range strings.SplitSeq(word, ".") {
		switch {
		case label == "":
			return "there is nothing between two dots"
		case len(label) > 63:
			return fmt.Sprintf("a part between dots has at most 63 letters, %.12q… has %d", label, len(label))
		case label[0] == '-' || label[len(label)-1] == '-':
			return "a part begins or ends with a dash"
		}
		if bad := strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_"); bad != "" {
			return fmt.Sprintf("%.12q does not belong in a name (letters outside ASCII are written in their xn-- form)", bad)
		}
	}
	if last := word[strings.LastIndex(word, ".")+1:]; isNumber(last) {
		return "it is neither a name nor a whole IPv4 address"
	}
	return ""
}

func urlHost(word string) string {
	if u, err := url.Parse(word); err == nil {
		return u.Hostname()
	}
	return ""
}

func didYouMean(host string) string {
	if _, err := ParseHost(host); err != nil {
		return onlyHost
	}
	return fmt.Sprintf("did you mean %s?", host)
}
