// SPDX-License-Identifier: Apache-2.0

package main

import (
	"embed"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
)

// completionScripts is the completion script of every shell, by its name. Each
// asks "exreach complete" for the words.
//
//go:embed completion/*
var completionScripts embed.FS

var shells = []string{"bash", "zsh", "fish", "powershell"}

func completionCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		ArgsUsage: "SHELL",
		Action:    func(c *cli.Context) error { return writeCompletion(w.stdout, c) },
	}
}

func writeCompletion(w io.Writer, c *cli.Context) error {
	if c.NArg() != 1 {
		return hinted(seeHelp(c.Command.HelpName), "%s: name one shell", c.Command.HelpName)
	}
	shell := c.Args().First()
	if !slices.Contains(shells, shell) {
		return &catalog.WordError{Kind: "shell", Word: shell, Accepted: shells}
	}
	script, err := completionScripts.ReadFile("completion/" + shell)
	if err != nil {
		return err
	}
	_, err = w.Write(script)
	return err
}
