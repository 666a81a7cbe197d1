// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"reflect"
	"strings"
)

// A shape is what a value of a report may look like in JSON: that of its Go type.
type shape struct {
	members map[string]*shape // of an object that has names of its own; nil for any other value
	of      *shape            // of the elements of a list, or of an object that may have any names; nil for any other value
	size    int               // bytes of memory that the value takes, without what it only points to
	each    int               // the same of each of its elements
	most    int               // elements of all lists and objects with any names in the value; 0 is without limit
	pointer bool              // the value is what a pointer points to, and takes its bytes only if it is there
}

// slot is about how many bytes of memory a map takes for each of its members, beside them:
// often it is only half full.
const slot = 48

// shapeOf returns the shape of a type.
func shapeOf(t reflect.Type) *shape {
	is := &shape{size: int(t.Size())}
	switch t.Kind() {
	case reflect.Pointer:
		is = shapeOf(t.Elem())
		is.pointer = true
	case reflect.Slice:
		is.of, is.each = shapeOf(t.Elem()), int(t.Elem().Size())
	case reflect.Map:
		is.of, is.each = shapeOf(t.Elem()), int(t.Key().Size()+t.Elem().Size())+slot
	case reflect.Struct:
		is.members = membersOf(t)
	}
	return is
}

// membersOf returns the members of a struct. Time is written as a text, and has none.
func membersOf(t reflect.Type) map[string]*shape {
	members := map[string]*shape{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.IsExported() && !field.Anonymous && name != "" && name != "-" {
			members[name] = shapeOf(field.Type)
		}
	}
	return members
}

// names is the names of the members of an object as they come. encoding/json takes "Verdict"
// for "verdict" too, and of two members with one name the second: what other programs show of
// such a report is something else.
type names struct {
	of    *shape          // of the object
	known map[string]bool // those so far
}

// take takes the next name, and returns the shape of its value: nil if the value is ignored.
// That of a name which is not known is: the layout grows without a change of schema.
func (n *names) take(name string) (*shape, error) {
	if n.known[name] {
		return nil, twice(name)
	}
	if n.known == nil {
		n.known = map[string]bool{}
	}
	n.known[name] = true
	if n.of.members == nil {
		return n.of.of, nil
	}
	if is := n.of.members[name]; is != nil {
		return is, nil
	}
	if like := strings.ToLower(strings.ToUpper(name)); n.of.members[like] != nil {
		return nil, fmt.Errorf("%s instead of %q", quoted(name), like)
	}
	if len(n.known) > manyElements { // all of them stay in memory until the object ends
		return nil, fmt.Errorf("more than %d names in one object: exreach writes none of so many", manyElements)
	}
	return nil, nil
}

func twice(name string) error { return fmt.Errorf("%s stands twice in one object", quoted(name)) }
