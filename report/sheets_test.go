// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/report/content"
	"exreach/report/judge/scene"
)

// sheetOf reads a sheet as a spreadsheet program does: its rows by the names of the columns.
func sheetOf(t *testing.T, text string, separator rune) []map[string]string {
	t.Helper()
	text, marked := strings.CutPrefix(text, "\ufeff")
	if !marked {
		t.Error("no byte order mark: Excel takes the text for one in the code page of the machine")
	}
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("a line does not end in CR LF")
	}
	in := csv.NewReader(strings.NewReader(text))
	in.Comma = separator
	rows, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var named []map[string]string
	for _, row := range rows[1:] {
		cells := map[string]string{}
		for i, name := range rows[0] {
			cells[name] = row[i]
		}
		named = append(named, cells)
	}
	return named
}

// A row has what its port shows, and the run that saw it.
func TestCSV(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "10.0.9.9", From: "client"}
	s.Add("smtp", 25, scene.All(noReply, func(r *probe.Result) { r.Trace = &hops.Trace{Path: scene.Way(25, "10.1.1.1", "-")} }))
	s.Add("relay", 25, scene.All(noReply, optional))
	s.Add("mapper", 135, nil)
	s.Add("mapi", 60000, scene.Child("mapper"))
	s.Add("rfr", 0, scene.All(scene.Child("mapper"), portless, scene.Verdict(probe.Refused, "not registered")))
	s.Add("ecp", 443, scene.Verdict(probe.Mismatch, "this is not HTTP"))
	withTLS := func(r *probe.Result) { r.Peer = &protocol.Peer{TLS: scene.GoodTLS()} }
	s.Add("owa", 443, scene.All(withTLS, scene.Certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.NotAfter = scene.Began.Add(-12 * 24 * time.Hour) })))
	r := draft(s.Results)
	for i := range r.Results {
		r.Results[i].Site, r.Results[i].Labels = "Berlin", map[string]string{"rack": "12", "owner": "mail"}
	}
	rows := map[string]map[string]string{}
	for _, row := range sheetOf(t, write(t, "csv", r, content.Style{}), ',') {
		rows[row["services"]] = row
	}
	for service, want := range map[string]map[string]string{
		"smtp, relay": {
			"started": "2026-03-02 09:30:00", "machine": "admin01", "from": "client", "host": "mail01", "site": "Berlin", "address": "10.0.9.9", "network": "tcp", "port": "25",
			"version": "Exchange 2019", "role": "mailbox", "want": "required", "verdict": "timed-out", "grade": "fail", "care": "pass", "took_ms": "7000", "findings": "timed-out",
			"hint":  "Ask the firewall administrator to allow TCP 25 from this computer to 10.0.9.9.",
			"after": "10.1.1.1", "certificate_days": "", "certificate_expires": "", "labels": "owner=mail; rack=12",
		},
		"mapper":   {"port": "135", "hint": ""},
		"mapi":     {"port": "60000", "verdict": "answered"},
		"rfr":      {"port": "", "verdict": "refused"},
		"ecp, owa": {"port": "443", "verdict": "mismatch", "grade": "fail", "detail": "ecp: this is not HTTP", "certificate_days": "-12", "certificate_expires": "2026-02-18 09:30:00", "care": "warn", "took_ms": "12"},
	} {
		row := rows[service]
		for name, cell := range want {
			if row[name] != cell {
				t.Errorf("%s: %s is %q, want %q", service, name, row[name], cell)
			}
		}
	}
	if len(rows) != 5 {
		t.Errorf("%d rows: %v", len(rows), rows)
	}
}

// A detail that is empty leaves the name of the service alone.
func TestCSVWithoutADetail(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "10.0.9.9", From: "client"}
	s.Add("ecp", 443, scene.Verdict(probe.Mismatch, ""))
	s.Add("owa", 443, nil)
	rows := sheetOf(t, write(t, "csv", draft(s.Results), content.Style{}), ',')
	if len(rows) != 1 || rows[0]["services"] != "ecp, owa" || rows[0]["detail"] != "ecp" {
		t.Errorf("got %q", rows)
	}
}

