// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/console"
	"exreach/cmd/internal/files"
	"exreach/report/content"
)

var colorWords = []string{"auto", "always", "never"}

func colorFlag() cli.Flag {
	return &cli.StringFlag{Name: "color", Value: "auto", Usage: "colour the table `WHEN`: auto, always or never (default auto, which honours NO_COLOR)"}
}

// styleOf is what the terminal can show and the user wants to see.
func styleOf(c *cli.Context, w world) (content.Style, error) {
	s := content.Style{Verbose: c.Bool("verbose"), Problems: c.Bool("problems"), Matrix: c.Bool("matrix")}
	when := strings.ToLower(c.String("color"))
	if !slices.Contains(colorWords, when) {
		return s, &catalog.WordError{Kind: "colour choice", Word: when, Accepted: colorWords}
	}
	s.Color = when == "always"
	f := console.Of(w.stdout)
	var err error
	if s.Width, err = tableWidth(c, w, f); err != nil || f == nil {
		return s, err
	}
	// https://no-color.org
	if when == "auto" && w.env("NO_COLOR") == "" && w.env("TERM") != "dumb" {
		s.Color = showsColour(f)
	}
	return s, nil
}

// tableWidth is how many columns a table may take: what the user says, else what the
// terminal f has, else COLUMNS, else 100. f is nil if the table goes elsewhere. 0 is no
// limit.
func tableWidth(c *cli.Context, w world, f *os.File) (int, error) {
	const usual = 100
	if !c.IsSet("width") {
		return cmp.Or(console.WidthFor(f, w.env), usual), nil
	}
	n := c.Int("width")
	if n != 0 && n < console.Narrowest {
		return 0, hinted("such as --width 100; --width 0 never wraps", "option --width: %d columns are too few, the minimum is %d", n, console.Narrowest)
	}
	return n, nil
}

// keepOpen waits for Enter, or for ctx to end, before a console closes that a double-click
// opened.
func keepOpen(ctx context.Context, w world) {
	fmt.Fprint(w.stderr, "\nexreach is a program for the command line: open PowerShell or cmd in this folder,\nand begin with .\\exreach demo\n\nPress Enter to close this window. ")
	_, _ = bufio.NewReader(files.Until(ctx, w.stdin)).ReadString('\n')
}
