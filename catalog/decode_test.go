// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the expected messages and the golden tables anew")

// open the catalogue of testdata, which is small and does not change.
func openGood(t testing.TB) *Catalog {
	t.Helper()
	c := open(os.DirFS("testdata"), "good")
	c.releases = nil // as in the checks that they are compared with
	return c
}

// eachBad runs read over the files of dir: each has one mistake, and the
// expected message in a comment on its first line.
func eachBad(t *testing.T, dir string, read func(name string, data []byte) error) {
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			err = read(filepath.Base(path), data)
			var at *FileError
			if !errors.As(err, &at) {
				t.Fatalf("got %v (%[1]T), want a *FileError", err)
			}
			first, rest, _ := bytes.Cut(data, []byte("\n"))
			got := "# error: " + err.Error()
			if *update {
				if err := os.WriteFile(path, append([]byte(got+"\n"), rest...), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(first) {
				t.Errorf("\n got %s\nwant %s", got, first)
			}
		})
	}
}

func TestBadFiles(t *testing.T) {
	sources, err := openGood(t).sources()
	if err != nil {
		t.Fatal(err)
	}
	eachBad(t, "bad", func(name string, data []byte) error {
		d := decoder{sources: sources, shared: func() []Mark { return []Mark{{Name: "pop3-ready"}, {Name: "smtp-ready"}} }}
		root, err := document(bytes.NewReader(data))
		var f file
		if err == nil {
			f, err = d.file(root)
		}
		if err == nil {
			_, err = Version{Release: Release{Name: f.Name}}.merge(f)
		}
		if err == nil {
			return nil
		}
		return inFile(name, err)
	})
}

func TestBadTopology(t *testing.T) {
	eachBad(t, "bad-topology", func(name string, data []byte) error {
		_, err := LoadTopology(name, bytes.NewReader(data))
		return err
	})
}

func TestFileTooLarge(t *testing.T) {
	large := strings.NewReader(strings.Repeat("# padding\n", maxFile/10+1))
	err := openGood(t).Add("large.yaml", large, nil)
	if err == nil || err.Error() != "large.yaml: the file is larger than 1024 KiB" {
		t.Errorf("got %v", err)
	}
}

func TestDecodedRow(t *testing.T) {
	v, err := openGood(t).Version("2019")
	if err != nil {
		t.Fatal(err)
	}
	smtp := Service{
		Name: "smtp", Role: "mailbox", Facts: []string{"ex2019-25"},
		Network: TCP, Ports: Ports{25, 25}, Protocol: "smtp", TLS: StartTLS,
		Wants:    map[string]Want{"internet": Required, "client": Optional},
		Note:     "Takes the mail of the world.",
		Sources:  []Source{{"NP", "network-ports.md", "A"}, {"RC", "receive-connectors.md", "M"}},
		Verified: true,
	}
	if diff := cmp.Diff(smtp, v.Services[1]); diff != "" {
		t.Errorf("smtp (-want +got):\n%s", diff)
	}
	emsmdb := &Interface{"EMSMDB", "a4f1db00-ca47-1067-b31f-00dd010662da", 0, 81}
	if diff := cmp.Diff(emsmdb, v.Services[0].RPC); diff != "" {
		t.Errorf("emsmdb (-want +got):\n%s", diff)
	}
	owa := &Directory{Path: "/owa/", Status: []int{301, 302}, Health: "/owa/healthcheck.htm"}
	if diff := cmp.Diff(owa, v.Services[4].HTTP); diff != "" {
		t.Errorf("owa (-want +got):\n%s", diff)
	}
	if media := v.Services[5]; media.Ports != (Ports{1024, 65535}) || media.Network != UDP {
		t.Errorf("media is at %s/%s", media.Network, media.Ports)
	}
}

func FuzzCatalogFile(f *testing.F) {
	for _, dir := range []string{"good", "bad", "user"} {
		files, _ := filepath.Glob(filepath.Join("testdata", dir, "*.yaml"))
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	good := openGood(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := *good
		err := c.Add("fuzz.yaml", bytes.NewReader(data), []string{"smtp", "rpc", "http"})
		if err != nil {
			var at *FileError
			if !errors.As(err, &at) || at.File != "fuzz.yaml" {
				t.Errorf("error without the file: %v", err)
			}
			if &c.shelves[0] != &good.shelves[0] {
				t.Error("a bad file changed the catalogue")
			}
			return
		}
		// Whatever was accepted can be planned: one check for each asked row.
		for _, v := range all(t, &c) {
			for _, r := range v.Roles {
				for _, from := range askedBy(v.servicesOf(r.Name)) {
					plan, err := c.Plan(Topology{Hosts: []Host{{Name: "h", Version: v.Name, Role: r.Name}}}, from)
					if err != nil {
						t.Fatal(err)
					}
					got, want := 0, 0
					for _, check := range plan {
						got += 1 + len(check.Behind)
					}
					for _, s := range v.servicesOf(r.Name) {
						if s.Wants[from] != "" && s.Unasked == "" {
							want++
						}
					}
					if got != want {
						t.Errorf("%s %s from %s: %d checks for %d asked services", v.Name, r.Name, from, got, want)
					}
				}
			}
		}
	})
}

func FuzzTopology(f *testing.F) {
	f.Add([]byte("from: client\nhosts:\n  - {name: h, version: \"2019\", role: mailbox, rpc_ports: {emsmdb: 59532}}\n"))
	c := openGood(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		topology, err := LoadTopology("fuzz.yaml", bytes.NewReader(data))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.yaml:") {
				t.Errorf("error without the file: %v", err)
			}
			return
		}
		plan, err := c.Plan(topology, "")
		if err == nil && len(plan) < len(topology.Hosts) {
			t.Errorf("%d hosts have only %d checks", len(topology.Hosts), len(plan))
		}
	})
}

// TestBrackets: a file of nothing but signs would take a hundred times its size in
// memory; one of the most hosts that fit is read.
func TestBrackets(t *testing.T) {
	for name, text := range map[string]string{
		"flow":   "hosts: [" + strings.Repeat("[],", 300000) + "]",
		"blocks": "hosts:\n" + strings.Repeat("- \n", 300000),
		"maps":   "hosts: " + strings.Repeat("[{", 50000),
	} {
		if _, err := LoadTopology(name, strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "and little else") {
			t.Errorf("%s: %v", name, err)
		}
	}
	topology, err := LoadTopology("many", strings.NewReader("hosts:\n"+strings.Repeat("- {name: a.b.c, version: se, role: mailbox}\n", 20000)))
	if err != nil || len(topology.Hosts) != 20000 {
		t.Errorf("20000 hosts: %d, %v", len(topology.Hosts), err)
	}
}
