// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/cmd/internal/files"
	"exreach/probe/far"
)

// Formats is the words of --format.
func Formats() []string { return []string{"table", "jsonl", "json"} }

// A view is what an output may show of a moment.
type view struct {
	news   news
	ports  []PortSeen
	since  time.Duration // the start
	visits visits        // so far
}

// A sink writes what comes to a listener, in one format.
type sink interface {
	begin(far.Record) error     // what is open
	show(view) error            // what is new
	end(far.Record, view) error // all that came
}

// An Output is one place to which a listener writes, in one format.
type Output struct {
	sink sink
	to   *files.Destination
	file string // "" is stdout
}

// A Screen is the terminal behind stdout.
type Screen struct {
	Terminal *os.File
	Size     func() (columns, rows int) // at the moment; 0 if that is not known
}

// Places is where outputs may go.
type Places struct {
	Stdout      io.Writer
	Screen      *Screen // nil if stdout is no terminal that can be redrawn
	Temporaries *files.Temporaries
	Reads       []string // the files that the command reads, which no output may replace
}

// Open opens the outputs: that of --format and --output, and those of --also, each
// FORMAT=FILE. The caller must call Discard for each of them at the end. Its errors are for
// the user.
func Open(ctx context.Context, format, file string, also []string, at Places) ([]Output, error) {
	type wish struct{ format, file string }
	if file == "-" {
		file = ""
	}
	wishes := []wish{{format, file}}
	for _, value := range also {
		format, file, both := strings.Cut(value, "=")
		if !both || file == "" {
			return nil, mistake("such as --also json=far.json", "option --also: %q is not FORMAT=FILE", catalog.Shown(value))
		}
		if file == "-" {
			file = ""
		}
		wishes = append(wishes, wish{format, file})
	}
	var outputs []Output
	for i, w := range wishes {
		w.format = strings.ToLower(strings.TrimSpace(w.format))
		if !slices.Contains(Formats(), w.format) {
			discard(outputs)
			return nil, &catalog.WordError{Kind: "format", Word: w.format, Accepted: Formats()}
		}
		for _, other := range wishes[:i] {
			if w.file == other.file || w.file != "" && other.file != "" && files.SameFile(w.file, other.file) {
				discard(outputs)
				return nil, mistake("give each of them a file of its own", "options --output and --also: two outputs go to one place")
			}
		}
		if w.file != "" && slices.ContainsFunc(at.Reads, func(read string) bool { return files.SameFile(w.file, read) }) {
			discard(outputs)
			return nil, mistake("give the output a file of its own", "output %s: exreach reads this file, and the output would replace it", catalog.Shown(w.file))
		}
		to, err := files.Create(ctx, w.file, at.Stdout, at.Temporaries)
		if err != nil {
			discard(outputs)
			return nil, err
		}
		outputs = append(outputs, Output{sink: sinkOf(w.format, w.file, to, at), to: to, file: w.file})
	}
	return outputs, nil
}

// sinkOf is the sink of a format.
func sinkOf(format, file string, to io.Writer, at Places) sink {
	switch {
	case format == "json":
		return wholeJSON{to}
	case format == "jsonl":
		return &linesJSON{to}
	case file == "" && at.Screen != nil:
		return &screen{text: text{to: to}, at: *at.Screen}
	}
	return &log{text{to: to}}
}

func discard(outputs []Output) {
	for _, o := range outputs {
		o.Discard()
	}
}

// Discard removes a file that was not completed.
func (o Output) Discard() { o.to.Discard() }

// rehearse returns an error if the output could not be put in its place at the end, because
// the privileges that it was opened with are gone.
func (o Output) rehearse(became string) error {
	if became == "" {
		return nil
	}
	if err := o.to.Rehearse(); err != nil {
		return mistake("name a file in a folder of that user, or another user with --user", "as user %s: %w", became, err)
	}
	return nil
}
