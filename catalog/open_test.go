// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func mustOpen(t testing.TB) *Catalog {
	t.Helper()
	c := Open()
	return c
}

// all reads every file of the catalogue.
func all(t testing.TB, c *Catalog) []Version {
	t.Helper()
	versions, err := c.Versions()
	if err != nil {
		t.Fatal(err)
	}
	return versions
}

func TestVersionsInReleaseOrder(t *testing.T) {
	want := []string{"4.0", "5.0", "5.5", "2000", "2003", "2007", "2010", "2013", "2016", "2019", "se", "online", "davmail", "windows"}
	if diff := cmp.Diff(want, mustOpen(t).Names()); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

func TestDefaultsAreInTheCatalogue(t *testing.T) {
	plan, err := mustOpen(t).Plan(Topology{Hosts: []Host{{Name: "h"}}}, "")
	if err != nil || len(plan) == 0 || plan[0].Version != DefaultVersion || plan[0].From != DefaultFrom {
		t.Errorf("plan of nothing but a name: %v, %v", plan, err)
	}
}

// exposed are the ports that the internet must not reach wherever it is asked
// about them: those of Windows, of the directory, and of a server's back end.
var exposed = map[uint16]bool{
	88: true, 135: true, 139: true, 389: true, 445: true, 3268: true, 3389: true, 5985: true, 50389: true, 64327: true,
	81: true, 444: true, 465: true, 475: true, 476: true, 477: true, 717: true, 890: true, 1993: true, 1995: true, 2525: true, 9710: true,
}

func TestRows(t *testing.T) {
	for _, v := range all(t, mustOpen(t)) {
		internet := slices.ContainsFunc(v.Services, func(s Service) bool { return s.Wants["internet"] != "" })
		for _, r := range v.Roles {
			if len(v.servicesOf(r.Name)) == 0 {
				t.Errorf("%s: role %s has no service", v.Name, r.Name)
			}
		}
		for _, s := range v.Services {
			row := fmt.Sprintf("%s: %s of %s", v.Name, s.Name, s.Role)
			if s.Note == "" && s.Exposure == "" && s.Unasked == "" {
				t.Errorf("%s says nothing to people", row)
			}
			if internet && s.Unasked == "" && s.Ports.Single() && exposed[s.Ports.First] && s.Wants["internet"] != Forbidden {
				t.Errorf("%s is port %s, and internet is %q there", row, s.Ports, s.Wants["internet"])
			}
			if s.Network == UDP && s.TLS != NoTLS {
				t.Errorf("%s has TLS over UDP", row)
			}
		}
	}
}

// bare are the rows that are asked by a connect alone: nothing is known of what
// their servers speak before they know who asks.
var bare = []string{"audio-control", "cluster"}

func TestEveryRowHasAConversation(t *testing.T) {
	for _, v := range all(t, mustOpen(t)) {
		for _, s := range v.Services {
			if s.Protocol == "tcp" && s.Unasked == "" && !slices.Contains(bare, s.Name) {
				t.Errorf("%s: %s of %s is a bare connect", v.Name, s.Name, s.Role)
			}
		}
	}
}

// TestFacts holds the rows against the list of every data path that a version
// has: each is stated by some row, and nothing else is.
func TestFacts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("data", "ids.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]string
	if err := yaml.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, v := range all(t, mustOpen(t)) {
		ids := map[string]bool{}
		for _, s := range v.Services {
			for _, id := range s.Facts {
				ids[id] = true
			}
		}
		got[v.Name] = slices.Sorted(maps.Keys(ids))
		slices.Sort(want[v.Name])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ids by version (-data/ids.yaml +rows):\n%s", diff)
	}
}

// TestGolden shows every change of the data as a change of plans: a file per
// version, a table per role and from.
func TestGolden(t *testing.T) {
	c := mustOpen(t)
	var known []string
	for _, v := range all(t, c) {
		name := filepath.Join("testdata", "golden", v.Name+".txt")
		known = append(known, name)
		got := golden(t, c, v)
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got), refresh with -update:\n%s", name, diff)
		}
	}
	files, _ := filepath.Glob("testdata/golden/*")
	for _, f := range files {
		if !slices.Contains(known, f) {
			t.Errorf("%s belongs to no version", f)
		}
	}
}

func golden(t *testing.T, c *Catalog, v Version) string {
	var b strings.Builder
	row := func(indent string, check Check) {
		s := check.Service
		place := fmt.Sprintf("%s/%s", s.Ports, s.Network)
		if s.RPC != nil {
			place = fmt.Sprintf("%s %d.%d", s.RPC.Name, s.RPC.Major, s.RPC.Minor)
		}
		choice := ""
		if s.OneOf != "" && check.Want != Forbidden {
			choice = ", one of " + s.OneOf
		}
		fmt.Fprintf(&b, "%s%s %s %s %s %s%s\n", indent, s.Name, place, s.Protocol, s.TLS, check.Want, choice)
	}
	for _, r := range v.Roles {
		for _, from := range askedBy(v.servicesOf(r.Name)) {
			plan, err := c.Plan(Topology{Hosts: []Host{{Name: "h", Version: v.Name, Role: r.Name}}}, from)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "# %s from %s\n", r.Name, from)
			for _, check := range plan {
				row("", check)
				for _, behind := range check.Behind {
					row("  ", behind)
				}
			}
		}
	}
	return b.String()
}

