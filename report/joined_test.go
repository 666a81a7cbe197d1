// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// joined is a report of two runs, at two sites: from Vienna, 443 of mail02 is blocked.
func joined(t *testing.T, to ...Outlet) {
	t.Helper()
	d := NewDraft(to...)
	for i, machine := range []string{"pc-berlin", "pc-vienna"} {
		run := content.NewRun("exreach 1.0.0", "client", scene.Began)
		run.Machine, run.Took = machine, 2
		d.Know(i+1, run)
		for _, host := range []string{"mail01", "mail02"} {
			one := mailbox(host, func(service string, r *probe.Result) {
				closedRightly(service, r)
				if machine == "pc-vienna" && host == "mail02" && r.Port == 443 {
					scene.Verdict(probe.TimedOut, "no reply to 2 connection attempts in 7.0 s")(r)
				}
			})
			for h := range judge.Hosts(context.Background(), slices.Values([]probe.HostResults{{Host: host, Results: one.Results}}), scene.Began, nil) {
				h.Site = map[string]string{"mail01": "Berlin", "mail02": "Vienna"}[host]
				if err := d.Take(i+1, content.Entries(h)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
}

// A joined report says of everything which machine saw it, and its matrix shows the one pair
// that is blocked.
func TestJoined(t *testing.T) {
	for name, test := range map[string]struct {
		format string
		style  content.Style
	}{
		"joined.txt":          {"table", content.Style{Width: 100}},
		"joined-matrix.txt":   {"table", content.Style{Width: 100, Matrix: true}},
		"joined-matrix40.txt": {"table", content.Style{Width: 40, Matrix: true}},
		"joined.json":         {"json", content.Style{}},
		"joined.csv":          {"csv", content.Style{}},
		"joined-request.csv":  {"request", content.Style{}},
		"joined.md":           {"markdown", content.Style{}},
		"joined-summary.txt":  {"summary", content.Style{}},
	} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			f, err := FormatNamed(test.format, FormatNames())
			if err != nil {
				t.Fatal(err)
			}
			joined(t, Outlet{f, f.Report(&text, test.style)})
			golden(t, name, text.String())
		})
	}
}

// The grid of a page has the grade of a host even where what fails has no column, because the
// host was checked at so many ports.
func TestGridWithoutRoom(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Address: "192.0.2.10", From: "client"}
	for port := range 2 * manyColumns {
		s.Add(fmt.Sprint("port-", port+1), uint16(port+1), func(r *probe.Result) {
			if port == 2*manyColumns-1 {
				scene.Verdict(probe.Refused, "connection refused (RST)")(r)
			}
		})
	}
	var g content.Grid
	d := NewDraft(Outlet{Format{Whole: true, Overview: true}, gridOf{&g}})
	d.Know(1, content.NewRun("exreach 1.0.0", "client", scene.Began))
	for h := range judge.Hosts(context.Background(), slices.Values([]probe.HostResults{{Host: s.Host, Results: s.Results}}), scene.Began, nil) {
		if err := d.Add(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	if len(g.Columns) != manyColumns || !g.Cut || len(g.Rows) != 1 || g.Rows[0].Grade != judge.Fail {
		t.Errorf("%d columns, cut %t, rows %+.80v", len(g.Columns), g.Cut, g.Rows)
	}
}

// A gridOf is a format that keeps the grid.
type gridOf struct{ is *content.Grid }

func (g gridOf) Begin(h content.Head) error {
	*g.is = h.Grid
	return nil
}

func (gridOf) Host(content.Part) error { return nil }

func (gridOf) End(content.Head) error { return nil }
