// SPDX-License-Identifier: Apache-2.0

package content

import (
	"fmt"
	"strings"

	"exreach/catalog"
)

// overall answers for a run of several hosts: how many fail, and why. What is wrong beside
// reachability is a sentence of its own.
func (h Head) overall() string {
	if len(h.Hosts) == 0 {
		return h.Nothing()
	}
	text := h.verdict()
	if reasons := causeTexts(h, false); reasons != "" {
		text += ": " + reasons
	}
	return text + "." + further(h)
}

// Details says what Subject leaves out of the Headline of a report of several hosts.
func (h Head) Details() string {
	if len(h.Hosts) < 2 {
		return ""
	}
	text := further(h)
	if reasons := causeTexts(h, false); reasons != "" {
		text = reasons + "." + text
	}
	return strings.TrimSpace(text)
}

// further is the sentences about what was not asked, and about what is wrong beside
// reachability, each with a blank before it.
func further(h Head) string {
	text := ""
	if n := h.Counts.Hosts.Unasked; n > 0 {
		text += " " + catalog.Count(n, "more host") + " not asked."
	}
	if h.Counts.Hosts.Unread {
		text += " The list of hosts was not read to its end."
	}
	if beside := causeTexts(h, true); beside != "" {
		text += " " + beside + "."
	}
	return text
}

// verdict is verdictOn, and says of a selection that it is one.
func (h Head) verdict() string {
	if h.Partial {
		return inSelection(verdictOn(h))
	}
	return verdictOn(h)
}

// inSelection says that a sentence holds for a selection of the results.
func inSelection(sentence string) string {
	return "In this selection: " + strings.ToLower(sentence[:1]) + sentence[1:]
}

// verdictOn says how many hosts are as wanted.
func verdictOn(h Head) string {
	of := h.Counts.Hosts
	hosts := catalog.Count(len(h.Hosts), h.Unit())
	isAre := "are"
	if of.Fail == 1 {
		isAre = "is"
	}
	switch {
	case of.Fail > 0 && of.Unknown > 0:
		return fmt.Sprintf("%d of %s %s not as wanted, and %d could not be determined", of.Fail, hosts, isAre, of.Unknown)
	case of.Fail > 0:
		return fmt.Sprintf("%d of %s %s not as wanted", of.Fail, hosts, isAre)
	case of.Unknown > 0:
		return fmt.Sprintf("%d of %s could not be determined", of.Unknown, hosts)
	case of.Warn > 0:
		return fmt.Sprintf("Nothing fails; warnings on %d of %s", of.Warn, hosts) // which may be about what is required
	case of.Care.Pass < len(h.Hosts):
		return fmt.Sprintf("Everything required is reachable on all %s", hosts)
	}
	return fmt.Sprintf("All %s are as wanted", hosts)
}

// causeTexts names the causes that matter most, of the grade or of the care; "" if there
// are none.
func causeTexts(h Head, beside bool) string {
	const most = 3
	var texts []string
	more := 0
	for _, c := range h.Causes {
		switch {
		case c.Beside != beside:
		case len(texts) == most:
			more++
		default:
			texts = append(texts, c.Text()+" "+c.OnHosts(len(h.Hosts), h.Unit(), 2))
		}
	}
	if more > 0 {
		texts = append(texts, catalog.Count(more, "more cause"))
	}
	return strings.Join(texts, "; ")
}

// Text is the cause in a few words: "587/tcp timed-out".
func (c Cause) Text() string { return strings.TrimSpace(c.What + " " + c.How) }

// OnHosts says on which of so many hosts the cause was seen, and names up to so many. unit is
// what they are called.
func (c Cause) OnHosts(all int, unit string, names int) string {
	if c.Hosts <= min(names, len(c.Names)) {
		return "on " + strings.Join(c.Names, ", ")
	}
	return fmt.Sprintf("on %d of %s", c.Hosts, catalog.Count(all, unit))
}
