// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

func obstacle(o probe.Obstacle, detail string) change {
	return all(verdict(probe.Untried, detail), func(r *probe.Result) { r.Obstacle = o })
}

// ended is a check that the end of the run cut short at a step, after so many tries.
func ended(o probe.Obstacle, step protocol.Step, tries int, detail string) change {
	return all(obstacle(o, detail), func(r *probe.Result) { r.Step, r.Tries = step, tries })
}

func asDatagram(r *probe.Result) { r.Check.Service.Network = catalog.UDP }

var untriedTests = []findingTest{
	{"untried", Unknown, Pass, obstacle(probe.NoDescriptors, "could not be asked: too many open files"), verdict(probe.Refused, ""), []string{"too many files are open", wordsOf(runtime.GOOS)["{more files}"]}},
	{"untried", Unknown, Pass, obstacle(probe.NoRoute, "could not be asked: connect: network is unreachable"), verdict(probe.Unreachable, ""), []string{"no route to the address", "VPN"}},
	{"untried", Unknown, Pass, obstacle(probe.Denied, "could not be asked: connect: permission denied"), verdict(probe.Prohibited, ""), []string{"of this machine forbids", "Allow exreach to connect in the firewall or security software of this machine"}},
	{"untried", Unknown, Pass, obstacle(probe.NoSource, "could not be asked: bind: cannot assign requested address"), nil, []string{"--source"}},
	{"untried", Unknown, Pass, obstacle(probe.NoIPv6, "could not be asked: socket: address family not supported by protocol"), nil, []string{"has no IPv6"}},
	{"untried", Unknown, Pass, obstacle(probe.NoResolver, "the name could not be looked up: i/o timeout"), nil, []string{"DNS servers", "nslookup"}},
	{"untried", Unknown, Pass, ended(probe.Interrupted, protocol.Connect, 0, "interrupted before it was this check's turn"), nil, []string{"Not asked, so nothing is known of the server: interrupted before", "Run again"}},
	{"untried", Unknown, Pass, ended(probe.Interrupted, protocol.Resolve, 1, "interrupted while looking up the name"), nil, []string{"Not asked, ", "while looking up the name."}},
	{"untried", Unknown, Pass, ended(probe.Interrupted, protocol.Connect, 2, "interrupted while connecting, with no reply yet"), nil,
		[]string{"Asked, but the run ended before the check was over: interrupted while connecting, with no reply yet.", "Run again"}},
	{"untried", Unknown, Pass, ended(probe.Interrupted, protocol.TLS, 1, "interrupted in the TLS handshake"), nil,
		[]string{"The port accepted the connection, but the run ended before the check was over: interrupted in the TLS handshake."}},
	{"untried", Unknown, Pass, all(ended(probe.Deadline, protocol.Greet, 1, "the run's deadline came while exreach waited for its first answer, with no reply yet"), asDatagram), nil,
		[]string{"Asked, but the run ended before the check was over: the run's deadline came while exreach waited for its first answer, with no reply yet."}},
	{"untried", Unknown, Pass, ended(probe.Deadline, protocol.Greet, 1, "the run's deadline came while exreach waited for its greeting"), nil,
		[]string{"The port accepted the connection, but the run ended before the check was over: the run's deadline came while exreach waited for its greeting.", "--deadline"}},
	{"untried", Unknown, Pass, ended(probe.Deadline, protocol.Connect, 0, "the run's deadline came before it was this check's turn"), nil,
		[]string{"Not asked, so nothing is known of the server: the run's deadline came before", "--deadline"}},
	{"untried", Unknown, Pass, obstacle(probe.OwnFault, "could not be asked: a fault in exreach: boom"), nil, []string{"boom", "report it"}},
}

// TestObstacleToldOnce: what was never tried has a detail that names the obstacle, so its
// text is not said as well.
func TestObstacleToldOnce(t *testing.T) {
	r := healthy("smtp", 25)
	obstacle(probe.NoIPv6, "this machine has no IPv6, and fd77::1 cannot be reached without it")(&r)
	r.Tries = 0
	const want = "Not asked, so nothing is known of the server: this machine has no IPv6, and fd77::1 cannot be reached without it."
	if f := alone(r).Findings[0]; f.Text != want {
		t.Errorf("%s", f.Text)
	}
}

