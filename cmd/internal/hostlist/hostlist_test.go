// SPDX-License-Identifier: Apache-2.0

package hostlist

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
)

// readAll is every row of a list, and why it ended early.
func readAll(t testing.TB, from io.Reader) ([]Row, error) {
	t.Helper()
	r := NewReader(from, catalog.Open(), "client")
	var rows []Row
	for {
		row, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, fmt.Errorf("%d: %w", row.Line, err)
		}
		rows = append(rows, row)
	}
}

// told is each row in a line: what it says, or what is wrong with it.
func told(rows []Row) []string {
	var lines []string
	for _, r := range rows {
		if r.Wrong == nil {
			line := fmt.Sprintf("%d %s", r.Line, r.Host)
			if r.Says() {
				line += fmt.Sprintf(" %q %q %q %v", r.Version, r.Roles, r.Site, r.Labels)
			}
			lines = append(lines, line)
		}
		for _, w := range r.Wrong {
			lines = append(lines, fmt.Sprintf("%d: %v", r.Line, w))
		}
	}
	return lines
}

func wide(text string) string {
	data := "\xff\xfe"
	for _, unit := range utf16.Encode([]rune(text)) {
		data += string([]byte{byte(unit), byte(unit >> 8)})
	}
	return data
}

// exported is what Export-Csv of PowerShell 5.1 writes of Get-ExchangeServer.
const exported = "#TYPE Selected.Microsoft.Exchange.Data.Directory.Management.ExchangeServer\r\n" +
	`"Name","ServerRole","AdminDisplayVersion","Site","Fqdn","ExchangeVersion"` + "\r\n" +
	`"EX01","Mailbox, ClientAccess","Version 15.0 (Build 1497.2)","contoso.com/Configuration/Sites/Berlin","ex01.contoso.com","0.1 (8.0.535.0)"` + "\r\n" +
	`"EX02","Mailbox, ClientAccess","Version 15.2 (Build 1118.7)","contoso.com/Configuration/Sites/Zürich","","0.1 (8.0.535.0)"` + "\r\n" +
	`"EX03","None","Version 6.5 (Build 7638.2: Service Pack 2)","","ex03.contoso.com","0.0 (6.5.6500.0)"` + "\r\n"

