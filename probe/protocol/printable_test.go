// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	for _, test := range []struct {
		said string
		max  int
		want string
	}{
		{"220 mail.example.com ready", 512, "220 mail.example.com ready"},
		{"220 a\r\n250 b\tc", 512, `220 a\r\n250 b\tc`},
		{"\x1b]0;pwned\a\x1b[2J", 512, `\x1b]0;pwned\x07\x1b[2J`},
		{"\x00\x7f", 512, `\x00\x7f`},
		{"\u009b31m", 512, `\u009b31m`},                                 // the CSI of terminals with 8-bit controls
		{"a\u202egpj.exe", 512, `a\u202egpj.exe`},                       // right-to-left override
		{"a\u2066b\u200bc\ufeffd", 512, `a\u2066b\u200bc\ufeffd`},       // isolates and what has no width
		{"a\u2028b\u00a0c\U000e0041", 512, `a\u2028b\u00a0c\U000e0041`}, // line separator, hard space, tag
		{"a\u3164b\u2800c\ufe0fd\u034fe\u115f\uffa0\u17b4\u180b\U000e0100", 512, `a\u3164b\u2800c\ufe0fd\u034fe\u115f\uffa0\u17b4\u180b\U000e0100`}, // nothing to be seen
		{"\xff\xfea\xc3", 512, `\xff\xfea\xc3`},
		{"\xed\xa0\x80", 512, `\xed\xa0\x80`}, // a surrogate is not UTF-8
		{"Bereit für 日本 ✓ \ufffd", 512, "Bereit für 日本 ✓ \ufffd"},
		{`DOMAIN\user <b> =1+1`, 512, `DOMAIN\user <b> =1+1`},
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc…"},
		{"ab\x00\x00", 9, `ab\x00…`}, // no escape is cut in two
		{"日本語", 8, "日…"},
		{"abc", 2, ""}, // no room for the ellipsis
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"", 5, ""},
	} {
		got := Printable(test.said, test.max)
		if got != test.want {
			t.Errorf("Printable(%q, %d) is %q, want %q", test.said, test.max, got, test.want)
		}
		if again := Printable(got, test.max); again != got {
			t.Errorf("what is printable changes when printed again: %q to %q", got, again)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("220 a\r\n\x1b[0m", uint(10))
	f.Fuzz(func(t *testing.T, said string, max uint) {
		got := Printable(said, int(max%4096))
		if !isPrintable(got) || len(got) > int(max%4096) {
			t.Errorf("Printable(%q, %d) is %q", said, max%4096, got)
		}
	})
}

func TestCleanPeer(t *testing.T) {
	const bad = "\x1b[31m\u202e\xff"
	long := strings.Repeat(bad, 1000)
	p := Peer{
		Greeting: long, Refusal: long,
		Facts: map[string]string{long: long},
		TLS: &TLSInfo{Version: long, Cipher: long, TrustError: long,
			Chain: []Certificate{{Subject: long, Issuer: long, Key: long, Names: []string{long}}}},
	}
	for i := range 4200 {
		p.Capabilities = append(p.Capabilities, long)
		p.Endpoints = append(p.Endpoints, Endpoint{UUID: bad, Sequence: bad, Address: bad, Annotation: bad})
		p.Facts[fmt.Sprintf("%04d%s", i, bad)] = long
		p.TLS.Chain[0].Names = append(p.TLS.Chain[0].Names, long)
	}
	p.Clean()
	checkClean(t, p)
	if len(p.Capabilities) == 0 || len(p.Capabilities)+p.MoreCapabilities != 4200 || len(p.Facts)+p.MoreFacts != 4201 || len(p.Endpoints)+p.MoreEndpoints != 4200 {
		t.Errorf("of the rest %d, %d and %d are counted", p.MoreCapabilities, p.MoreFacts, p.MoreEndpoints)
	}
	if c := p.TLS.Chain[0]; len(c.Names) != 50 || c.MoreNames != 4151 {
		t.Errorf("a certificate keeps %d names, and %d more", len(c.Names), c.MoreNames)
	}
	p.Clean()
	if text, err := json.Marshal(p); err != nil || len(text) > 1<<20 {
		t.Errorf("a peer takes %d bytes, %v", len(text), err)
	}

	short := Peer{Facts: map[string]string{}, TLS: &TLSInfo{}}
	for i := range 300 {
		short.Facts[fmt.Sprintf("%04d%s", i, bad)] = bad
		short.TLS.Chain = append(short.TLS.Chain, Certificate{Subject: bad})
	}
	short.Clean()
	if len(short.Facts) != 256 || short.MoreFacts != 44 || short.Facts[`0000\x1b[31m\u202e\xff`] == "" {
		t.Errorf("of 300 facts %d are left, and not the first ones by name", len(short.Facts))
	}
	if len(short.TLS.Chain) != 10 || short.TLS.MoreCertificates != 290 {
		t.Errorf("%d certificates, and %d more", len(short.TLS.Chain), short.TLS.MoreCertificates)
	}

	var empty Peer
	empty.Clean()
	if empty.Capabilities != nil || empty.Facts != nil || empty.Endpoints != nil || empty.TLS != nil {
		t.Errorf("an empty peer became %+v", empty)
	}
}
