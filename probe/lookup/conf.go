// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"bufio"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// etc names the files in which a Unix system says how it finds names.
type etc struct {
	resolv, nsswitch, hosts string // a missing file says nothing
	hostname                string // of this machine
}

// A resolvConf is what /etc/resolv.conf asks of a resolver (resolv.conf(5)).
type resolvConf struct {
	servers []netip.AddrPort
	search  []string      // suffixes, without a dot at either end
	ndots   int           // a name with fewer dots is tried with the suffixes first
	wait    time.Duration // longest wait before a question is sent again
	rotate  bool          // begin with another server each time
	tcp     bool          // ask over TCP alone
	noAAAA  bool          // do not ask for IPv6 addresses
}

// The most that is taken from a resolv.conf: more servers and suffixes are ignored.
const (
	mostServers  = 8 // glibc and Go take three
	mostSuffixes = 32
	mostDots     = 15
)

// readResolvConf reads the file. If it is missing or names no server, this machine is
// taken to run one of its own, as glibc and Go assume, too.
//
// The search list defaults to the domain in hostname, this machine's name (resolv.conf(5)).
func readResolvConf(file, hostname string) resolvConf {
	c := resolvConf{ndots: 1, wait: 5 * time.Second}
	if _, domain, _ := strings.Cut(strings.Trim(hostname, "."), "."); domain != "" {
		c.search = []string{domain}
	}
	for fields := range fieldsOf(file, "#;") {
		switch values := fields[1:]; fields[0] {
		case "nameserver":
			if len(values) == 0 || len(c.servers) == mostServers {
				continue
			}
			if addr, err := netip.ParseAddr(values[0]); err == nil {
				c.servers = append(c.servers, netip.AddrPortFrom(addr, 53))
			}
		case "domain", "search": // the last one of either holds
			c.search = nil
			for _, suffix := range values[:min(len(values), mostSuffixes)] {
				if suffix = strings.Trim(suffix, "."); suffix != "" {
					c.search = append(c.search, suffix)
				}
			}
		case "options":
			for _, option := range values {
				c.set(option)
			}
		}
	}
	if len(c.servers) == 0 {
		for _, own := range []string{"127.0.0.1", "::1"} {
			c.servers = append(c.servers, netip.AddrPortFrom(netip.MustParseAddr(own), 53))
		}
	}
	return c
}

// set takes one option. It ignores the number of attempts: the resolver asks for a
// name as long as its time allows.
func (c *resolvConf) set(option string) {
	name, value, _ := strings.Cut(option, ":")
	number, err := strconv.Atoi(value)
	numeric := err == nil && number >= 0
	switch {
	case name == "ndots" && numeric:
		c.ndots = min(number, mostDots)
	case name == "timeout" && numeric:
		c.wait = time.Duration(min(max(number, 1), 30)) * time.Second
	case name == "rotate":
		c.rotate = true
	case name == "use-vc":
		c.tcp = true
	case name == "no-aaaa":
		c.noAAAA = true
	}
}

// candidates are the absolute names that a name may stand for, in the order in
// which they are tried (resolv.conf(5), search and ndots). A name that ends in a
// dot means itself alone.
func (c resolvConf) candidates(name string) []string {
	if absolute, ok := strings.CutSuffix(name, "."); ok {
		return []string{absolute}
	}
	var longer []string
	for _, suffix := range c.search {
		if full := name + "." + suffix; len(full) <= longestName {
			longer = append(longer, full)
		}
	}
	if strings.Count(name, ".") >= c.ndots {
		return append([]string{name}, longer...)
	}
	return append(longer, name)
}

// longestName is the most characters that a DNS name may have (RFC 1035 section 2.3.4).
const longestName = 253

// nameSources returns the sources of names in the line "hosts:" of nsswitch.conf, in
// their order; files and dns where there is no such line.
func nameSources(file string) []string {
	for fields := range fieldsOf(file, "#") {
		if fields[0] != "hosts:" {
			continue
		}
		var sources []string
		action := false // between brackets, which may hold blanks
		for _, word := range fields[1:] {
			action = action || strings.HasPrefix(word, "[")
			if !action {
				sources = append(sources, word)
			}
			action = action && !strings.HasSuffix(word, "]")
		}
		return sources
	}
	return []string{"files", "dns"}
}

// inHosts returns the addresses that a hosts file gives a name. It reads the file each
// time and keeps nothing: some hosts files block a million names.
func inHosts(file, name string) []netip.Addr {
	name = TrimDot(name)
	var addrs []netip.Addr
	for fields := range fieldsOf(file, "#") {
		addr, err := netip.ParseAddr(fields[0])
		if err == nil && slices.ContainsFunc(fields[1:], func(n string) bool { return strings.EqualFold(TrimDot(n), name) }) {
			addrs = append(addrs, addr.Unmap())
		}
	}
	return addrs
}

// fieldsOf yields the words of each line that has some, without the text behind any of
// the letters in comment. A file that cannot be opened yields nothing.
func fieldsOf(file, comment string) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		f, err := os.Open(file)
		if err != nil {
			return
		}
		defer f.Close()
		for text := bufio.NewScanner(f); text.Scan(); {
			line := text.Text()
			if i := strings.IndexAny(line, comment); i >= 0 {
				line = line[:i]
			}
			if fields := strings.Fields(line); len(fields) > 0 && !yield(fields) {
				return
			}
		}
	}
}
