// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"maps"
	"reflect"
)

// HideAll takes the password out of every string that v, a pointer, leads to. It leaves
// values of named string types, such as Kind: those words are ours, not the peer's.
func (m *Mask) HideAll(v any) {
	if m != nil {
		m.hideIn(reflect.ValueOf(v).Elem())
	}
}

func (m *Mask) hideIn(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && v.Type() == reflect.TypeFor[string]() {
			v.SetString(m.Hide(v.String()))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			m.hideIn(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			m.hideIn(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			m.hideIn(v.Index(i))
		}
	case reflect.Map:
		m.hideInMap(v)
	}
}

// hideInMap masks a map of strings, keys as well: a peer may have chosen them.
func (m *Mask) hideInMap(v reflect.Value) {
	if !v.CanInterface() {
		return
	}
	all, ok := v.Interface().(map[string]string)
	if !ok {
		return
	}
	for name, value := range maps.Clone(all) {
		delete(all, name)
		all[m.Hide(name)] = m.Hide(value)
	}
}
