// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/files"
	"exreach/report/table"
)

// terminal returns the terminal behind w, or nil.
func terminal(w io.Writer) *os.File {
	switch out := w.(type) {
	case *files.ErrWriter:
		w = out.Writer
	case wrapping:
		w = out.Writer
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// narrowest is how many columns a text for people needs.
const narrowest = 40

// widthFor returns how many columns a text for people may take in f: those of the terminal,
// or else COLUMNS. f is nil if it is no terminal. 0 means that neither is known.
func widthFor(f *os.File, env func(string) string) int {
	if f != nil {
		if width := widthOf(f); width > 0 {
			return width
		}
	}
	if width, err := strconv.Atoi(env("COLUMNS")); err == nil && width > 0 {
		return max(width, narrowest)
	}
	return 0
}

// widthOf is how many columns a terminal has; 0 if that is not known.
func widthOf(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// keepOpen waits for Enter, or for ctx to end, before a console closes that a double-click
// opened.
func keepOpen(ctx context.Context, w world) {
	fmt.Fprint(w.stderr, "\nexreach is a program for the command line: open PowerShell or cmd in this folder,\nand begin with .\\exreach demo\n\nPress Enter to close this window. ")
	_, _ = bufio.NewReader(files.Until(ctx, w.stdin)).ReadString('\n')
}

// wrapping breaks the lines that are written to it between words. Each Write must end with
// a whole line.
type wrapping struct {
	io.Writer
	width int // columns; 0 is no limit
}

func (w wrapping) Write(p []byte) (int, error) {
	const indent = "  " // of continued lines
	var text strings.Builder
	for line := range strings.Lines(string(p)) {
		line = strings.TrimSuffix(line, "\n")
		if w.width > 0 && table.Columns(line) >= w.width { // a console may leave a line empty behind a full one
			line = strings.Join(commandline.Wrap(line, w.width-1-len(indent), table.Columns), "\n"+indent)
		}
		text.WriteString(line + "\n")
	}
	if _, err := io.WriteString(w.Writer, text.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// A statusLine is the last line of a terminal, which is rewritten in place. Text that is
// written to it appears above the line and stays.
type statusLine struct {
	terminal io.Writer
	width    int // columns; 0 is not known

	used int // columns, since it was erased
}

// spare is how many columns a statusLine leaves free: the terminal writes ^C behind the
// text, which is erased with it.
const spare = 2

// show replaces the line with the first text that fits; "" erases it. If none fits, it cuts
// the last: the beginning of a line that has wrapped cannot be rewritten.
func (l *statusLine) show(texts ...string) {
	text := texts[0]
	if room := l.width - spare - 1; l.width > 0 {
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
		fmt.Fprintf(l.terminal, "\r%s%s", text, strings.Repeat(" ", l.used-columns))
	case l.used > 0:
		fmt.Fprintf(l.terminal, "\r%s\r", strings.Repeat(" ", l.used+spare))
		l.used = 0
	}
}

// Write puts p above the line, which reappears with the next show.
func (l *statusLine) Write(p []byte) (int, error) {
	l.show("")
	return l.terminal.Write(p)
}
