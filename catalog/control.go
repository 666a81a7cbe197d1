// SPDX-License-Identifier: Apache-2.0

package catalog

import "slices"

// Control is the name of the check of a port that is not in use.
const Control = "control-port"

// firstControl is where the search for such a port begins. IANA has assigned
// nothing there, and it lies between the ranges that Windows and Exchange use
// (1025-5000, from 6005 on; KB832017).
const firstControl = 5893

// WithControls returns the plan with a control check for each host that needs one:
// a check of a port at which nothing should listen. If that port answers,
// something answers for every port there, and a connect alone proves nothing. A
// host needs one if one of its checks is a bare connect, or if it has more than
// three checks.
func WithControls(plan []Check) []Check {
	var firsts []*Check // of each host
	asked, bare := map[string]int{}, map[string]bool{}
	for i, c := range plan {
		if asked[c.Host] == 0 {
			firsts = append(firsts, &plan[i])
		}
		asked[c.Host]++
		bare[c.Host] = bare[c.Host] || c.isBare()
	}
	all := slices.Grow(slices.Clone(plan), len(firsts))
	for _, first := range firsts {
		if asked[first.Host] > 3 || bare[first.Host] {
			all = append(all, control(plan, first))
		}
	}
	return all
}

// CountRows returns how many checks of a plan are rows of the report: all but the controls.
func CountRows(plan []Check) int {
	rows := 0
	for _, c := range plan {
		if !c.IsControl() {
			rows++
		}
	}
	return rows
}

// control makes the control check of a host: it takes a port that no check of the
// host uses. first is one of those checks.
func control(plan []Check, first *Check) Check {
	port := uint16(firstControl)
	for slices.ContainsFunc(plan, func(c Check) bool { return c.Host == first.Host && c.Service.Ports.First == port }) {
		port++
	}
	return Check{
		Host:    first.Host,
		Version: first.Version,
		Service: Service{
			Name:     Control,
			Role:     first.Service.Role,
			Network:  TCP,
			Ports:    Ports{port, port},
			Protocol: "tcp",
			TLS:      NoTLS,
			Wants:    map[string]Want{first.From: Off},
			Note:     "Nobody uses this port: if it answers, something answers in the server's place.",
			Verified: true,
		},
		From: first.From,
		Want: Off,
	}
}

// IsControl reports whether c asks a port that is not in use.
func (c Check) IsControl() bool { return c.Service.Name == Control }

// isBare reports whether c is no more than a connect.
func (c Check) isBare() bool { return c.Service.IsBare() }

// IsBare reports whether a check of s is no more than a connect, or little more: the
// answer by which a check knows a log copier comes from many other programs too, and
// AnyProtocol stays only where nothing showed what the server speaks.
func (s Service) IsBare() bool {
	return s.Protocol == "tcp" || s.Protocol == AnyProtocol || s.Protocol == "log-copier"
}
