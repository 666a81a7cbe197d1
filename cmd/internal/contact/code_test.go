// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// TestParseCode: a code is read as people type it.
func TestParseCode(t *testing.T) {
	want, err := ParseCode("ABIO-EFGH-IJKL-MNOB")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"abio-efgh-ijkl-mnob", " ABIOEFGHIJKLMNOB\r\n", "AB1O EFGH IJKL MN08", "8b10-efgh", "ABI0–EFGH–1JKL–MNO8"} {
		got, err := ParseCode(text)
		if same := got.Equal(want); same != (text != "8b10-efgh") {
			t.Errorf("%q is the code: %t, %v", text, same, err)
		}
	}
	if _, err := ParseCode("ABCD-EFGH"); err == nil || !strings.Contains(err.Error(), "8 letters") || strings.Contains(err.Error(), "EFGH ") {
		t.Errorf("a short code: %v", err)
	}
	for _, text := range []string{"", "ABCD-EFGH-IJKL\nMNO", "ABCD-EFGH-IJKL-MN\r\nOP", "ABCD-EFGH-IJKL-MNO9", "ABCD-EFGH-IJKL-MNÖP", strings.Repeat("A", 17), strings.Repeat("A", 1<<16)} {
		if c, err := ParseCode(text); err == nil || !c.IsZero() || !strings.Contains(err.Error(), looks) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// TestCodeShow: what is shown is read as the same code, and two codes differ.
func TestCodeShow(t *testing.T) {
	a, b := NewCode(), NewCode()
	back, err := ParseCode(a.Show())
	if err != nil || !back.Equal(a) || a.Equal(b) || len(a.Show()) != 19 || a.IsZero() || a.Equal(Code{}) {
		t.Errorf("%s, %s, %v", a.Show(), b.Show(), err)
	}
}

// TestCodeHides: no way of printing shows a code, nor what it is made of.
func TestCodeHides(t *testing.T) {
	c, err := ParseCode("7777-7777-7777-7777") // every bit is set
	if err != nil {
		t.Fatal(err)
	}
	var codes Codes
	codes.Add("far", c)
	shown := regexp.MustCompile(`(?i)7777|(255|377|0xff|11111111)\W+(255|377|0xff|11111111)|ffffffffff`)
	type inside struct{ code Code }
	for _, value := range []any{c, &c, []Code{c}, map[string]Code{"a": c}, inside{c}, codes, &Desk{Code: c}, Stage{Codes: codes}.Codes} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%T"} {
			if text := fmt.Sprintf(verb, value); shown.MatchString(text) {
				t.Errorf("%s of %T: %s", verb, value, text)
			}
		}
		text, err := json.Marshal(value)
		if err == nil && shown.Match(text) {
			t.Errorf("JSON of %T: %s", value, text)
		}
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("told", "code", c, "codes", codes)
	if !strings.Contains(log.String(), "code=code") || shown.MatchString(log.String()) {
		t.Errorf("log: %s", log.String())
	}
}

// TestReadCodes: a file has one code a line, for a host or for any.
func TestReadCodes(t *testing.T) {
	const text = "\ufeff# codes\r\n\r\nAAAA-AAAA-AAAA-AAAA # any\nfar.Example. BBBB BBBB BBBB BBBB\n[2001:DB8::7]\tcccccccccccccccc\n192.0.2.7 DDDD-DDDD-DDDD-DDDD\n"
	codes, err := ReadCodes("codes.txt", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		host, addr, want string
	}{
		{"FAR.example", "192.0.2.1", "B A"},
		{"far.example", "192.0.2.7", "D B A"},
		{"other", "2001:db8::7", "C A"},
		{"192.0.2.7", "::ffff:192.0.2.7", "D A"},
	} {
		var got []string
		for _, c := range codes.For(test.host, netip.MustParseAddr(test.addr)) {
			got = append(got, c.Show()[:1])
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s at %s: %v, want %s", test.host, test.addr, got, test.want)
		}
	}
	for text, want := range map[string]string{
		"AAAA-AAAA-AAAA-AAAA\nfar SECRET-99":         "codes.txt, line 2: ",
		"SECRETSECRETSECRETSECRET\n":                 "codes.txt, line 1: the code has 24 letters",
		strings.Repeat("x", 1<<17):                   "codes.txt: ",
		strings.Repeat("AAAABBBBCCCCDDDD\n", 10_001): "more than 10000 codes",
	} {
		if _, err := ReadCodes("codes.txt", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%.30q: %v, want %q", text, err, want)
		}
	}
}
