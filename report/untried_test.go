// SPDX-License-Identifier: Apache-2.0

package report

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"exreach/probe"
)

func obstacle(o probe.Obstacle, detail string) change {
	return all(verdict(probe.Untried, detail), func(r *probe.Result) { r.Obstacle = o })
}

var untriedTests = []findingTest{
	{"untried", Unknown, obstacle(probe.NoDescriptors, "could not be asked: too many open files"), verdict(probe.Refused, ""), []string{"too many files are open", "ulimit -n"}},
	{"untried", Unknown, obstacle(probe.NoRoute, "could not be asked: connect: network is unreachable"), verdict(probe.Unreachable, ""), []string{"no route to the address", "VPN"}},
	{"untried", Unknown, obstacle(probe.Denied, "could not be asked: connect: permission denied"), verdict(probe.Prohibited, ""), []string{"of this machine forbids", "local firewall"}},
	{"untried", Unknown, obstacle(probe.NoSource, "could not be asked: bind: cannot assign requested address"), nil, []string{"--source"}},
	{"untried", Unknown, obstacle(probe.NoIPv6, "could not be asked: socket: address family not supported by protocol"), nil, []string{"has no IPv6"}},
	{"untried", Unknown, obstacle(probe.NoResolver, "the name could not be looked up: i/o timeout"), nil, []string{"DNS servers", "nslookup"}},
	{"untried", Unknown, obstacle(probe.Interrupted, "interrupted while connecting"), nil, []string{"interrupted while connecting", "Run again"}},
	{"untried", Unknown, obstacle(probe.OwnFault, "could not be asked: a fault in exreach: boom"), nil, []string{"boom", "report it"}},
}

// Each obstacle has words of its own.
func TestObstacleTexts(t *testing.T) {
	text, err := os.ReadFile("../probe/obstacle.go")
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

// An obstacle in a saved report is one of its closed set, and one may be absent:
// earlier versions have none.
func TestReadObstacle(t *testing.T) {
	const line = `{"host": "mail01.contoso.com", "want": "required", "verdict": "untried", OBSTACLE "grade": "unknown", "step": "connect"}`
	for obstacle, wrong := range map[string]string{
		`"obstacle": "no-route",`: "",
		``:                        "",
		`"obstacle": "the dog",`:  `unknown obstacle "the dog": accepted: denied, fault, no-ipv4,`,
	} {
		read, err := Read("x", strings.NewReader(strings.Replace(line, "OBSTACLE", obstacle, 1)))
		switch {
		case wrong == "" && err != nil:
			t.Errorf("%s: %v", obstacle, err)
		case wrong == "" && obstacle != "" && read.Results[0].Obstacle != "no-route":
			t.Errorf("%s: read as %q", obstacle, read.Results[0].Obstacle)
		case wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%s: %v, want %s", obstacle, err, wrong)
		}
	}
}

// So is the cause of a failure of TLS.
func TestReadTLSCause(t *testing.T) {
	const line = `{"host": "mail01.contoso.com", "want": "required", "verdict": "bad-tls", "grade": "fail", "step": "tls", "peer": {"tls_failure": {"cause": "CAUSE", "alert": 40}}}`
	if read, err := Read("x", strings.NewReader(strings.Replace(line, "CAUSE", "alert", 1))); err != nil || read.Results[0].Peer.TLSFailure.Alert != 40 {
		t.Errorf("%v", err)
	}
	if _, err := Read("x", strings.NewReader(strings.Replace(line, "CAUSE", "the cat", 1))); err == nil || !strings.Contains(err.Error(), `unknown cause "the cat": accepted: alert, clear`) {
		t.Errorf("%v", err)
	}
}
