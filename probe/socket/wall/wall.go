// SPDX-License-Identifier: Apache-2.0

// Package wall tells what the system says of this host's own firewall, and how to let a
// listener through it.
package wall

import "exreach/catalog"

// A Wall is this host's own firewall, as far as the system tells.
type Wall struct {
	Kind    string // "Windows Defender Firewall", "firewalld", "ufw", "nftables", "iptables"; empty if none was found
	Profile string // the firewall's profile (Windows) or zone (firewalld) that applies; empty if that is not known
	Active  bool   // it is on
	Known   bool   // the system told whether it is on

	program string
}

// Look asks the system about its firewall. The program is the path of the executable that
// listens.
func Look(program string) Wall { return Wall{program: program} }

// Allows reports whether a rule lets strangers reach the program at a port. It is not known
// on most systems.
func (w Wall) Allows(port catalog.Port) (allowed, known bool) { return false, false }

// Says tells in one sentence what is known of the firewall and these ports.
func (w Wall) Says(ports []catalog.Port) string { return "" }

// Lines returns the commands that let the program be reached at these ports, and those that
// undo it, one a line and ready to be pasted.
func (w Wall) Lines(ports []catalog.Port) (allow, undo []string) { return nil, nil }

// Dropped returns how many packets reached this machine and were delivered to no program
// since it started.
func Dropped() (n int64, known bool) { return 0, false }
