// SPDX-License-Identifier: Apache-2.0

// Package schema checks what exreach writes against docs/report.schema.json, for tests. No
// program imports it.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is the three layouts of docs/report.schema.json. It is stricter than the file:
// a name that the file does not have is an error.
type Schema struct{ document, line, trace *jsonschema.Schema }

// Open reads the schema from a file.
func Open(file string) (*Schema, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	closeObjects(root, "#")
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(file, root); err != nil {
		return nil, err
	}
	var s Schema
	for at, layout := range map[string]**jsonschema.Schema{"": &s.document, "#/$defs/line": &s.line, "#/$defs/traceReport": &s.trace} {
		if *layout, err = compiler.Compile(file + at); err != nil {
			return nil, err
		}
	}
	return &s, nil
}

// extended is the layout that another one adds names to.
const extended = "#/$defs/entry"

// closeObjects makes every object refuse names that its layout does not have. One that is
// extended stays open, and who refers to it refuses them. v stands at path.
func closeObjects(v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		if v["$ref"] == extended || v["properties"] != nil && path != extended {
			v["unevaluatedProperties"] = false
		}
		for name, inner := range v {
			closeObjects(inner, path+"/"+name)
		}
	case []any:
		for _, inner := range v {
			closeObjects(inner, path)
		}
	}
}

// Check returns what is wrong with a report: a document, lines, or that of a trace.
func (s *Schema) Check(text []byte) error {
	for r := json.NewDecoder(bytes.NewReader(text)); ; {
		var value json.RawMessage
		if err := r.Decode(&value); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.checkOne(value); err != nil {
			return err
		}
	}
}

func (s *Schema) checkOne(text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	names, _ := value.(map[string]any)
	layout := s.document
	switch {
	case names["verdict"] != nil:
		layout = s.line
	case names["traces"] != nil:
		layout = s.trace
	}
	return layout.Validate(value)
}
