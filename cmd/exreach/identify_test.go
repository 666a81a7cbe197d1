// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/standin"
	"exreach/probe/trust"
	"exreach/report/content"
	"exreach/report/judge"
)

// TestIdentify asks stand-ins of every version which version they are and what they
// do, with nothing given: each is taken for itself, or for a few that its signs allow,
// in the roles that it has, and nothing is wrong with it then.
func TestIdentify(t *testing.T) {
	cat := catalog.Open()
	for _, tt := range []struct {
		version string
		runs    []string // the roles that it has
		want    string   // version and roles that it is checked as
		note    string
	}{
		{"4.0", []string{"server"}, "4.0 server", "is version 4.0, by the greeting"},
		{"5.0", []string{"server"}, "5.0 server", "is version 5.0, by the greeting"},
		{"5.5", []string{"server"}, "5.5 server", "is version 5.5, by the greeting"},
		{"2000", []string{"back-end"}, "2000 back-end", "is version 2000, by"},
		{"2003", []string{"back-end"}, "2003 back-end", "is version 2003, by"},
		{"2007", []string{"client-access"}, "2007 client-access", "is version 2007, by the greeting"},
		{"2007", []string{"mailbox", "client-access", "hub"}, "2007 client-access, 2007 hub", "is version 2007, by the greeting"},
		{"2007", []string{"hub"}, "2010 hub", "may be version 2007 or 2010, by the extension X-ANONYMOUSTLS and the extension XEXCH50"},
		{"2010", []string{"edge"}, "2010 hub", "is version 2010, by the extension XSHADOW"}, // clients have nothing to ask of an Edge server
		{"2019", []string{"edge"}, "se mailbox", "may be version 2016, 2019 or se, by"},
		{"2010", []string{"client-access"}, "2010 client-access", "is version 2010, by X-OWA-Version"},
		{"2010", []string{"client-access", "hub"}, "2010 client-access, 2010 hub", "is version 2010, by X-OWA-Version"},
		{"2010", []string{"hub"}, "2010 hub", "is version 2010, by the extension XSHADOW"},
		{"2013", []string{"client-access"}, "2013 client-access", "is version 2013, by X-OWA-Version"},
		{"2013", []string{"client-access", "mailbox"}, "2013 client-access", "is version 2013, by X-OWA-Version"},
		{"2016", []string{"mailbox"}, "2016 mailbox", "is version 2016, by X-OWA-Version"},
		{"2019", []string{"mailbox"}, "2019 mailbox", "is version 2019, by X-OWA-Version"},
		{"se", []string{"mailbox"}, "se mailbox", "is version se, by X-OWA-Version"},
		{"online", []string{"outlook"}, "online outlook", "is version online, by"},
		{"online", []string{"submission"}, "online submission", "is version online, by"},
		{"online", []string{"mail-exchanger"}, "online mail-exchanger", "is version online, by"},
		{"davmail", []string{"gateway"}, "davmail gateway", "is version davmail, by the greeting"},
		{"windows", []string{"dns"}, "se mailbox", "does not say which version it is; checking it as --version se --role mailbox"},
	} {
		t.Run(tt.version+" "+strings.Join(tt.runs, " "), func(t *testing.T) {
			t.Parallel()
			s := standIn(t, cat, tt.version, tt.runs)
			pool := &probe.Pool{Dial: s.Dial, Resolver: &lookup.Resolver{Lookup: s.Lookup}, Shared: &probe.Shared{Trust: trust.New(s.Roots())}}
			var notes bytes.Buffer
			entries, took := checkAuto(t, cat, pool, &notes, s.Host)
			if took != tt.want || !strings.Contains(notes.String(), tt.note) {
				t.Errorf("checked as %s, want %s; said %q", took, tt.want, notes.String())
			}
			if tt.version == "windows" {
				return
			}
			if entries[0].Identified == nil {
				t.Error("the first entry does not say what the host is")
			}
			for _, e := range entries {
				if e.Verdict == probe.Answered && e.Grade != judge.Pass {
					t.Errorf("%d/%s: %s, %+v", e.Port, e.Service, e.Grade, e.Findings)
				}
			}
		})
	}
}

// standIn starts one with all that the roles listen on.
func standIn(t *testing.T, cat *catalog.Catalog, version string, roles []string) *standin.Server {
	t.Helper()
	v, err := cat.Version(version)
	if err != nil {
		t.Fatal(err)
	}
	s, err := standin.New(v, roles...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// checkAuto checks a host of which nothing is known but its name, and returns as what
// that was.
func checkAuto(t *testing.T, cat *catalog.Catalog, pool *probe.Pool, notes io.Writer, host string) (entries []content.Entry, took string) {
	t.Helper()
	hosts, err := survey.Named([]string{host}, survey.Options{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := survey.New(cat, hosts)
	if err != nil {
		t.Fatal(err)
	}
	run.Pool, run.Watch = pool, output{notes: notes}.tell
	for host := range run.Run(t.Context()) {
		entries = append(entries, content.Entries(host)...)
	}
	if len(entries) == 0 {
		t.Fatalf("no report; said %q", notes)
	}
	var all []string
	for _, e := range entries {
		if as := e.Version + " " + e.Role; !slices.Contains(all, as) {
			all = append(all, as)
		}
	}
	return entries, strings.Join(all, ", ")
}
