// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// TestFileExamples reads every YAML file that the documentation shows, and
// plans what it is for.
func TestFileExamples(t *testing.T) {
	for _, name := range []string{"../../README.md", "../../docs/catalog.md"} {
		found := fenced(t, name, "yaml")
		if len(found) == 0 {
			t.Errorf("%s shows no file", name)
		}
		for _, text := range found {
			if err := readExample(text); err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	}
}

// readExample takes text for a topology if it has hosts, and else for a
// catalogue.
func readExample(text string) error {
	cat := catalog.Open()
	if !strings.Contains(text, "hosts:") {
		return cat.Add("example", strings.NewReader(text), slices.Sorted(maps.Keys(protocol.Table)))
	}
	topology, err := catalog.LoadTopology("example", strings.NewReader(text))
	if err != nil {
		return err
	}
	_, err = cat.Plan(topology, "")
	return err
}

// fenced returns the code blocks of one language in a Markdown file.
func fenced(t *testing.T, name, language string) []string {
	t.Helper()
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```\n").FindAllStringSubmatch(read(t, name), -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
