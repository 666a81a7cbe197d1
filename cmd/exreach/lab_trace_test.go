// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge/route"
)

// A traceCase is what exreach trace must say in a scene, for both families. In
// its sentence FIREWALL and SERVER stand for the addresses of the family.
type traceCase struct {
	name     string
	rules    [][]string
	port     string
	options  []string
	code     int
	sentence string
}

var traceCases = []traceCase{
	{name: "open", port: "135", code: 0,
		sentence: "Port 135 goes through to the server, at hop 3: nothing on the path blocks it."},
	{name: "dropped", rules: [][]string{{"drop-in", "135"}}, port: "135", options: []string{"--compare", "443"}, code: 1,
		sentence: "Port 135 stops after FIREWALL, port 443 goes on to the server: what drops it is FIREWALL or the server's own firewall."},
	{name: "the answer is dropped", rules: [][]string{{"drop-out", "135"}}, port: "135", options: []string{"--compare", "443"}, code: 1,
		sentence: "Port 135 stops after FIREWALL, port 443 goes on to the server: what drops it is FIREWALL or the server's own firewall."},
	{name: "prohibited", rules: [][]string{{"icmp-admin", "135"}}, port: "135", options: []string{"--compare", "443"}, code: 1,
		sentence: "FIREWALL says that a rule forbids port 135 (administratively prohibited), port 443 goes on to the server."},
	{name: "rejected", rules: [][]string{{"icmp-port", "135"}}, port: "135", options: []string{"--compare", "443"}, code: 1,
		sentence: "FIREWALL says that port 135 is unreachable (ICMP port unreachable), port 443 goes on to the server."},
	{name: "the first router is silent", rules: [][]string{{"router-silent"}, {"drop-in", "135"}}, port: "135", options: []string{"--compare", "443"}, code: 1,
		sentence: "Port 135 stops after FIREWALL, port 443 goes on to the server: what drops it is FIREWALL or the server's own firewall. Hop 1 does not answer but lets it pass."},
	{name: "open behind a silent router", rules: [][]string{{"router-silent"}}, port: "135", code: 0,
		sentence: "Port 135 goes through to the server, at hop 3: nothing on the path blocks it. Hop 1 does not answer but lets it pass."},
	{name: "all is dropped", rules: [][]string{{"drop-in"}}, port: "135", code: 2,
		sentence: "Port 135 stops after FIREWALL. No other port of the server is known to answer, so it may be down, or everything to it is dropped."},
	{name: "UDP open", port: "53", options: []string{"--udp"}, code: 0,
		sentence: "Port 53/udp goes through to the server, at hop 3: nothing on the path blocks it."},
	{name: "UDP dropped", rules: [][]string{{"drop-in", "53/udp"}}, port: "53", options: []string{"--udp", "--compare", "135"}, code: 2,
		sentence: "Port 53/udp stops after FIREWALL, port 135/tcp goes on to the server: what drops it is FIREWALL or the server's own firewall, unless the service got it and does not answer."},
	{name: "UDP prohibited", rules: [][]string{{"icmp-admin", "53/udp"}}, port: "53", options: []string{"--udp", "--compare", "135"}, code: 1,
		sentence: "FIREWALL says that a rule forbids port 53/udp (administratively prohibited), port 135/tcp goes on to the server."},
}

// traces: who drops a port, as user nobody and over both families.
func (l *lab) traces(t *testing.T) {
	for _, c := range traceCases {
		t.Run(c.name, func(t *testing.T) {
			l.firewall(t, c.rules...)
			hosts := map[string]string{mail4: firewall4, mail6: firewall6}
			if slices.Contains(c.options, "--udp") {
				hosts = map[string]string{dc4: firewall4, dc6: firewall6}
			}
			for host, firewall := range hosts {
				r, code := l.trace(t, slices.Concat([]string{net.JoinHostPort(host, c.port)}, c.options)...)
				want := strings.ReplaceAll(c.sentence, "FIREWALL", firewall)
				if code != c.code || len(r.Traces) != 1 || r.Traces[0].Address != host || r.Traces[0].Sentence != want {
					t.Errorf("exit code %d, want %d and %q; got\n%+v", code, c.code, want, r.Traces)
				}
			}
		})
	}
	t.Run("every address of a name", l.traceOfName)
	t.Run("in a check", l.tracesOfCheck)
}

// trace runs exreach trace and reads what it printed.
func (l *lab) trace(t *testing.T, args ...string) (content.TraceReport, int) {
	t.Helper()
	cmd := l.inside(t, slices.Concat([]string{l.exe, "trace", "--format", "json"}, args)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if exit := (*exec.ExitError)(nil); !errors.As(cmd.Run(), &exit) && cmd.ProcessState == nil {
		t.Fatal("exreach trace did not run")
	}
	var r content.TraceReport
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatalf("%v\nstdout: %s\nstderr: %s", err, &stdout, &stderr)
	}
	return r, cmd.ProcessState.ExitCode()
}

// traceOfName blocks one family: the sentence of the other says so.
func (l *lab) traceOfName(t *testing.T) {
	l.firewall(t, []string{"drop-in", "135", "6"})
	r, code := l.trace(t, "mail01.lab.test:135")
	got := map[string]route.Outcome{}
	for _, traced := range r.Traces {
		got[traced.Address] = traced.Outcome
	}
	if code != 1 || len(got) != 2 || got[mail4] != route.Open || got[mail6] != route.Blocked {
		t.Errorf("exit code %d, %v", code, got)
	}
}

// tracesOfCheck: each row that timed out has a trace, beside a port of the run; of a dead
// address the first port alone, and the others say so.
func (l *lab) tracesOfCheck(t *testing.T) {
	l.firewall(t, []string{"drop-in", "443"}, []string{"drop-in", "587"})
	r, _ := l.check(t, mail4, mail6, dead4, "--version", "2019", "--role", "mailbox", "--from", "client", "--trace", "--connect-timeout", "1s")
	traced := map[string]int{}
	for _, e := range r.Results {
		switch {
		case e.Verdict == "timed-out" && e.Trace != nil && e.Trace.Outcome != route.NotTraced:
			traced[e.Address+" "+fmt.Sprint(e.Port)]++
		case e.Verdict == "timed-out" && (e.Address != dead4 || e.Trace == nil || e.Trace.Reason != probe.SamePath), e.Verdict != "timed-out" && e.Trace != nil:
			t.Errorf("a trace belongs to what timed out\n%s", dump(e))
		}
		if e.Trace == nil || e.Address == dead4 {
			continue
		}
		firewall := map[string]string{mail4: firewall4, mail6: firewall6}[e.Address]
		if e.Trace.After != firewall {
			t.Errorf("it stops after %q, want %q\n%s", e.Trace.After, firewall, dump(e))
		}
		if want := fmt.Sprintf("Port %d stops after %s, port ", e.Port, firewall); !strings.HasPrefix(e.Trace.Sentence, want) || e.Trace.Outcome != route.Blocked {
			t.Errorf("want %q...\n%s", want, dump(e))
		}
	}
	if traced[mail4+" 443"] < 2 || traced[mail6+" 587"] != 1 || traced[dead4+" 25"] != 1 || traced[dead4+" 443"] != 0 {
		t.Errorf("traced rows: %v", traced)
	}
}
