// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
)

// Lines returns the commands that let the program be reached at these ports until they are
// undone, and those that undo it: one a line, to be pasted as an administrator. They
// concern ports alone, except for Windows, whose rule is for the program. Both are empty
// where the firewall is off, and where it is not known how.
func (w Wall) Lines(ports []catalog.Port) (allow, undo []string) {
	ports = sorted(ports)
	switch {
	case len(ports) == 0 || w.Known && !w.Active:
		return nil, nil
	case w.Kind == Windows:
		return []string{`New-NetFirewallRule -DisplayName "exreach listen" -Direction Inbound -Program ` + powershell(w.program) + ` -Action Allow -Profile Any`},
			[]string{`Remove-NetFirewallRule -DisplayName "exreach listen"`}
	case w.Kind == Firewalld:
		return []string{firewallCmd("--add-port=", ports)}, []string{firewallCmd("--remove-port=", ports)}
	case w.Kind == UFW:
		for _, port := range ports {
			allow = append(allow, "ufw allow "+port.String())
			undo = append(undo, "ufw delete allow "+port.String())
		}
		return allow, undo
	case w.Kind == Iptables:
		return iptables("-I", ports), iptables("-D", ports)
	case w.system == "linux":
		return nft(cmp.Or(w.chain, "inet filter input"), ports)
	}
	return nil, nil
}

// powershell quotes a word for PowerShell, which takes four other letters for a single
// quote, too (about_Quoting_Rules).
func powershell(word string) string {
	var b strings.Builder
	for _, r := range word {
		if strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) {
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	return "'" + b.String() + "'"
}

// firewallCmd changes the running firewall of the default zone, and not what it starts with.
func firewallCmd(option string, ports []catalog.Port) string {
	line := "firewall-cmd"
	for _, port := range ports {
		line += " " + option + port.String()
	}
	return line
}

// ofNetwork returns the numbers of the ports of a network.
func ofNetwork(n catalog.Network, ports []catalog.Port) []string {
	var numbers []string
	for _, port := range ports {
		if port.Network == n {
			numbers = append(numbers, strconv.Itoa(int(port.Number)))
		}
	}
	return numbers
}

// nft writes rules for a chain, and finds them again by their comment. Where the chain is
// not known it is the one that the example files of Debian and Red Hat have.
func nft(chain string, ports []catalog.Port) (allow, undo []string) {
	for _, n := range []catalog.Network{catalog.TCP, catalog.UDP} {
		if numbers := ofNetwork(n, ports); len(numbers) > 0 {
			allow = append(allow, fmt.Sprintf(`nft insert rule %s %s dport { %s } accept comment '"exreach listen"'`, chain, n, strings.Join(numbers, ", ")))
		}
	}
	return allow, []string{fmt.Sprintf(`nft -a list chain %[1]s | sed -n 's/.*"exreach listen" # handle /delete rule %[1]s handle /p' | nft -f -`, chain)}
}

// iptables writes rules of at most 15 ports, which is what multiport takes.
func iptables(action string, ports []catalog.Port) (lines []string) {
	for _, command := range []string{"iptables", "ip6tables"} {
		for _, n := range []catalog.Network{catalog.TCP, catalog.UDP} {
			for some := range slices.Chunk(ofNetwork(n, ports), 15) {
				lines = append(lines, fmt.Sprintf("%s %s INPUT -p %s -m multiport --dports %s -j ACCEPT", command, action, n, strings.Join(some, ",")))
			}
		}
	}
	return lines
}
