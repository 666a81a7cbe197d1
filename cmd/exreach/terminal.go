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
	"unicode/utf8"

	"golang.org/x/term"

	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/files"
)

// terminal returns the terminal behind w, or nil.
func terminal(w io.Writer) *os.File {
	switch out := w.(type) {
	case *errWriter:
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

// widthFor is how many columns a text for people may take in f: as many as the terminal has,
// or else COLUMNS says. f is nil for what is no terminal. 0 means that nothing says it.
func widthFor(f *os.File, env func(string) string) int {
	if f != nil {
		if width := widthOf(f); width > 0 {
			return width
		}
	}
	if width, err := strconv.Atoi(env("COLUMNS")); err == nil && width >= narrowest {
		return width
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
	const indent = "  " // of what continues a line
	var text strings.Builder
	for line := range strings.Lines(string(p)) {
		line = strings.TrimSuffix(line, "\n")
		if w.width > 0 && utf8.RuneCountInString(line) >= w.width { // a console may leave a line empty behind a full one
			line = strings.Join(commandline.Wrap(line, w.width-1-len(indent)), "\n"+indent)
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

	shown int // columns in use
}

// show replaces the line; "" erases it. A text that does not fit is cut: the beginning
// of a line that has wrapped cannot be rewritten.
func (l *statusLine) show(text string) {
	if l.width > 0 && len(text) >= l.width {
		text = text[:l.width-1]
	}
	switch {
	case text != "":
		fmt.Fprintf(l.terminal, "\r%-*s", l.shown, text)
	case l.shown > 0:
		fmt.Fprintf(l.terminal, "\r%s\r", strings.Repeat(" ", l.shown))
	}
	l.shown = len(text)
}

// Write puts p above the line, which reappears with the next show.
func (l *statusLine) Write(p []byte) (int, error) {
	l.show("")
	return l.terminal.Write(p)
}
