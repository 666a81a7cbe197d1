// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"exreach/report/content"
	"exreach/report/judge"
)

// command is exreach in the namespace, as nobody.
func (m machineOfNames) command(t *testing.T, args ...string) *exec.Cmd {
	cmd := m.inside(t, slices.Concat([]string{m.exe}, args)...)
	cmd.Args[slices.Index(cmd.Args, "ex-client")] = m.name
	return cmd
}

func (m machineOfNames) check(t *testing.T, stdin string, args ...string) (content.Report, int, time.Duration, *exec.Cmd) {
	t.Helper()
	cmd := m.command(t, slices.Concat([]string{"check", "--format", "json", "--version", "2019", "--only", "25"}, args)...)
	cmd.Stdin = strings.NewReader(stdin)
	began := time.Now()
	r, code := m.report(t, cmd)
	return r, code, time.Since(began), cmd
}

// manyNames looks up names behind name servers that lose, limit and swallow
// questions, with the first one dead. EXREACH_LAB_NAMES says how many.
func (l *lab) manyNames(t *testing.T) {
	many, err := strconv.Atoi(cmp.Or(os.Getenv("EXREACH_LAB_NAMES"), "100"))
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for i := range many {
		fmt.Fprintf(&list, "mail%d.lab.test\n", i)
	}
	numbered := func(name string) []string {
		var i int
		if n, err := fmt.Sscanf(name, "mail%d.lab.test", &i); n != 1 || err != nil {
			return nil
		}
		return []string{fmt.Sprintf("10.88.%d.%d", 1+i/250, 1+i%250)}
	}
	for _, scene := range []struct {
		name   string
		server *labServer
		dead   bool
	}{
		{"healthy", &labServer{}, false},
		{"3 % lost each way", &labServer{loss: .03}, false},
		{"10 % lost each way", &labServer{loss: .1}, false},
		{"150 questions a second", &labServer{perSecond: 150}, false},
		{"AAAA swallowed", &labServer{swallows: dnsmessage.TypeAAAA}, false},
		{"first server dead", &labServer{}, true},
		{"all of it", &labServer{loss: .1, perSecond: 150, swallows: dnsmessage.TypeAAAA}, true},
	} {
		t.Run(scene.name, func(t *testing.T) {
			conf := "nameserver 10.88.0.53\n"
			if scene.dead {
				conf = "nameserver 10.99.0.53\n" + conf
			}
			m := l.namesMachine(t, conf, "127.0.0.1 localhost\n")
			if scene.dead { // nobody answers for it, and nobody says so
				m.ip(t, "-n", m.name, "link", "add", "va", "type", "veth", "peer", "name", "vb")
				m.ip(t, "-n", m.name, "addr", "add", "10.99.0.1/24", "dev", "va")
				m.ip(t, "-n", m.name, "link", "set", "va", "up")
				m.ip(t, "-n", m.name, "link", "set", "vb", "up")
				m.ip(t, "-n", m.name, "neigh", "add", "10.99.0.53", "lladdr", "02:00:00:00:00:01", "dev", "va")
			}
			server := scene.server
			server.addrs = numbered
			server.serve(t, m, "10.88.0.53")
			r, _, took, _ := m.check(t, list.String(), "--hosts", "-")
			untried := slices.DeleteFunc(slices.Clone(r.Results), func(e content.Entry) bool { return e.Verdict == "refused" })
			if len(r.Results) != many || len(untried) > 0 {
				t.Errorf("%d results of %d names, not looked up:\n%s", len(r.Results), many, dump(untried...))
			}
			t.Logf("%d names, %d untried, %.1f s, %d questions", many, len(untried), took.Seconds(), server.count())
		})
	}
}

