// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"

	"exreach/report/content"
	"exreach/report/device"
)

// Questions is the format of the commands that ask a device about the blocked ports of a
// report. It is not among Formats, for it needs a device: the command line finds that with
// device.Named, and prints the Notes of q after Draft.End. A host is needed as a whole to
// say what a firewall can have caused.
func Questions(q *device.Questions) Format {
	return Format{
		Name: "device", Help: "the commands that ask a firewall what it does with the blocked ports",
		Whole: true, Report: func(w io.Writer, _ content.Style) Writer { return q.Writer(w) },
	}
}
