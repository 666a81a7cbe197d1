// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// labelled writes a report of two services of a host with a site and labels.
func labelled(t *testing.T, format string) string {
	t.Helper()
	var out bytes.Buffer
	d := newDraft(t, format, &out, content.Style{})
	d.Know(1, content.NewRun("exreach", "client", scene.Began))
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "10.0.0.9", From: "client"}
	s.Add("smtp", 25, nil)
	s.Add("owa", 443, nil)
	for host := range judge.Hosts(t.Context(), scene.HostsOf(s.Results), scene.Began, nil) {
		host.Site, host.Labels = "Berlin", map[string]string{"owner": "team-a", "rack": "7"}
		if err := d.Add(host); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Every result says where its host stands: a line of jsonl may be all that is left of it.
func TestSiteAndLabels(t *testing.T) {
	for _, format := range []string{"json", "jsonl"} {
		r, err := readBack(format, strings.NewReader(labelled(t, format)))
		if err != nil || len(r.Results) != 2 {
			t.Fatalf("%s: %d results, %v", format, len(r.Results), err)
		}
		for _, e := range r.Results {
			if diff := cmp.Diff(map[string]string{"owner": "team-a", "rack": "7"}, e.Labels); diff != "" || e.Site != "Berlin" {
				t.Errorf("%s: %s: site %q, labels (- want, + got):\n%s", format, e.Service, e.Site, diff)
			}
		}
	}
}

// A saved report may come from anybody: its labels are made printable too.
func TestHostileLabels(t *testing.T) {
	e := network().Results[0]
	e.Site, e.Labels = "Ber\x1b[31mlin", map[string]string{"own\u202eer": "te\x07am"}
	line, err := json.Marshal(report.Line{Schema: content.Schema, Entry: e})
	if err != nil {
		t.Fatal(err)
	}
	r, err := readBack("saved", bytes.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	got := r.Results[0]
	if want := (map[string]string{printable("own\u202eer"): printable("te\x07am")}); got.Site != printable("Ber\x1b[31mlin") || !cmp.Equal(want, got.Labels) {
		t.Errorf("site %q, labels %q", got.Site, got.Labels)
	}
	for name, value := range got.Labels {
		if strings.ContainsAny(got.Site+name+value, "\x1b\u202e\x07") {
			t.Errorf("site %q, label %q = %q", got.Site, name, value)
		}
	}
}