// oddNames asks names that lead to no host, to this machine, to another name and
// to more addresses than anybody should have to ask.
func (l *lab) oddNames(t *testing.T) {
	m := l.namesMachine(t, "nameserver 10.88.0.53\nsearch wild.test\n", "127.0.0.1 localhost\n127.0.1.1 here.lab.test\n")
	m.ip(t, "-n", m.name, "link", "add", "va", "type", "veth", "peer", "name", "vb")
	m.ip(t, "-n", m.name, "addr", "add", "169.254.1.1/16", "dev", "va")
	m.ip(t, "-n", m.name, "link", "set", "va", "up")
	m.ip(t, "-n", m.name, "link", "set", "vb", "up")
	if out, err := exec.Command("ip", "netns", "exec", m.name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	known := map[string][]string{
		"both.lab.test":     {"10.88.2.1", "fd88::1"},
		"six.lab.test":      {"fd88::1"},
		"blocked.lab.test":  {"0.0.0.0", "::"},
		"reserved.lab.test": {"169.254.17.3"},
		"many.lab.test":     nil,
	}
	for i := range 4000 {
		known["many.lab.test"] = append(known["many.lab.test"], fmt.Sprintf("10.88.%d.%d", 100+i/250, 1+i%250))
	}
	server := labServer{addrs: func(name string) []string {
		if strings.HasSuffix(name, ".wild.test") {
			return []string{"10.88.3.3"}
		}
		return known[name]
	}}
	server.serve(t, m, "10.88.0.53")
	for _, tt := range []struct {
		host, verdict, code, says string
		within                    time.Duration
		rows                      int
	}{
		{"both.lab.test", "refused", "name-no-way", "This machine has no IPv6, so fd88::1", 300 * time.Millisecond, 1},
		{"six.lab.test", "untried", "untried", "machine has no IPv6", 300 * time.Millisecond, 1},
		{"blocked.lab.test", "unresolved", "name-sinkhole", "10.88.0.53 gives 0.0.0.0, ::", time.Second, 1},
		{"typo.lab.test", "refused", "name-search", "typo.lab.test.wild.test", time.Second, 1},
		{"here.lab.test", "refused", "name-loopback", "127.0.1.1 (according to /etc/hosts)", time.Second, 1},
		{"reserved.lab.test", "unreachable", "name-reserved", "169.254.17.3", 10 * time.Second, 1},
		{"many.lab.test", "refused", "name-many-addresses", "4000 addresses: 16 of them", 2 * time.Second, 16},
	} {
		t.Run(tt.host, func(t *testing.T) {
			r, _, took, cmd := m.check(t, "", tt.host)
			if len(r.Results) != tt.rows || took > tt.within {
				t.Fatalf("%d results in %s, want %d within %s", len(r.Results), took, tt.rows, tt.within)
			}
			f, found := judge.Finding{}, false
			for _, one := range r.Results[0].Findings {
				if one.Code == tt.code {
					f, found = one, true
				}
			}
			if string(r.Results[0].Verdict) != tt.verdict || !found || !strings.Contains(f.Text, tt.says) {
				t.Errorf("want %s with %s, got\n%s", tt.verdict, tt.code, dump(r.Results[0]))
			}
			used := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
			if used > 60<<10 {
				t.Errorf("%d KiB of memory", used)
			}
			t.Logf("%s in %d ms, %d MiB: %s", r.Results[0].Verdict, took.Milliseconds(), used>>10, f.Text)
		})
	}
	r, code, _, _ := m.check(t, "", "typo.lab.test.")
	if code != 2 || len(r.Results) != 1 || r.Results[0].Verdict != "unresolved" || r.Results[0].Host != "typo.lab.test." {
		t.Errorf("with a dot at its end: exit code %d\n%s", code, dump(r.Results...))
	}
}

// swallowedAAAA says that one type of record had no answer.
func (l *lab) swallowedAAAA(t *testing.T) {
	m := l.namesMachine(t, "nameserver 10.88.0.53\n", "")
	server := labServer{swallows: dnsmessage.TypeAAAA, addrs: func(string) []string { return []string{"10.88.2.1"} }}
	server.serve(t, m, "10.88.0.53")
	r, _, took, _ := m.check(t, "", "mail01.lab.test")
	if len(r.Results) != 1 || r.Results[0].Verdict != "refused" || took > 4*time.Second || r.Results[0].Name == nil || !slices.Equal(r.Results[0].Name.Unanswered, []string{"AAAA"}) {
		t.Errorf("after %s: %s", took, dump(r.Results...))
	}
}

// deadServers names the servers that failed, and lets Ctrl-C end the waiting.
func (l *lab) deadServers(t *testing.T) {
	m := l.namesMachine(t, "nameserver 10.88.0.53\nnameserver 10.88.0.54\n", "")
	server := labServer{loss: 1}
	server.serve(t, m, "10.88.0.53")
	r, code, took, _ := m.check(t, "", "mail01.lab.test", "--resolve-timeout", "4s")
	const want = "no name server gave an answer: 10.88.0.53 did not answer, 10.88.0.54 refuses queries (nothing listens on its port 53)"
	if code != 2 || len(r.Results) != 1 || r.Results[0].Verdict != "untried" || r.Results[0].Detail != want || took > 5*time.Second {
		t.Errorf("exit code %d after %s:\n%s", code, took, dump(r.Results...))
	}
	cmd := m.command(t, "check", "mail01.lab.test", "--version", "2019")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); server.count() < 3 && time.Since(begun) < 5*time.Second; {
		time.Sleep(10 * time.Millisecond)
	}
	interrupted := time.Now()
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	if took := time.Since(interrupted); took > 500*time.Millisecond {
		t.Errorf("Ctrl-C was heeded after %s", took)
	}
}

func (s *labServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}
