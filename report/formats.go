// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"maps"
	"slices"
)

// A Format writes a report. Exactly one of Whole and Each is set.
type Format struct {
	Help  string                                 // one line for people
	Whole func(io.Writer, Finished, Style) error // writes a finished report
	Each  func(io.Writer, Entry) error           // writes one entry, as soon as its host is done
}

// Style is what a reader's terminal asks of a format made for people. The zero
// value is right for a file or a pipe.
type Style struct {
	Color   bool // ANSI colours
	Width   int  // columns that no line exceeds; 0 is without limit
	Verbose bool // also show the findings of passing rows
}

// Formats is every output format by the name that the command line uses.
var Formats = map[string]Format{
	"table": {Help: "aligned text for people, with the next step under every row that needs one", Whole: writeTable},
	"json":  {Help: "one document with everything; exreach reads it back", Whole: writeJSON},
	"jsonl": {Help: "one line of JSON per result, host by host as each is done", Each: writeLine},
}

// FormatNames lists the formats for help and messages.
func FormatNames() []string { return slices.Sorted(maps.Keys(Formats)) }
