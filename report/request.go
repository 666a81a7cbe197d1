// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"strings"

	"exreach/report/content"
	"exreach/report/quote"
)

// requestColumns are the names of the columns. The last two are for people to fill in.
var requestColumns = []any{
	"action", "source", "source_machine", "destination", "destination_name", "site", "protocol", "port", "service",
	"reason", "observation", "time", "expiry", "justification",
}

// A requestWriter writes what to ask the administrator of a firewall for: one line per
// source, destination, protocol and port, for tools that take change requests.
type requestWriter struct {
	sheet *quote.Sheet
	head  content.Head
	asks  content.AskList
}

func newRequest(w io.Writer, s content.Style) Writer {
	return &requestWriter{sheet: quote.NewSheet(w, s.Separator)}
}

func (q *requestWriter) Begin(h content.Head) error {
	q.head = h
	return q.sheet.Row(requestColumns...)
}

func (q *requestWriter) Host(p content.Part) error {
	q.asks.Add(content.Asks(p.Entries, q.head.Report)...)
	return nil
}

func (q *requestWriter) End(content.Head) error {
	for _, a := range q.asks.All() {
		err := q.sheet.Row(
			a.Action, a.Source, a.Machine, a.Address, a.Host, a.Site, a.Network, int(a.Port), strings.Join(a.Services, ", "),
			a.Reason, a.Observation, a.At, "", "",
		)
		if err != nil {
			return err
		}
	}
	return q.sheet.Flush()
}
