// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"testing"
	"time"
)

// randomBytes has a peer that says random bytes take every port, over TCP and
// UDP: the run ends in time, and nothing but a bare connect is answered.
func (l *lab) randomBytes(t *testing.T) {
	l.firewall(t, []string{"random"})
	matrix := l.file(t, "random.yaml", matrixCatalog())
	for _, c := range []struct{ version, role, from string }{
		{"2019", "mailbox", "internet"},
		{"windows", "domain-controller", "mailbox"},
		{"lab", "mail", "client"},
		{"lab", "dc", "client"},
	} {
		t.Run(c.version+" "+c.role, func(t *testing.T) {
			start := time.Now()
			r, _ := l.check(t, dc4, dc6, "--catalog", matrix, "--version", c.version, "--role", c.role, "--from", c.from,
				"--per-host", "64", "--timeout", "1s", "--connect-timeout", "500ms")
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			counts := map[string]int{}
			for _, e := range r.Results {
				counts[string(e.Verdict)]++
				if e.Verdict == "answered" && e.Protocol != "tcp" {
					t.Errorf("noise is taken for %s:\n%s", e.Protocol, dump(e))
				}
			}
			// The peer must have been there.
			if counts["mismatch"] == 0 || counts["untried"] > 0 || counts["refused"] > 0 {
				t.Errorf("verdicts: %v", counts)
			}
		})
	}
}
