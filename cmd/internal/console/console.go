// SPDX-License-Identifier: Apache-2.0

// Package console is the terminal that a user looks at: how wide it is, lines that break
// between words, and a last line that is rewritten in place.
package console

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/term"

	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/files"
	"exreach/report/table"
)

// Of returns the terminal behind w, or nil.
func Of(w io.Writer) *os.File {
	switch out := w.(type) {
	case *files.ErrWriter:
		w = out.Writer
	case Wrapping:
		w = out.Writer
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// Narrowest is how many columns a text for people needs.
const Narrowest = 40

// WidthFor returns how many columns a text for people may take in f: those of the terminal,
// or else COLUMNS. f is nil if it is no terminal. 0 means that neither is known.
func WidthFor(f *os.File, env func(string) string) int {
	if f != nil {
		if width := WidthOf(f); width > 0 {
			return width
		}
	}
	if width, err := strconv.Atoi(env("COLUMNS")); err == nil && width > 0 {
		return max(width, Narrowest)
	}
	return 0
}

// WidthOf is how many columns a terminal has; 0 if that is not known.
func WidthOf(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// SizeOf is how many columns and rows a terminal has; 0 if that is not known.
func SizeOf(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return columns, rows
}

// Secret asks for a line on a terminal and does not show what is typed: prompt goes to out,
// the answer comes from in. The end of ctx ends the wait and restores the terminal.
func Secret(ctx context.Context, in *os.File, out io.Writer, prompt string) (string, error) {
	fd := int(in.Fd())
	before, err := term.MakeRaw(fd) // without echo before the prompt stands: someone may type at once
	if err != nil {
		return "", err
	}
	fmt.Fprint(out, prompt)
	defer fmt.Fprintln(out)
	defer func() { _ = term.Restore(fd, before) }()
	var line []byte
	err = files.Unless(ctx, func() error {
		var err error
		line, err = term.ReadPassword(fd)
		return err
	})
	if err != nil {
		return "", err
	}
	return string(line), nil
}

// Wrapping breaks the lines that are written to it between words. Each Write must end with
// a whole line.
type Wrapping struct {
	io.Writer
	Width int // columns; 0 is no limit
}

func (w Wrapping) Write(p []byte) (int, error) {
	const indent = "  " // of continued lines
	var text strings.Builder
	for line := range strings.Lines(string(p)) {
		line = strings.TrimSuffix(line, "\n")
		if w.Width > 0 && table.Columns(line) >= w.Width { // a console may leave a line empty behind a full one
			line = strings.Join(commandline.Wrap(line, w.Width-1-len(indent), table.Columns), "\n"+indent)
		}
		text.WriteString(line + "\n")
	}
	if _, err := io.WriteString(w.Writer, text.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// A StatusLine is the last line of a terminal, which is rewritten in place. Text that is
// written to it appears above the line and stays.
type StatusLine struct {
	Terminal io.Writer
	Width    int // columns; 0 is not known

	mu   sync.Mutex // guards the fields below: a question may come while a run shows its progress
	used int        // columns, since it was erased
	held bool       // someone else has the line
}

// Hold leaves the line to f, which writes to the terminal itself.
func (l *StatusLine) Hold(f func()) {
	set := func(held bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.show("")
		l.held = held
	}
	set(true)
	defer set(false)
	f()
}

// spare is how many columns a StatusLine leaves free: the terminal writes ^C behind the
// text, which is erased with it.
const spare = 2

// Show replaces the line with the first text that fits; "" erases it. If none fits, it cuts
// the last: the beginning of a line that has wrapped cannot be rewritten.
func (l *StatusLine) Show(texts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		l.show(texts...)
	}
}

func (l *StatusLine) show(texts ...string) {
	text := texts[0]
	if room := l.Width - spare - 1; l.Width > 0 {
		for _, shorter := range texts[1:] {
			if table.Columns(text) > room {
				text = shorter
			}
		}
		text = table.Clip(text, room)
	}
	columns := table.Columns(text)
	switch {
	case text != "":
		l.used = max(l.used, columns)
		fmt.Fprintf(l.Terminal, "\r%s%s", text, strings.Repeat(" ", l.used-columns))
	case l.used > 0:
		fmt.Fprintf(l.Terminal, "\r%s\r", strings.Repeat(" ", l.used+spare))
		l.used = 0
	}
}

// Write puts p above the line, which reappears with the next Show.
func (l *StatusLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.show("")
	return l.Terminal.Write(p)
}
