// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/tls12"
	"exreach/report"
	"exreach/report/content"
)

// A document is a report in one JSON object, which is read one value at a time.
type document struct {
	values *json.Decoder
	text   *countedText
	check  *checker
	head   content.Report
	named  bool // the schema is known
	counts struct {
		Old   int `json:"unasked_hosts"` // of exreach/1
		Hosts struct {
			Unasked int  `json:"unasked"`
			Unread  bool `json:"unread"`
		} `json:"hosts"`
	}
	value json.RawMessage // the value that next read last
}

func newDocument(r io.Reader, c *checker) *document {
	text := &countedText{in: r}
	return &document{values: json.NewDecoder(text), text: text, check: c}
}

// read reads the whole document. It ignores names that it does not know: the layout grows
// without a change of schema.
func (d *document) read() (report.Tail, error) {
	if err := d.begins('{', "the whole"); err != nil {
		return report.Tail{}, err
	}
	into := heading(&d.head)
	into["counts"] = &d.counts
	for d.values.More() {
		name, err := d.values.Token()
		if err != nil {
			return report.Tail{}, d.explain(err)
		}
		if err := d.member(name.(string), into); err != nil {
			return report.Tail{}, err
		}
	}
	if _, err := d.values.Token(); err != nil {
		return report.Tail{}, d.explain(err)
	}
	if !d.named {
		return report.Tail{}, fmt.Errorf("line 1: no \"schema\", so this is not a report of exreach; accepted: %q and %q", schemas[1], schemas[2])
	}
	if err := d.ended(); err != nil {
		return report.Tail{}, err
	}
	d.know()
	return report.Tail{Unasked: max(0, d.counts.Old, d.counts.Hosts.Unasked), Unread: d.counts.Hosts.Unread}, d.check.endHost()
}

// member reads a member of the document.
func (d *document) member(name string, into map[string]any) error {
	switch name {
	case "results":
		return d.results()
	case "certificates":
		return d.certificates()
	case "hosts":
		return d.skipList(name) // one value for each host: they may be many
	}
	if err := d.part(name, into[name]); err != nil || name != "schema" {
		return err
	}
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

// know tells the draft the head of the report.
func (d *document) know() {
	head := d.head
	clean(&head)
	d.check.to.Know(head)
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

// part reads one value of the heading. A nil into skips it.
func (d *document) part(name string, into any) error {
	text, err := d.next()
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
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

func (d *document) results() error {
	if d.named {
		d.know()
	}
	return d.list("results", func(n int, text []byte) error {
		var e content.Entry
		err := json.Unmarshal(text, &e)
		if err != nil {
			return d.within(text, "results", err)
		}
		err = d.check.entry(&e, len(text))
		word := (*catalog.WordError)(nil)
		switch {
		case errors.As(err, &word):
			return fmt.Errorf("line %d: result %d: %w", d.lineOf(text, word.Kind), n, word)
		case err != nil:
			return fmt.Errorf("line %d: result %d: %w", d.line(), n, err)
		}
		return nil
	})
}

// list reads a list one value at a time.
func (d *document) list(name string, take func(n int, text []byte) error) error {
	if err := d.begins('[', name); err != nil {
		return err
	}
	for n := 1; d.values.More(); n++ {
		text, err := d.next()
		if err == nil {
			err = take(n, text)
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.values.Token(); err != nil {
		return d.explain(err)
	}
	return nil
}

func (d *document) skipList(name string) error {
	return d.list(name, func(int, []byte) error { return nil })
}

// certificates reads the certificates, and passes them to the draft.
func (d *document) certificates() error {
	if err := d.begins('{', "certificates"); err != nil {
		return err
	}
	for d.values.More() {
		name, err := d.values.Token()
		if err != nil {
			return d.explain(err)
		}
		text, err := d.next()
		if err != nil {
			return err
		}
		var cert tls12.Certificate
		if err := json.Unmarshal(text, &cert); err != nil {
			return d.within(text, "certificates", err)
		}
		err = d.check.takeRoom(&cert, len(text))
		clean(&cert)
		cert.SHA256 = name.(string)
		if err == nil {
			err = d.check.certificate(cert)
		}
		if err != nil {
			return fmt.Errorf("line %d: certificates: %w", d.line(), err)
		}
		d.check.to.Learn(cert)
	}
	if _, err := d.values.Token(); err != nil {
		return d.explain(err)
	}
	return nil
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
		return fmt.Errorf("line %d: a second document follows the report; give exreach one report at a time", d.line())
	}
	return fmt.Errorf("line %d: not JSON: something follows the end of the report", d.line())
}
