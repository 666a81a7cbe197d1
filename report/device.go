// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"strings"

	"exreach/report/content"
	"exreach/report/device"
)

// Questions is the format of the commands that ask a device about the blocked ports of a
// report: one in each line, and nothing else. It is not among Formats, for it needs a device:
// the command line finds that with device.Named, and prints the Notes of q after Draft.End.
// A host is needed as a whole to say what a firewall can have caused.
func Questions(q *device.Questions) Format {
	return Format{
		Name: "device", Help: "the commands that ask a firewall what it does with the blocked ports",
		Whole: true, Report: func(w io.Writer, _ Style) Writer { return &questions{to: w, of: q} },
	}
}

type questions struct {
	to   io.Writer
	of   *device.Questions
	head Head
}

func (q *questions) Begin(h Head) error {
	q.head = h
	return nil
}

func (q *questions) Host(p Part) error {
	commands := q.of.Of(content.Asks(p.Entries, q.head.Report))
	if len(commands) == 0 {
		return nil
	}
	_, err := io.WriteString(q.to, strings.Join(commands, "\n")+"\n")
	return err
}

func (q *questions) End(Head) error { return nil }
