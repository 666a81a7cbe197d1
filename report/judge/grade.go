// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"exreach/catalog"
	"exreach/probe"
)

// Grade is the opinion on a result: its verdict, held against what was wanted.
type Grade string

// The grades.
const (
	Pass    Grade = "pass"    // as wanted
	Warn    Grade = "warn"    // works, or is not needed, but should be looked at
	Fail    Grade = "fail"    // not as wanted
	Unknown Grade = "unknown" // could not be determined
)

// Wants returns every Want of the catalogue, in the order of the columns of grades.
func Wants() []catalog.Want {
	return []catalog.Want{catalog.Required, catalog.Optional, catalog.Off, catalog.Forbidden}
}

// grades has the grade of every verdict, by what was wanted. A service that is off may
// time out, because Windows drops connects to closed ports. A forbidden service counts
// as reached as soon as a connect succeeded, whatever came after.
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

// Verdicts is every verdict, sorted.
func Verdicts() []probe.Verdict { return slices.Sorted(maps.Keys(grades)) }

// Grades is every grade.
func Grades() []Grade { return []Grade{Pass, Warn, Fail, Unknown} }

// gradeOf grades a verdict by what was wanted. It is Unknown if either is not in grades.
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

// ranks is the order of grades in a report: what failed stands before what is not known.
var ranks = []Grade{Pass, Warn, Unknown, Fail}

// Compare is less than 0 if a is better than b, and greater than 0 if it is worse: pass is
// the best, then come warn, unknown and fail.
func Compare(a, b Grade) int { return cmp.Compare(slices.Index(ranks, a), slices.Index(ranks, b)) }

// Worst returns the worse of two grades, in the order of Compare.
func Worst(a, b Grade) Grade {
	if Compare(a, b) < 0 {
		return b
	}
	return a
}

// worse returns the worse of two grades; a is the grade so far, and stays if Unknown.
func worse(a, b Grade) Grade {
	if a == Unknown || slices.Index(severity, a) >= slices.Index(severity, b) {
		return a
	}
	return b
}

// companions returns the results of this one's group at the same address, this one
// included, in the order of the plan. It is nil if the service is in no group.
func (s seen) companions() []probe.Result {
	if here, grouped := s.here(), groupOf(s.Result); grouped != (oneOf{}) && here != nil {
		return here.groups[grouped]
	}
	return nil
}

// A oneOf names a group of services of one role: it is enough if one of them serves.
type oneOf struct{ version, role, name string }

// groupOf returns the group of a result, the zero oneOf if it is in none.
func groupOf(r probe.Result) oneOf {
	c := r.Check
	if c.Service.OneOf == "" || c.Want == catalog.Forbidden {
		return oneOf{}
	}
	return oneOf{c.Version, c.Service.Role, c.Service.OneOf}
}

// serves reports whether the expected service answers and lets us in: Active Directory at a
// port of the directory of Exchange 5.5 does not count.
func serves(r probe.Result) bool {
	return r.Verdict == probe.Answered && (r.Peer == nil || r.Peer.Refusal == "") && !activeDirectory(r)
}

// nothingKnown reports whether nothing is known of the service.
func nothingKnown(r probe.Result) bool { return gradeOf(r.Check.Want, r.Verdict) == Unknown }

// spared: the service is excused, and alone it would not be as wanted.
func spared(s seen) bool {
	return s.excused() && (gradeOf(s.Check.Want, s.Verdict) != Pass || refuses(s))
}

// excused reports whether the service does not serve but is not held responsible: another
// service of its group serves, or may serve for all we know, or is the speaker of the
// group.
func (s seen) excused() bool {
	group := s.companions()
	if len(group) < 2 || serves(s.Result) || nothingKnown(s.Result) {
		return false
	}
	return slices.ContainsFunc(group, serves) || slices.ContainsFunc(group, nothingKnown) ||
		speaker(group).Order != s.Order
}

