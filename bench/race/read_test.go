// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"strings"
	"testing"
)

// testField is three ports of two hosts: 25 and 443 of the first are open.
func testField(t *testing.T) field {
	t.Helper()
	f, err := newField("10.78.9.1,fd78:9::2", "fd78:9::2", "25,135,443", "135")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const (
	exreachJSON = `{"schema": "exreach/1", "results": [
		{"host": "a", "address": "10.78.9.1", "port": 25, "verdict": "answered", "findings": [{"code": "certificate-expired"}]},
		{"host": "a", "address": "10.78.9.1", "port": 135, "verdict": "timed-out", "findings": [{"code": "timed-out"}]},
		{"host": "a", "address": "10.78.9.1", "port": 443, "verdict": "answered"},
		{"host": "b", "address": "fd78:9::2", "port": 25, "verdict": "timed-out"},
		{"host": "b", "address": "fd78:9::2", "port": 135, "verdict": "timed-out"},
		{"host": "b", "address": "fd78:9::2", "port": 443, "verdict": "timed-out"},
		{"host": "b", "address": "fd78:9::2", "port": 5893, "verdict": "refused"}
	]}`
	exreachLines = `{"address": "10.78.9.1", "port": 25, "verdict": "answered"}
{"address": "10.78.9.1", "port": 135, "verdict": "timed-out"}
{"host": "nowhere.example", "port": 25, "verdict": "unresolved"}
`
	nmapXML = `<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun>
<host><address addr="10.78.9.1" addrtype="ipv4"/><ports>
<extraports state="filtered" count="1"><extrareasons reason="no-response" count="1" proto="tcp" ports="135"/></extraports>
<port protocol="tcp" portid="25"><state state="open"/></port><port protocol="tcp" portid="443"><state state="open"/></port>
</ports></host>
<host><address addr="fd78:9::2" addrtype="ipv6"/><address addr="02:00:00:00:00:01" addrtype="mac"/><ports>
<extraports state="filtered" count="3"><extrareasons reason="no-response" count="3" proto="tcp" ports="25,100-443"/></extraports>
</ports></host></nmaprun>`
)

func TestWrongVerdicts(t *testing.T) {
	for name, test := range map[string]struct {
		output, which string
		wrong         int
	}{
		"exreach, all true":       {exreachJSON, "", 0},
		"exreach, open is silent": {strings.Replace(exreachJSON, "answered", "silent", 1), "10.78.9.1:25 silent", 1},
		"exreach, dropped answers": {strings.Replace(exreachJSON, `135, "verdict": "timed-out"`, `135, "verdict": "answered"`, 1),
			"10.78.9.1:135 answered", 1},
		"exreach, lines of two":           {exreachLines, "", 4},
		"exreach, a second, other answer": {exreachJSON + `{"address": "10.78.9.1", "port": 25, "verdict": "cut"}`, "10.78.9.1:25 cut", 1},
		"nmap, all true":                  {nmapXML, "", 0},
		"nmap, open is filtered": {strings.Replace(nmapXML, `portid="443"><state state="open"`, `portid="443"><state state="filtered"`, 1),
			"10.78.9.1:443 filtered", 1},
		"nmap, dropped is open": {strings.Replace(nmapXML, `ports="25,100-443"/></extraports>`, `ports="135,443"/></extraports><port portid="25"><state state="open"/></port>`, 1),
			"[fd78:9::2]:25 open", 1},
		"nmap, dropped is closed": {strings.Replace(nmapXML, `state="filtered" count="1"`, `state="closed" count="1"`, 1),
			"10.78.9.1:135 closed", 1},
		"nmap, a host is missing": {nmapXML[:strings.Index(nmapXML, "<host><address addr=\"fd78")] + "</nmaprun>", "", 3},
	} {
		told := newTally(testField(t))
		if err := told.read(strings.NewReader(test.output)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if told.wrong() != test.wrong || told.examples() != test.which {
			t.Errorf("%s: %d wrong (%s), want %d (%s)", name, told.wrong(), told.examples(), test.wrong, test.which)
		}
	}
}

func TestFindings(t *testing.T) {
	told := newTally(testField(t))
	if err := told.read(strings.NewReader(exreachJSON)); err != nil {
		t.Fatal(err)
	}
	if got, want := told.codes(), "certificate-expired,timed-out"; got != want {
		t.Errorf("findings %q, want %q", got, want)
	}
}

// TestUnreadable makes sure that a command that failed is not taken for one
// that was wrong about every port.
func TestUnreadable(t *testing.T) {
	for _, output := range []string{"", "Starting Nmap 7.93", "<nmaprun><host>", `{"results": [`, `<nmaprun><host><address addr="10.78.9.1"/><ports><extraports><extrareasons ports="x"/></extraports></ports></host></nmaprun>`} {
		told := newTally(testField(t))
		if err := told.read(strings.NewReader(output)); err == nil {
			t.Errorf("%q is read without an error", output)
		}
	}
}

func TestField(t *testing.T) {
	for wrong, f := range map[string][4]string{
		"nothing to ask":   {"", "", "25", ""},
		`host "mail01"`:    {"mail01", "", "25", ""},
		`port "80-79"`:     {"10.78.9.1", "", "80-79", ""},
		`port "70000"`:     {"10.78.9.1", "", "25", "70000"},
		"no such file":     {"@testdata/none", "", "25", ""},
		`host "10.78.9.1x`: {"10.78.9.1", "10.78.9.1x", "25", ""},
	} {
		if _, err := newField(f[0], f[1], f[2], f[3]); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%v: error %v does not say %s", f, err, wrong)
		}
	}
}
