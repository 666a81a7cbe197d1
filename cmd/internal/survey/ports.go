// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/lookup"
)

// HostOf returns the host that a word names, with its port if it has one, as splitPort
// reads them: mail01, mail01:443, [2001:db8::1]:53/udp. Of a URL it takes the host and the
// port. It refuses an address that -4 or -6 excludes. Every host that a user names, on the
// command line, in a list or in a topology, comes through here; ParseHost alone is for
// names that nothing connects to, such as --domain.
func HostOf(word string, family lookup.Family) (string, error) {
	host, port, err := parseOperand(unquoted(strings.TrimSpace(word)))
	if err != nil {
		return "", err
	}
	if addr, err := netip.ParseAddr(host); err == nil && family != "" && lookup.FamilyOf(addr) != family {
		return "", mistake("leave the option out", "host %s: option -%s excludes it", catalog.Shown(host), family.Digit())
	}
	if port == "" {
		return host, nil
	}
	p, err := catalog.ParsePort(port)
	if err != nil {
		return "", mistake("write it as mail01:443, mail01:53/udp or [2001:db8::1]:443", "host %q: %w", catalog.Shown(word), err)
	}
	return strings.TrimSuffix(net.JoinHostPort(host, p.String()), "/tcp"), nil
}

// parseOperand splits a word into a host, which it checks, and a port, "" if it has none.
func parseOperand(word string) (host, port string, err error) {
	_, notAddress := netip.ParseAddr(word)
	colon := strings.LastIndex(word, ":")
	switch {
	case strings.Contains(word, "://"):
		return parseURL(word)
	case notAddress == nil || colon < 0 || strings.HasSuffix(word, "]") || strings.Contains(word, "@"):
	case strings.HasPrefix(word, "[") && word[colon-1] == ']', strings.Count(word, ":") == 1:
		host, port = word[:colon], word[colon+1:]
		if host == "" {
			return "", "", mistake(aHost, "host %q: there is nothing before the colon", catalog.Shown(word))
		}
		if host, err = ParseHost(host); err == nil && port == "" {
			err = mistake("write it as "+net.JoinHostPort(host, "443")+", or leave the colon out", "host %q: there is no port after the colon", catalog.Shown(word))
		}
		return host, port, err
	}
	host, err = ParseHost(word)
	return host, "", err
}

// schemePorts are the ports of URLs that do not name one.
var schemePorts = map[string]string{
	"http": "80", "https": "443", "smtp": "25", "smtps": "465", "submission": "587", "pop": "110", "pop3": "110", "pop3s": "995",
	"imap": "143", "imaps": "993", "ldap": "389", "ldaps": "636", "sip": "5060", "sips": "5061", "ssh": "22", "ftp": "21", "rdp": "3389", "dns": "53/udp",
}

// parseURL takes the host and the port of a URL.
func parseURL(word string) (host, port string, err error) {
	u, err := url.Parse(word)
	if err != nil {
		return "", "", wrongURL(word)
	}
	if u.Hostname() == "" {
		return "", "", mistake(onlyHost, "host %q: it is a URL without a host", catalog.Shown(word))
	}
	if host, err = ParseHost(u.Hostname()); err != nil {
		return "", "", err
	}
	if port = cmp.Or(u.Port(), schemePorts[strings.ToLower(u.Scheme)]); port == "" {
		return "", "", mistake("write the host and the port: "+net.JoinHostPort(host, "443"), "host %q: it is a URL whose port exreach does not know", catalog.Shown(word))
	}
	if strings.EqualFold(u.Scheme, "udp") {
		port += "/udp"
	}
	return host, port, nil
}

// wrongURL says what is wrong with a URL that cannot be read: most often its port, or the
// brackets of an address.
func wrongURL(word string) error {
	_, rest, _ := strings.Cut(word, "://")
	rest = rest[strings.LastIndex(rest, "@")+1:] // what is before may be a password
	host, _, _ := strings.Cut(rest, "/")
	if _, err := HostOf(host, ""); err != nil && host != "" {
		return err
	}
	return mistake(onlyHost, "host %q: it is a URL with a mistake in it", catalog.Shown(word))
}

