// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var conversations = []string{"http", "rpc", "smtp"}

func addFile(t *testing.T, c *Catalog, name string) {
	t.Helper()
	r, err := os.Open(filepath.Join("testdata", "user", name))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := c.Add(name, r, conversations); err != nil {
		t.Fatal(err)
	}
}

func TestAddReplacesAndAppends(t *testing.T) {
	c := openGood(t)
	before, _ := c.Version("2019")
	addFile(t, c, "replace.yaml")
	after, _ := c.Version("2019")

	if before.Services[1].Ports.First != 25 {
		t.Error("Add changed a version that a caller held already")
	}
	if after.Title != "Exchange Server 2019" || len(after.Roles) != 2 {
		t.Errorf("the rest of the version is gone: %q, %v", after.Title, after.Roles)
	}
	smtp, added := after.Services[1], after.Services[len(after.Services)-1]
	if smtp.Name != "smtp" || smtp.Ports.First != 2525 || smtp.TLS != NoTLS || !smtp.Verified {
		t.Errorf("replaced row: %+v", smtp)
	}
	if diff := cmp.Diff([]Source{{Key: "replace.yaml", Title: "replace.yaml"}}, smtp.Sources); diff != "" {
		t.Errorf("a row without a source (-want +got):\n%s", diff)
	}
	if added.Name != "antispam" || added.Sources[0].Title != "receive-connectors.md" {
		t.Errorf("added row: %+v", added)
	}
	if len(after.Services) != len(before.Services)+1 {
		t.Errorf("%d services became %d", len(before.Services), len(after.Services))
	}
}

func TestAddVersion(t *testing.T) {
	c := openGood(t)
	addFile(t, c, "new-version.yaml")
	if diff := cmp.Diff([]string{"5.5", "2019", "2028"}, c.Names()); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	// The only role of a version need not be named.
	plan, err := c.Plan(Topology{Hosts: []Host{{Name: "gw", Version: "2028"}}}, "internet")
	if err != nil || len(plan) != 1 {
		t.Errorf("plan %v, %v", plan, err)
	}
}

func TestAddRefuses(t *testing.T) {
	const head = "version: \"2019\"\nservices:\n"
	tests := []struct{ name, text, want string }{
		{"unknown protocol",
			head + "- {name: x, role: mailbox, port: 26, protocol: smpt, wants: {client: required}}\n",
			`user.yaml:3: unknown protocol "smpt": did you mean smtp? accepted: http, rpc, smtp`},
		{"unknown source",
			head + "- {name: x, role: mailbox, port: 26, protocol: smtp, wants: {client: required}, source: [OWN A]}\n",
			`user.yaml:3: unknown source "OWN": accepted: NP, RC`},
		{"unknown role",
			head + "- {name: x, role: edgy, port: 26, protocol: smtp, wants: {client: required}}\n",
			`user.yaml:3: unknown role "edgy": did you mean edge? accepted: mailbox, edge`},
		{"mapper taken from its interfaces",
			head + "- {name: x, role: mailbox, port: 26, protocol: smtp, wants: {client: required}}\n" +
				"- {name: endpoint-mapper, role: mailbox, port: 135, protocol: rpc, wants: {mailbox: required}}\n",
			`user.yaml:4: client wants the RPC interface "emsmdb", but not the endpoint mapper that leads to it: add client to the wants of "endpoint-mapper"`},
		{"new version without title",
			strings.ReplaceAll(head, "2019", "2028") + "- {name: x, role: mailbox, port: 26, protocol: smtp, wants: {client: required}}\n",
			`user.yaml: title is missing: a new version needs the product's name`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := openGood(t)
			err := c.Add("user.yaml", strings.NewReader(test.text), conversations)
			if err == nil || err.Error() != test.want {
				t.Errorf("\n got %v\nwant %s", err, test.want)
			}
			if diff := cmp.Diff(all(t, openGood(t)), all(t, c)); diff != "" {
				t.Errorf("the catalogue changed:\n%s", diff)
			}
		})
	}
}

// A service that nobody asks may speak what no conversation knows.
func TestAddUnaskedProtocol(t *testing.T) {
	text := "version: \"2019\"\nservices:\n- {name: x, role: mailbox, port: dynamic, protocol: rtp, unasked: no fixed port}\n"
	if err := openGood(t).Add("user.yaml", strings.NewReader(text), conversations); err != nil {
		t.Error(err)
	}
}

func TestAddReadError(t *testing.T) {
	err := openGood(t).Add("user.yaml", broken{}, nil)
	if !errors.Is(err, os.ErrPermission) || !strings.HasPrefix(err.Error(), "user.yaml: ") {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, os.ErrPermission }