func TestLists(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"plain":              {"mail01\nmail02\n", []string{"1 mail01", "2 mail02"}},
		"no last line end":   {"mail01\nmail02", []string{"1 mail01", "2 mail02"}},
		"of Windows":         {"\ufeffmail01\r\n\r\n  mail02\t\r\n", []string{"1 mail01", "3 mail02"}},
		"comments":           {"# ours, and theirs\nmail01 # the old one; keep\n\n#mail02\n", []string{"2 mail01"}},
		"URLs":               {"https://mail01/#a # b\nhttps://a:b#c@mail02/\n", []string{"1 https://mail01/#a", "2 https://a:b#c@mail02/"}},
		"nothing":            {"", nil},
		"quoted":             {"\"mail01\"\n\"mail 02\"\n", []string{`1 "mail01"`, `2 "mail 02"`}},
		"UTF-16":             {wide("mail01\r\nmail02.\r\n"), []string{"1 mail01", "2 mail02."}},
		"UTF-16, no mark":    {wide("mail01\r\nmail02\r\n")[2:], []string{"1 mail01", "2 mail02"}},
		"UTF-16 in part":     {"mail01\nm\x00\n\x00mail03\n", []string{"1 mail01", "2: there is a zero byte in the line: this is not text, or the file is UTF-16 in part", "3: there is a zero byte in the line: this is not text, or the file is UTF-16 in part"}},
		"Select-Object":      {wide("\r\nName\r\n----\r\nEX01     \r\nEX02     \r\n\r\n"), []string{"4 EX01", "5 EX02"}},
		"one column":         {"\"Server\"\n\"EX01\"\n", []string{`2 "EX01"`}},
		"called server":      {"server\nhost\n", []string{"1 server", "2 host"}},
		"one column of many": {"Fqdn,Edition\nex01.contoso.com,Standard\n", []string{"2 ex01.contoso.com"}},

		"Export-Csv": {exported, []string{
			`3 ex01.contoso.com "2013" ["mailbox" "client-access"] "Berlin" map[]`,
			`4 EX02 "2019" ["mailbox"] "Zürich" map[]`,
			`5 ex03.contoso.com "2003" [] "" map[]`,
		}},
		"Export-Csv in UTF-16": {wide(exported[strings.Index(exported, "\"Name"):]), []string{
			`2 ex01.contoso.com "2013" ["mailbox" "client-access"] "Berlin" map[]`,
			`3 EX02 "2019" ["mailbox"] "Zürich" map[]`,
			`4 ex03.contoso.com "2003" [] "" map[]`,
		}},
		"a spreadsheet in Europe": {"\ufeffStandort;Host Name;Rolle;Version;Labels\r\nBerlin;mail01;x;2016;\"owner=team-a; live\"\r\n;;;;\r\nBonn;mail02;;;\r\n", []string{
			`2 mail01 "2016" [] "" map[live:true owner:team-a]`, "4 mail02",
		}},
		"tabs":             {"Role\tVersion\t\tServer\ncas\t\t\tmail01\nEdge Transport Server\t2010\tx\tmail02\n", []string{`2 mail01 "" ["client-access"] "" map[]`, `3 mail02 "2010" ["edge"] "" map[]`}},
		"blanks":           {"Name, Site\nmail01, \"Berlin, Mitte\"\n", []string{`2 mail01 "" [] "Berlin, Mitte" map[]`}},
		"sep=":             {"sep=;\nName;Site\nmail01;Bonn\n", []string{`3 mail01 "" [] "Bonn" map[]`}},
		"lines in a value": {"Name,Note,Site\nmail01,\"one\ntwo\",Bonn\nmail02,,\n", []string{`2 mail01 "" [] "Bonn" map[]`, "4 mail02"}},
		"joined":           {"Name,Site\nmail01,Bonn\n# the others\nName,Site\nmail02,Ulm\n", []string{`2 mail01 "" [] "Bonn" map[]`, `5 mail02 "" [] "Ulm" map[]`}},
		"short rows":       {"Site,Name,Role\nBonn,mail01\n", []string{`2 mail01 "" [] "Bonn" map[]`}},
		"an address":       {"IPAddress,Site\n192.0.2.1,\n\"[2001:db8::1]\",\n", []string{"2 192.0.2.1", "3 [2001:db8::1]"}},
		"a DN":             {"Name,Site\nmail01,\"CN=Berlin\\, Mitte,CN=Sites,CN=Configuration,DC=contoso,DC=com\"\n", []string{`2 mail01 "" [] "Berlin, Mitte" map[]`}},

		"no heading":      {"mail01,2019\nmail02,2019\n", []string{"1: no column is called Name, Fqdn, ComputerName, HostName, DNSHostName, Host, Server or IPAddress"}},
		"another heading": {"\"Identity\",\"ServerRole\"\n\"EX01\",\"Mailbox\"\n", []string{"1: no column is called Name, Fqdn, ComputerName, HostName, DNSHostName, Host, Server or IPAddress"}},
		"a late table":    {"mail01\n\"EX01\",\"Mailbox\"\n", []string{"1 mail01", "2: there are several columns, and the first line does not name them"}},
		"Format-Table":    {"\nName  ServerRole  AdminDisplayVersion\n----  ----------  -------------------\nEX01  Mailbox...  Version 15...\n", []string{"2: this table is formatted for people: its values may be cut off"}},
		"mistakes": {"Name,Version,Role,Labels,Site\nmail01,2091,mailbx,9=1,\n,2019,,,\nmail02,2019,Mailbox,ClientAccess,,\nmail\"03,,,,\nmail04,,,,Z\xfcrich\n", []string{
			`2: unknown version "2091": did you mean 2019? accepted: windows, davmail, online, se, 2019, 2016, 2013, 2010, 2007, 2003, 2000, 5.5, 5.0, 4.0`,
			`2: unknown role "mailbx": did you mean mailbox? accepted: server, back-end, front-end`,
			`2: label "9" is not a name: use a-z, A-Z, 0-9 and _, and no digit first`,
			"3: the row names no host",
			"4: there are 6 values under 5 columns",
			"5: column 5: a quotation mark is inside a value that has none around it",
			"6: site is not UTF-8",
		}},
		"an open quote": {"Name,Site\nmail01,\"Bonn\nmail02,Ulm\n", []string{"2: a quotation mark is not closed, or text follows the closing one"}},
	} {
		rows, err := readAll(t, strings.NewReader(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := told(rows)
		for i, line := range got { // which other roles there are, the catalogue says
			if before, _, found := strings.Cut(line, ", chat, "); found {
				got[i] = before
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", name, diff)
		}
		if again, _ := readAll(t, iotest.OneByteReader(strings.NewReader(test.text))); !cmp.Equal(told(rows), told(again)) {
			t.Errorf("%s: byte by byte it is %q", name, told(again))
		}
	}
}

// A line, or a row whose quotes are never closed, ends the reading before it fills the memory.
func TestTooLong(t *testing.T) {
	for name, text := range map[string]string{
		"2": "mail01\n" + strings.Repeat("m", 1<<17),
		"3": "Name,Site\nmail01,\n\"" + strings.Repeat("m,\n", 1<<16),
	} {
		rows, err := readAll(t, strings.NewReader(text))
		if want := name + ": the line is longer than 64 KiB"; len(rows) != 1 || err == nil || err.Error() != want {
			t.Errorf("%d rows, %v, want %q", len(rows), err, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, text := range []string{"mail01\n", "Name,Site\n", "\xff\xfe"} {
		if _, err := readAll(t, io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Errorf("after %q: %v", text, err)
		}
	}
}

// Whatever a file holds, reading it ends, and each row names a host or says what is wrong.
func FuzzReader(f *testing.F) {
	for _, text := range []string{"Fqdn,\n\x00\n", "mail01\n", exported, wide(exported), "sep=;\nName;Site\n\"a;b\n", "Name,Version\nx,15.2\n", "Name\n----\n", "#\n\"", "a\tb\n", "Name,Labels\nx,=;a=;b"} {
		f.Add([]byte(text))
	}
	cat := catalog.Open()
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(strings.NewReader(string(data)), cat, "client")
		last := 0
		for n := 0; ; n++ {
			row, err := r.Next()
			if err != nil {
				return
			}
			if n > len(data) || row.Line <= last {
				t.Fatalf("row %d is in line %d, behind line %d", n, row.Line, last)
			}
			last = row.Line
			if row.Wrong == nil && row.Host == "" || len(row.Labels) > 16 || strings.ContainsAny(row.Site, "\x00\x1b\n") {
				t.Errorf("%+v", row)
			}
		}
	})
}

// TestLineEnds: a list reads the same whichever program wrote its lines, or joined its files.
func TestLineEnds(t *testing.T) {
	const list = "mail01\nmail02 # a comment\n\nmail03\n"
	const table = "Name,Site\n\"mail01\",\"Bonn\n(old)\"\nmail02,Ulm\n"
	const bom = "\ufeff"
	for text, same := range map[string]string{
		strings.ReplaceAll(list, "\n", "\r"):                      list,
		list + "\x1a" + list + "\x1a":                             list + list,
		strings.ReplaceAll(list, "\n", "\r\n"):                    list,
		strings.ReplaceAll(table, "\n", "\r"):                     table,
		strings.ReplaceAll(table, "\n", "\r\n"):                   table,
		bom + "mail01\r\n" + bom + "mail02\r\n" + bom + bom:       "mail01\nmail02\n",
		bom + table + bom + "Name,Site\n" + bom + "mail03,Köln\n": table + "Name,Site\nmail03,Köln\n",
		wide("mail01\r\n") + wide("mail02\r\n"):                   "mail01\nmail02\n",
	} {
		want, err := readAll(t, strings.NewReader(same))
		if err != nil || len(want) < 2 {
			t.Fatal(want, err)
		}
		for _, from := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			got, err := readAll(t, from)
			if diff := cmp.Diff(told(want), told(got)); diff != "" || err != nil {
				t.Errorf("%q: %v %s", text, err, diff)
			}
		}
	}
	rows, _ := readAll(t, strings.NewReader("\xefmail\n")) // is no mark
	if len(rows) != 1 || rows[0].Host != "\xefmail" {
		t.Errorf("%q", told(rows))
	}
}

// TestLineEndsOfPipe: a line is passed on when its end is there, though \n may follow \r.
func TestLineEndsOfPipe(t *testing.T) {
	in, out := io.Pipe()
	defer out.Close()
	go func() { _, _ = io.WriteString(out, "mail01\rmail02\r") }()
	r := NewReader(in, catalog.Open(), "client")
	for _, want := range []string{"mail01", "mail02"} {
		if row, err := r.Next(); row.Host != want || err != nil {
			t.Errorf("%q, %v; want %s", row.Host, err, want)
		}
	}
}
