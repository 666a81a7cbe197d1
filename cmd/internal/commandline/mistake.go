// SPDX-License-Identifier: Apache-2.0

package commandline

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
)

// portOptions are the options with which other tools choose ports.
var portOptions = []string{"-p", "--port", "--ports"}

// unknownOption says which option was most likely meant.
func unknownOption(l Line, word string) error {
	var known []string
	for _, f := range l.Command.Flags {
		for _, name := range f.Names() {
			known = append(known, dashed(name))
		}
	}
	name, _, _ := strings.Cut(word, "=")
	hint := fmt.Sprintf("nearest is %s; %s", catalog.Nearest(name, known)[0], SeeHelp(l.Name()))
	if slices.Contains(portOptions, name) && findOption(l.Command, "only") != nil {
		hint = "to check some ports only: --only 443"
	}
	return &survey.Mistake{Err: fmt.Errorf("unknown option %s: %s does not have it", name, l.Name()), Hint: hint}
}

// unknownCommand says which command was most likely meant: check, if the word looks like
// a host.
func unknownCommand(l Line) error {
	word := l.Operands[0]
	if _, err := survey.ParseHost(word); err == nil && len(l.path) == 0 && strings.ContainsAny(word, ".:") {
		return &survey.Mistake{Err: fmt.Errorf("unknown command %q", word), Hint: "did you mean exreach check " + word + "?"}
	}
	return &catalog.WordError{Kind: "command", Word: word, Accepted: names(l.Command.VisibleCommands())}
}

func names(commands []*cli.Command) []string {
	var all []string
	for _, c := range commands {
		all = append(all, c.Name)
	}
	return all
}

var invalidValue = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-([^:]+): `)

// badValue rewords the flag package's error about a wrong value.
func badValue(c *cli.Command, err error) error {
	mistake := &survey.Mistake{Err: fmt.Errorf("%s: %w", c.HelpName, err), Hint: SeeHelp(c.HelpName)}
	m := invalidValue.FindStringSubmatch(err.Error())
	if m == nil {
		return mistake
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
	mistake.Err = fmt.Errorf("option %s: %s is not %s", dashed(m[2]), m[1], want)
	return mistake
}

// SeeHelp is the hint that leads to the help of a command, by its whole name.
func SeeHelp(command string) string { return "see " + command + " --help" }
