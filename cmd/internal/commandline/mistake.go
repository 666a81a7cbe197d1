// SPDX-License-Identifier: Apache-2.0

package commandline

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
)

// unknownOption says which option of words, the whole line, was most likely meant by word.
func unknownOption(l Line, word string, words []string) error {
	var known []string
	for _, f := range l.Command.Flags {
		for _, name := range f.Names() {
			known = append(known, dashed(name))
		}
	}
	if meant := likeOtherTools(word, words); meant != "" {
		return &survey.Mistake{Err: fmt.Errorf("unknown option %s: %s does not have it", catalog.Shown(word), l.Name()), Hint: "to check one port: " + l.root.Name + " check " + meant}
	}
	name, _, _ := strings.Cut(word, "=")
	hint := fmt.Sprintf("nearest is %s; %s", catalog.Nearest(name, known)[0], SeeHelp(l.Name()))
	switch owner := ownerOf(l.root, strings.TrimLeft(name, "-")); {
	case name == "-v" && l.Command == l.root:
		hint = l.root.Name + " version prints the version"
	case owner != "" && l.Command == l.root:
		hint = fmt.Sprintf("write it after the command: %s %s", owner, name)
	case owner != "":
		hint = owner + " has it"
	}
	return &survey.Mistake{Err: fmt.Errorf("unknown option %s: %s does not have it", catalog.Shown(name), l.Name()), Hint: hint}
}

// ownerOf returns the whole name of the first of root's commands that has an option; "" if
// none has.
func ownerOf(root *cli.Command, option string) string {
	for _, c := range root.VisibleCommands() {
		if findOption(c, option) != nil {
			return root.Name + " " + c.Name
		}
	}
	return ""
}

// unknownCommand says which command was most likely meant: check, if the word looks like
// a host, or one of the commands' own commands. Where help is asked for, it may be a topic.
func (p Program) unknownCommand(l Line, help bool) error {
	word := l.Operands[0]
	if host, err := survey.HostOf(word, ""); err == nil && len(l.path) == 0 && strings.ContainsAny(word, ".:") {
		return &survey.Mistake{Err: fmt.Errorf("unknown command %q", catalog.Shown(word)), Hint: "did you mean exreach check " + host + "?"}
	}
	known := names(l.Command.VisibleCommands())
	if help {
		known = append(known, p.topicNames()...)
	}
	if help && (word == "port" || word == "ports") {
		return &survey.Mistake{Err: fmt.Errorf("unknown command %q", word), Hint: fmt.Sprintf("how to name ports: %[1]s help hosts, %[1]s help check", p.Root.Name)}
	}
	err := &catalog.WordError{Kind: "command", Word: word, Accepted: known}
	for _, c := range l.Command.VisibleCommands() {
		near := catalog.Meant("command", word, names(c.Subcommands))
		if len(near) == 0 {
			continue
		}
		meant := []string{fmt.Sprintf("%s %s %s", l.Name(), c.Name, near[0])}
		for _, own := range catalog.Meant("command", word, names(l.Command.VisibleCommands())) {
			meant = append([]string{l.Name() + " " + own}, meant...)
		}
		return &survey.Mistake{Err: err, Hint: "did you mean " + strings.Join(meant, " or ") + "?"}
	}
	return err
}

func names(commands []*cli.Command) []string {
	var all []string
	for _, c := range commands {
		all = append(all, c.Name)
	}
	return all
}

// SeeHelp is the hint that leads to the help of a command, by its whole name.
func SeeHelp(command string) string { return "see " + command + " --help" }
