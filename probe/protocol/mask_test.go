// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"exreach/probe/protocol/wire"
)

// shapes are the ways in which a server may say a text back.
var shapes = map[string]func(string) string{
	"as it is":             func(s string) string { return s },
	"upper case":           strings.ToUpper,
	"lower case":           strings.ToLower,
	"twice":                func(s string) string { return s + s },
	"quoted":               func(s string) string { return fmt.Sprintf("%q", s) },
	"ASCII":                func(s string) string { return fmt.Sprintf("%+q", s) },
	"JSON":                 func(s string) string { text, _ := json.Marshal(s); return string(text) },
	"a query of a URL":     url.QueryEscape,
	"a path of a URL":      url.PathEscape,
	"a URL, lower case":    func(s string) string { return strings.ToLower(url.QueryEscape(s)) },
	"a URL in a URL":       func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"every byte of a URL":  everyByte("%%%02X"),
	"HTML":                 html.EscapeString,
	"HTML by numbers":      everyRune("&#%d;"),
	"HTML in hexadecimal":  everyRune("&#x%X;"),
	"XML, with zeros":      everyRune("&#x%06x;"),
	"quoted-printable":     quotedPrintable,
	"QP, broken":           func(s string) string { return s[:2] + "=\r\n" + s[2:] },
	"an encoded word":      func(s string) string { return mime.QEncoding.Encode("utf-8", s) },
	"hexadecimal":          func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEXADECIMAL":          func(s string) string { return fmt.Sprintf("%X", s) },
	"hexadecimal, apart":   func(s string) string { return fmt.Sprintf("% x", s) },
	"hexadecimal, colons":  func(s string) string { return strings.ReplaceAll(fmt.Sprintf("% X", s), " ", ":") },
	"hexadecimal, a dump":  func(s string) string { return fmt.Sprintf("%# x", s) },
	"hexadecimal, UTF-16":  func(s string) string { return fmt.Sprintf("%x", utf16LE(s)) },
	"UTF-16":               utf16LE,
	"UTF-16, big-endian":   func(s string) string { return utf16Text(s, binary.BigEndian) },
	"UTF-16, printable":    func(s string) string { return wire.Printable(utf16LE(s), 1000) },
	"Latin-1":              latin1,
	"Base64":               in64,
	"Base64 for URLs":      func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"Base64 in a URL":      func(s string) string { return url.QueryEscape(in64(s)) },
	"Base64, upper case":   func(s string) string { return strings.ToUpper(in64(s)) },
	"Base64 behind one":    func(s string) string { return in64("\x00" + s) },
	"Base64 among others":  func(s string) string { return in64("xy" + s + "z") },
	"Base64 of PLAIN":      func(s string) string { return in64("\x00CONTOSO\\alice\x00" + s) },
	"Base64 of UTF-16":     func(s string) string { return in64("y" + utf16LE(s)) },
	"Base64 of hex":        func(s string) string { return in64(hex.EncodeToString([]byte(s))) },
	"Base64 of HEX":        func(s string) string { return in64("12" + fmt.Sprintf("%X", s)) },
	"Base64 of Base64":     func(s string) string { return in64(in64(s)) },
	"backwards":            backwards,
	"Base64, an attribute": func(s string) string { return "userPassword:: " + in64(s) },
}

func in64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func everyByte(format string) func(string) string {
	return func(s string) string {
		text := ""
		for i := range len(s) {
			text += fmt.Sprintf(format, s[i])
		}
		return text
	}
}

func everyRune(format string) func(string) string {
	return func(s string) string {
		text := ""
		for _, r := range s {
			text += fmt.Sprintf(format, r)
		}
		return text
	}
}

func quotedPrintable(s string) string {
	var text strings.Builder
	w := quotedprintable.NewWriter(&text)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return text.String()
}

