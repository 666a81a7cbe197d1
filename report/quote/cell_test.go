// SPDX-License-Identifier: Apache-2.0

package quote

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"mail01.contoso.com":         "mail01.contoso.com",
		"2001:db8::1":                "2001:db8::1",
		"no reply, 2 tries; closed":  "no reply, 2 tries; closed",
		"SMTP at mail01@contoso.com": "SMTP at mail01@contoso.com",
		"a=b":                        "a=b",
		"it's":                       "it's",
		"=1+1":                       "'=1+1",
		"-2+3":                       "'-2+3",
		"@SUM(1)":                    "'@SUM(1)",
		"+cmd|' /C calc'!A0":         "'+cmd|' /C calc'!A0",
		"|calc":                      "'|calc",
		"＝1+1":                       "'＝1+1",
		"＋1":                         "'＋1",
		"－1":                         "'－1",
		"＠SUM(1)":                    "'＠SUM(1)",
		"｜calc":                      "'｜calc",
		"\u22121":                    "'\u22121",
		"\ufe661+1":                  "'\ufe661+1",
		"  =1+1":                     "'  =1+1",
		`"=1+1"`:                     `'"=1+1"`,
		"'=1+1":                      "''=1+1",
		` " ' =1+1`:                  `' " ' =1+1`,
		"\u0301=1+1":                 "'\u0301=1+1",
		"a,=1+1":                     "a,'=1+1",
		"a;=1+1":                     "a;'=1+1",
		`a; "=1+1`:                   `a;' "=1+1`,
		"=1;=2,=3":                   "'=1;'=2,'=3",
		";;@x":                       ";;'@x",
		"a\r\n=1+1":                  `a\r\n=1+1`,
		"\t=1+1":                     `\t=1+1`,
		"\x00=1+1":                   `\x00=1+1`,
		"\u202e=1+1":                 `\u202e=1+1`,
		"\u200b=1+1":                 `\u200b=1+1`,
		"\u00a0=1+1":                 `\u00a0=1+1`,
		"\ufeff=1+1":                 `\ufeff=1+1`,
	} {
		if got := Cell(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// openings are what may stand before the character that makes a formula of a cell.
var openings = []string{"", " ", `"`, `""`, "'", "\t", "\r\n", "\n", "\x00", "\u202e", "\u200b", "\u00a0", "a", "a,", "a;", "a\t", "a\n", `a;"`, `";"`, "a, '", ",;,"}

// However a program splits the lines of a sheet, no cell that holds text of others begins a
// formula.
func TestSheetHasNoFormula(t *testing.T) {
	for _, written := range []rune{0, ',', ';', '\t'} {
		var out bytes.Buffer
		sheet := NewSheet(&out, written)
		for _, opening := range openings {
			for _, formula := range []string{"=1+1", "+1", "-2+3", "@SUM(1)", "|calc", "＝1+1", "＋1", "－1", "＠SUM(1)", "\u22121", "=", `="a"`, "=1;=2,=3"} {
				if err := sheet.Row(opening+formula, "harmless", opening+formula+opening+formula); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := sheet.Flush(); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimPrefix(out.String(), "\ufeff")
		for _, read := range []rune{',', ';', '\t'} {
			in := csv.NewReader(strings.NewReader(text))
			in.Comma, in.LazyQuotes, in.FieldsPerRecord = read, true, -1
			for {
				row, err := in.Read()
				if err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				for _, cell := range row {
					checkNoFormula(t, cell)
				}
			}
			for _, cell := range strings.FieldsFunc(text, func(r rune) bool { return r == read || r == '\r' || r == '\n' }) {
				checkNoFormula(t, cell) // as a program that knows no quotes
			}
		}
	}
}

func checkNoFormula(t *testing.T, cell string) {
	t.Helper()
	trimmed := strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
	if strings.IndexAny(trimmed, "=+-@|＝＋－＠\u2212") == 0 {
		t.Errorf("%q begins a formula", cell)
	}
	for _, r := range cell {
		if !unicode.IsPrint(r) && r != '\t' && r != '\r' && r != '\n' { // separators of another reading
			t.Errorf("%q has %U", cell, r)
		}
	}
}

// Numbers and times of ours stay what they are.
func TestSheet(t *testing.T) {
	var out bytes.Buffer
	sheet := NewSheet(&out, ';')
	at := time.Date(2026, 3, 2, 10, 30, 0, 0, time.FixedZone("CET", 3600))
	type word string
	if err := sheet.Row(-12, 0.0125, 443, at, time.Time{}, word("-x"), "a;b", `say "hi"`); err != nil {
		t.Fatal(err)
	}
	if err := sheet.Flush(); err != nil {
		t.Fatal(err)
	}
	const want = "\ufeff-12;0.0125;443;2026-03-02 09:30:00;;'-x;\"a;b\";\"say \"\"hi\"\"\"\r\n"
	if got := out.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSheetWriteError(t *testing.T) {
	sheet := NewSheet(brokenWriter{}, 0)
	_ = sheet.Row("a") // an error may come late
	if err := sheet.Flush(); err != io.ErrShortWrite {
		t.Errorf("got %v", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
