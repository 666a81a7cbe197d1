// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// terminal returns the terminal behind w, or nil.
func terminal(w io.Writer) *os.File {
	if out, ok := w.(*errWriter); ok {
		w = out.Writer
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// widthOf is how many columns a terminal has; 0 if that is not known.
func widthOf(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
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
