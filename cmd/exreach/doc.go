// SPDX-License-Identifier: Apache-2.0

// Command exreach tells whether every port that a Microsoft Exchange server's
// role needs is reachable from here, whether the right thing answers on it,
// and if not, what stopped it and where.
//
// This package reads flags, the environment and files, wires the other
// packages together, prints, and exits. It holds no knowledge of Exchange, of
// networks or of formats. The rules of its output:
//
//   - stdout is the report and nothing else. Notes, progress and errors go to
//     stderr; progress only to a terminal; --quiet leaves the errors.
//   - A line on stderr begins with "exreach: ", has no capital and no full stop.
//   - An error says what failed and why, and at most one line "hint: " says
//     what to do.
//   - 0 means everything is as wanted, 1 that something is not, 2 that it could
//     not be told or that the command was wrong. run decides it, nobody else.
package main
