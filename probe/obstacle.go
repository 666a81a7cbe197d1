// SPDX-License-Identifier: Apache-2.0

package probe

// An Obstacle is what kept this machine from asking. Every Untried result has
// one, and no other result has.
type Obstacle string

// The obstacles: a shortage of this machine, its own denial, or an interrupt.
const (
	Interrupted   Obstacle = "interrupted"     // the run was ended
	StoodStill    Obstacle = "stood-still"     // the program was stopped while it asked: a suspend, Ctrl-Z
	NoDescriptors Obstacle = "no-descriptors"  // too many files are open, in this process or on this machine
	NoSourcePorts Obstacle = "no-source-ports" // every local port is in use
	NoMemory      Obstacle = "no-memory"       // the system has no buffers or memory left
	Denied        Obstacle = "denied"          // a firewall or policy of this machine
	NoRoute       Obstacle = "no-route"        // this machine has no route to the address
	NoIPv6        Obstacle = "no-ipv6"         // this machine does not speak IPv6
	NoIPv4        Obstacle = "no-ipv4"         // this machine does not speak IPv4
	OtherFamily   Obstacle = "other-family"    // the source address is IPv4 and the host's IPv6, or the reverse
	NoSource      Obstacle = "no-source"       // the source address is not one of this machine's
	NoResolver    Obstacle = "no-resolver"     // none of this machine's DNS servers gave an answer
	SystemError   Obstacle = "system-error"    // another error of this machine's system
	OwnFault      Obstacle = "fault"           // a fault in exreach
)