// speaker returns the result that is reported for a group in which no service serves: the
// first of those with the worst grade.
func speaker(group []probe.Result) probe.Result {
	return slices.MaxFunc(group, func(a, b probe.Result) int {
		of := func(r probe.Result) int { return slices.Index(severity, gradeOf(r.Check.Want, r.Verdict)) }
		return cmp.Compare(of(a), of(b))
	})
}

func saySpared(s seen) (text, hint string) {
	group := s.companions()
	enough := fmt.Sprintf("One of %s is enough", listed(namesOf(group)))
	if i := slices.IndexFunc(group, serves); i >= 0 {
		return fmt.Sprintf("%s, and %s works at %s: this one is not needed.", enough, group[i].Check.Service.Name, seen{Result: group[i]}.port()),
			"Nothing to do, unless this particular service is needed."
	}
	if i := slices.IndexFunc(group, nothingKnown); i >= 0 {
		return fmt.Sprintf("%s, and nothing is known of %s, so it is not known whether this one is needed.", enough, group[i].Check.Service.Name),
			fmt.Sprintf("Run again when %s can be asked.", seen{Result: group[i]}.port())
	}
	return fmt.Sprintf("%s, and none of them works: this is reported once, for %s.", enough, speaker(group).Check.Service.Name),
		"Fix the one that is in use."
}

// noneServes: the service speaks for a group in which none serves.
func noneServes(s seen) bool {
	group := s.companions()
	return len(group) > 1 && s.grade != Pass && s.grade != Unknown && !s.excused() && !slices.ContainsFunc(group, serves)
}

func sayNoneServes(s seen) (text, hint string) {
	group := s.companions()
	return fmt.Sprintf("One of %s would be enough, but none of them works at %s.", listed(namesOf(group)), s.target()),
		"Fix the one that is in use."
}

// namesOf is "um-sip (TCP 5060)" for each.
func namesOf(group []probe.Result) []string {
	var names []string
	for _, r := range group {
		names = append(names, fmt.Sprintf("%s (%s)", r.Check.Service.Name, seen{Result: r}.port()))
	}
	return names
}

// Reweigh gives the findings of a result of exreach/1 their weights, and returns the grade
// and the care that the result would have today. A result of that time had only the worst
// of both, which is worst. Where the findings known today do not explain it, it is the
// grade.
func Reweigh(want catalog.Want, verdict probe.Verdict, worst Grade, findings []Finding) (grade, care Grade) {
	excused := worst != Fail && slices.ContainsFunc(findings, func(f Finding) bool { return f.Code == "one-is-enough" })
	if excused {
		want = catalog.Off
	}
	grade, care = gradeOf(want, verdict), Pass
	if worst == Unknown || worse(worst, grade) != worst {
		grade = worst
	}
	for i := range findings {
		f := &findings[i]
		if i == 0 && grade != Pass && known(explanations, f.Code) {
			f.Weight, f.WeighsOn = grade, OnGrade
			continue
		}
		if f.Weight, f.WeighsOn = weightOf(f.Code, worst); f.WeighsOn == OnCare {
			care = worse(care, f.Weight)
		} else {
			grade = worse(grade, f.Weight)
		}
	}
	if worst == Warn || worst == Fail {
		if worse(grade, care) != worst {
			grade = worst
		}
	}
	return grade, care
}

// weightOf returns what a finding weighs, and on what, in a result of which all findings
// together weigh worst. A finding of more than one weight has the worst that fits.
func weightOf(code string, worst Grade) (weight Grade, on Scale) {
	weight = note
	weigh := func(r Grade, scale Scale) {
		if worse(weight, r) != weight && worse(worst, r) == worst {
			weight, on = r, scale
		}
	}
	for _, r := range observations {
		if r.code == code {
			weigh(r.weight, OnGrade)
		}
	}
	for _, r := range cares {
		if r.code == code {
			weigh(r.weight, OnCare)
		}
	}
	for _, r := range hostRules {
		if r.code == code {
			weigh(r.weight, OnCare)
		}
	}
	return weight, on
}

func known(rules []rule, code string) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return r.code == code })
}