// What was not asked has its own port in each row.
func TestCSVOfWhatWasNotAsked(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "10.0.0.10", From: "client"}
	for _, port := range []uint16{25, 443, 587} {
		s.Add(fmt.Sprint("service", port), port, scene.All(scene.Verdict(probe.Untried, "interrupted"), func(r *probe.Result) { r.Obstacle, r.Tries = probe.Interrupted, 0 }))
	}
	var ports []string
	for _, row := range sheetOf(t, write(t, "csv", draft(s.Results), content.Style{Separator: ';'}), ';') {
		ports = append(ports, row["services"]+" "+row["port"])
	}
	if want := []string{"service25 25", "service443 443", "service587 587"}; !slices.Equal(ports, want) {
		t.Errorf("%q, want %q", ports, want)
	}
}

// A sheet is written as hosts come: nothing is kept of them.
func TestCSVStreams(t *testing.T) {
	var out strings.Builder
	format, err := FormatNamed("csv", FormatNames())
	if err != nil {
		t.Fatal(err)
	}
	d := NewDraft(Outlet{format, format.Report(&out, content.Style{})})
	d.Know(1, content.NewRun("exreach", "client", scene.Began))
	for i, e := range draft(scene.Network()).Results {
		if err := d.Take(1, []content.Entry{e}); err != nil {
			t.Fatal(err)
		}
		if rows := len(sheetOf(t, out.String(), ',')); rows != i+1 {
			t.Fatalf("%d rows after %d results", rows, i+1)
		}
	}
}

// Nothing that a peer, a file or a name holds is a formula, in any cell.
func TestSheetsHostile(t *testing.T) {
	for _, opening := range []string{"", " ", `"`, ";", ",", "x;", `x,"`, "\t", "\r\n", "\x00", "\u202e"} {
		for _, formula := range []string{"=1+1", "-2+3", "+cmd|' /C calc'!A0", "@SUM(1)", "|calc", "＝1+1"} {
			text := opening + formula
			r := hostileTicket()
			for i := range r.Results {
				e := &r.Results[i]
				e.Host, e.Site, e.Address, e.Source, e.Service, e.Role, e.Version, e.Detail, e.SaidBy = text+fmt.Sprint(i), text, text, text, text, text, text, text, text
				e.Labels = map[string]string{text: text}
				for n := range e.Findings {
					e.Findings[n].Code, e.Findings[n].Hint = text, text
				}
			}
			r.Machine, r.From = text, text
			for _, format := range []string{"csv", "request"} {
				for _, separator := range []rune{',', ';', '\t'} {
					rows := sheetOf(t, write(t, format, r, content.Style{Separator: separator}), separator)
					if len(rows) == 0 {
						t.Fatalf("%s: no rows", format)
					}
					for _, row := range rows {
						for name, cell := range row {
							if strings.IndexAny(strings.TrimLeft(cell, ` "`), "=+-@|＝") == 0 {
								t.Errorf("%s: %s is a formula: %q", format, name, cell)
							}
						}
					}
				}
			}
		}
	}
}

func TestRequest(t *testing.T) {
	rows := sheetOf(t, write(t, "request", draft(scene.Network()), content.Style{Separator: '\t'}), '\t')
	var lines []string
	for _, r := range rows {
		lines = append(lines, strings.Join([]string{r["action"], r["source"], r["destination"], r["destination_name"], r["protocol"], r["port"], r["service"], r["expiry"], r["justification"]}, " "))
	}
	want := []string{
		"allow 198.51.100.7 192.0.2.10 mail01.contoso.com tcp 587 smtp-submission  ",
		"allow 2001:db8:1::7 2001:db8::10 mail01.contoso.com tcp 25 smtp  ",
		"allow 198.51.100.7 192.0.2.20 cas01.contoso.com tcp 59532 mapi-rpc  ",
		"block 198.51.100.7 192.0.2.30 edge01.contoso.com tcp 50389 ad-lds  ",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "10.0.0.10", From: "client"}
	s.Add("smtp", 25, nil)
	const header = "\ufeffaction,source,source_machine,destination,destination_name,site,protocol,port,service,reason,observation,time,expiry,justification\r\n"
	if got := write(t, "request", draft(s.Results), content.Style{}); got != header {
		t.Errorf("nothing to ask for: %q", got)
	}
}
