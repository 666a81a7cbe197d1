// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"exreach/catalog"
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

// TestNoPassword: what people paste may hold a password, which no message repeats. The host
// is read as ever.
func TestNoPassword(t *testing.T) {
	said := func(from string, err error) {
		if text := fmt.Sprint(err); strings.Contains(text, "secret") {
			t.Errorf("%s: %s", from, text)
		}
		if m := (*Mistake)(nil); errors.As(err, &m) && strings.Contains(m.Hint, "secret") {
			t.Errorf("%s: hint: %s", from, m.Hint)
		}
	}
	for _, word := range []string{
		"https://anna:secret@mail01/", "https://secret@mail01:8443", "smtp://anna:secret@[2001:db8::1]:25/", "foo://anna:secret@mail01",
		"https://anna:secret@mail01:x/", "https://anna:secret@10.0.0.0-9/", "https://anna:secret@", "https://anna:sec ret,secret@mail01/",
		"https://anna:s/secret@mail01/", "anna:secret@mail01", "anna:secret@mail01:443", "//anna:secret@mail01/", `"anna:secret@mail01"`,
	} {
		_, err := HostOf(word, "")
		said(word, err)
		_, err = ParseHost(word)
		said(word, err)
		_, _, err = ParseHostPort(word)
		said(word, err)
		targets, err := Named([]string{word}, Options{})
		said(word, err)
		if err == nil && strings.Contains(fmt.Sprint(targets.said), "secret") {
			t.Errorf("%s: told %v", word, targets.said)
		}
		for _, table := range []string{"Name\n%s\n%[1]s x\n", "Name,Version,Role,Labels\nmail01,\"%s\",\"%[1]s\",\"%[1]s\"\n\"%[1]s\",9,9\n"} {
			_, err = Listed(t.Context(), catalog.Open(), List{Name: "list", From: io.NopCloser(strings.NewReader(fmt.Sprintf(table, word)))}, Options{})
			said(word, err)
		}
		_, err = Topology("org.yaml", strings.NewReader(fmt.Sprintf("hosts:\n- name: '%s'\n", word)), Options{})
		said(word, err)
	}
}

// TestHostPort: what people write for the operand of a trace.
func TestHostPort(t *testing.T) {
	for word, want := range map[string]string{
		"mail01:443":           "mail01 443 <nil>",
		"[2001:db8::1]:443":    "2001:db8::1 443 <nil>",
		"mail01":               `"mail01": there is no port in it`,
		":443":                 `":443": there is nothing before the colon`,
		":":                    `":": there is nothing before the colon`,
		"http://127.0.0.1:-1/": `"http://127.0.0.1:-1/": it is a URL`,
		"anna:secret@mail01":   `host "***@mail01": it has a user and a password in it`,
		"mail01:https":         `"mail01:https": "https" is not a port`,
	} {
		host, port, err := ParseHostPort(word)
		got := fmt.Sprint(host, " ", port, " ", err)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

// TestLongWords: a message repeats enough of a word to find it, not all of it.
func TestLongWords(t *testing.T) {
	long := strings.Repeat("mail01.", 1000)
	for _, word := range []string{long, long + ":", long + ":443", "https://" + long, "a b" + long, "[" + long, "[" + long + "]", long + ":" + long, strings.Repeat("4", 8000), "fe80::1%" + long + "\n", "a@" + long, "/" + long} {
		_, err := HostOf(word, "")
		_, _, atPort := ParseHostPort(word)
		_, named := Named([]string{"mail01", word}, Options{Unfinished: "--only 80,"})
		_, port := ParsePorts([]string{word})
		for _, err := range []error{err, atPort, named, port} {
			m := &Mistake{}
			errors.As(err, &m)
			if text := fmt.Sprint(err, m.Hint); len(text) > 400 {
				t.Errorf("%.30s...: %d bytes: %s", word, len(text), text)
			}
		}
	}
}
