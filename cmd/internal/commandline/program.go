// SPDX-License-Identifier: Apache-2.0

package commandline

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/survey"
)

// A Program is a tree of commands and their help.
type Program struct {
	Root   *cli.Command
	Topics []Entry // what help explains beside the commands
	Help   fs.FS   // a text for each command and topic, such as help/exreach-check.txt
}

// Streams are the standard streams of a program.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Prepare gives c and its subcommands what every command has: the option --help, and
// errors that come back to Run instead of being printed by cli.
func Prepare(c *cli.Command) {
	c.HideHelp = true
	c.Flags = append(c.Flags, &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "print this help"})
	c.OnUsageError = func(ctx *cli.Context, err error, _ bool) error { return badValue(ctx.Command, err) }
	c.Before = needFiles
	for _, sub := range c.Subcommands {
		Prepare(sub)
	}
}

// needFiles refuses an option for a file whose value is empty: most often a script gave it a
// variable that is not set, and without the file the command would do something else.
func needFiles(ctx *cli.Context) error {
	for _, f := range ctx.Command.Flags {
		name := f.Names()[0]
		if text, ok := f.(*cli.StringFlag); !ok || !text.TakesFile || !ctx.IsSet(name) {
			continue
		}
		if strings.TrimSpace(ctx.String(name)) == "" {
			return &survey.Mistake{
				Err:  fmt.Errorf("option %s: the file has no name", dashed(name)),
				Hint: fmt.Sprintf("write %s FILE, or leave the option out; a variable that is not set gives an empty name", dashed(name)),
			}
		}
	}
	return nil
}

// Run runs the command that args name, or prints the help that they ask for. The tree must
// have been prepared.
func (p Program) Run(ctx context.Context, args []string, s Streams) error {
	if len(args) == 2 && args[0] == helpCommand && p.isTopic(args[1]) {
		text, err := p.Text(args[1])
		if err == nil {
			_, err = io.WriteString(s.Out, text)
		}
		return err
	}
	l, err := Sort(p.Root, askingForHelp(args))
	switch {
	case err != nil:
		return err
	case l.isGroup() && len(l.Operands) > 0:
		return p.unknownCommand(l, args[0] == helpCommand)
	case l.wantsHelp():
		return p.writeHelp(s.Out, l)
	case l.pending != "":
		return &survey.Mistake{Err: fmt.Errorf("option %s: it needs a value", dashed(l.pending)), Hint: SeeHelp(l.Name())}
	}
	app := &cli.App{
		Name:           p.Root.Name,
		HelpName:       p.Root.Name,
		Flags:          p.Root.Flags,
		Commands:       p.Root.Subcommands,
		Action:         p.Root.Action,
		HideHelp:       true,
		HideVersion:    true,
		OnUsageError:   p.Root.OnUsageError,
		ExitErrHandler: func(*cli.Context, error) {}, // the caller decides on the exit code
		Reader:         s.In,
		Writer:         s.Out,
		ErrWriter:      s.Err,
	}
	return app.RunContext(ctx, append([]string{p.Root.Name}, l.ordered()...))
}

// helpCommand asks for the help of the command, or the topic, that follows.
const helpCommand = "help"

// otherHelpWords ask for help elsewhere, most of them on Windows.
var otherHelpWords = []string{"/?", "-?", "--?", "/h", "/help"}

// askingForHelp turns other common ways to ask for help into --help: exreach help check,
// and exreach check /? on Windows.
func askingForHelp(args []string) []string {
	args = slices.Clone(args)
	if len(args) > 0 && args[0] == helpCommand {
		args = append(args[1:], "--help")
	}
	for i, word := range args {
		switch {
		case word == "--":
			return args
		case slices.Contains(otherHelpWords, strings.ToLower(word)):
			args[i] = "--help"
		}
	}
	return args
}