func latin1(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func backwards(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// TestMaskShapes: whatever shape a password is said back in, nothing of it is left
// but what belongs to the shape.
func TestMaskShapes(t *testing.T) {
	for _, password := range []string{alicesPassword, "hunter2", "a%00b=00c", "Tr0ub4dor&3 <b>'%41", "[password]", "pass", "ääöü", strings.Repeat("long-", 200), "correct horse battery staple", `\\a"b\n`} {
		m := NewMask(&Credentials{User: "alice", Password: NewSecret(password)})
		for name, shape := range shapes {
			if name == "UTF-16, printable" && len(password) > 200 {
				continue // cut
			}
			said := shape(password)
			got := m.Hide("before " + said + " after")
			rest := strings.ReplaceAll(got, hidden, "")
			if rest == got || len(rest) > 45 && len(rest) > len(said)/4 {
				t.Errorf("%q, %s: %q becomes %q", password, name, said, got)
			}
			if !strings.HasPrefix(got, "before ") && !strings.HasPrefix(name, "Base64") || !strings.HasSuffix(got, " after") {
				t.Errorf("%q, %s: more than that is hidden: %q", password, name, got)
			}
			if again := m.Hide(got); again != got {
				t.Errorf("%q, %s: hidden again it is %q", password, name, again)
			}
		}
	}
}

// TestMaskCut: an excerpt that ends in the middle of a password, in any shape.
func TestMaskCut(t *testing.T) {
	m := NewMask(alice)
	for n := leastShape; n < len(alicesPassword); n++ {
		if text := m.HideCut("-ERR " + alicesPassword[:n]); text != "-ERR [password]" {
			t.Errorf("an excerpt that ends in a password becomes %q", text)
		}
	}
	for _, name := range []string{"quoted", "every byte of a URL", "HTML by numbers", "hexadecimal", "Base64", "backwards", "upper case"} {
		said := shapes[name](alicesPassword)
		for n := 30; n < len(said); n++ {
			if text := m.HideCut("-ERR " + said[:n]); !strings.Contains(text, hidden) || len(text) > 24 {
				t.Errorf("%s: %q becomes %q", name, said[:n], text)
			}
		}
	}
}

// TestMaskSpares: what is no password stays, and a short one does not blank a
// report.
func TestMaskSpares(t *testing.T) {
	const line = "220 mail01.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026; 25 a b=c %41"
	for _, c := range []*Credentials{alice, nil, {}, {User: "a", Password: NewSecret("m")}, {User: "a", Password: NewSecret("22")}} {
		if text := NewMask(c).HideCut(line); text != line {
			t.Errorf("%v: innocent words become %q", c, text)
		}
	}
	long := strings.Repeat("0123456789abcdef", 4) + "xyz" // three letters longer than the longest part
	if text := NewMask(&Credentials{User: "a", Password: NewSecret(long)}).Hide("of " + long + ", not 7879 and xyz"); text != "of [password], not 7879 and xyz" && text != "of [password][password], not 7879 and xyz" {
		t.Errorf("a long password: %q", text)
	}
	for password, want := range map[string]string{
		"25": "[password]", "b": "b", "ab": "[password]", "x1!": "[password]",
	} {
		text := NewMask(&Credentials{User: "a", Password: NewSecret(password)}).Hide("what is " + password + "?")
		if password != "b" && text != "what is "+want+"?" {
			t.Errorf("%q: %q", password, text)
		}
	}
}

// everyWhere has the text in every string of v that may be a peer's: words of a
// type of their own are ours.
func everyWhere(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(text)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		everyWhere(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		everyWhere(v.Index(0), text)
		everyWhere(v.Index(1), text)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"fact": text, text: "fact"}))
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				everyWhere(v.Field(i), text)
			}
		}
	}
}

// TestMaskFields: every string of a peer, and every shape.
func TestMaskFields(t *testing.T) {
	m := NewMask(alice)
	for name, shape := range shapes {
		var p Peer
		everyWhere(reflect.ValueOf(&p).Elem(), "x "+shape(alicesPassword)+" y")
		m.HideAll(&p)
		p.Clean()
		text := fmt.Sprintf("%+v %+v %+v", p, *p.TLS, *p.Web)
		checkNoPassword(t, text)
		if n := strings.Count(text, hidden); n < 15 || strings.Contains(text, strconv.Quote(shape(alicesPassword))) {
			t.Errorf("%s: hidden in %d places only: %s", name, n, text)
		}
	}
}

// TestCleanFields: no string of a peer that is told keeps an escape for terminals.
func TestCleanFields(t *testing.T) {
	var p Peer
	everyWhere(reflect.ValueOf(&p).Elem(), "red \x1b[31m")
	p.Withheld = nil // the names of interfaces are ours
	for i := range p.Endpoints {
		p.Endpoints[i].Name = ""
	}
	p.Clean()
	told, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if at := bytes.Index(told, []byte(`\u001b`)); at >= 0 {
		t.Errorf("an escape is left: %s", told[max(0, at-60):at+10])
	}
}

// FuzzMask: whatever is said around a password, it is not to be seen, and hiding
// ends.
func FuzzMask(f *testing.F) {
	f.Add("220 ", " ready", "hunter2")
	f.Add("%", "&#", alicesPassword)
	f.Fuzz(func(t *testing.T, before, after, password string) {
		c, err := NewCredentials("alice", password)
		if err != nil || len([]rune(password)) < leastShape || strings.Contains(hidden, password) {
			return
		}
		text := NewMask(c).HideCut(before + password + after)
		if strings.Contains(text, password) && !strings.Contains(strings.ReplaceAll(text, hidden, ""), password) {
			return // made of the mark itself
		}
		if strings.Contains(text, password) {
			t.Errorf("%q is to be seen in %q", password, text)
		}
	})
}
