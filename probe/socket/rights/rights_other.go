// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package rights

// dropCapabilities and seal have nothing to do: this system has no capabilities.
func dropCapabilities() (became string, err error) { return "", nil }

func seal() error { return nil }
