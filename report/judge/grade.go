// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"maps"
	"slices"

	"exreach/catalog"
	"exreach/probe"
)

// Grade is the opinion on a result.
type Grade string

// The grades.
const (
	Pass    Grade = "pass"    // as wanted
	Warn    Grade = "warn"    // works, or is not needed, but should be looked at
	Fail    Grade = "fail"    // not as wanted
	Unknown Grade = "unknown" // could not be determined
)

// Wants is everything that may be wanted, in the order of the columns of grades.
func Wants() []catalog.Want {
	return []catalog.Want{catalog.Required, catalog.Optional, catalog.Off, catalog.Forbidden}
}

// grades is the opinion on every verdict, by what was wanted. A service that is
// off may time out, because Windows drops connects to closed ports; one that is
// forbidden was reached as soon as a connect succeeded, whatever came after.
var grades = map[probe.Verdict][4]Grade{
	//                 required optional off forbidden
	probe.Answered:    {Pass, Pass, Pass, Fail},
	probe.Mismatch:    {Fail, Warn, Warn, Fail},
	probe.Silent:      {Fail, Warn, Warn, Fail},
	probe.Cut:         {Fail, Warn, Warn, Fail},
	probe.BadTLS:      {Fail, Warn, Warn, Fail},
	probe.Refused:     {Fail, Pass, Pass, Pass},
	probe.TimedOut:    {Fail, Warn, Pass, Pass},
	probe.Prohibited:  {Fail, Warn, Pass, Pass},
	probe.Unreachable: {Fail, Warn, Pass, Pass},
	probe.Unresolved:  {Unknown, Unknown, Unknown, Unknown},
	probe.Untried:     {Unknown, Unknown, Unknown, Unknown},
}

// Verdicts is every verdict that there is an opinion on.
func Verdicts() []probe.Verdict { return slices.Sorted(maps.Keys(grades)) }

// Grades is every grade.
func Grades() []Grade { return []Grade{Pass, Warn, Fail, Unknown} }

// gradeOf is the opinion on a verdict where this was wanted.
func gradeOf(want catalog.Want, verdict probe.Verdict) Grade {
	row, known := grades[verdict]
	column := slices.Index(Wants(), want)
	if !known || column < 0 {
		return Unknown
	}
	return row[column]
}

// severity is the order in which a finding makes a grade worse.
var severity = []Grade{Pass, Warn, Fail}

// worse is the worse of both grades. What could not be determined stays Unknown.
func worse(a, b Grade) Grade {
	if a == Unknown || slices.Index(severity, a) >= slices.Index(severity, b) {
		return a
	}
	return b
}
