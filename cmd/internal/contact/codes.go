// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
)

// Codes are the codes that are known, each for one host or for any. The zero value has none.
type Codes struct {
	known []known
}

// A known is a code and the host that it is for.
type known struct {
	host string // a name in lower case, or an address; "" is any
	code Code
}

// mostCodes bounds how many codes a file may have.
const mostCodes = 10_000

// ReadCodes reads a file of codes, one a line: CODE, or HOST CODE. What follows # is a
// comment. name is the file's, for errors, which repeat nothing of the file.
func ReadCodes(name string, from io.Reader) (Codes, error) {
	var all Codes
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff")); line == "" {
			continue
		}
		if len(all.known) == mostCodes {
			return Codes{}, fmt.Errorf("%s has more than %d codes: a file has one a line, CODE or HOST CODE", name, mostCodes)
		}
		if err := all.addLine(line); err != nil {
			return Codes{}, fmt.Errorf("%s, line %d: %w", name, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return Codes{}, fmt.Errorf("%s: %w: a file of codes has one a line, CODE or HOST CODE", name, err)
	}
	return all, nil
}

func (c *Codes) addLine(line string) error {
	code, err := ParseCode(line)
	if err == nil {
		c.Add("", code)
		return nil
	}
	at := strings.IndexAny(line, " \t")
	if at < 0 {
		return err
	}
	if code, err = ParseCode(line[at:]); err != nil {
		return err
	}
	c.Add(line[:at], code)
	return nil
}

// Add adds a code for a host: its name or one of its addresses; "" is any host.
func (c *Codes) Add(host string, code Code) {
	c.known = append(c.known, known{hostKey(host), code})
}

// IsEmpty reports whether no code is known.
func (c Codes) IsEmpty() bool { return len(c.known) == 0 }

// For returns the codes to try at an address of a host, the most likely first: those for
// the address, those for the host, and those for any.
func (c Codes) For(host string, addr netip.Addr) []Code {
	var found []Code
	for _, key := range []string{hostKey(addr.Unmap().WithZone("").String()), hostKey(host), ""} {
		for _, k := range c.known {
			if k.host == key && !slices.ContainsFunc(found, k.code.Equal) {
				found = append(found, k.code)
			}
		}
	}
	return found
}

// hostKey writes a host in one way.
func hostKey(host string) string {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().String()
	}
	return host
}
