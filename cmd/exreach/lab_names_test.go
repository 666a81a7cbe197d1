// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import "testing"

func (l *lab) oneDeadAddress(t *testing.T) {
	l.firewall(t)
	r, code := l.check(t, "twofaces.lab.test", "--version", "2019", "--role", "mailbox", "--from", "client",
		"--only", "587", "--timeout", "4s", "--connect-timeout", "1500ms")
	got := map[string]string{}
	for _, e := range r.Results {
		got[e.Address] = string(e.Verdict)
	}
	if len(r.Results) != 2 || got[mail4] != "answered" || got[dead4] != "timed-out" {
		t.Errorf("want %s answered and %s timed-out, got\n%s", mail4, dead4, dump(r.Results...))
	}
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func (l *lab) noSuchName(t *testing.T) {
	l.firewall(t)
	r, code := l.check(t, "nosuch.lab.test", "--version", "2019", "--role", "mailbox", "--from", "client")
	for _, e := range r.Results {
		if e.Verdict != "unresolved" || e.Address != "" || e.Step != "resolve" {
			t.Errorf("want unresolved, got\n%s", dump(e))
		}
	}
	if len(r.Results) == 0 || code != 2 {
		t.Errorf("%d results and exit code %d, want some and 2", len(r.Results), code)
	}
}
