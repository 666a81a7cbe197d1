// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/report/content"
	"exreach/report/judge"
)

// fromServer is a role with more ports than a limit of connections lets through.
var fromServer = []string{mail4, "--version", "2019", "--role", "mailbox", "--from", "mailbox"}

// runs is how often a scene that depends on chance is played: EXREACH_LAB_RUNS.
func runs(t *testing.T) int {
	t.Helper()
	text := os.Getenv("EXREACH_LAB_RUNS")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("EXREACH_LAB_RUNS=%q is no number of runs", text)
	}
	return n
}

// verdicts are those of a report by port and service.
func verdicts(r content.Report) map[string]string {
	all := map[string]string{}
	for _, e := range r.Results {
		all[e.Service+" "+strconv.Itoa(int(e.Port))] = string(e.Verdict)
	}
	return all
}

// compareVerdicts wants the verdicts of a run where nothing was in the way.
func compareVerdicts(t *testing.T, r content.Report, open map[string]string) {
	t.Helper()
	for _, e := range r.Results {
		if want := open[e.Service+" "+strconv.Itoa(int(e.Port))]; string(e.Verdict) != want {
			t.Errorf("want %s, got\n%s", want, dump(e))
		}
	}
	if len(r.Results) != len(open) {
		t.Errorf("%d results, want %d", len(r.Results), len(open))
	}
}

// connectionLimits has a firewall turn away what a source opens above a limit.
func (l *lab) connectionLimits(t *testing.T) {
	l.firewall(t)
	r, _ := l.check(t, fromServer...)
	open := verdicts(r)
	for _, mode := range []string{"limit-drop", "limit-rst", "limit-icmp"} {
		for _, limit := range []string{"5", "6", "10"} {
			t.Run(mode+" "+limit, func(t *testing.T) {
				l.firewall(t, []string{mode, limit})
				for range runs(t) {
					r, _ := l.check(t, fromServer...)
					compareVerdicts(t, r, open)
				}
			})
		}
	}
}

// stoodStill stops the program at different moments, side by side: for 5 s, or for
// 25 s at ten moments where EXREACH_LAB_RUNS asks for more than one run.
func (l *lab) stoodStill(t *testing.T) {
	l.firewall(t)
	r, _ := l.check(t, fromServer...)
	open := verdicts(r)
	moments, pause := 3, 5*time.Second
	args := append([]string{l.exe, "check", "--format", "json", "--timeout", "4s"}, fromServer...)
	if runs(t) > 1 {
		moments, pause = 10, 25*time.Second
		args = append([]string{l.exe, "check", "--format", "json"}, fromServer...)
	}
	reports := make([]bytes.Buffer, moments)
	var each sync.WaitGroup
	for i := range moments {
		each.Go(func() {
			cmd := l.inside(t, args...)
			cmd.Stdout = &reports[i]
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(time.Duration(20+i*100/moments) * time.Millisecond)
			_ = cmd.Process.Signal(syscall.SIGSTOP)
			time.Sleep(pause)
			_ = cmd.Process.Signal(syscall.SIGCONT)
			_ = cmd.Wait()
		})
	}
	each.Wait()
	for i := range reports {
		compareVerdicts(t, parseReport(t, reports[i].Bytes(), ""), open)
	}
}

// silences tells apart why nothing comes after the connect.
func (l *lab) silences(t *testing.T) {
	for _, scene := range []struct{ name, mode, want string }{
		{"the service is frozen", "", "held"},
		{"a tarpit", "accept-silent", "held"},
		{"nothing arrives", "one-way", "not-arrived"},
		{"large packets are lost", "mtu-hole", "answer-lost"},
	} {
		t.Run(scene.name, func(t *testing.T) {
			if scene.mode == "" {
				l.firewall(t)
				freeze(t, "nginx")
			} else {
				l.firewall(t, []string{scene.mode, "443"})
			}
			for range min(runs(t), 10) {
				r, _ := l.check(t, mail4, mail6, "--version", "2019", "--role", "mailbox", "--from", "client", "--only", "25,443", "--timeout", "6s")
				for _, e := range r.Results {
					if e.Port == 443 && (e.Verdict != "silent" || string(e.Silence) != scene.want) {
						t.Errorf("want silent, %s; got\n%s", scene.want, dump(e))
					}
				}
			}
		})
	}
}

// freeze stops a server of the lab until the test ends.
func freeze(t *testing.T, name string) {
	t.Helper()
	out, err := exec.Command("ip", "netns", "pids", "ex-srv").Output()
	if err != nil {
		t.Fatal("ip netns pids: ", err)
	}
	for _, word := range strings.Fields(string(out)) {
		comm, _ := os.ReadFile(filepath.Join("/proc", word, "comm"))
		pid, err := strconv.Atoi(word)
		if err != nil || strings.TrimSpace(string(comm)) != name {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
	}
}

// decoys has a device begin to answer everything after some connects. Nothing that
// it answered may count as the server's.
func (l *lab) decoys(t *testing.T) {
	for _, gentle := range []bool{false, true} {
		for range min(runs(t), 3) {
			l.firewall(t, []string{"decoy", "9"})
			args := append(slices.Clone(fromServer), "--timeout", "2s")
			if gentle {
				args = append(args, "--gentle")
			}
			r, _ := l.check(t, args...)
			linked := 0
			for _, e := range r.Results {
				hollow := e.Verdict == "silent" || e.Verdict == "answered" && e.Protocol == "tcp" && e.Service != "control-port"
				if hollow && e.Grade != judge.Unknown {
					t.Errorf("gentle %t: want unknown, got\n%s", gentle, dump(e))
				}
				if slices.ContainsFunc(e.Findings, func(f judge.Finding) bool { return f.Code == "everything-answers" }) {
					linked++
				}
			}
			if linked < 3 {
				t.Errorf("gentle %t: %d rows with everything-answers\n%s", gentle, linked, dump(r.Results...))
			}
		}
	}
}

// seldomICMP has a firewall prohibit all ports and say so once a second. A port that should
// be closed is not known to be: nothing shows that the host is up.
func (l *lab) seldomICMP(t *testing.T) {
	l.firewall(t, []string{"icmp-seldom", "all"})
	r, _ := l.check(t, fromServer...)
	lost := 0
	for _, e := range r.Results {
		if e.Verdict != "timed-out" || e.Grade == judge.Pass {
			continue
		}
		if e.Want == catalog.Off {
			if e.Grade != judge.Unknown || !has(e, "host-not-seen") {
				t.Errorf("want host-not-seen, got\n%s", dump(e))
			}
			continue
		}
		lost++
		if len(e.Findings) == 0 || e.Findings[0].Code != "likely-prohibited" || !strings.Contains(e.Findings[0].Text, firewall4) {
			t.Errorf("want likely-prohibited by %s, got\n%s", firewall4, dump(e))
		}
	}
	if lost == 0 {
		t.Errorf("no port timed out\n%s", dump(r.Results...))
	}
}
