// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"io"
)

// writeJSON writes the whole report as one document (docs/report.schema.json).
// The results stand last in it and go out one by one: the text of all of them
// would take more memory than they do.
func writeJSON(w io.Writer, f Finished, _ Style) error {
	head, err := indented(f.Report, "")
	if err != nil {
		return err
	}
	if f.hosts == 0 {
		_, err := w.Write(append(head, '\n'))
		return err
	}
	before := append(bytes.TrimSuffix(head, []byte("]\n}")), "\n    "...)
	for entries, err := range f.parts {
		if err != nil {
			return err
		}
		for _, e := range entries {
			text, err := indented(e, "    ")
			if err != nil {
				return err
			}
			if _, err := w.Write(append(before, text...)); err != nil {
				return err
			}
			before = append(before[:0], ",\n    "...)
		}
	}
	_, err = io.WriteString(w, "\n  ]\n}\n")
	return err
}

// indented is v as JSON whose lines but the first begin with prefix.
func indented(v any, prefix string) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent(prefix, "  ")
	err := out.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}
