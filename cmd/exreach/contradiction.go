// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"
)

// contradiction finds options of exreach check that ask for opposite things. One of them
// would have no effect, and the user would not know which.
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
		return hinted("remove it from one of them", "options --only and --skip: both name %s", only[both])
	}
	return nil
}

// combined says that two options exclude each other.
func combined(options string) error {
	return hinted("leave one of them out", "options %s: they cannot be combined", options)
}
