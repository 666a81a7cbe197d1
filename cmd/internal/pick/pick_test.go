// SPDX-License-Identifier: Apache-2.0

package pick

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/report/content"
)

// TestHosts: which names of hosts a word picks.
func TestHosts(t *testing.T) {
	names := []string{"mail01.contoso.com", "MAIL02.contoso.com", "192.0.2.10", "2001:db8::10", "a[1].example", "a1.example", "a?.example"}
	for word, want := range map[string][]string{
		"mail01.contoso.com": {"mail01.contoso.com"},
		"mail02.contoso.com": {"MAIL02.contoso.com"},
		"mail01":             nil,
		"mail*":              {"mail01.contoso.com", "MAIL02.contoso.com"},
		"*.contoso.com":      {"mail01.contoso.com", "MAIL02.contoso.com"},
		"*":                  names,
		"192.0.2.*":          {"192.0.2.10"},
		"2001:db8::10":       {"2001:db8::10"},
		"a[1].example":       {"a[1].example"},
		"a?.example":         {"a?.example"},
		"[":                  nil,
	} {
		p, err := Parse(nil, []string{word}, nil)
		if err != nil {
			t.Fatal(err)
		}
		has := p.Selection().Host
		got := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !has(name) })
		if !slices.Equal(got, want) {
			t.Errorf("%q picks %q, want %q", word, got, want)
		}
		if err := p.Unknown(); (err != nil) != (want == nil) {
			t.Errorf("%q: error %v", word, err)
		}
	}
}

// TestOnly: a word means the same as in exreach check.
func TestOnly(t *testing.T) {
	owa := content.Entry{Service: "owa", Network: catalog.TCP, Port: 443, Protocol: "http", TLS: catalog.Implicit}
	dns := content.Entry{Service: "dns-udp", Network: catalog.UDP, Port: 53, Protocol: "dns"}
	rpc := content.Entry{Service: "store", Network: catalog.TCP, Protocol: "rpc"}
	for word, want := range map[string][3]bool{
		"owa":     {true, false, false},
		"https":   {true, false, false},
		"443":     {true, false, false},
		"443/tcp": {true, false, false},
		"443/udp": {false, false, false},
		"53-443":  {true, true, false},
		"53/udp":  {false, true, false},
		"rpc":     {false, false, true},
		"0-65535": {true, true, false},
		"imap":    {false, false, false},
	} {
		p, err := Parse(nil, nil, []string{word})
		if err != nil {
			t.Fatal(err)
		}
		has := p.Selection().Only
		if got := [3]bool{has(owa), has(dns), has(rpc)}; got != want {
			t.Errorf("%q picks %v, want %v", word, got, want)
		}
		if err := p.Unknown(); (err == nil) != slices.Contains(want[:], true) {
			t.Errorf("%q: error %v", word, err)
		}
	}
}

// TestUnknown: the hint names what comes nearest, and is short whatever the report has.
func TestUnknown(t *testing.T) {
	p, err := Parse(nil, []string{"mial07"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	has := p.Selection().Host
	for i := range 1000 {
		has(fmt.Sprintf("mail%02d", i))
	}
	var wrong *survey.Mistake
	if err := p.Unknown(); !errors.As(err, &wrong) || wrong.Hint != "nearest: mail07, mail00, mail01, mail02, mail03" {
		t.Errorf("error %v, %+v", err, wrong)
	}
}

// TestAll: without words nothing is left out.
func TestAll(t *testing.T) {
	p, err := Parse(nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Selection(); !p.IsAll() || s.Host != nil || s.Only != nil || s.Grades != nil || p.Unknown() != nil {
		t.Errorf("%+v", s)
	}
}
