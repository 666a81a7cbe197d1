// SPDX-License-Identifier: Apache-2.0

package main

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/report"
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
			for _, found := range candidates(program(w), c.Args().Slice(), c.String("word")) {
				if _, err := fmt.Fprintln(w.stdout, found); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// candidates returns the completions of word, which the user types after the words in before.
func candidates(root *cli.Command, before []string, word string) []string {
	before, word = joinEquals(before, word)
	l, err := sortOut(root, before)
	if err != nil {
		return nil // the line is wrong already
	}
	name, _, whole := strings.Cut(word, "=")
	switch {
	case l.pending != "":
		return beginning(word, listed(values(l, l.pending), l.pending, word))
	case whole && strings.HasPrefix(name, "--"):
		words := listed(values(l, name[2:]), name[2:], word[len(name)+1:])
		for i := range words {
			words[i] = name + "=" + words[i]
		}
		return beginning(word, words)
	case strings.HasPrefix(word, "-"):
		return beginning(word, options(l.command))
	}
	return beginning(word, operands(l))
}

// joinEquals undoes bash's splitting of --format=json into three words.
func joinEquals(before []string, word string) ([]string, string) {
	before = slices.DeleteFunc(slices.Clone(before), func(w string) bool { return w == "=" })
	if word == "=" {
		word = ""
	}
	return before, word
}

// listed makes the words of --only or --skip continue the list that the user has typed so
// far: after smtp,p the word pop3 becomes smtp,pop3. Words of other options stay.
func listed(words []string, option, typed string) []string {
	end := strings.LastIndexByte(typed, ',') + 1
	if end == 0 || option != "only" && option != "skip" {
		return words
	}
	done := strings.Split(typed[:end], ",")
	words = slices.DeleteFunc(words, func(w string) bool { return slices.Contains(done, w) })
	for i := range words {
		words[i] = typed[:end] + words[i]
	}
	return words
}

func beginning(with string, words []string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, with) })
}

func options(c *cli.Command) []string {
	var names []string
	for _, f := range c.VisibleFlags() {
		names = append(names, dashed(f.Names()[0]))
	}
	return names
}

func operands(l line) []string {
	switch l.name() {
	case "exreach", "exreach catalog":
		var names []string
		for _, c := range l.command.VisibleCommands() {
			names = append(names, c.Name)
		}
		return names
	case "exreach completion":
		return slices.Clone(shells)
	case "exreach catalog show":
		if len(l.operands) == 0 {
			return values(l, "version")
		}
		return values(l, "role")
	}
	return nil
}

// values returns the words that an option accepts; nil if they are not a fixed set.
func values(l line, option string) []string {
	switch option {
	case "color":
		return slices.Clone(colorWords)
	case "format":
		switch l.name() {
		case "exreach catalog show":
			return report.CatalogFormatNames()
		case "exreach trace":
			return report.TraceFormatNames()
		}
		return report.FormatNames()
	case "from":
		var words []string
		for _, f := range catalog.Froms {
			words = append(words, f.Name)
		}
		return slices.Sorted(slices.Values(words))
	case "version", "role":
		words := catalogWords(l, option)
		if l.name() == "exreach check" {
			words = slices.Sorted(slices.Values(append(words, catalog.Auto)))
		}
		return words
	case "only", "skip":
		return catalogWords(l, option)
	}
	return nil
}

// catalogWords returns the catalogue's names of versions or roles, or else of services.
func catalogWords(l line, option string) []string {
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
func meant(l line, cat *catalog.Catalog) []catalog.Version {
	name := l.value("version", "V")
	if l.name() == "exreach catalog show" && len(l.operands) > 0 {
		name = l.operands[0]
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
