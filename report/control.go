// SPDX-License-Identifier: Apache-2.0

package report

import "exreach/probe"

// Untold reports whether a result has no place in a report: that of a port
// which nobody uses, where nothing answered. Draft.Add leaves it out by itself;
// callers of Judge have to.
func Untold(r probe.Result) bool {
	return r.Check.IsControl() && r.Verdict != probe.Answered
}