// splitPort splits what HostOf returned. given reports whether there is a port.
func splitPort(name string) (host string, port catalog.Port, given bool) {
	colon := strings.LastIndex(name, ":")
	if _, err := netip.ParseAddr(name); err == nil || colon < 0 {
		return name, catalog.Port{}, false
	}
	port, err := catalog.ParsePort(name[colon+1:])
	return strings.Trim(name[:colon], "[]"), port, err == nil
}

// ParsePorts reads the words of --port.
func ParsePorts(words []string) ([]catalog.Port, error) {
	var ports portSet
	for _, word := range words {
		p, err := catalog.ParsePort(word)
		switch _, _, isPort := catalog.ParsePortRange(word); {
		case err != nil && isPort && strings.Contains(word, "-"):
			return nil, mistake("name the ports one by one: --port 443,8443", "option --port: %q is a range", catalog.Shown(word))
		case err != nil && turned(word) != "":
			return nil, mistake("did you mean --port "+turned(word)+"?", "option --port: %w", err)
		case err != nil && strings.Trim(word, "0123456789") != "":
			return nil, mistake("such as --port 8443 or --port 53/udp; --only takes the names of services", "option --port: %w", err)
		case err != nil:
			return nil, mistake("such as --port 8443 or --port 53/udp", "option --port: %w", err)
		}
		ports.add(p)
	}
	return ports.inOrder, nil
}

// turned returns a port whose transport comes first the right way round: 53/udp for
// udp/53. It is "" for other words.
func turned(word string) string {
	network, number, _ := strings.Cut(word, "/")
	if p, err := catalog.ParsePort(number + "/" + network); err == nil {
		return p.String()
	}
	return ""
}

// A portSet is ports in the order in which they were named, each once. There may be tens of
// thousands for one host, and tens of thousands of hosts with one each.
type portSet struct {
	inOrder []catalog.Port
	known   map[catalog.Port]bool // nil while they are few
}

// fewPorts is how many ports are as quickly looked through as looked up, in less memory.
const fewPorts = 16

func (s *portSet) add(ports ...catalog.Port) {
	for _, p := range ports {
		if s.has(p) {
			continue
		}
		if s.inOrder = append(s.inOrder, p); s.known != nil {
			s.known[p] = true
		}
	}
}

func (s *portSet) has(p catalog.Port) bool {
	if len(s.inOrder) < fewPorts {
		return slices.Contains(s.inOrder, p)
	}
	if s.known == nil {
		s.known = map[catalog.Port]bool{}
		for _, p := range s.inOrder {
			s.known[p] = true
		}
	}
	return s.known[p]
}

// portSets is the ports of several hosts, by the names of the hosts.
type portSets map[string]*portSet

func (s portSets) add(host string, ports ...catalog.Port) {
	if s[host] == nil {
		s[host] = &portSet{}
	}
	s[host].add(ports...)
}

// of returns the ports of a host; nil if it has none.
func (s portSets) of(host string) []catalog.Port {
	if ports := s[host]; ports != nil {
		return ports.inOrder
	}
	return nil
}

// together returns the ports of several lists, each once; nil if there are none. In each
// list alone, none is named twice.
func together(lists ...[]catalog.Port) []catalog.Port {
	lists = slices.DeleteFunc(lists, func(l []catalog.Port) bool { return len(l) == 0 })
	if len(lists) == 1 {
		return lists[0] // a copy for each of many hosts would waste memory
	}
	var all portSet
	for _, ports := range lists {
		all.add(ports...)
	}
	return all.inOrder
}

// numberForHost is the error for a number where a host belongs. before is the operand
// before it.
func numberForHost(number, before string, o Options) error {
	hint := afterHost(number)
	_, notPort := catalog.ParsePort(number)
	switch {
	case o.Unfinished != "":
		hint = "write the list without blanks: " + catalog.Shown(o.Unfinished+number)
	case before != "" && notPort == nil:
		host, _, _ := splitPort(before)
		hint = "to check one port: exreach check " + net.JoinHostPort(host, number)
	}
	return mistake(hint, "host %q: it is a number", catalog.Shown(number))
}
