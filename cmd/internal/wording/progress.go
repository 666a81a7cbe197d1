// SPDX-License-Identifier: Apache-2.0

package wording

import (
	"fmt"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
)

// OfProgress is the progress line, in its longest form first: what the run is doing,
// how much of it is done, and how long the rest will take.
func OfProgress(p survey.Progress) []string {
	if p.Over {
		return one("")
	}
	var texts []string
	for _, doing := range doings(p) {
		texts = append(texts, doing+timeLeft(p))
	}
	return texts
}

// doings says what the run is doing, in its longest form first.
func doings(p survey.Progress) []string {
	switch {
	case p.Phase == survey.FindingVersions && p.AllHosts == 1:
		return one("finding out the version")
	case p.Phase == survey.FindingVersions:
		return one("finding out versions: %s hosts", part(p.Known, "", p.ToKnow))
	case p.Phase == survey.Waiting:
		then := ""
		if p.Traced < p.ToTrace {
			then = ", then " + catalog.Count(p.ToTrace-p.Traced, "trace")
		}
		var texts []string
		for _, ports := range waitedFor(p) {
			texts = append(texts, "waiting for "+ports+then)
		}
		return texts
	case p.Phase == survey.LookingAgain && p.Waits.Again > 0:
		return one("looking again at %s", catalog.Count(p.Waits.Again, "port"))
	case p.Phase == survey.LookingAgain:
		return one("looking again")
	case p.Phase == survey.Tracing:
		return one("tracing: %s ports", part(p.Traced, "", p.ToTrace))
	}
	about := ""
	if p.About {
		about = "~"
	}
	checks := "checking: " + part(p.Checks, about, p.AllChecks) + " checks"
	if p.AllHosts == 1 || p.Hosts == 0 {
		return []string{checks}
	}
	return []string{checks + ", " + part(p.Hosts, "", p.AllHosts) + " hosts", checks}
}

// waitedFor says for which ports the run waits, in its longest form first: it names a few,
// and counts many.
func waitedFor(p survey.Progress) []string {
	silent, unanswered := p.Waits.Silent, p.Waits.Unanswered
	counted := one("%s", catalog.Count(silent+unanswered, "port"))
	switch {
	case unanswered == 0:
		counted = one("%s", catalog.Count(silent, "silent port"))
	case silent == 0:
		counted = one("%s without an answer", counted[0])
	default:
		counted = append(one("%s and %d without an answer", catalog.Count(silent, "silent port"), unanswered), counted...)
	}
	if len(p.Waits.First) < silent+unanswered {
		return counted
	}
	var named []string
	for _, w := range p.Waits.First {
		text, why := strings.TrimSuffix(w.Port, "/tcp"), "no answer"
		if w.Silent {
			why = "silent"
		}
		if p.AllHosts != 1 {
			text += " of " + w.Host
		}
		named = append(named, text+" ("+why+")")
	}
	return append(one("%s", strings.Join(named, ", ")), counted...)
}

// timeLeft says how long the rest will take if that is known, and for how long the run has
// gone on if not.
func timeLeft(p survey.Progress) string {
	switch {
	case p.Left < 0:
		return fmt.Sprintf(", %.1f s", p.Took.Seconds())
	case p.AtMost:
		return ", at most " + roughly(p.Left)
	}
	return ", about " + roughly(p.Left) + " left"
}

// part is "7/9", or "7" if the whole is not known.
func part(n int, about string, all int) string {
	if all == 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d/%s%d", n, about, all)
}

// roughly writes how long something will take.
func roughly(d time.Duration) string {
	switch {
	case d < 100*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}
