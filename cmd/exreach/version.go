// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/commandline"
)

func versionCommand(w world) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version of exreach",
		Action: func(c *cli.Context) error {
			if err := noOperands(c); err != nil {
				return err
			}
			return writeVersion(w.stdout)
		},
	}
}

// A build is what the Go toolchain noted about this program.
type build struct{ version, commit, date, changed string }

func readBuild() build {
	b := build{version: "unknown", commit: "unknown", date: "unknown"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version = cmp.Or(info.Main.Version, b.version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.date = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				b.changed = ", with local changes"
			}
		}
	}
	return b
}

func writeVersion(w io.Writer) error {
	b := readBuild()
	_, err := fmt.Fprintf(w, "exreach %s\ncommit   %s%s\ndate     %s\ngo       %s\nplatform %s/%s\n",
		b.version, b.commit, b.changed, b.date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// tool names this program in a report.
func tool() string { return "exreach " + readBuild().version }

// noOperands refuses words that a command has no use for.
func noOperands(c *cli.Context) error {
	if !c.Args().Present() {
		return nil
	}
	return hinted(commandline.SeeHelp(c.Command.HelpName), "%s takes no %q", c.Command.Name, catalog.Shown(c.Args().First()))
}
