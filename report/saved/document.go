// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"exreach/probe/protocol/tls12"
	"exreach/report/content"
)

// A document is a report in one JSON object, which is read one value at a time.
type document struct {
	values *json.Decoder
	text   *countedText
	check  *checker
	head   content.Report
	first  int  // the number of its first run
	joined int  // how many runs it was joined of; 0 if it is of one
	named  bool // the schema is known
	whole  bool // there are results, or at least a list for them
	counts unaskedHosts
	value  json.RawMessage // the value that next read last
}

func newDocument(r io.Reader, c *checker) *document {
	text := &countedText{in: r}
	return &document{values: json.NewDecoder(text), text: text, check: c}
}

// read reads the whole document. It ignores names that it does not know: the layout grows
// without a change of schema.
func (d *document) read() error {
	if err := d.begins('{', "the whole"); err != nil {
		return err
	}
	if err := d.members(); err != nil {
		return err
	}
	switch {
	case !d.named:
		return fmt.Errorf("line 1: no \"schema\", so this is not a report of exreach; accepted: %q and %q", schemas[1], schemas[2])
	case !d.whole:
		return errors.New("line 1: no \"results\", so this is not a report of exreach: a document has a list of them, and a stream has each in a line of its own")
	}
	if err := d.ended(); err != nil {
		return err
	}
	if d.joined == 0 {
		if err := d.check.know(d.first, d.run()); err != nil {
			return err
		}
	}
	d.check.to.LeaveOut(d.counts.LeftOut)
	return d.check.end()
}

// members reads all members of the document.
func (d *document) members() error {
	into := heading(&d.head)
	into["counts"] = &d.counts
	names := names{of: documentShape()}
	for d.values.More() {
		name, err := d.name()
		if err != nil {
			return err
		}
		is, err := names.take(name)
		if err != nil {
			return fmt.Errorf("line %d: %w", d.line(), err)
		}
		if err := d.member(name, is, into[name]); err != nil {
			return err
		}
	}
	_, err := d.values.Token()
	return d.explain(err)
}

// name reads the name of the next member of an object.
func (d *document) name() (string, error) {
	token, err := d.values.Token()
	if err != nil {
		return "", d.explain(err)
	}
	return token.(string), nil
}

// member reads the value of a member of the document. One that is not known has no shape.
func (d *document) member(name string, is *shape, into any) error {
	switch name {
	case "results":
		return d.results(is.of)
	case "certificates":
		return d.certificates(is.of)
	case "runs":
		return d.runs(is.of)
	case "hosts":
		return d.skipList(name) // one value for each host: they may be many
	}
	text, err := d.next()
	if err != nil || is == nil {
		return err
	}
	if err := d.unmarshal(text, name, is, into); err != nil {
		return err
	}
	if err := d.check.keep(text); err != nil {
		return fmt.Errorf("line %d: %w", d.line(), err)
	}
	switch name {
	case "started":
		if err := badStart(d.head.Started); err != nil {
			return fmt.Errorf("line %d: %w", d.line(), err)
		}
	case "schema":
		return d.schema()
	case "counts":
		if err := d.counts.check(); err != nil {
			return fmt.Errorf("line %d: counts: %w", d.line(), err)
		}
	case "ground_rules", "untestable":
		clean(into)
		if err := d.check.note(d.head.GroundRules, d.head.Untestable); err != nil {
			return fmt.Errorf("line %d: %s: %w", d.line(), name, err)
		}
	}
	return nil
}

// schema takes note of the version of the document's layout.
func (d *document) schema() error {
	version, err := versionOf(d.head.Schema)
	switch {
	case err != nil:
		return fmt.Errorf("line %d: %w", d.line(), err)
	case d.check.version != 0 && d.check.version != version:
		return fmt.Errorf("line %d: the schema is %q, and the results before it are not", d.line(), d.head.Schema)
	}
	d.named, d.check.version = true, version
	return nil
}

// begin begins the only run of the document. The draft learns of it at once if it stands
// before the results.
func (d *document) begin() error {
	var err error
	if d.named {
		d.first, err = d.check.begin(d.run())
	} else {
		d.first, err = d.check.runs.begin(d.check.name)
	}
	return err
}

// run returns what is known by now of the only run of the document.
func (d *document) run() content.Run {
	run := d.head.RunOf(0)
	run.File = d.check.file()
	run.Unasked, run.Unread = max(d.counts.Old, d.counts.Hosts.Unasked), d.counts.Hosts.Unread
	return run
}

// documentShape returns the shape of a document.
func documentShape() *shape {
	is := shapeOf(reflect.TypeFor[content.Report]())
	is.members["counts"] = shapeOf(reflect.TypeFor[unaskedHosts]())
	is.members["certificates"] = shapeOf(reflect.TypeFor[map[string]tls12.Certificate]())
	for _, list := range []string{"results", "runs"} {
		is.members[list].of.most = manyElements
	}
	return is
}

// heading returns where in r each value of a report goes, by its name in JSON.
func heading(r *content.Report) map[string]any {
	into := map[string]any{}
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		into[name] = v.Field(i).Addr().Interface()
	}
	return into
}

// begins reads the token that begins an object or a list. name is for the error.
func (d *document) begins(want json.Delim, name string) error {
	token, err := d.values.Token()
	switch {
	case err != nil:
		return d.explain(err)
	case token != want:
		return fmt.Errorf("line %d: %s: %s instead of %s", d.line(), name, kindOf(token), map[json.Delim]string{'{': "an object", '[': "a list"}[want])
	}
	return nil
}

// kindOf returns what encoding/json calls a value that begins with token.
func kindOf(token json.Token) string {
	switch token := token.(type) {
	case json.Delim:
		return map[json.Delim]string{'{': "object", '[': "array"}[token]
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	}
	return "null"
}

// unmarshal reads the text of a value of some shape, which is name or in it.
func (d *document) unmarshal(text []byte, name string, is *shape, into any) error {
	err := d.check.value(text, is)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return d.within(text, name, err)
	}
	return nil
}

// next reads the next value and returns its text, which the next call overwrites.
func (d *document) next() (json.RawMessage, error) {
	d.text.forget(d.values.InputOffset())
	if err := d.values.Decode(&d.value); err != nil {
		return nil, d.explain(d.placed(err))
	}
	return d.value, nil
}

// placed corrects the offset of a syntax error in the next value to that in the whole text:
// a decoder that has skipped something counts wrong.
func (d *document) placed(err error) error {
	if _, ok := errors.AsType[*json.SyntaxError](err); !ok {
		return err
	}
	var value json.RawMessage
	again, ok := errors.AsType[*json.SyntaxError](json.NewDecoder(d.values.Buffered()).Decode(&value))
	if !ok {
		return err
	}
	again.Offset += d.values.InputOffset()
	return again
}

// ended makes sure that nothing follows the document.
func (d *document) ended() error {
	d.text.forget(d.values.InputOffset())
	token, err := d.values.Token()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return d.explain(err)
	}
	if token == json.Delim('{') {
		return fmt.Errorf("line %d: a second document follows the report: give each a file of its own", d.line())
	}
	return fmt.Errorf("line %d: not JSON: something follows the end of the report", d.line())
}
