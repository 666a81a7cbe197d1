// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"exreach/probe/protocol/wire"
)

// longest is the most bytes of one text of a saved report. What exreach keeps of a peer is
// shorter; a forged report may carry more.
const longest = 4096

func printable(s string) string { return wire.Printable(s, longest) }

// short makes a text fit for an error.
func short(s string) string { return wire.Printable(s, 80) }

// quoted is the same with quotes around it.
func quoted(s string) string { return strconv.Quote(strings.ToValidUTF8(s[:min(len(s), 80)], "")) }

// sizeOf returns how many bytes of memory a value takes that to points to.
func sizeOf(to any) int {
	v := reflect.ValueOf(to).Elem()
	return int(v.Type().Size()) + sizeBehind(v)
}

// sizeBehind returns how many bytes v only points to.
func sizeBehind(v reflect.Value) (size int) {
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Pointer:
		if !v.IsNil() && v.CanSet() {
			return int(v.Type().Elem().Size()) + sizeBehind(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			size += int(v.Type().Elem().Size()) + sizeBehind(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			size += sizeBehind(v.Field(i))
		}
	case reflect.Map:
		const slot = 64 // and as much again where it is half full
		for key, value := range v.Seq2() {
			size += slot + sizeBehind(key) + sizeBehind(value)
		}
	}
	return size
}

// clean makes every text printable in the value that to points to.
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
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				cleanValue(v.Field(i))
			}
		}
	case reflect.Map:
		cleanMap(v)
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
