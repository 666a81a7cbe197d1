// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestHeads: the head of each file, read alone, says what the whole file says, and every
// shared mark is of some version and every name of a mark is of a shared one.
func TestHeads(t *testing.T) {
	k := ours.heads()
	if k.err != nil {
		t.Fatal(k.err)
	}
	for i, r := range ours.order() {
		short := k.releases[i]
		short.Marks, short.Greets, short.Website = nil, nil, nil
		if diff := cmp.Diff(short, r, cmp.AllowUnexported(Telling{})); diff != "" {
			t.Errorf("%s (-head +what is read of it for the order):\n%s", r.Name, diff)
		}
	}
	c := mustOpen(t)
	used := map[string]bool{}
	for _, head := range k.releases {
		v, err := c.Version(head.Name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v.Release, head, cmp.AllowUnexported(Telling{})); diff != "" {
			t.Errorf("%s (-file +head):\n%s", head.Name, diff)
		}
		for _, m := range head.Marks {
			if m.Name != "" && !slices.ContainsFunc(k.shared, func(s Mark) bool { return s.Name == m.Name }) {
				t.Errorf("%s: mark %q is not in marks.yaml", head.Name, m.Name)
			}
			used[m.Name] = true
		}
	}
	for _, m := range k.shared {
		if !used[m.Name] {
			t.Errorf("mark %q is of no version", m.Name)
		}
	}
	for _, m := range k.marks {
		if len(m.Versions) == 0 || m.Source == "" {
			t.Errorf("mark %+v: no versions, or no source", m)
		}
	}
}

// TestMarksOfOneKind: a mark that several versions spell out is one mark of all of them.
func TestMarksOfOneKind(t *testing.T) {
	c := mustOpen(t)
	const spelled = `version: "2031"
title: Exchange Server 2031
product: Exchange Server
marks: [{protocol: smtp, greeting: Microsoft ESMTP MAIL Service ready, weight: stated}, x-exps]
roles: [{name: r, text: t}]
services: [{name: x, role: r, port: 26, protocol: smtp, wants: {client: required}}]
`
	if err := c.Add("user.yaml", strings.NewReader(spelled), nil); err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Releases().Marks() {
		if m.Name == "smtp-ready" || m.Name == "x-exps" {
			if !slices.Contains(m.Versions, "2031") || !slices.Contains(m.Versions, "2019") {
				t.Errorf("mark %s is of %v", m.Name, m.Versions)
			}
		} else if slices.Contains(m.Versions, "2031") {
			t.Errorf("mark %+v is of 2031", m)
		}
	}
	if got, want := c.Releases().Of(ExchangeServer), append((*Releases)(nil).Of(ExchangeServer), "2031"); !slices.Equal(got, want) {
		t.Errorf("versions of Exchange Server: %v, want %v", got, want)
	}
}

// TestHeadOfOurOwn: rows of a user's file change nothing that is known of their version.
func TestHeadOfOurOwn(t *testing.T) {
	c := mustOpen(t)
	row := `{version: "2019", services: [{name: x, role: mailbox, port: 26, protocol: smtp, wants: {client: required}}]}`
	if err := c.Add("user.yaml", strings.NewReader(row), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff((*Releases)(nil).Marks(), c.Releases().Marks()); diff != "" {
		t.Errorf("marks (-ours +with a row of the user's):\n%s", diff)
	}
	if got := c.Releases().Called("2019"); got != "Exchange 2019" {
		t.Errorf("2019 is called %q", got)
	}
}

// TestNothingIsReadEarly: the plan of one version reads its file and the documents, and no
// other head.
func TestNothingIsReadEarly(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"2019.yaml", "sources.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata", "good", name))
		if err != nil {
			t.Fatal(err)
		}
		files["good/"+name] = &fstest.MapFile{Data: text}
	}
	files["good/5.5.yaml"] = &fstest.MapFile{Data: []byte("this is no catalogue")}
	c := open(files, "good")
	reads := 0
	order := c.releases.order
	c.releases.order = func() []Release { reads++; return order() }
	if _, err := c.Plan(Topology{Hosts: []Host{{Name: "h", Version: "2019"}}}, ""); err != nil || reads != 0 {
		t.Errorf("the heads were read %d times, %v", reads, err)
	}
	if got := strings.Join(c.Names(), " "); got != "5.5 2019" || c.releases.heads().err == nil {
		t.Errorf("versions %s, error %v", got, c.releases.heads().err)
	}
}
