// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"exreach/probe/protocol/wire"
	"exreach/report/content"
	"exreach/report/table"
)

// mailWidth is how many columns a line of a mail has (RFC 5322 section 2.1.1 advises 78;
// answers to it need room for their marks), and subjectWidth the characters of its subject.
const (
	mailWidth    = 72
	subjectWidth = 78
)

// longest is the most bytes of one text.
const longest = 4096

// A summary writes a mail: its subject, the answer, the causes, and where the whole report
// is.
type summary struct {
	to    io.Writer
	style content.Style
	text  strings.Builder
}

func newSummary(w io.Writer, s content.Style) Writer { return &summary{to: w, style: s} }

func (m *summary) Begin(content.Head) error { return nil }

func (m *summary) Host(content.Part) error { return nil }

func (m *summary) End(h content.Head) error {
	if link := h.LinkTexts(); len(link) > 0 {
		m.paragraphs(link...)
	}
	m.paragraphs(h.Headline())
	if len(h.Hosts) > 0 {
		m.paragraphs(eachText(h.CauseTexts(m.style.Verbose), bulleted)...)
		m.paragraphs(append([]string{h.FirstToExpire(), h.CountsText()}, h.AskedTexts()...)...)
		m.paragraphs(whole(h))
	}
	text := strings.TrimSuffix(m.text.String(), "\n")
	_, err := io.WriteString(m.to, mailHead(h, text)+text)
	return err
}

// paragraphs writes texts and an empty line. A text that is longer than a line goes on below,
// with an indent.
func (m *summary) paragraphs(texts ...string) {
	for _, text := range texts {
		used := 0
		for _, word := range strings.Fields(wire.Printable(text, longest)) {
			switch columns := table.Columns(word); {
			case used == 0:
				used = columns
			case used+1+columns > mailWidth:
				m.text.WriteString("\n  ")
				used = 2 + columns
			default:
				m.text.WriteByte(' ')
				used += 1 + columns
			}
			m.text.WriteString(word)
		}
		if used > 0 {
			m.text.WriteByte('\n')
		}
	}
	if len(texts) > 0 {
		m.text.WriteByte('\n')
	}
}

// whole says where the whole report is, or how to get it.
func whole(h content.Head) string {
	var places []string
	for _, p := range h.Elsewhere {
		if p.Format != "summary" && p.Format != "request" {
			places = append(places, fmt.Sprintf("%s (%s)", p.File, p.Format))
		}
	}
	from := strings.Join(h.Files, ", ")
	switch {
	case h.Partial:
		return ofSelection(places, from)
	case len(places) > 0:
		return "The whole report: " + strings.Join(places, ", ")
	case len(h.Files) > 1:
		return "It was joined from " + from + "."
	case from != "":
		return "The whole report is in " + from + "."
	}
	return "To keep the whole report, run again with --also json=FILE."
}

// ofSelection says where else a selection is, and from which files it was made.
func ofSelection(places []string, from string) string {
	text := "This is a selection of the results."
	if len(places) > 0 {
		text += " It is also in " + strings.Join(places, ", ") + "."
	}
	if from != "" {
		text += " It was made from " + from + "."
	}
	return text
}

// mailHead is the head of a mail, with the empty line behind it. Text beyond ASCII needs to
// say so (RFC 2045).
func mailHead(h content.Head, body string) string {
	before := "exreach: "
	if slices.ContainsFunc(h.Hosts, func(s content.Summary) bool { return s.StandIn }) {
		before = "exreach (stand-in): "
	}
	head := "Subject: " + subject(before+h.Subject()) + "\n"
	if strings.ContainsFunc(body, func(r rune) bool { return r >= utf8.RuneSelf }) {
		head += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
	}
	return head + "\n"
}

// subject returns a text as the subject of a mail: one line, shortened, and encoded if it is
// not ASCII (RFC 2047). What looks encoded and is not is taken apart.
func subject(text string) string {
	text = strings.ReplaceAll(wire.Printable(text, longest), "=?", "= ?")
	const room = subjectWidth - len("Subject: ")
	if whole := mime.QEncoding.Encode("utf-8", text); len(whole) <= room {
		return whole
	}
	for end := min(len(text), room); ; end-- {
		cut := strings.ToValidUTF8(text[:end], "") // where end is inside a letter
		if space := strings.LastIndexByte(cut, ' '); space > end/2 {
			cut = cut[:space]
		}
		if short := mime.QEncoding.Encode("utf-8", cut+" ..."); len(short) <= room {
			return short
		}
	}
}
