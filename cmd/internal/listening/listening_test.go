// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"exreach/catalog"
)

// TestListens runs a listener with one port, connects to it, and looks for both in its lines.
func TestListens(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(free.Addr().String())
	free.Close()
	plan := planFor(t, "davmail gateway")
	plan.Services = plan.Services[:1]
	plan.Services[0].Ports = catalog.Ports{First: at.Port(), Last: at.Port()}
	from, to := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	outputs, err := Open(ctx, "jsonl", "", nil, Places{Stdout: to})
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	note := func(text string) { notes = append(notes, text) }
	l := &Listener{Catalog: catalog.Open(), Plan: plan, Addresses: []netip.Addr{at.Addr()}, Outputs: outputs, Tell: Telling{Note: note, Line: note}}
	ended := make(chan error, 1)
	go func() {
		err := l.Run(ctx)
		to.Close()
		ended <- err
	}()
	var keys []string
	for lines := bufio.NewScanner(from); lines.Scan(); {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &object); err != nil || len(object) != 1 {
			t.Errorf("a line is no object with one key: %s", lines.Text())
		}
		for key := range object {
			keys = append(keys, key)
		}
		switch {
		case object["listener"] != nil:
			conn, err := net.Dial("tcp", at.String())
			if err != nil {
				t.Fatal(err)
			}
			if greeting, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(greeting, "220 ") {
				t.Errorf("greeting %q, error %v", greeting, err)
			}
			conn.Close()
		case object["arrival"] != nil:
			stop()
		case object["end"] != nil && !strings.Contains(lines.Text(), `"silent":[]`):
			t.Errorf("a port saw nothing: %s", lines.Text())
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := strings.Join(keys, " "); got != "listener arrival end" {
		t.Errorf("lines: %s", got)
	}
	if text := strings.Join(notes, "\n"); !strings.Contains(text, "exreach check 127.0.0.1 --version davmail --role gateway --from client") {
		t.Errorf("the notes lack the command for the near end:\n%s", text)
	}
}
