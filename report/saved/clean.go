// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// longest is the most bytes of one text of a saved report. What exreach keeps of a peer is
// shorter; a forged report may carry more.
const longest = 4096

func printable(s string) string { return wire.Printable(s, longest) }

// short makes a text fit for an error.
func short(s string) string { return wire.Printable(s, 80) }

// quoted repeats a word of the file in an error, with quotes around it.
func quoted(s string) string { return strconv.Quote(catalog.Shown(s)) }

// clean makes every text printable in the value that to points to, and an empty list of each
// that is missing and stands in every report: none is null in JSON.
func clean(to any) { cleanValue(reflect.ValueOf(to).Elem()) }

func cleanValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(printable(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			cleanValue(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			cleanValue(v.Index(i))
		}
	case reflect.Struct:
		cleanStruct(v)
	case reflect.Map:
		cleanMap(v)
	}
}

func cleanStruct(v reflect.Value) {
	for i := range v.NumField() {
		field := v.Field(i)
		if !field.CanSet() {
			continue
		}
		if field.Kind() == reflect.Slice && field.IsNil() && !strings.Contains(v.Type().Field(i).Tag.Get("json"), ",omit") {
			field.Set(reflect.MakeSlice(field.Type(), 0, 0))
		}
		cleanValue(field)
	}
}

// cleanMap makes keys and values printable. Of keys that become equal, the value of the
// last counts.
func cleanMap(m reflect.Value) {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	copied := func(v reflect.Value) reflect.Value {
		to := reflect.New(v.Type()).Elem() // what is in a map cannot be set
		to.Set(v)
		if to.Kind() == reflect.Slice && to.IsNil() {
			to.Set(reflect.MakeSlice(to.Type(), 0, 0))
		}
		cleanValue(to)
		return to
	}
	var names, values []reflect.Value
	for _, key := range keys {
		names, values = append(names, copied(key)), append(values, copied(m.MapIndex(key)))
	}
	m.Clear()
	for i, name := range names {
		m.SetMapIndex(name, values[i])
	}
}
