// SPDX-License-Identifier: Apache-2.0

// Package commandline reads a command line as a tree of cli commands: which words are
// options and which are operands, what an unknown word most likely means, and what help
// and completion print. It knows the tree, but not what the commands do.
package commandline

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A Line is a command line in its parts.
type Line struct {
	Command  *cli.Command
	Operands []string

	root    *cli.Command
	path    []string // the names of the commands that lead to Command
	options []string // with their values
	pending string   // the last option, if it still lacks its value
}

// Sort reads words as a line of root, by the commands' own definitions, so options may
// come before or after the operands. It fails at the first option that the command does
// not have.
func Sort(root *cli.Command, words []string) (Line, error) {
	l := Line{Command: root, root: root}
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			l.Operands = append(l.Operands, words[i+1:]...)
			return l, nil
		case !strings.HasPrefix(word, "-") || word == "-":
			l.operand(word)
		default:
			name, _, whole := strings.Cut(strings.TrimLeft(word, "-"), "=")
			option := findOption(l.Command, name)
			if option == nil {
				return l, unknownOption(l, word, words)
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

// operand adds a word that is not an option: a command's name, or an operand.
func (l *Line) operand(word string) {
	sub := l.Command.Command(word)
	if sub == nil || len(l.Operands) > 0 {
		l.Operands = append(l.Operands, word)
		return
	}
	l.Command = sub
	l.path = append(l.path, sub.Name)
}

// Name is the command as the user writes it.
func (l Line) Name() string { return strings.Join(append([]string{l.root.Name}, l.path...), " ") }

// isGroup reports whether the command has subcommands, and does nothing by itself.
func (l Line) isGroup() bool { return len(l.Command.Subcommands) > 0 }

// wantsHelp reports whether the line asks for help, or names no command to run.
func (l Line) wantsHelp() bool {
	asks := func(word string) bool {
		name, value, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		return strings.HasPrefix(word, "-") && (name == "help" || name == "h") && value != "false"
	}
	return slices.ContainsFunc(l.options, asks) || l.isGroup() && len(l.options)+len(l.Operands) == 0
}

// ordered returns the words with all options before the operands: cli would take options
// after the first operand for operands.
func (l Line) ordered() []string {
	return slices.Concat(l.path, l.options, []string{"--"}, l.Operands)
}

// Value returns the value of the option that has these names; "" if it is not in the line.
func (l Line) Value(names ...string) string {
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

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
