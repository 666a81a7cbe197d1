// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
)

// contradiction returns an error for options of exreach check that contradict each other:
// one of them would have no effect, and the user would not notice.
func contradiction(c *cli.Context) error {
	const gentleRate = 2 // connections a second, see the option's help
	connect, whole := c.Duration("connect-timeout"), c.Duration("timeout")
	switch {
	case c.Bool("gentle") && c.Int("per-host") > 1:
		return combined("--gentle, which asks one port of a host at a time, and --per-host")
	case c.Bool("gentle") && c.Float64("rate") > gentleRate:
		return combined(fmt.Sprintf("--gentle, which opens at most %d connections a second, and --rate %v", gentleRate, c.Float64("rate")))
	case c.IsSet("port") && c.IsSet("only"):
		return hinted("--port checks these ports alone, --only chooses among the services of the role", "options --port and --only: they cannot be combined")
	case whole > 0 && connect > whole:
		return hinted("leave one of them out", "option --connect-timeout: %s is longer than --timeout, %s, which is for the whole check", connect, whole)
	}
	only, skip := c.StringSlice("only"), c.StringSlice("skip")
	if both := slices.IndexFunc(only, func(word string) bool { return word != "" && slices.Contains(skip, word) }); both >= 0 {
		return hinted("remove it from one of them", "options --only and --skip: both name %s", catalog.Shown(only[both]))
	}
	return nil
}

// combined says that two options exclude each other.
func combined(options string) error {
	return hinted("leave one of them out", "options %s: they cannot be combined", options)
}

// fileForHost finds the name of a file where a host belongs. A name without a path may be
// that of a host as well, so it counts only if there is such a file.
func fileForHost(words []string) error {
	for _, word := range words {
		option := map[string]string{".txt": "--hosts", ".csv": "--hosts", ".yaml": "--config", ".yml": "--config"}[strings.ToLower(filepath.Ext(word))]
		isPath := strings.ContainsAny(word, `/\`) && !strings.Contains(word, "://")
		if option == "" && !isPath {
			continue
		}
		found, err := os.Stat(word)
		if isFile := err == nil && found.Mode().IsRegular(); isFile || option != "" && isPath {
			return hinted("to read the hosts from it: exreach check "+cmp.Or(option, "--hosts")+" "+word, "host %q: it is the name of a file", catalog.Shown(word))
		}
	}
	return nil
}
