// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzParseHost holds what everything behind it relies on: a host is one
// printable word without a port, and means the same when it is read again.
func FuzzParseHost(f *testing.F) {
	for _, word := range []string{"mail01.contoso.com", "192.0.2.1", "[2001:db8::1]", "fe80::1%eth0", "https://mail01:443/owa", "10.0.0.1-9", "a@b@c", "xn--bcher-kva.example", "..", "[", "::ffff:1.2.3.4"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		host, err := ParseHost(word)
		if err != nil {
			return
		}
		if strings.ContainsFunc(host, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) || host == "" {
			t.Errorf("%q became %q", word, host)
		}
		if again, err := ParseHost(host); again != host || err != nil {
			t.Errorf("%q became %q, and that %q (%v)", word, host, again, err)
		}
	})
}
