// SPDX-License-Identifier: Apache-2.0

package commandline

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Words returns what a user may write as the value of an option, or as the next operand if
// option is ""; nil if it is not one of a fixed set.
type Words func(l Line, option string) []string

// Candidates returns the completions of word, which the user types after the words in before.
func (p Program) Candidates(before []string, word string, words Words) []string {
	before, word = joinEquals(before, word)
	if slices.Equal(before, []string{helpCommand}) {
		return beginning(word, append(names(p.Root.VisibleCommands()), p.topicNames()...))
	}
	l, err := Sort(p.Root, before)
	if err != nil {
		return nil // the line is wrong already
	}
	name, _, whole := strings.Cut(word, "=")
	switch {
	case l.pending != "":
		return beginning(word, listed(l, words, l.pending, word))
	case whole && strings.HasPrefix(name, "--"):
		found := listed(l, words, name[2:], word[len(name)+1:])
		for i := range found {
			found[i] = name + "=" + found[i]
		}
		return beginning(word, found)
	case strings.HasPrefix(word, "-"):
		return beginning(word, options(l.Command))
	case l.isGroup():
		return beginning(word, names(l.Command.VisibleCommands()))
	}
	return beginning(word, words(l, ""))
}

// joinEquals undoes bash's splitting of --format=json into three words.
func joinEquals(before []string, word string) ([]string, string) {
	before = slices.DeleteFunc(slices.Clone(before), func(w string) bool { return w == "=" })
	if word == "=" {
		word = ""
	}
	return before, word
}

// listed returns the words of an option. Those of a list continue what the user has typed
// so far: after smtp,p the word pop3 becomes smtp,pop3.
func listed(l Line, words Words, option, typed string) []string {
	found := words(l, option)
	end := strings.LastIndexByte(typed, ',') + 1
	if _, isList := findOption(l.Command, option).(*cli.StringSliceFlag); end == 0 || !isList {
		return found
	}
	done := strings.Split(typed[:end], ",")
	found = slices.DeleteFunc(found, func(w string) bool { return slices.Contains(done, w) })
	for i := range found {
		found[i] = typed[:end] + found[i]
	}
	return found
}

func beginning(with string, words []string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, with) })
}

func options(c *cli.Command) []string {
	var all []string
	for _, f := range c.VisibleFlags() {
		all = append(all, dashed(f.Names()[0]))
	}
	return all
}
