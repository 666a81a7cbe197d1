// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"exreach/report/content"
)

// checkDC asks a domain controller's endpoint mapper and what is behind it.
func (l *lab) checkDC(t *testing.T, host string) (mapper content.Entry, children []content.Entry) {
	t.Helper()
	r, _ := l.check(t, host, "--version", "windows", "--role", "domain-controller", "--from", "mailbox",
		"--only", "135", "--timeout", "4s", "--connect-timeout", "1500ms")
	return family(t, r, host)
}

// family splits the results of host into its endpoint mapper and the rest.
func family(t *testing.T, r content.Report, host string) (mapper content.Entry, children []content.Entry) {
	t.Helper()
	for _, e := range r.Results {
		switch {
		case e.Host != host:
		case e.Parent == "" && e.Port == 135:
			mapper = e
		case e.Parent != "":
			children = append(children, e)
		}
	}
	if mapper.Service == "" {
		t.Fatalf("no endpoint mapper at %s in\n%s", host, dump(r.Results...))
	}
	return mapper, children
}

func (l *lab) endpointMap(t *testing.T) {
	l.firewall(t)
	// rpcclient prints one line per entry.
	out, err := l.inside(t, "rpcclient", "-U%", "ncacn_ip_tcp:"+dc4, "-c", "epmlookup").Output()
	if err != nil {
		t.Fatal("rpcclient: ", err)
	}
	want := strings.Count(string(out), "abstract_syntax=")
	if want < 50 {
		t.Fatalf("rpcclient reads %d entries:\n%s", want, out)
	}
	for _, host := range []string{dc4, dc6} {
		mapper, children := l.checkDC(t, host)
		if mapper.Verdict != "answered" || mapper.Peer == nil || mapper.Peer.Facts["entries"] != strconv.Itoa(want) {
			t.Errorf("want answered and %d entries, got\n%s", want, dump(mapper))
		}
		found := map[string]bool{}
		for _, e := range registered(children) {
			if e.Verdict != "answered" || e.Step != "talk" || e.Parent != mapper.Service || e.Address != host || e.Port < 49152 {
				t.Errorf("want answered at %s on a dynamic port, behind %s; got\n%s", host, mapper.Service, dump(e))
			}
			found[e.Service] = true
		}
		for _, name := range []string{"drsuapi", "netlogon", "lsarpc", "samr"} {
			if !found[name] {
				t.Errorf("%s: no result for %s in\n%s", host, name, dump(children...))
			}
		}
	}
}

func (l *lab) rpcPortDropped(t *testing.T) {
	l.firewall(t, []string{"drop-in", "49152-65535"})
	for _, host := range []string{dc4, dc6} {
		mapper, children := l.checkDC(t, host)
		if mapper.Verdict != "answered" {
			t.Errorf("want the mapper answered, got\n%s", dump(mapper))
		}
		if len(registered(children)) < 4 {
			t.Errorf("want four interfaces at least, got\n%s", dump(children...))
		}
		for _, e := range registered(children) {
			if e.Verdict != "timed-out" || e.Parent != mapper.Service || e.Port < 49152 {
				t.Errorf("want timed-out on a dynamic port, got\n%s", dump(e))
			}
		}
	}
}

// registered is the children that the endpoint map leads to a port.
func registered(children []content.Entry) []content.Entry {
	return slices.DeleteFunc(slices.Clone(children), func(e content.Entry) bool { return e.Port == 0 })
}

// notRegistered asks Samba for the store's interface, which it does not have.
func (l *lab) notRegistered(t *testing.T) {
	l.firewall(t)
	r, code := l.check(t, mail4, mail6, "--version", "2010", "--role", "mailbox", "--from", "client-access", "--only", "135")
	for _, host := range []string{mail4, mail6} {
		mapper, children := family(t, r, host)
		if mapper.Verdict != "answered" {
			t.Errorf("want the mapper answered, got\n%s", dump(mapper))
		}
		if len(children) != 1 || children[0].Service != "emsmdb" || children[0].Verdict != "refused" || children[0].Port != 0 ||
			!strings.Contains(children[0].Detail, "not registered") {
			t.Errorf("want emsmdb refused because it is not registered, got\n%s", dump(children...))
		}
	}
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}
