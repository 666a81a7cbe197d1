// SPDX-License-Identifier: Apache-2.0

package content

import (
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
)

// A row that is rightly without an answer says what was seen, and does not call
// closed what is filtered or has no port.
func TestWhyNothingAnswers(t *testing.T) {
	for _, test := range []struct {
		want    catalog.Want
		verdict probe.Verdict
		parent  string
		port    uint16
		says    string
	}{
		{"optional", "refused", "", 110, "not in use, closed"},
		{"off", "refused", "", 110, "off by default, closed"},
		{"forbidden", "refused", "", 110, "closed, as it should be"},
		{"off", "timed-out", "", 110, "off by default, no reply"},
		{"off", "prohibited", "", 110, "off by default, a firewall forbids it"},
		{"forbidden", "prohibited", "", 3389, "a firewall forbids it, as it should be"},
		{"off", "unreachable", "", 110, "off by default, unreachable"},
		{"optional", "refused", "endpoint-mapper", 0, "not in use, not registered"},
		{"optional", "refused", "endpoint-mapper", 49152, "not in use, closed"},
		{"optional", "answered", "", 110, "+OK ready"},
	} {
		e := Entry{Want: test.want, Verdict: test.verdict, Grade: judge.Pass, Parent: test.parent, Port: test.port, Detail: "+OK ready"}
		if got := e.AnswerText(); got != test.says {
			t.Errorf("%s, %s: %q, want %q", test.want, test.verdict, got, test.says)
		}
	}
}
