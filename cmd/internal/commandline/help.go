// SPDX-License-Identifier: Apache-2.0

package commandline

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A Topic is something that help explains beside the commands.
type Topic struct{ Name, Usage string }

// writeHelp prints the help of the line's command.
func (p Program) writeHelp(w io.Writer, l Line) error {
	text, err := p.text(strings.ReplaceAll(l.Name(), " ", "-"))
	if err != nil {
		return err
	}
	_, err = strings.NewReplacer(
		"{{commands}}\n", columns(commandLines(l.Command)),
		"{{topics}}\n", columns(p.topicLines()),
		"{{options}}\n", columns(optionLines(l.Command)),
	).WriteString(w, text)
	return err
}

// text returns the help of a topic, or of a command with hyphens in place of blanks. The
// command's options and subcommands belong at {{options}} and {{commands}}, and the topics
// at {{topics}}.
func (p Program) text(name string) (string, error) {
	text, err := fs.ReadFile(p.Help, "help/"+name+".txt")
	return string(text), err
}

func (p Program) isTopic(name string) bool { return slices.Contains(p.topicNames(), name) }

// An entry is a word of the help and its explanation.
type entry struct{ word, text string }

func commandLines(c *cli.Command) []entry {
	var lines []entry
	for _, sub := range c.VisibleCommands() {
		lines = append(lines, entry{sub.Name, sub.Usage})
	}
	return lines
}

func (p Program) topicNames() []string {
	var all []string
	for _, t := range p.Topics {
		all = append(all, t.Name)
	}
	return all
}

func (p Program) topicLines() []entry {
	var lines []entry
	for _, t := range p.Topics {
		lines = append(lines, entry{t.Name, t.Usage})
	}
	return lines
}

func optionLines(c *cli.Command) []entry {
	var lines []entry
	for _, f := range c.VisibleFlags() {
		described, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		lines = append(lines, optionLine(f.Names(), described))
	}
	return lines
}

// optionLine returns "-V, --version WORD" and its text. The option's usage marks the
// placeholder WORD with backquotes, as the flag package wants it.
func optionLine(names []string, f cli.DocGenerationFlag) entry {
	text, placeholder := f.GetUsage(), ""
	if before, rest, ok := strings.Cut(text, "`"); ok {
		word, after, _ := strings.Cut(rest, "`")
		text, placeholder = before+word+after, " "+word
	}
	word := dashed(names[0]) + placeholder
	if len(names) > 1 && len(names[1]) == 1 {
		return entry{dashed(names[1]) + ", " + word, text}
	}
	if len(names[0]) > 1 {
		word = "    " + word
	}
	return entry{word, text}
}

// columns sets terms in two columns. It wraps the second, to keep lines within 80.
func columns(terms []entry) string {
	width := 0
	for _, t := range terms {
		width = max(width, len(t.word))
	}
	var b strings.Builder
	for _, t := range terms {
		word := t.word
		for _, part := range wrap(t.text, 80-4-width) {
			fmt.Fprintf(&b, "  %-*s  %s\n", width, word, part)
			word = ""
		}
	}
	return b.String()
}

// wrap breaks text between words into lines of at most width letters, unless a
// word alone is longer.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len([]rune(*last))+1+len([]rune(word)) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
