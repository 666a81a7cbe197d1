// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
)

// rightly says why it is right that nothing answers, by the want. %s is how unanswered
// calls that.
var rightly = map[catalog.Want]string{
	catalog.Required:  "not needed, one of several is enough, %s",
	catalog.Optional:  "not in use, %s",
	catalog.Off:       "off by default, %s",
	catalog.Forbidden: "%s, as it should be",
}

// unanswered is how a row calls a port at which nothing answers, by its verdict.
var unanswered = map[probe.Verdict]string{
	probe.Refused:     "closed",
	probe.TimedOut:    "no reply",
	probe.Prohibited:  "a firewall forbids it",
	probe.Unreachable: "unreachable",
}

// gradeWordOf returns the first word of a row. FAIL is visible without colours too.
func gradeWordOf(e content.Entry) string {
	if e.Grade == judge.Fail {
		return "FAIL"
	}
	return printable(string(e.Grade))
}

// servicesOf returns the services of a row: one, or a few of several and their number.
func servicesOf(r content.Row) string { return servicesText(r.Services()) }

func servicesText(names []string) string {
	const room = 16 // for the names of many services; one is always named
	if all := printable(strings.Join(names, ", ")); len(names) == 1 || Columns(all) <= room {
		return all
	}
	some := 1
	for some < len(names) && Columns(printable(strings.Join(names[:some+1], ", "))) <= room {
		some++
	}
	return printable(fmt.Sprintf("%s, … (%d services)", strings.Join(names[:some], ", "), len(names)))
}

// tookOf says how long an entry took. It returns "" where no time passed.
func tookOf(e content.Entry) string {
	if d := durationOf(e.Took); d > 0 {
		return catalog.Elapsed(d)
	}
	return ""
}

// durationOf reads the seconds of a report; a forged one may hold any number.
func durationOf(s float64) time.Duration {
	const most = 24 * time.Hour
	return time.Duration(min(max(s, 0), most.Seconds()) * float64(time.Second))
}

// answerOf says what answered, or why it is right that nothing did.
func answerOf(e content.Entry) string {
	why, how := rightly[e.Want], unanswered[e.Verdict]
	if e.IsUnregistered() {
		how = "not registered"
	}
	if e.Grade == judge.Pass && why != "" && how != "" {
		return fmt.Sprintf(why, how)
	}
	if e.Peer != nil && e.Peer.TLS != nil {
		return e.Peer.TLS.Version + ", " + e.Detail
	}
	return e.Detail
}
