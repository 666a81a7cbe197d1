// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A line is a command line sorted out by the commands' own definitions: the
// options may stand on either side of the operands.
type line struct {
	command  *cli.Command
	path     []string // the words that lead to command
	options  []string // with their values
	operands []string
	pending  string // the option at the very end that still waits for its value
}

// sortOut reads words as a line of root. It ends at the first option that the
// command does not have.
func sortOut(root *cli.Command, words []string) (line, error) {
	l := line{command: root}
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			l.operands = append(l.operands, words[i+1:]...)
			return l, nil
		case !strings.HasPrefix(word, "-") || word == "-":
			l.operand(word)
		default:
			name, _, whole := strings.Cut(strings.TrimLeft(word, "-"), "=")
			option := findOption(l.command, name)
			if option == nil {
				return l, unknownOption(l, word)
			}
			l.options = append(l.options, word)
			if whole || !takesValue(option) {
				continue
			}
			if i++; i == len(words) {
				l.pending = option.Names()[0]
				return l, nil
			}
			l.options = append(l.options, words[i])
		}
	}
	return l, nil
}

// operand takes a word that is no option: a command's name, or an operand.
func (l *line) operand(word string) {
	sub := l.command.Command(word)
	if sub == nil || len(l.operands) > 0 {
		l.operands = append(l.operands, word)
		return
	}
	l.command = sub
	l.path = append(l.path, sub.Name)
}

// name is the command as the user writes it.
func (l line) name() string { return strings.Join(append([]string{"exreach"}, l.path...), " ") }

// isGroup reports whether the line stops at a command that is only there for
// its subcommands.
func (l line) isGroup() bool { return len(l.command.Subcommands) > 0 }

// wantsHelp reports whether the line asks for help, or names no command to run.
func (l line) wantsHelp() bool {
	return slices.Contains(l.options, "--help") || slices.Contains(l.options, "-h") ||
		l.isGroup() && len(l.options)+len(l.operands) == 0
}

// ordered is the line as cli reads it: after the first operand it would take
// every option for an operand too.
func (l line) ordered() []string {
	return slices.Concat(l.path, l.options, []string{"--"}, l.operands)
}

// value is what the line gives an option, by any of its names; "" if nothing.
func (l line) value(names ...string) string {
	for i, word := range l.options {
		name, value, whole := strings.Cut(strings.TrimLeft(word, "-"), "=")
		switch {
		case !strings.HasPrefix(word, "-") || !slices.Contains(names, name):
		case whole:
			return value
		case i+1 < len(l.options):
			return l.options[i+1]
		}
	}
	return ""
}

func findOption(c *cli.Command, name string) cli.Flag {
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	described, ok := f.(cli.DocGenerationFlag)
	return ok && described.TakesValue()
}
