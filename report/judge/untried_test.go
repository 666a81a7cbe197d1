// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"os"
	"regexp"
	"testing"

	"exreach/probe"
)

func obstacle(o probe.Obstacle, detail string) change {
	return all(verdict(probe.Untried, detail), func(r *probe.Result) { r.Obstacle = o })
}

var untriedTests = []findingTest{
	{"untried", Unknown, Pass, obstacle(probe.NoDescriptors, "could not be asked: too many open files"), verdict(probe.Refused, ""), []string{"too many files are open", "ulimit -n"}},
	{"untried", Unknown, Pass, obstacle(probe.NoRoute, "could not be asked: connect: network is unreachable"), verdict(probe.Unreachable, ""), []string{"no route to the address", "VPN"}},
	{"untried", Unknown, Pass, obstacle(probe.Denied, "could not be asked: connect: permission denied"), verdict(probe.Prohibited, ""), []string{"of this machine forbids", "local firewall"}},
	{"untried", Unknown, Pass, obstacle(probe.NoSource, "could not be asked: bind: cannot assign requested address"), nil, []string{"--source"}},
	{"untried", Unknown, Pass, obstacle(probe.NoIPv6, "could not be asked: socket: address family not supported by protocol"), nil, []string{"has no IPv6"}},
	{"untried", Unknown, Pass, obstacle(probe.NoResolver, "the name could not be looked up: i/o timeout"), nil, []string{"DNS servers", "nslookup"}},
	{"untried", Unknown, Pass, obstacle(probe.Interrupted, "interrupted while connecting"), nil, []string{"interrupted while connecting", "Run again"}},
	{"untried", Unknown, Pass, obstacle(probe.OwnFault, "could not be asked: a fault in exreach: boom"), nil, []string{"boom", "report it"}},
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
