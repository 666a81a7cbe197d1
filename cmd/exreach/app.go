// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"embed"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/commandline"
)

// commands is every subcommand, in the order of the help.
func commands(w world) []*cli.Command {
	return []*cli.Command{
		checkCommand(w),
		listenCommand(w),
		traceCommand(w),
		demoCommand(w),
		catalogCommand(w),
		reportCommand(w),
		completionCommand(w),
		completeCommand(w),
		versionCommand(w),
	}
}

// topics are the help texts that are not about one command.
var topics = []commandline.Entry{
	{Word: "verdicts", Text: "what was observed at a port, and how it is graded"},
	{Word: "hosts", Text: "naming hosts: lists, topologies, and how names are looked up"},
	{Word: "formats", Text: "what each format is for, several at once, and joining reports"},
	{Word: "credentials", Text: "logging in, and what is done to keep the account safe"},
}

// helpTexts holds the help of every command and topic, in a file with its name.
//
//go:embed help/*.txt
var helpTexts embed.FS

// program is the command line as a tree of commands, with their help.
func program(w world) commandline.Program {
	root := &cli.Command{
		Name:        "exreach",
		Usage:       "is everything reachable that an Exchange server must offer?",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "version", Usage: "the same as exreach version"}},
		Subcommands: commands(w),
		Action:      func(*cli.Context) error { return writeVersion(w.stdout) },
	}
	commandline.Prepare(root)
	return commandline.Program{Root: root, Topics: topics, Help: helpTexts}
}

// command runs the command that args name.
func command(ctx context.Context, args []string, w world) error {
	return program(w).Run(ctx, args, commandline.Streams{In: w.stdin, Out: w.stdout, Err: w.stderr})
}
