// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/tls12"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/ends"
	"exreach/report/judge"
	"exreach/report/judge/identity"
	"exreach/report/schema"
)

// A layout is the part of a schema that these tests compare with Go's types.
type layout struct {
	Defs       map[string]*layout `json:"$defs"`
	Required   []string           `json:"required"`
	Properties map[string]*layout `json:"properties"`
	Enum       []string           `json:"enum"`
	Const      any                `json:"const"`
}

func readLayout(t *testing.T) *layout {
	t.Helper()
	data, err := os.ReadFile("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var l layout
	if err := json.Unmarshal(data, &l); err != nil {
		t.Fatal(err)
	}
	return &l
}

// Names, and whether they are always there, are what the schema and the Go
// types say twice.
func TestSchemaNames(t *testing.T) {
	root := readLayout(t)
	root.Defs["report"] = root
	delete(root.Properties, "certificates") // which a Report has in its chains
	maps.Copy(root.Defs["line"].Properties, root.Defs["entry"].Properties)
	root.Defs["line"].Required = append(root.Defs["line"].Required, root.Defs["entry"].Required...)
	for name, value := range map[string]any{
		"report": content.Report{}, "run": content.Run{}, "summary": content.Summary{}, "hostCare": content.Care{}, "untestable": content.Untestable{}, "groundRule": content.GroundRule{},
		"counts": content.Counts{}, "hostCounts": content.HostCounts{}, "tally": content.Tally{}, "line": report.Line{}, "entry": content.Entry{},
		"far": ends.Far{}, "came": ends.Came{}, "flow": ends.Flow{}, "call": ends.Call{}, "contact": ends.Contact{}, "opening": ends.Opening{}, "contactRefusal": ends.Refusal{}, "deploy": ends.Deploy{}, "name": content.Name{}, "step": content.Step{}, "finding": judge.Finding{},
		"peer": protocol.Peer{}, "endpoint": rpc.Endpoint{}, "tls": protocol.TLSInfo{}, "tlsFailure": protocol.TLSFailure{}, "certificate": tls12.Certificate{},
		"identified": identity.Identified{}, "takenRole": identity.TakenRole{}, "sign": identity.Sign{},
		"trace": content.Trace{}, "beside": content.Beside{}, "hop": content.Hop{}, "traceReport": content.TraceReport{}, "traced": content.Traced{},
	} {
		var names, required []string
		for _, field := range reflect.VisibleFields(reflect.TypeOf(value)) {
			tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !field.IsExported() || field.Anonymous || tag == "-" || slices.Contains(names, tag) {
				continue
			}
			names = append(names, tag)
			if !strings.Contains(options, "omit") {
				required = append(required, tag)
			}
		}
		got := root.Defs[name]
		if got == nil {
			t.Errorf("%s: not in the schema", name)
			continue
		}
		if diff := cmp.Diff(sorted(names), slices.Sorted(maps.Keys(got.Properties))); diff != "" {
			t.Errorf("%s: properties (- Go, + schema):\n%s", name, diff)
		}
		if diff := cmp.Diff(sorted(required), sorted(got.Required)); diff != "" {
			t.Errorf("%s: required (- Go, + schema):\n%s", name, diff)
		}
	}
}

// So are the words that decide what a result means.
func TestSchemaWords(t *testing.T) {
	root := readLayout(t)
	entry, finding := root.Defs["entry"].Properties, root.Defs["finding"].Properties
	for name, test := range map[string]struct {
		here   []string
		schema []string
	}{
		"verdict":   {verdictWords, entry["verdict"].Enum},
		"want":      {wantWords, entry["want"].Enum},
		"obstacle":  {obstacleWords, entry["obstacle"].Enum},
		"grade":     {gradeWords, root.Defs["grade"].Enum},
		"care":      {careWords, root.Defs["care"].Enum},
		"weighs_on": {scaleWords, finding["weighs_on"].Enum},
		"cause":     {tlsCauseWords, root.Defs["tlsFailure"].Properties["cause"].Enum},
		"direction": {directionWords, entry["direction"].Enum},
		"why":       {reasonWords, root.Defs["far"].Properties["why"].Enum},
		"way":       {wayWords, root.Defs["far"].Properties["way"].Enum},
		"failed":    {failureWords, root.Defs["contact"].Properties["failed"].Enum},
		"state":     {stateWords, root.Defs["opening"].Properties["state"].Enum},
		"schema":    {[]string{content.Schema}, []string{root.Defs["schema"].Const.(string)}},
	} {
		if diff := cmp.Diff(sorted(test.here), sorted(test.schema)); diff != "" {
			t.Errorf("%s (- Go, + schema):\n%s", name, diff)
		}
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// What is on disk for the tests follows the schema, and what exreach/1 left does so when it
// is written again.
func TestTestdataFollowsSchema(t *testing.T) {
	for _, pattern := range []string{"../testdata/network.json*", "../testdata/link-*.json", "testdata/v1/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(pattern, "v1") {
				follow(t, string(text))
			}
			r, err := readBack(file, strings.NewReader(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			follow(t, write(t, "json", r, content.Style{}))
			follow(t, write(t, "jsonl", r, content.Style{}))
		}
	}
}

// The schema has no room for what makes no sense, or it proves nothing.
func TestSchemaRefuses(t *testing.T) {
	s, err := schema.Open("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	text := write(t, "json", network(), content.Style{})
	line, _, _ := strings.Cut(write(t, "jsonl", network(), content.Style{}), "\n")
	joined := write(t, "json", mustJoin(t, saves(t, "a.json", "json", network()), saves(t, "b.json", "json", networkOf("pc02", 1))), content.Style{})
	for name, test := range map[string]struct{ text, old, new string }{
		"an empty tool":         {text, `"tool": "exreach 0.2.0"`, `"tool": ""`},
		"the year 1":            {text, `"started": "2026-`, `"started": "0001-`},
		"no time":               {text, `"started": "2026-03-02T09:30:00Z"`, `"started": "now"`},
		"an empty from":         {text, `"from": "client"`, `"from": ""`},
		"another schema":        {text, content.Schema, "exreach/1"},
		"no hosts":              {text, `"hosts": [`, `"posts": [`},
		"an unknown name":       {text, `"counts": {`, `"odd": 1, "counts": {`},
		"an unknown name below": {text, `"verdict": "`, `"odd": 1, "verdict": "`},
		"a word":                {text, `"step": "talk"`, `"step": "walk"`},
		"no care":               {text, `"care": "pass",`, ``},
		"a care":                {text, `"care": "warn"`, `"care": "unknown"`},
		"a weight":              {text, `"weight": "warn"`, `"weight": "heavy"`},
		"a scale":               {text, `"weighs_on": "care"`, `"weighs_on": "me"`},
		"a type":                {text, `"tries": 1`, `"tries": "1"`},
		"less than nothing":     {text, `"tries": 1`, `"tries": -1`},
		"an option":             {text, `"gentle": [`, `"--gentle": [`},
		"a fingerprint":         {text, `"sha256": "`, `"sha256": "A`},
		"an unasked host":       {text, `"unasked": 2`, `"unasked": 0`},
		"a list that was read":  {text, `"unread": true`, `"unread": false`},
		"a line without schema": {line, `"schema":"exreach/2",`, ``},
		"a line with more":      {line, `"schema"`, `"odd":1,"schema"`},
		"run 0":                 {joined, `"run": 1`, `"run": 0`},
		"a run by its name":     {joined, `"run": 1`, `"run": "admin01"`},
		"a run without a name":  {joined, `"name": "pc02",`, ``},
		"an empty file":         {joined, `"file": "b.json"`, `"file": ""`},
		"a run of year 1":       {joined, `"started": "2026-`, `"started": "0001-`},
		"a run that did less":   {joined, `"unasked": 2`, `"unasked": 0`},
		"an odd name of a run":  {joined, `"name": "pc02"`, `"odd": 1, "name": "pc02"`},
		"no ports":              {text, `"ports": [`, `"ports": [], "x": [`},
		"a line of year 1":      {line, `"started":"2026-`, `"started":"0001-`},
	} {
		wrong := strings.Replace(test.text, test.old, test.new, 1)
		if wrong == test.text {
			t.Errorf("%s: nothing is changed", name)
		} else if s.Check([]byte(wrong)) == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := s.Check([]byte(text + joined + line)); err != nil {
		t.Error(err)
	}
}
