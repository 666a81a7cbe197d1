// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"strings"
	"testing"
)

func TestGrant(t *testing.T) {
	for system, want := range map[string][]string{
		"linux":   {`sudo setcap cap_net_bind_service=+ep '/home/o'\''hara/exreach'`, `sudo '/home/o'\''hara/exreach' listen`, "ip_unprivileged_port_start=0"},
		"windows": {"no privilege", "show excludedportrange protocol=tcp", "show excludedportrange protocol=udp"},
		"darwin":  {`sudo '/home/o'\''hara/exreach' listen`},
	} {
		got := grant(system, "/home/o'hara/exreach")
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q is not in:\n%s", system, part, got)
			}
		}
	}
}
