// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/tls12"
	"exreach/report/judge"
	"exreach/report/judge/identity"
)

// A schema is the part of JSON Schema that docs/report.schema.json uses.
type schema struct {
	Ref        string             `json:"$ref"`
	Defs       map[string]*schema `json:"$defs"`
	Type       string             `json:"type"`
	Required   []string           `json:"required"`
	Properties map[string]*schema `json:"properties"`
	Additional *schema            `json:"additionalProperties"`
	Items      *schema            `json:"items"`
	Enum       []string           `json:"enum"`
	Const      string             `json:"const"`
	Minimum    *float64           `json:"minimum"`
	Maximum    *float64           `json:"maximum"`
}

func readSchema(t *testing.T) *schema {
	t.Helper()
	data, err := os.ReadFile("../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// Names, and whether they are always there, are what the schema and the Go
// types say twice.
func TestSchemaNames(t *testing.T) {
	root := readSchema(t)
	root.Defs["report"] = root
	for name, value := range map[string]any{
		"report": Report{}, "groundRule": GroundRule{}, "counts": Counts{}, "entry": Entry{}, "name": Name{}, "step": Step{}, "finding": judge.Finding{},
		"peer": protocol.Peer{}, "endpoint": rpc.Endpoint{}, "tls": protocol.TLSInfo{}, "tlsFailure": protocol.TLSFailure{}, "certificate": tls12.Certificate{},
		"identified": identity.Identified{}, "takenRole": identity.TakenRole{}, "sign": identity.Sign{}, "trace": Trace{}, "beside": Beside{}, "hop": Hop{}, "traceReport": TraceReport{}, "traced": Traced{},
	} {
		var names, required []string
		for _, field := range reflect.VisibleFields(reflect.TypeOf(value)) {
			tag, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !field.IsExported() || field.Anonymous || tag == "-" {
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

func TestSchemaWords(t *testing.T) {
	root := readSchema(t)
	entry := root.Defs["entry"].Properties
	for name, accepted := range map[string][]string{"verdict": verdictWords, "grade": gradeNames, "want": wantWords, "obstacle": obstacleWords} {
		if diff := cmp.Diff(sorted(accepted), sorted(entry[name].Enum)); diff != "" {
			t.Errorf("%s (- Go, + schema):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(sorted(tlsCauseWords), sorted(root.Defs["tlsFailure"].Properties["cause"].Enum)); diff != "" {
		t.Errorf("cause (- Go, + schema):\n%s", diff)
	}
	if got := root.Properties["schema"].Const; got != Schema {
		t.Errorf("schema is %q, want %q", got, Schema)
	}
}

func TestGoldenFollowsSchema(t *testing.T) {
	data, err := os.ReadFile("testdata/network.json")
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	root := readSchema(t)
	for _, wrong := range root.check(root, "report", document) {
		t.Error(wrong)
	}
}

// The checker of these tests must find what is wrong, or it proves nothing.
func TestSchemaRefuses(t *testing.T) {
	root := readSchema(t)
	for name, text := range map[string]string{
		"missing":  `{"step": "talk"}`,
		"word":     `{"step": "walk", "took_s": 1}`,
		"type":     `{"step": "talk", "took_s": "1"}`,
		"negative": `{"step": "talk", "took_s": -1}`,
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if len(root.check(root.Defs["step"], "step", value)) == 0 {
			t.Errorf("%s: %s passes", name, text)
		}
	}
}

// check lists where a decoded value does not follow s, a part of root.
func (root *schema) check(s *schema, at string, value any) []string {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		s = root.Defs[name]
	}
	var wrong []string
	complain := func(format string, args ...any) { wrong = append(wrong, at+": "+fmt.Sprintf(format, args...)) }
	switch v := value.(type) {
	case map[string]any:
		if s.Type != "object" {
			complain("an object, want %s", s.Type)
		}
		for _, name := range s.Required {
			if _, ok := v[name]; !ok {
				complain("no %s", name)
			}
		}
		for name, member := range v {
			inner := s.Properties[name]
			if inner == nil {
				inner = s.Additional
			}
			if inner == nil {
				complain("%s is not in the schema", name)
				continue
			}
			wrong = append(wrong, root.check(inner, at+"."+name, member)...)
		}
	case []any:
		if s.Type != "array" {
			complain("a list, want %s", s.Type)
		}
		for i, element := range v {
			wrong = append(wrong, root.check(s.Items, fmt.Sprintf("%s[%d]", at, i), element)...)
		}
	case string:
		if s.Type != "string" && v != s.Const || s.Enum != nil && !slices.Contains(s.Enum, v) {
			complain("%q is not accepted", v)
		}
	case float64:
		if s.Type != "number" && s.Type != "integer" || s.Type == "integer" && v != float64(int64(v)) ||
			s.Minimum != nil && v < *s.Minimum || s.Maximum != nil && v > *s.Maximum {
			complain("%v is not accepted", v)
		}
	case bool:
		if s.Type != "boolean" {
			complain("true or false, want %s", s.Type)
		}
	default:
		complain("%v is not accepted", v)
	}
	return wrong
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
