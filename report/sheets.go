// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/quote"
)

// csvColumns are the names of the columns; those that JSON has, too, are called as there.
var csvColumns = []any{
	"started", "machine", "from", "source", "host", "site", "address", "network", "port", "services", "version", "role",
	"want", "verdict", "grade", "care", "took_ms", "detail", "findings", "hint", "after", "direction", "far_detail", "certificate_days", "certificate_expires", "labels",
}

// A csvWriter writes a row per address and port, for a spreadsheet program.
type csvWriter struct {
	sheet *quote.Sheet
	run   content.Run // that saw the host whose rows come
}

func newCSV(w io.Writer, s content.Style) Writer {
	if s.Matrix {
		return &matrixSheet{quote.NewSheet(w, s.Separator)}
	}
	return &csvWriter{sheet: quote.NewSheet(w, s.Separator)}
}

func (c *csvWriter) Begin(content.Head) error { return c.sheet.Row(csvColumns...) }

func (c *csvWriter) Host(p content.Part) error {
	c.run = p.Run
	for _, r := range content.PortRows(p.Entries) {
		if err := c.row(r); err != nil {
			return err
		}
	}
	return c.sheet.Flush()
}

func (c *csvWriter) End(content.Head) error { return c.sheet.Flush() }

// row writes what was found at a port of an address: the worst of its services, by name if the
// others fare better.
func (c *csvWriter) row(r content.Row) error {
	e, run := r.First(), c.run
	cert := e
	if i := slices.IndexFunc(r.Entries, func(e *content.Entry) bool { return e.CertificateDays != nil }); i >= 0 {
		cert = *r.Entries[i]
	}
	return c.sheet.Row(
		run.Started, run.Machine, run.From, sourceOf(r), e.Host, e.Site, e.Address, e.Network, portCell(e), strings.Join(r.Services(), ", "), versionsText(r), strings.Join(r.Roles(), ", "),
		e.Want, e.Verdict, e.Grade, r.Care(), int(math.Round(e.Took*1000)), detailOf(r), strings.Join(codesOf(r), ", "), firstHint(r), after(r), direction(r).Direction, direction(r).FarText(),
		daysCell(cert), expiryOf(cert), e.LabelsText(),
	)
}

// sourceOf is the address that asked a port, "" if none of its services knows it.
func sourceOf(r content.Row) string {
	for _, e := range r.Entries {
		if e.Source != "" {
			return e.Source
		}
	}
	return ""
}

// after is the last hop that packets to a port reach, "" if that is not known.
func after(r content.Row) string {
	for _, e := range r.Entries {
		if e.Trace != nil && e.Trace.After != "" {
			return e.Trace.After
		}
	}
	return ""
}

// direction returns the service of a port that both ends say most about: one that is blocked
// or changed, if there is one.
func direction(r content.Row) content.Entry {
	told := r.First()
	for _, e := range r.Entries {
		if told.Far == nil || told.Direction == "" && e.Direction != "" {
			told = *e
		}
	}
	return told
}

// versionsText is the versions of a port's services with their titles. With a decimal comma, a
// spreadsheet reads 5.5 as 5 May; that is also why times are whole milliseconds.
func versionsText(r content.Row) string {
	var texts []string
	for _, v := range r.Versions() {
		if v != "" { // of a port that the user named
			texts = append(texts, (*catalog.Releases)(nil).Called(v))
		}
	}
	return strings.Join(texts, ", ")
}

// detailOf is what answered at a port; with the name of the service, if others answer there
// better.
func detailOf(r content.Row) string {
	e := r.First()
	if !slices.ContainsFunc(r.Entries, func(other *content.Entry) bool { return other.Grade != e.Grade }) {
		return e.Detail
	}
	if e.Detail == "" {
		return e.Service
	}
	return e.Service + ": " + e.Detail
}

// portCell is the port as a number, "" of an interface without one.
func portCell(e content.Entry) any {
	if e.Port == 0 {
		return ""
	}
	return int(e.Port)
}

// daysCell is for how many days the certificate is valid, "" where there is none.
func daysCell(e content.Entry) any {
	if e.CertificateDays == nil {
		return ""
	}
	return *e.CertificateDays
}

// expiryOf is when the certificate of a server expires; zero if it showed none, or one that
// does not.
func expiryOf(e content.Entry) time.Time {
	if e.Peer == nil || e.Peer.TLS == nil || len(e.Peer.TLS.Chain) == 0 || e.Peer.TLS.Chain[0].IsEndless() {
		return time.Time{}
	}
	return e.Peer.TLS.Chain[0].NotAfter
}

// codesOf is the codes of the findings of a row, each once.
func codesOf(r content.Row) []string {
	var codes []string
	known := map[string]bool{}
	for _, e := range r.Entries {
		for _, f := range e.Findings {
			if !known[f.Code] {
				known[f.Code] = true
				codes = append(codes, f.Code)
			}
		}
	}
	return codes
}

// firstHint says what to do about a row: for its grade, or else for its care; "" where
// nothing weighs on either.
func firstHint(r content.Row) string {
	for _, scale := range judge.Scales() {
		for _, e := range append([]*content.Entry{new(r.First())}, r.Entries...) {
			if i := slices.IndexFunc(e.Findings, func(f judge.Finding) bool { return f.WeighsOn == scale && f.Hint != "" }); i >= 0 {
				return e.Findings[i].Hint
			}
		}
	}
	return ""
}

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
	q.asks.Add(p.Entries, q.head)
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
