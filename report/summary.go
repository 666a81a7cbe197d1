// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"exreach/catalog"
	"exreach/report/content"
)

// mailWidth is how many columns a line of a mail has (RFC 5322 section 2.1.1 advises 78;
// answers to it need room for their marks), and subjectWidth the characters of its subject.
const (
	mailWidth    = 72
	subjectWidth = 78
)

// A summary writes a mail: its subject, the answer, the causes, and where the whole report
// is.
type summary struct {
	table
	to   io.Writer
	text bytes.Buffer
}

func newSummary(w io.Writer, s Style) Writer {
	m := &summary{to: w}
	m.table.page = newPage(&m.text, Style{Width: mailWidth, Verbose: s.Verbose})
	return m
}

func (m *summary) Begin(Head) error { return nil }

func (m *summary) Host(Part) error { return nil }

func (m *summary) End(h Head) error {
	m.head = h
	m.paragraph(0, 0, span{text: headline(h)})
	if len(h.Hosts) > 0 {
		m.line(0)
		m.causes()
		if text := firstToExpire(h); text != "" {
			m.paragraph(0, margin, span{text: text + "."})
		}
		m.paragraph(0, margin, span{text: countsText(h) + "."})
		m.asked()
		m.line(0)
		m.whole()
	}
	if err := m.out.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(m.to, mailHead(h, m.text.Bytes())+m.text.String())
	return err
}

// causes writes a paragraph for each cause.
func (m *summary) causes() {
	texts := causeSentences(m.head, m.style.Verbose)
	for _, text := range texts {
		m.paragraph(0, margin, span{text: "- " + text})
	}
	if len(texts) > 0 {
		m.line(0)
	}
}

// whole says where the whole report is, or how to get it.
func (m *summary) whole() {
	var places []string
	for _, p := range m.head.Elsewhere {
		places = append(places, fmt.Sprintf("%s (%s)", p.File, p.Format))
	}
	text := "To keep the whole report, run again with --also json=FILE."
	switch {
	case len(places) > 0:
		text = "The whole report: " + strings.Join(places, ", ")
	case len(m.head.Sources) > 0:
		text = "The whole report is in " + strings.Join(m.head.Sources, ", ") + "."
	}
	m.paragraph(0, margin, span{text: text})
}

// mailHead is the head of a mail, with the empty line behind it. Text beyond ASCII needs to
// say so (RFC 2045).
func mailHead(h Head, body []byte) string {
	about := headline(h)
	if len(h.Hosts) > 1 {
		about = verdictOn(h)
	}
	head := "Subject: " + subject("exreach: "+strings.TrimSuffix(about, ".")) + "\n"
	if bytes.ContainsFunc(body, func(r rune) bool { return r >= utf8.RuneSelf }) {
		head += "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
	}
	return head + "\n"
}

// subject returns a text as the subject of a mail: one line, shortened, and encoded if it is
// not ASCII (RFC 2047). What looks encoded and is not is taken apart.
func subject(text string) string {
	text = strings.ReplaceAll(printable(text), "=?", "= ?")
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

// headline is the answer of a report in a sentence.
func headline(h Head) string {
	if len(h.Hosts) == 1 {
		return h.Called(h.Hosts[0]) + ": " + h.Hosts[0].Answer
	}
	return cmp.Or(nothing(h), overall(h))
}

// countsText is countsLine without its colours.
func countsText(h Head) string {
	var texts []string
	for _, s := range countsLine(h) {
		texts = append(texts, s.text)
	}
	return strings.Join(texts, " ")
}

// causeSentences says what is wrong, a cause a line: as many as a screen has room for, unless
// the reader wants all.
func causeSentences(h Head, all bool) []string {
	shown := h.Causes
	if !all {
		shown = shown[:min(len(shown), mostCauses)]
	}
	var texts []string
	for _, c := range shown {
		texts = append(texts, causeSentence(c, h))
	}
	if more := len(h.Causes) - len(shown); more > 0 {
		texts = append(texts, "and "+catalog.Count(more, "more cause"))
	}
	return texts
}

// causeSentence is "587/tcp smtp-submission (timed-out) on 9 of 60 hosts: mail01, mail02 and
// 7 more, after 10.0.0.1".
func causeSentence(c content.Cause, h Head) string {
	text := c.What
	if len(c.Services) > 0 {
		text += " " + content.Listed(c.Services, 3)
	}
	text += " (" + causeHow(c) + ")"
	if len(h.Hosts) > 1 {
		text += " " + onHosts(c, len(h.Hosts), h.Unit(), 1)
		if c.Hosts > 1 && c.Hosts < len(h.Hosts) {
			text += ": " + strings.Join(c.Names[:min(len(c.Names), fewNames)], ", ")
			if more := c.Hosts - fewNames; more > 0 {
				text += fmt.Sprintf(" and %d more", more)
			}
		}
	}
	return text + after(c)
}
