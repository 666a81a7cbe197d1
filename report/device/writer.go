// SPDX-License-Identifier: Apache-2.0

package device

import (
	"io"
	"strings"

	"exreach/report/content"
)

// A Writer writes the commands for a report: one in each line, and nothing else.
type Writer struct {
	questions *Questions
	to        io.Writer
	head      content.Head
}

// Writer returns a Writer of the commands.
func (q *Questions) Writer(w io.Writer) *Writer { return &Writer{questions: q, to: w} }

func (w *Writer) Begin(h content.Head) error {
	w.head = h
	return nil
}

func (w *Writer) Host(p content.Part) error {
	commands := w.questions.Of(content.Asks(p.Entries, w.head.Report))
	if len(commands) == 0 {
		return nil
	}
	_, err := io.WriteString(w.to, strings.Join(commands, "\n")+"\n")
	return err
}

func (w *Writer) End(content.Head) error { return nil }
