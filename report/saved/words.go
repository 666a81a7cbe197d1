// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/protocol"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/ends"
	"exreach/report/judge"
)

// schemas is what the layouts that can be read call themselves, by their version.
var schemas = map[int]string{1: "exreach/1", 2: content.Schema}

// others is what other documents of exreach are.
var others = map[string]string{
	content.TraceSchema:  "a trace, made by exreach trace",
	far.Schema:           "the record of a listener, made by exreach listen, which report --join takes behind the report",
	report.CatalogSchema: "a version of the catalogue, made by exreach catalog show",
}

// versionOf returns the version of the layout that calls itself schema. The error says
// what has another one.
func versionOf(schema string) (int, error) {
	for version, name := range schemas {
		if name == schema {
			return version, nil
		}
	}
	accepted := fmt.Sprintf("accepted: %q and %q", schemas[1], schemas[2])
	if what, known := others[schema]; known {
		return 0, fmt.Errorf("this is %s, and no report; %s", what, accepted)
	}
	if number, ok := strings.CutPrefix(schema, "exreach/"); ok {
		if n, err := strconv.Atoi(number); err == nil && n > len(schemas) {
			return 0, fmt.Errorf("schema %s: a newer exreach made this report, and it takes one to read it; %s", quoted(schema), accepted)
		}
	}
	return 0, fmt.Errorf("unknown schema %s; %s", quoted(schema), accepted)
}

// The words that a result may have where a word decides what it means.
var (
	verdictWords   = words(judge.Verdicts())
	gradeWords     = words(judge.Grades())
	careWords      = words([]judge.Grade{judge.Pass, judge.Warn, judge.Fail})
	scaleWords     = words(judge.Scales())
	wantWords      = words(judge.Wants())
	obstacleWords  = words(judge.Obstacles())
	directionWords = words(far.Directions())
	reasonWords    = words(far.Reasons())
	wayWords       = words(ends.Ways())
	failureWords   = words(far.ContactFailures())
	stateWords     = words([]far.State{far.Held, far.Denied, far.Failed})
	tlsCauseWords  = words([]protocol.TLSCause{
		protocol.TLSAlerted, protocol.TLSInClear, protocol.TLSRenegotiation, protocol.TLSCertificateWanted, protocol.TLSUnreadable, protocol.TLSBroken,
	})
)

func words[T ~string](set []T) []string {
	var list []string
	for _, w := range set {
		list = append(list, string(w))
	}
	return list
}

// A choice is a word of an entry, and the words that it may be.
type choice struct {
	kind, word string
	accepted   []string
	optional   bool
}

// badWord returns the first word of an entry that is not known, nil if all are. version is
// that of the schema.
func badWord(e *content.Entry, version int) *catalog.WordError {
	choices := []choice{
		{kind: "want", word: string(e.Want), accepted: wantWords},
		{kind: "verdict", word: string(e.Verdict), accepted: verdictWords},
		{kind: "grade", word: string(e.Grade), accepted: gradeWords},
		{kind: "obstacle", word: string(e.Obstacle), accepted: obstacleWords, optional: true},
	}
	if e.Peer != nil && e.Peer.TLSFailure != nil {
		choices = append(choices, choice{kind: "cause", word: string(e.Peer.TLSFailure.Cause), accepted: tlsCauseWords})
	}
	choices = append(choices, farWords(e)...)
	if version > 1 {
		choices = append(choices, choice{kind: "care", word: string(e.Care), accepted: careWords})
		for _, f := range e.Findings {
			choices = append(choices,
				choice{kind: "weight", word: string(f.Weight), accepted: gradeWords},
				choice{kind: "weighs_on", word: string(f.WeighsOn), accepted: scaleWords, optional: true})
		}
	}
	for _, c := range choices {
		if !slices.Contains(c.accepted, c.word) && (c.word != "" || !c.optional) {
			return &catalog.WordError{Kind: c.kind, Word: c.word, Accepted: c.accepted}
		}
	}
	return nil
}

// farWords is the words of an entry about the far end of its link.
func farWords(e *content.Entry) []choice {
	choices := []choice{{kind: "direction", word: string(e.Direction), accepted: directionWords, optional: true}}
	if e.Far != nil {
		choices = append(choices,
			choice{kind: "why", word: string(e.Far.Why), accepted: reasonWords, optional: true},
			choice{kind: "way", word: string(e.Far.Way), accepted: wayWords, optional: true})
	}
	for _, c := range e.Contact {
		choices = append(choices, choice{kind: "failed", word: string(c.Failed), accepted: failureWords, optional: true})
		for _, o := range c.Held {
			choices = append(choices, choice{kind: "state", word: string(o.State), accepted: stateWords})
		}
	}
	return choices
}
