// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package rights

import (
	"fmt"
	"os"
)

// lowPorts knows root alone. macOS lets others listen on low ports of all addresses at once,
// but not of one.
func lowPorts() error {
	if os.Geteuid() == 0 {
		return nil
	}
	return fmt.Errorf("%w: it is not root", ErrLowPorts)
}

// dropCapabilities and seal have nothing to do: this system has no capabilities.
func dropCapabilities() (became string, err error) { return "", nil }

func seal() error { return nil }
