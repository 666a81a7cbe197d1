// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"strings"

	"exreach/report/content"
	"exreach/report/judge"
)

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
