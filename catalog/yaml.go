// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// maxFile is the most bytes that a file may have. The largest of our own has a tenth of it.
const maxFile = 1 << 20

// A FileError says what is wrong with a file, and where.
type FileError struct {
	File string
	Line int // 0 where the whole file is meant
	Err  error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

// inLine adds a line to err, unless a function further in has added one already.
func inLine(line int, err error) error {
	if e := (*FileError)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	return &FileError{Line: line, Err: err}
}

// inFile names the file that err is about.
func inFile(file string, err error) error {
	err = inLine(0, err)
	if e := (*FileError)(nil); errors.As(err, &e) {
		e.File = file
	}
	return err
}

// A YAML value takes some 170 bytes of memory, however short it is, so a file of
// nothing but brackets would take a hundred times its size. Real files have ten
// bytes and more for each indicator, a character that begins a value or divides two.
const (
	manyIndicators    = 8 << 10 // that a file of any size may have
	bytesPerIndicator = 8
)

// indicators counts the indicators of a file, and so about how many values it has.
func indicators(data []byte) (n int) {
	for _, b := range data {
		switch b {
		case '[', '{', ',', '-', '\n':
			n++
		}
	}
	return n
}

// document returns the root of the one YAML document that r holds.
func document(r io.Reader) (*yaml.Node, error) {
	var text bytes.Buffer
	if f, ok := r.(fs.File); ok {
		if about, err := f.Stat(); err == nil && about.Size() < maxFile {
			text.Grow(int(about.Size()) + bytes.MinRead)
		}
	}
	if _, err := text.ReadFrom(io.LimitReader(r, maxFile+1)); err != nil {
		return nil, err
	}
	data := text.Bytes()
	if len(data) > maxFile {
		return nil, fmt.Errorf("the file is larger than %d KiB", maxFile>>10)
	}
	if n := indicators(data); n > manyIndicators+len(data)/bytesPerIndicator {
		return nil, fmt.Errorf("there are %d brackets, commas, dashes and ends of lines in it, and little else", n)
	}
	var root, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&root); errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, notYAML(err, data)
	}
	if err := d.Decode(&second); err == nil {
		return nil, inLine(second.Line, errors.New("a second document begins here: a file holds one"))
	} else if !errors.Is(err, io.EOF) {
		return nil, notYAML(err, data)
	}
	return root.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// notYAML turns the library's "yaml: line 3: why" into our form. The library does
// not report the line of a missing anchor, so notYAML looks for it in data.
func notYAML(err error, data []byte) error {
	text, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	if name, missing := strings.CutPrefix(text, "unknown anchor '"); missing {
		name, _, _ = strings.Cut(name, "' referenced")
		line = lineOfAlias(data, name)
		text = fmt.Sprintf("unknown anchor '%s' referenced: put a value that begins with * in quotes", Shown(name))
	}
	return inLine(line, fmt.Errorf("this is not YAML: %s", text))
}

// lineOfAlias returns the line of the first value *name, or 0.
func lineOfAlias(data []byte, name string) int {
	alias := regexp.MustCompile(`(?m)^[^#'"\n]*[\s:,[{-]\*` + regexp.QuoteMeta(name) + `([\s,\]}]|$)`)
	found := alias.FindIndex(data)
	if found == nil {
		return 0
	}
	before := bytes.TrimRight(data[:found[1]], "\r\n")
	return 1 + bytes.Count(before, []byte("\n"))
}

// A field is a name that a mapping may hold, and the function that reads its value.
type field struct {
	name string
	read func(*yaml.Node) error
}

// mapping reads n, which must hold nothing but the given fields.
func mapping(n *yaml.Node, fields ...field) error {
	return pairs(n, func(key string, value *yaml.Node) error {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == key })
		if i < 0 {
			return &WordError{"field", key, each(fields, func(f field) string { return f.name })}
		}
		return fields[i].read(value)
	})
}

// pairs reads a mapping key by key. An error of read gets the key's line.
func pairs(n *yaml.Node, read func(key string, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return inLine(n.Line, fmt.Errorf("expected a mapping (name: value), not %s", kind(n)))
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			return inLine(k.Line, fmt.Errorf("expected the name of a field, not %s", kind(k)))
		}
		if first, twice := seen[k.Value]; twice {
			return inLine(k.Line, fmt.Errorf("field %q appears twice: first on line %d", Shown(k.Value), first))
		}
		seen[k.Value] = k.Line
		if err := read(k.Value, n.Content[i+1]); err != nil {
			return inLine(k.Line, err)
		}
	}
	return nil
}

// value reads a single value: printable, on one line, not empty.
func value(name string, read func(string) error) field {
	return field{name, func(n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s must be a single value, not %s", name, kind(n))
		}
		s := strings.ReplaceAll(strings.TrimSpace(n.Value), "\n", " ")
		if s == "" || n.ShortTag() == "!!null" {
			return fmt.Errorf("%s is empty: give it a value or leave it out", name)
		}
		for _, r := range s {
			if !unicode.IsPrint(r) {
				return fmt.Errorf("%s holds the unprintable character %U", name, r)
			}
		}
		return read(s)
	}}
}

// text reads words for people.
func text(name string, to *string) field {
	return value(name, func(s string) error { *to = s; return nil })
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,39}$`)

// named reads a word that the catalogue defines.
func named(name string, to *string) field {
	return value(name, func(s string) error {
		if !namePattern.MatchString(s) {
			return fmt.Errorf("%s %q is not a name: use a-z, 0-9, dot and dash, up to 40 characters", name, Shown(s))
		}
		*to = s
		return nil
	})
}

// word reads one word of a closed set.
func word[T ~string](name string, accepted []T, to *T) field {
	return value(name, func(s string) error {
		if !slices.Contains(accepted, T(s)) {
			return &WordError{name, s, each(accepted, func(a T) string { return string(a) })}
		}
		*to = T(s)
		return nil
	})
}

// list reads a list item by item. An error of read gets the item's line.
func list(name string, read func(*yaml.Node) error) field {
	return field{name, func(n *yaml.Node) error {
		if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
			return fmt.Errorf("%s must be a list that is not empty", name)
		}
		for i, item := range n.Content {
			if err := read(item); err != nil {
				return inLine(item.Line, err)
			}
			n.Content[i] = nil // its values take many times the memory of the result
		}
		return nil
	}}
}

// texts reads a list of words for people.
func texts(name string, to *[]string) field {
	return values(name, func(s string) error { *to = append(*to, s); return nil })
}

// values reads a list of single values.
func values(name string, read func(string) error) field {
	return list(name, value(name, read).read)
}

// kind names what a file has in the place of something else.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	return "a single value"
}
