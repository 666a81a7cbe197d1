// SPDX-License-Identifier: Apache-2.0

package commandline

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// writeHelp prints the help of the line's command.
func (p Program) writeHelp(w io.Writer, l Line) error {
	text, err := p.Text(l.Name())
	if err != nil {
		return err
	}
	for mark, list := range p.Lists(l.Command) {
		text = strings.ReplaceAll(text, mark+"\n", columns(list))
	}
	_, err = io.WriteString(w, text)
	return err
}

// Text returns the help of a command, by its whole name, or of a topic. Lines of it may be
// marks of Lists.
func (p Program) Text(name string) (string, error) {
	text, err := fs.ReadFile(p.Help, "help/"+strings.ReplaceAll(name, " ", "-")+".txt")
	return string(text), err
}

// An Entry is a word of the help and its explanation.
type Entry struct{ Word, Text string }

// Lists returns what the marks in the help of a command stand for.
func (p Program) Lists(c *cli.Command) map[string][]Entry {
	return map[string][]Entry{"{{commands}}": commandEntries(c), "{{topics}}": p.Topics, "{{options}}": optionEntries(c)}
}

func (p Program) isTopic(name string) bool { return slices.Contains(p.topicNames(), name) }

func commandEntries(c *cli.Command) []Entry {
	var lines []Entry
	for _, sub := range c.VisibleCommands() {
		lines = append(lines, Entry{sub.Name, sub.Usage})
	}
	return lines
}

func (p Program) topicNames() []string {
	var all []string
	for _, t := range p.Topics {
		all = append(all, t.Word)
	}
	return all
}

func optionEntries(c *cli.Command) []Entry {
	var lines []Entry
	for _, f := range c.VisibleFlags() {
		if described, ok := f.(cli.DocGenerationFlag); ok {
			lines = append(lines, optionEntry(f.Names(), described))
		}
	}
	return lines
}

// optionEntry returns "-V, --version WORD" and its text. The option's usage marks the
// placeholder WORD with backquotes, as the flag package wants it.
func optionEntry(names []string, f cli.DocGenerationFlag) Entry {
	text, placeholder := f.GetUsage(), ""
	if before, rest, ok := strings.Cut(text, "`"); ok {
		word, after, _ := strings.Cut(rest, "`")
		text, placeholder = before+word+after, " "+word
	}
	word := dashed(names[0]) + placeholder
	if len(names) > 1 && len(names[1]) == 1 {
		return Entry{dashed(names[1]) + ", " + word, text}
	}
	if len(names[0]) > 1 {
		word = "    " + word
	}
	return Entry{word, text}
}

// columns sets terms in two columns. It wraps the second, to keep lines within 80.
func columns(terms []Entry) string {
	width := 0
	for _, t := range terms {
		width = max(width, len(t.Word))
	}
	var b strings.Builder
	for _, t := range terms {
		word := t.Word
		for _, part := range Wrap(t.Text, 80-4-width, utf8.RuneCountInString) {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, word, part)
			word = ""
		}
	}
	return b.String()
}

// Wrap breaks text between words into lines of at most width columns, unless a word alone is
// wider. columns measures a text.
func Wrap(text string, width int, columns func(string) int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case columns(*last)+1+columns(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
