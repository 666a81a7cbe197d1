// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/protocol"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/route"
	"exreach/report/judge/scene"
)

// A filler puts a text of its own into every string of a value.
type filler struct {
	text  string
	words bool // closed sets of words keep a word of theirs
	n     int
}

// word is a word of every closed set by which the page is made.
var word = map[reflect.Type]string{
	reflect.TypeFor[judge.Grade](): string(judge.Fail), reflect.TypeFor[judge.Scale](): string(judge.OnCare), reflect.TypeFor[route.Outcome](): string(route.Blocked),
	reflect.TypeFor[probe.Verdict](): string(probe.Mismatch), reflect.TypeFor[hops.Said](): string(hops.SaidExceeded), reflect.TypeFor[protocol.Step](): string(protocol.Connect),
	reflect.TypeFor[catalog.Want](): string(catalog.Required), reflect.TypeFor[catalog.TLS](): string(catalog.StartTLS), reflect.TypeFor[catalog.Network](): string(catalog.TCP),
}

func (f *filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if f.n++; f.words && word[v.Type()] != "" {
			v.SetString(word[v.Type()])
			return
		}
		v.SetString(fmt.Sprint(f.text, f.n))
	case reflect.Pointer:
		if v.Type() != reflect.TypeFor[*catalog.Releases]() { // which no report holds
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key)
		f.fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(scene.Began))
			return
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				f.fill(v.Field(i))
			}
		}
	case reflect.Int, reflect.Int64, reflect.Uint16:
		v.Set(reflect.ValueOf(1).Convert(v.Type()))
	case reflect.Float64:
		v.SetFloat(0.25)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// filled is a report with a text in every string, of one host or of several runs.
func filled(text string, words, joined bool) finished {
	f := filler{text: text, words: words}
	var out finished
	f.fill(reflect.ValueOf(&out.head).Elem())
	h := &out.head
	if !joined {
		h.Runs = nil
	}
	var entries []content.Entry
	f.fill(reflect.ValueOf(&entries).Elem())
	entries[1].Parent, entries[1].Host = "", entries[0].Host
	entries[0].Parent = ""
	h.Grid.Columns = []content.Column{content.ColumnOf(entries[0]), content.ColumnOf(entries[1])}
	out.hosts = [][]content.Entry{entries, nil}
	return out
}

var hostile = []string{
	`</title></style></script><script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)' style='x`,
	"` autofocus onfocus=alert(1) x=`",
	`<!--><svg onload=alert(1)>`,
	`</text></svg></details><a href=javascript:alert(1)>`,
	`{{.}}<%=1%>&lt;script&gt;]]>`,
	"\x1b[31m\u202e\u2066\u200b\u00ad\x00\xff\r\n\u2028",
}

// A report of hostile making has the elements and attributes of a plain one, whatever stands
// in any of its strings, and nothing invisible.
func TestHostile(t *testing.T) {
	for _, words := range []bool{true, false} {
		for _, joined := range []bool{true, false} {
			plain := filled("plain", words, joined).write(t)
			want := shapes(elements(t, plain))
			for _, text := range hostile {
				page := filled(text, words, joined).write(t)
				got := shapes(elements(t, page))
				for i := range max(len(got), len(want)) {
					if i >= len(got) || i >= len(want) || got[i] != want[i] {
						t.Fatalf("%q: element %d is %q, in a plain page %q", text, i, at(got, i), at(want, i))
					}
				}
				for _, r := range string(page) {
					if r != '\n' && unicode.Is(unicode.C, r) || r == unicode.ReplacementChar || r == '\u2028' {
						t.Fatalf("%q: the page has %U", text, r)
					}
				}
			}
		}
	}
}

// The texts of a hostile report are not left out: people see what a peer said.
func TestHostileIsShown(t *testing.T) {
	for _, text := range hostile {
		root := elements(t, filled(text, true, true).write(t))[0]
		if n := strings.Count(textOf(root), printableOf(text)); n < 60 {
			t.Errorf("%q is shown %d times", text, n)
		}
	}
}

// printableOf is a text as the page shows it.
func printableOf(s string) string { return text(s) }

// shapes is every element with its attributes.
func shapes(all []*html.Node) []string {
	var shapes []string
	for _, n := range all {
		shape := n.Data
		for _, a := range n.Attr {
			shape += fmt.Sprintf(" %s=%q", a.Key, a.Val)
		}
		shapes = append(shapes, shape)
	}
	return shapes
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "none"
}
