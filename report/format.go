// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"slices"

	"exreach/catalog"
	"exreach/report/content"
	"exreach/report/page"
	"exreach/report/table"
)

// A Format is one way to write reports, traces, and versions of the catalogue. Report,
// Trace or Catalog is nil if the format cannot write that.
type Format struct {
	Name          string // as the command line has it
	Help          string // one line for people
	Whole         bool   // its beginning depends on all hosts, so a Draft keeps them until the last has come
	Folds         bool   // for people: hosts with problems come first, and those that are alike are told once
	Overview      bool   // it shows the grades of all hosts at once, and all certificates; the worst hosts come first
	Problems      bool   // it can leave out what is as wanted (content.Style)
	Matrix        bool   // it can show who reaches which host (content.Style)
	Separated     bool   // its columns may have another separator (content.Style)
	ReadBack      bool   // package saved reads it
	ByFingerprint bool   // the chains of its results only name their certificates; each stands once in the head

	Report  func(io.Writer, content.Style) Writer
	Trace   func(io.Writer, content.TraceReport, content.Style) error
	Catalog func(io.Writer, catalog.Version, content.Style) error
}

// A Writer writes one report: first its head, then one host after the other, then its
// end.
type Writer interface {
	Begin(content.Head) error // with what is known so far: everything if the format is Whole
	Host(content.Part) error  // with the next host, or some entries of it; the Writer must not keep the slices
	End(content.Head) error   // with everything
}

// Outlet returns what a Draft needs to write the format to w. The matrix depends on all hosts,
// so a format that shows it in this style is Whole.
func (f Format) Outlet(w io.Writer, s content.Style) Outlet {
	f.Whole = f.Whole || s.Matrix
	return Outlet{Format: f, To: f.Report(w, s)}
}

// Formats is every format, the default first.
func Formats() []Format {
	return []Format{
		{
			Name: "table", Help: "aligned text for people, with the next step under every row that needs one",
			Whole: true, Folds: true, Problems: true, Matrix: true, Report: func(w io.Writer, s content.Style) Writer { return table.New(w, s) }, Trace: table.WriteTrace, Catalog: table.WriteServices,
		}, {
			Name: "json", Help: "one document with everything; exreach reads it back",
			Whole: true, ReadBack: true, ByFingerprint: true, Report: newDocumentWriter, Trace: writeTraceJSON, Catalog: writeVersionJSON,
		}, {
			Name: "jsonl", Help: "one line of JSON per result, host by host as each is done",
			ReadBack: true, Report: newLines,
		}, {
			Name: "csv", Help: "a row per address and port, for a spreadsheet program",
			Matrix: true, Separated: true, Report: newCSV,
		}, {
			Name: "request", Help: "CSV of what to ask the firewall's administrator for, a line per source, destination and port",
			Whole: true, Separated: true, Report: newRequest,
		}, {
			Name: "markdown", Help: "for a ticket: the answer, a table of what is not as wanted, and what to do",
			Whole: true, Folds: true, Matrix: true, Report: newMarkdown,
		}, {
			Name: "summary", Help: "for a mail, with its subject: the answer, the causes, and where the whole report is",
			Whole: true, Report: newSummary,
		}, {
			Name: "html", Help: "one page for a browser, which needs no network: to hand on",
			Whole: true, Overview: true, Matrix: true, Report: func(w io.Writer, s content.Style) Writer { return page.New(w, s) },
		},
	}
}

// FormatNames lists the formats of a report for help and messages.
func FormatNames() []string {
	return slices.Sorted(slices.Values(namesOf(func(f Format) bool { return f.Report != nil })))
}

// TraceFormatNames lists those of a trace.
func TraceFormatNames() []string {
	return slices.Sorted(slices.Values(namesOf(func(f Format) bool { return f.Trace != nil })))
}

// CatalogFormatNames lists those of a version of the catalogue.
func CatalogFormatNames() []string { return namesOf(func(f Format) bool { return f.Catalog != nil }) }

func namesOf(has func(Format) bool) []string {
	var names []string
	for _, f := range Formats() {
		if has(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

// FormatNamed returns the format with this name, which must be one of accepted. Its error
// is a *catalog.WordError.
func FormatNamed(name string, accepted []string) (Format, error) {
	for _, f := range Formats() {
		if f.Name == name && slices.Contains(accepted, name) {
			return f, nil
		}
	}
	return Format{}, &catalog.WordError{Kind: "format", Word: name, Accepted: accepted}
}
