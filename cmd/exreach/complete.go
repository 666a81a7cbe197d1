// SPDX-License-Identifier: Apache-2.0

package main

import (
	"embed"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/listening"
	"exreach/cmd/internal/outlet"
	"exreach/cmd/internal/pick"
	"exreach/report"
	"exreach/report/device"
)

// completeCommand prints the completions of a word, one on each line. The shells'
// completion scripts call it, so what they offer always matches the commands.
func completeCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "complete",
		Usage:     "print the completions of a word",
		ArgsUsage: "[-- WORD...]",
		Hidden:    true,
		Flags:     []cli.Flag{&cli.StringFlag{Name: "word", Usage: "the `WORD` to complete, as typed so far"}},
		Action: func(c *cli.Context) error {
			for _, found := range program(w).Candidates(c.Args().Slice(), c.String("word"), words) {
				if _, err := fmt.Fprintln(w.stdout, found); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// words returns what a user may write as the value of an option, or as the next operand if
// option is ""; nil if it is not one of a fixed set.
func words(l commandline.Line, option string) []string {
	switch {
	case option != "":
		return values(l, option)
	case l.Name() == "exreach completion":
		return slices.Clone(shells)
	case l.Name() == "exreach catalog show" && len(l.Operands) == 0:
		return values(l, "version")
	case l.Name() == "exreach catalog show":
		return values(l, "role")
	}
	return nil
}

func values(l commandline.Line, option string) []string {
	switch option {
	case "color":
		return slices.Clone(colorWords)
	case "format":
		switch l.Name() {
		case "exreach catalog show":
			return report.CatalogFormatNames()
		case "exreach trace":
			return report.TraceFormatNames()
		case "exreach listen":
			return listening.Formats()
		}
		return report.FormatNames()
	case "also":
		names := report.FormatNames()
		if l.Name() == "exreach listen" {
			names = listening.Formats()
		}
		var words []string
		for _, name := range names {
			words = append(words, name+"=")
		}
		return words
	case "separator":
		return outlet.Separators()
	case "device":
		return device.Names()
	case "grade":
		return pick.Grades()
	case "from":
		var words []string
		for _, f := range catalog.Froms {
			words = append(words, f.Name)
		}
		return slices.Sorted(slices.Values(words))
	case "version", "role":
		words := catalogWords(l, option)
		if l.Name() == "exreach check" {
			words = slices.Sorted(slices.Values(append(words, catalog.Auto)))
		}
		return words
	case "only", "skip":
		return catalogWords(l, option)
	}
	return nil
}

// catalogWords returns the catalogue's names of versions or roles, or else of services.
func catalogWords(l commandline.Line, option string) []string {
	cat := catalog.Open()
	if option == "version" {
		return slices.Sorted(slices.Values(cat.Names()))
	}
	var words []string
	for _, v := range meant(l, cat) {
		if option == "role" {
			for _, r := range v.Roles {
				words = append(words, r.Name)
			}
			continue
		}
		for _, s := range v.Services {
			words = append(words, s.Name)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// meant returns the version that the line names, or all versions if it names none.
func meant(l commandline.Line, cat *catalog.Catalog) []catalog.Version {
	name := l.Value("version", "V")
	if l.Name() == "exreach catalog show" && len(l.Operands) > 0 {
		name = l.Operands[0]
	}
	if v, err := cat.Version(name); err == nil {
		return []catalog.Version{v}
	}
	all, err := cat.Versions()
	if err != nil {
		return nil
	}
	return all
}

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
		return hinted(commandline.SeeHelp(c.Command.HelpName), "%s: name one shell", c.Command.HelpName)
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
