// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// checksOf are checks of one host, one for each port.
func checksOf(host, protocol string, ports ...uint16) []Check {
	var checks []Check
	for _, port := range ports {
		checks = append(checks, Check{Host: host, Version: "2019", From: "client", Want: Required,
			Service: Service{Name: fmt.Sprint(protocol, port), Role: "mailbox", Network: TCP, Protocol: protocol, Ports: Ports{port, port}}})
	}
	return checks
}

func TestControls(t *testing.T) {
	mapper := checksOf("mail01", "tcp", 135)
	mapper[0].Behind = checksOf("mail01", "rpc", 0, 0)
	for name, test := range map[string]struct {
		plan []Check
		want []string
	}{
		"few rows, and each with a conversation": {checksOf("mail01", "smtp", 25, 587, 465), nil},
		"a bare connect":                         {checksOf("mail01", "tcp", 25), []string{"1 mail01 control-port 5893/tcp client off"}},
		"a weak proof":                           {checksOf("mail01", "log-copier", 64327), []string{"1 mail01 control-port 5893/tcp client off"}},
		"more than three rows":                   {checksOf("mail01", "smtp", 25, 587, 465, 717), []string{"4 mail01 control-port 5893/tcp client off"}},
		"a service does use the port":            {checksOf("mail01", "tcp", 25, 5893, 5894), []string{"3 mail01 control-port 5895/tcp client off"}},
		"behind what is behind a mapper":         {mapper, []string{"3 mail01 control-port 5893/tcp client off"}},
		"one for each host": {slices.Concat(checksOf("a", "tcp", 25), checksOf("b", "smtp", 25), checksOf("c", "tcp", 25), checksOf("a", "tcp", 26)),
			[]string{"4 a control-port 5893/tcp client off", "5 c control-port 5893/tcp client off"}},
	} {
		plan := WithControls(test.plan)
		controls := plan[len(test.plan):]
		if diff := cmp.Diff(test.want, lines(plan)[len(lines(test.plan)):], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", name, diff)
		}
		for _, c := range controls {
			if !c.IsControl() || c.Version != "2019" || c.Service.Role != "mailbox" {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
}

// The port is one that no version uses: it lies in no row, and in no range that
// servers give out.
func TestControlIsUnused(t *testing.T) {
	for _, v := range all(t, mustOpen(t)) {
		for _, s := range v.Services {
			// "1024-65535" says that a port is anywhere, "6005-65535" begins above.
			wide := s.Ports.Last-s.Ports.First > 10000
			if s.Ports.First <= firstControl && firstControl <= s.Ports.Last && !wide {
				t.Errorf("%s %s %s uses %s", v.Name, s.Role, s.Name, s.Ports)
			}
		}
	}
}
