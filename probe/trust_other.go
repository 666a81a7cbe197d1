// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package probe

// systemRoots reads nothing: here the system itself judges chains.
func systemRoots(func(string) string) []byte { return nil }
