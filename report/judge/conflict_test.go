// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"strings"
	"testing"

	"exreach/probe"
	"exreach/report/judge/identity"
)

// TestConflict: a greeting that claims many versions is quoted once for each, and a host
// that says very much does not fill a screen.
func TestConflict(t *testing.T) {
	id := identity.Identify([]probe.Result{greets("imap", "* OK Microsoft Exchange 5.5.2653.13 6.0.6603.0 6.5.7638.1 ready", 143)})
	text, _ := sayVersionsContradict(id)
	for _, version := range []string{"5.5", "2000", "2003"} {
		if n := strings.Count(text, "means "+version); n != 1 {
			t.Errorf("%s: told %d times: %s", version, n, text)
		}
	}
	var results []probe.Result
	for i := range 40 {
		line := fmt.Sprint("* OK Microsoft Exchange 5.5.2653.13 6.0.6603.0 6.5.7638.1 8.3.485.1 14.3.123.4 ", i, strings.Repeat(" ready", 80))
		results = append(results, greets("imap", line, uint16(1000+i)))
	}
	if text, _ := sayVersionsContradict(identity.Identify(results)); len(text) > 2500 || !strings.Contains(text, "and 194 more") {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

// TestNoRoleFits: where no answer told anything there is nothing to name.
func TestNoRoleFits(t *testing.T) {
	text, _ := sayNoRoleFits(identity.Identified{Unfit: true})
	if strings.Contains(text, "()") {
		t.Error(text)
	}
}
