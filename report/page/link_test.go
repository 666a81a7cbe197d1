// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"strings"
	"testing"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// A page says above all that a stand-in answers and whether one may deploy, and what the far
// end saw beside the evidence of each port.
func TestLinked(t *testing.T) {
	var f finished
	for host := range judge.Hosts(t.Context(), slices.Values([]probe.HostResults{scene.WellLinked()[0], scene.BadlyLinked()[0]}), scene.Began, nil) {
		f.add(content.Entries(host))
	}
	page := string(f.write(t))
	head, _, _ := strings.Cut(page, "</h1>")
	for _, want := range []string{"These answers come from exreach listen, not from Exchange.", "May we deploy: no, because of far02.contoso.com (443/tcp"} {
		if !strings.Contains(head, want) {
			t.Errorf("the head lacks %q", want)
		}
	}
	for _, want := range []string{
		"<dt>Both ends<dd>May we deploy: no, because 443/tcp and 445/tcp never arrive", "<dt>Far end<dd>Contact with the listener brave-heron on FAR02",
		"<dt>Far end<dd>never arrived (lost before the far host)", "<dt>Far end<dd>changed on the way; arrived from 198.51.100.7:50123",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
