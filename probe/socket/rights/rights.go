// SPDX-License-Identifier: Apache-2.0

// Package rights tells how to let a program listen on the ports below 1024, and gives
// privileges up when they are no longer needed.
package rights

import (
	"fmt"
	"runtime"
	"strings"
)

// Grant tells how a program may be given its low ports on this system: lines to show, with
// the commands among them. The program is the path of the executable.
func Grant(program string) string { return grant(runtime.GOOS, program) }

func grant(system, program string) string {
	quoted := "'" + strings.ReplaceAll(program, "'", `'\''`) + "'"
	switch system {
	case "linux":
		return fmt.Sprintf(`Ports below 1024 need a privilege. One of these grants it:
  sudo setcap cap_net_bind_service=+ep %[1]s   (to this program, until it is replaced)
  sudo %[1]s listen …   (it becomes an ordinary user once its ports are open)
  sudo sysctl net.ipv4.ip_unprivileged_port_start=0   (to every program, until the restart)
`, quoted)
	case "windows":
		return `Windows needs no privilege for low ports. If one is denied all the same, it may be reserved:
  netsh interface ipv4 show excludedportrange protocol=tcp
  netsh interface ipv4 show excludedportrange protocol=udp
`
	}
	return fmt.Sprintf(`Ports below 1024 may need root:
  sudo %s listen …   (it becomes an ordinary user once its ports are open)
`, quoted)
}

// Drop gives up this process's privileges for good; nothing that is open is closed. Root
// becomes the user given, by name or number, with no groups but that user's own; an empty
// name means nobody. A process with capabilities alone loses them. Became is the user that the process
// now is. It is empty, and nothing has changed, if there was nothing to give up, and on
// Windows, which has no such thing. After an error the process may be neither what it was nor
// what it should be: end it.
func Drop(user string) (became string, err error) { return drop(user) }
