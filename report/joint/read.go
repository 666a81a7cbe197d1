// SPDX-License-Identifier: Apache-2.0

package joint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"exreach/probe/far"
)

// mostText is how many bytes a record may have.
const mostText = 64 << 20

// Read reads a record from a file of this name. Its errors begin with the name, and say on
// which line the file is wrong where that can be told.
func Read(name string, from io.Reader) (*Joint, error) {
	text, err := io.ReadAll(io.LimitReader(from, mostText+1))
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read the record: %w", name, err)
	}
	if len(text) > mostText {
		return nil, fmt.Errorf("%s: more than %d MiB: exreach listen writes no such record", name, mostText>>20)
	}
	record, err := far.ReadRecord(bytes.NewReader(text))
	if schema, is := errors.AsType[*far.SchemaError](err); is && strings.HasPrefix(schema.Schema, "exreach/") {
		err = errors.New("this is the report of a check, and not the record of a listener: name the report first, then the record")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, onLine(text, err))
	}
	return New(name, record), nil
}

// onLine adds the line to an error of encoding/json.
func onLine(text []byte, err error) error {
	at := int64(-1)
	if _, ok := errors.AsType[*json.SyntaxError](err); ok { // one of a part of the text does not know where the part is
		if syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, &struct{}{})); ok {
			at = syntax.Offset
		}
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = kind.Offset
	}
	if at < 0 {
		return err
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:min(at, int64(len(text)))], []byte("\n")), err)
}
