// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
)

// commands is every subcommand, in the order of the help.
func commands(w world) []*cli.Command {
	return []*cli.Command{
		checkCommand(w),
		traceCommand(w),
		demoCommand(w),
		catalogCommand(w),
		reportCommand(w),
		completionCommand(w),
		completeCommand(w),
		versionCommand(w),
	}
}

// program is the command line as a tree of commands.
func program(w world) *cli.Command {
	root := &cli.Command{
		Name:        "exreach",
		Usage:       "is everything reachable that an Exchange server must offer?",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "version", Usage: "the same as exreach version"}},
		Subcommands: commands(w),
		Action:      func(*cli.Context) error { return writeVersion(w.stdout) },
	}
	prepare(root)
	return root
}

// prepare gives c and its subcommands what every command has: the option --help, and
// errors that come back to run instead of being printed by cli.
func prepare(c *cli.Command) {
	c.HideHelp = true
	c.Flags = append(c.Flags, &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "print this help"})
	c.OnUsageError = func(ctx *cli.Context, err error, _ bool) error { return badValue(ctx.Command, err) }
	for _, sub := range c.Subcommands {
		prepare(sub)
	}
}

// command runs the command that args name.
func command(ctx context.Context, args []string, w world) error {
	args = askingForHelp(args)
	root := program(w)
	l, err := sortOut(root, args)
	switch {
	case err != nil:
		return err
	case l.wantsHelp() && l.isGroup() && len(l.operands) > 0:
		return unknownCommand(l)
	case l.wantsHelp():
		return writeHelp(w.stdout, l)
	case l.pending != "":
		return hinted(seeHelp(l.name()), "option %s: it needs a value", dashed(l.pending))
	case l.isGroup() && len(l.operands) > 0:
		return unknownCommand(l)
	}
	app := &cli.App{
		Name:           root.Name,
		HelpName:       root.Name,
		Flags:          root.Flags,
		Commands:       root.Subcommands,
		Action:         root.Action,
		HideHelp:       true,
		HideVersion:    true,
		OnUsageError:   root.OnUsageError,
		ExitErrHandler: func(*cli.Context, error) {}, // run decides on the exit code
		Reader:         w.stdin,
		Writer:         w.stdout,
		ErrWriter:      w.stderr,
	}
	return app.RunContext(ctx, append([]string{root.Name}, l.ordered()...))
}

// askingForHelp turns other common ways to ask for help into --help: exreach help check,
// and exreach check /? on Windows.
func askingForHelp(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:], "--help")
	}
	if n := len(args) - 1; n >= 0 && args[n] == "/?" {
		args[n] = "--help"
	}
	return args
}

// unknownOption says which option was most likely meant.
func unknownOption(l line, word string) error {
	var known []string
	for _, f := range l.command.Flags {
		for _, name := range f.Names() {
			known = append(known, dashed(name))
		}
	}
	name, _, _ := strings.Cut(word, "=")
	return hinted(fmt.Sprintf("nearest is %s; %s", catalog.Nearest(name, known)[0], seeHelp(l.name())), "unknown option %s: %s does not have it", name, l.name())
}

// unknownCommand says which command was most likely meant: check, if the word looks like
// a host.
func unknownCommand(l line) error {
	word := l.operands[0]
	if _, err := survey.HostOf(word, ""); err == nil && len(l.path) == 0 && strings.ContainsAny(word, ".:") {
		return hinted("did you mean exreach check "+word+"?", "unknown command %q", word)
	}
	var known []string
	for _, c := range l.command.VisibleCommands() {
		known = append(known, c.Name)
	}
	return &catalog.WordError{Kind: "command", Word: word, Accepted: known}
}

var invalidValue = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-([^:]+): `)

// badValue rewords the flag package's error about a wrong value.
func badValue(c *cli.Command, err error) error {
	m := invalidValue.FindStringSubmatch(err.Error())
	if m == nil {
		return hinted(seeHelp(c.HelpName), "%s: %w", c.HelpName, err)
	}
	want := "true or false"
	switch findOption(c, m[2]).(type) {
	case *cli.DurationFlag:
		want = "a duration, such as 20s or 1m30s"
	case *cli.IntFlag:
		want = "a whole number"
	case *cli.Float64Flag:
		want = "a number, such as 20 or 0.5"
	}
	return hinted(seeHelp(c.HelpName), "option %s: %s is not %s", dashed(m[2]), m[1], want)
}

func seeHelp(command string) string { return "see " + command + " --help" }

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// A line is a command line in its parts. sortOut makes it, by the commands' own
// definitions, so options may come before or after the operands. Completion uses it too.
type line struct {
	command  *cli.Command
	path     []string // the names of the commands that lead to command
	options  []string // with their values
	operands []string
	pending  string // the last option, if it still lacks its value
}

// sortOut reads words as a line of root. It fails at the first option that the command
// does not have.
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

// operand adds a word that is not an option: a command's name, or an operand.
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

// isGroup reports whether the command has subcommands, and does nothing by itself.
func (l line) isGroup() bool { return len(l.command.Subcommands) > 0 }

// wantsHelp reports whether the line asks for help, or names no command to run.
func (l line) wantsHelp() bool {
	return slices.Contains(l.options, "--help") || slices.Contains(l.options, "-h") ||
		l.isGroup() && len(l.options)+len(l.operands) == 0
}

// ordered returns the words with all options before the operands: cli would take options
// after the first operand for operands.
func (l line) ordered() []string {
	return slices.Concat(l.path, l.options, []string{"--"}, l.operands)
}

// value returns the value of the option that has these names; "" if it is not in the line.
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
