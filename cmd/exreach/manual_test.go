// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/manual"
)

// The manual page of a release: go test ./cmd/exreach -run TestManual -manual FILE -release VERSION
var (
	manualFile    = flag.String("manual", "", "write the manual page to this file")
	manualRelease = flag.String("release", "unreleased", "the version that the manual page names")
)

// TestManual makes the manual page, and wants every command, option and topic in it.
func TestManual(t *testing.T) {
	var made bytes.Buffer
	p := program(world{})
	if err := manual.Write(&made, p, *manualRelease); err != nil {
		t.Fatal(err)
	}
	wanted := []string{"EXREACH 1", "NAME", "SYNOPSIS", "EXAMPLES", "EXIT CODES", "is everything reachable", "timed-out", `user: CONTOSO\alice`, "jq 'select(.grade == \"fail\")'"}
	for _, topic := range p.Topics {
		wanted = append(wanted, strings.ToUpper(topic.Word))
	}
	for _, c := range commandsBelow(p.Root, "exreach") {
		wanted = append(wanted, strings.ToUpper(c.name))
		for _, list := range p.Lists(c.command) {
			for _, e := range list {
				wanted = append(wanted, strings.TrimSpace(e.Word))
			}
		}
	}
	page := plain(made.String())
	for _, want := range wanted {
		if !strings.Contains(page, want) {
			t.Errorf("the manual page lacks %q", want)
		}
	}
	for i, line := range strings.Split(made.String(), "\n") {
		if strings.Contains(line, "{{") || strings.Trim(line, printableASCII) != "" {
			t.Errorf("line %d: %q", i+1, line)
		}
	}
	if *manualFile != "" {
		if err := os.MkdirAll(filepath.Dir(*manualFile), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(*manualFile, made.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	formatManual(t, made.Bytes())
}

// formatManual has groff read the page, where there is one.
func formatManual(t *testing.T, page []byte) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("no groff to format the page with")
		return
	}
	var complaints bytes.Buffer
	format := exec.Command(groff, "-man", "-Tascii", "-ww", "-P-cbou")
	format.Stdin, format.Stderr = bytes.NewReader(page), &complaints
	text, err := format.Output()
	if err != nil || complaints.Len() > 0 {
		t.Errorf("groff: %v\n%s", err, &complaints)
	}
	for _, want := range []string{"exreach check mail01.contoso.com --version 2019 --from internet", "--resolve-timeout TIME", "bad-tls      connected"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the formatted page lacks %q", want)
		}
	}
}

const printableASCII = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// plain undoes the escapes of a page.
func plain(page string) string {
	return strings.NewReplacer(`\-`, "-", `\e`, `\`, `\(ga`, "`", `\(ha`, "^", `\(ti`, "~", `\(aq`, "'", `\(dq`, `"`, `\&`, "").Replace(page)
}

// A namedCommand is a command with its whole name.
type namedCommand struct {
	name    string
	command *cli.Command
}

// commandsBelow is every command that help shows, c first.
func commandsBelow(c *cli.Command, name string) []namedCommand {
	all := []namedCommand{{name, c}}
	for _, sub := range c.VisibleCommands() {
		all = append(all, commandsBelow(sub, name+" "+sub.Name)...)
	}
	return all
}
