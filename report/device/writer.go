// SPDX-License-Identifier: Apache-2.0

package device

import (
	"io"

	"exreach/report/content"
)

// A Writer writes the commands for a report: one in each line, and nothing else.
type Writer struct {
	questions *Questions
	to        io.Writer
	head      content.Head
	asks      content.AskList
}

// Writer returns a Writer of the commands.
func (q *Questions) Writer(w io.Writer) *Writer { return &Writer{questions: q, to: w} }

func (w *Writer) Begin(h content.Head) error {
	w.head = h
	return nil
}

func (w *Writer) Host(p content.Part) error {
	w.asks.Add(p.Entries, w.head)
	return nil
}

func (w *Writer) End(content.Head) error {
	for _, command := range w.questions.Of(w.asks.All()) {
		if _, err := io.WriteString(w.to, command+"\n"); err != nil {
			return err
		}
	}
	return nil
}
