// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// fewDescriptors lets hundreds of checks run with room for a handful of sockets.
func (l *lab) fewDescriptors(t *testing.T) {
	l.firewall(t)
	var hosts []string
	for i := range 20 {
		hosts = append(hosts, fmt.Sprintf("10.77.9.%d", i+1))
	}
	args := slices.Concat([]string{l.exe, "check", "--format", "json", "--version", "2019", "--role", "mailbox", "--from", "mailbox"}, hosts)
	free, _ := l.report(t, l.inside(t, args...))
	limited, _ := l.report(t, l.inside(t, slices.Concat([]string{"prlimit", "--nofile=40:40"}, args)...))
	if len(free.Results) < 300 || len(limited.Results) != len(free.Results) {
		t.Fatalf("%d results without a limit and %d with one, want hundreds and as many", len(free.Results), len(limited.Results))
	}
	answered := 0
	for i, want := range free.Results {
		got := limited.Results[i]
		if got.Host != want.Host || got.Service != want.Service {
			t.Fatalf("result %d is about %s %s, without a limit about %s %s", i, got.Host, got.Service, want.Host, want.Service)
		}
		if got.Verdict != want.Verdict && got.Verdict != "untried" {
			t.Errorf("want %s or untried, got\n%s", want.Verdict, dump(got))
		}
		if got.Verdict == "answered" {
			answered++
		}
	}
	if answered == 0 {
		t.Error("nothing answered under the limit")
	}
}

// interrupted ends a run in the middle: some ports have answered, the peers
// behind the others say nothing.
func (l *lab) interrupted(t *testing.T) {
	l.firewall(t, []string{"accept-silent", "25"}, []string{"accept-silent", "587"}, []string{"accept-silent", "2525"})
	cmd := l.inside(t, l.exe, "check", "--format", "json", "--timeout", "60s",
		mail4, mail6, "--version", "2019", "--role", "mailbox", "--from", "internet")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	l.awaitSilent(t)

	interrupt := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if took := time.Since(interrupt); took > 2*time.Second {
		t.Errorf("ended %v after Ctrl-C: %v", took, err)
	}
	if code := cmd.ProcessState.ExitCode(); code != 1 && code != 2 {
		t.Errorf("exit code %d, want 1 or 2", code)
	}
	verdicts := map[string]int{}
	for _, e := range parseReport(t, stdout.Bytes(), stderr.String()).Results {
		verdicts[string(e.Verdict)]++
	}
	if verdicts["answered"] == 0 || verdicts["untried"] == 0 || verdicts["silent"] > 0 {
		t.Errorf("want what is known answered and the rest untried, got %v", verdicts)
	}
}

// awaitSilent returns when the silent peer holds a connection for each port and
// family, and nothing else is connected: whatever can answer has answered.
func (l *lab) awaitSilent(t *testing.T) {
	t.Helper()
	const want = 6
	var peers []string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		out, err := exec.Command("ip", "netns", "exec", "ex-client", "ss", "-Htn", "state", "established").Output()
		if err != nil {
			t.Fatal("ss: ", err)
		}
		peers = nil
		for line := range strings.Lines(string(out)) {
			fields := strings.Fields(line)
			peers = append(peers, fields[len(fields)-1])
		}
		slices.Sort(peers)
		peers = slices.Compact(peers) // a port that says nothing for long is asked on two connections
		if len(peers) == want && !slices.ContainsFunc(peers, answers) {
			return
		}
	}
	t.Fatalf("want connections to %d ports, all silent, got %q", want, peers)
}

// answers reports whether peer is not one of the silent ports.
func answers(peer string) bool {
	port := peer[strings.LastIndex(peer, ":")+1:]
	return !slices.Contains([]string{"25", "587", "2525"}, port)
}
