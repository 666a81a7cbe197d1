// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package trust

// machineRoots reads nothing: here the system itself judges chains.
func machineRoots(func(string) string) []byte { return nil }