// Each obstacle has words of its own.
func TestObstacleTexts(t *testing.T) {
	text, err := os.ReadFile("../../probe/result.go")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	obstacles := regexp.MustCompile(`Obstacle = "([^"]+)"`).FindAllStringSubmatch(string(text), -1)
	for _, m := range obstacles {
		told, known := obstacleTexts[probe.Obstacle(m[1])]
		if !known || told.text == "" || told.hint == "" {
			t.Errorf("obstacle %s has no words", m[1])
		}
		if other, twice := said[told.text]; twice {
			t.Errorf("obstacles %s and %s have the same words", m[1], other)
		}
		said[told.text] = m[1]
	}
	if len(obstacles) != len(obstacleTexts) {
		t.Errorf("%d obstacles and %d texts", len(obstacles), len(obstacleTexts))
	}
}

// TestWordings: what hints name of this machine is there on every system, and is not
// another system's.
func TestWordings(t *testing.T) {
	foreign := map[string][]string{
		"windows": {"ulimit", "traceroute", "ss -", "ip route", "/etc/", "sysctl", "lsof", "ifconfig"},
		"linux":   {"netsh", "tracert ", "netstat", "ipconfig", "route print", "Get-", "Windows", "scutil", "ifconfig"},
		"darwin":  {"netsh", "tracert ", "netstat -ano", "ipconfig", "route print", "Get-", "Windows", "ip route", "nftables"},
	}
	texts := []string{"{path} 192.0.2.10", "{listening}", "{listener}", "{interfaces}"}
	for _, told := range obstacleTexts {
		texts = append(texts, told.text, told.hint)
	}
	for system, others := range foreign {
		for _, text := range texts {
			said := wordsOf(system).complete(text)
			if strings.ContainsAny(said, "{}") || said == "" {
				t.Errorf("%s: %q is not complete", system, said)
			}
			for _, other := range others {
				if strings.Contains(said, other) {
					t.Errorf("%s: %q is about another system", system, said)
				}
			}
		}
	}
}

// TestBothEnds: a request to open a port names both ends of the rule. For an address of this
// machine, the hint is about its own firewall.
func TestBothEnds(t *testing.T) {
	const here, there = "10.77.1.2", "10.77.3.10"
	ends := " from 10.77.1.2 (this computer) to 10.77.3.10"
	for name, sick := range map[string]change{
		"timed-out":            verdict(probe.TimedOut, ""),
		"timed-out, living":    all(verdict(probe.TimedOut, ""), witness(443, true)),
		"refused":              verdict(probe.Refused, ""),
		"refused on the path":  all(verdict(probe.Refused, ""), saidBy("10.77.2.2")),
		"prohibited":           verdict(probe.Prohibited, ""),
		"prohibited by itself": all(verdict(probe.Prohibited, ""), saidBy(there)),
		"dynamic port":         all(child("mapper"), verdict(probe.TimedOut, "")),
		"never arrived":        silentBy(probe.NotArrived, protocol.Greet),
	} {
		r := healthy("smtp", 25)
		all(at(there), source(here), sick)(&r)
		if f := alone(r).Findings[0]; !strings.Contains(f.Hint, ends) || !strings.Contains(f.Hint, "TCP 25") && f.Code != "silent" {
			t.Errorf("%s: %s", name, f.Hint)
		}
		for _, own := range []change{all(at(here), source(here)), all(at("127.0.0.1"), source("127.0.0.1")), at("::1")} {
			r := healthy("smtp", 25)
			all(sick, own, func(r *probe.Result) { r.SaidBy = netip.Addr{} })(&r)
			f := alone(r).Findings[0]
			for _, wrong := range []string{"dministrator", "on the path", "on the server", "The host is"} {
				if strings.Contains(f.Hint, wrong) {
					t.Errorf("%s, own address %s: %s", name, r.Address, f.Hint)
				}
			}
		}
	}
}