func TestLookUps(t *testing.T) {
	c := openGood(t)
	v, err := c.Version("2019")
	if err != nil || v.Title != "Exchange Server 2019" {
		t.Fatalf("version 2019: %q, %v", v.Title, err)
	}
	if r, err := v.Role("edge"); err != nil || r.Text != "Edge Transport server" {
		t.Errorf("role edge: %v, %v", r, err)
	}
	if services, err := v.ServicesOf("edge"); err != nil || len(services) != 1 {
		t.Errorf("services of edge: %v, %v", services, err)
	}
	const want = `unknown role "hub": accepted: mailbox, edge`
	if _, err := v.ServicesOf("hub"); err == nil || err.Error() != want {
		t.Errorf("services of hub: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	sources := &fstest.MapFile{Data: []byte("sources: {NP: a document}\n")}
	row := "version: \"2019\"\ntitle: t\nroles: [{name: r, text: t}]\nservices:\n" +
		"- {name: x, role: r, port: 26, protocol: smtp, wants: {client: required}, source: [NP A]}\n"
	tests := []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"no sources", fstest.MapFS{"d/2019.yaml": {Data: []byte(row)}}, "open d/sources.yaml: file does not exist"},
		{"sources unknown field", fstest.MapFS{"d/2019.yaml": {Data: []byte(row)}, "d/sources.yaml": {Data: []byte("source: {}\n")}},
			`sources.yaml:1: unknown field "source": did you mean sources? accepted: sources`},
		{"sources empty", fstest.MapFS{"d/2019.yaml": {Data: []byte(row)}, "d/sources.yaml": {Data: []byte("sources: {}\n")}},
			`sources.yaml: sources is missing`},
		{"named after another version", fstest.MapFS{"d/sources.yaml": sources, "d/2016.yaml": {Data: []byte(row)}},
			`2016.yaml: version "2019" must be in 2019.yaml`},
		{"row", fstest.MapFS{"d/sources.yaml": sources, "d/2019.yaml": {Data: []byte(row[:len(row)-2] + ", tls: ssl}\n")}},
			`2019.yaml:5: unknown tls "ssl": accepted: none, starttls, implicit, mutual`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := open(test.files, "d")
			_, err := c.Versions()
			if err == nil || err.Error() != test.want {
				t.Errorf("\n got %v\nwant %s", err, test.want)
			}
		})
	}
}

// One file is read for the plan of one version, and the others are not touched.
func TestOneVersionReadsOneFile(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"2019.yaml", "sources.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", "good", name))
		if err != nil {
			t.Fatal(err)
		}
		files["good/"+name] = &fstest.MapFile{Data: data}
	}
	files["good/5.5.yaml"] = &fstest.MapFile{Data: []byte("this is no catalogue")}
	c := open(files, "good")
	if _, err := c.Plan(Topology{Hosts: []Host{{Name: "h", Version: "2019"}}}, ""); err != nil {
		t.Errorf("plan of 2019, with another file that cannot be read: %v", err)
	}
	if _, err := c.Version("5.5"); err == nil || !strings.HasPrefix(err.Error(), "5.5.yaml:1: ") {
		t.Errorf("version 5.5: %v, want the file and the line", err)
	}
	if _, err := c.Versions(); err == nil {
		t.Error("all versions were read without an error")
	}
}

// Any number of goroutines may ask for versions that nobody has read yet.
func TestReadAtOnce(t *testing.T) {
	c := mustOpen(t)
	var asking sync.WaitGroup
	for range 4 {
		for _, name := range []string{"5.5", "davmail"} {
			asking.Go(func() {
				if v, err := c.Version(name); err != nil || v.Name != name || len(v.Services) == 0 {
					t.Errorf("version %s: %q with %d services, %v", name, v.Name, len(v.Services), err)
				}
			})
		}
	}
	asking.Wait()
}

// BenchmarkOpen is what a command waits for before it can ask anybody.
func BenchmarkOpen(b *testing.B) {
	for name, versions := range map[string][]string{"one": {"2019"}, "auto": {DefaultVersion, "2003"}, "all": mustOpen(b).Names()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c := mustOpen(b)
				for _, name := range versions {
					if _, err := c.Version(name); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkReleases is what a run pays once to know the order of the versions, and what it
// pays when it has to judge the first answer.
func BenchmarkReleases(b *testing.B) {
	b.Run("order", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r := releasesOf(data, "data").order(); len(r) == 0 {
				b.Fatal("there are none")
			}
		}
	})
	b.Run("marks", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if k := releasesOf(data, "data").heads(); k.err != nil {
				b.Fatal(k.err)
			}
		}
	})
}
