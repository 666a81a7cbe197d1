// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"exreach/probe"
)

// An obstacleText names an obstacle and says what to do about it.
type obstacleText struct{ text, hint string }

// obstacleTexts has every obstacle.
var obstacleTexts = map[probe.Obstacle]obstacleText{
	probe.Interrupted: {"the run was interrupted", "Run again and let it finish."},
	probe.StoodStill: {"exreach was stopped while it waited for the answer (Ctrl-Z, a suspended machine, a paused container)",
		"Run again on a machine that stays awake."},
	probe.NoDescriptors: {"too many files are open on this machine",
		"Raise the limit (ulimit -n, LimitNOFILE= in systemd), close other programs, or ask for less at a time: --limit 100."},
	probe.NoSourcePorts: {"this machine has no source port left for another connection",
		"Wait a few minutes for closed connections to expire, or ask for less at a time: --limit 100. The range is shown by sysctl net.ipv4.ip_local_port_range " +
			"on Linux and netsh int ipv4 show dynamicport tcp on Windows."},
	probe.NoMemory: {"this machine has no memory left for another connection (Windows says so, too, when its source ports have run out)",
		"Close other programs or ask for less at a time: --limit 100."},
	probe.Denied: {"a firewall or policy of this machine forbids the connection",
		"Allow exreach to connect in the local firewall or security software of this machine: Windows Defender Firewall, endpoint protection, nftables, SELinux."},
	probe.NoRoute: {"this machine has no route to the address, or its gateway does not answer",
		"Check the network of this machine: is it connected, is the VPN up, is there a default gateway (route print on Windows, ip route on Linux)?"},
	probe.NoIPv6: {"this machine has no IPv6, and this address is IPv6",
		"Nothing to do if only IPv4 is used here. Otherwise enable IPv6 on this machine, or run from one that has it."},
	probe.NoIPv4: {"this machine has no IPv4, and this address is IPv4",
		"Nothing to do if only IPv6 is used here. Otherwise enable IPv4 on this machine, or run from one that has it."},
	probe.OtherFamily: {"the source address and the address of the host are of different families (IPv4, IPv6)",
		"Leave --source out, or give one of this machine's addresses of the other family."},
	probe.NoSource: {"the source address is not one of this machine's",
		"Give --source one of this machine's own addresses (ipconfig on Windows, ip address on Linux), or leave it out."},
	probe.NoResolver: {"none of this machine's DNS servers gave an answer",
		"Check the DNS servers of this machine (Get-DnsClientServerAddress, /etc/resolv.conf): do they answer for this name (nslookup), and are UDP and TCP 53 to them open? Then run again."},
	probe.SystemError: {"the system of this machine reports an error",
		"Read the error, and look for security software or a sandbox that keeps exreach from the network."},
	probe.OwnFault: {"a fault in exreach", "Please report it with this line and the version (exreach --version); the other results are not affected."},
}

// Obstacles is every obstacle.
func Obstacles() []probe.Obstacle { return slices.Sorted(maps.Keys(obstacleTexts)) }

func sayUntried(s seen) (text, hint string) {
	told, known := obstacleTexts[s.Obstacle]
	if !known { // reports of earlier versions do not say
		return fmt.Sprintf("This machine did not ask, so nothing is known of the server: %s", sentence(s.Detail)),
			"Look at this machine first: its DNS servers, open files, free source ports, routes, and a local firewall that lets exreach out. Then run again."
	}
	if s.Obstacle == probe.Interrupted {
		return fmt.Sprintf("Not asked, so nothing is known of the server: %s", sentence(s.Detail)), told.hint
	}
	if s.Obstacle == probe.NoRoute && s.Address.Zone() != "" {
		told.hint = "Give the name of one of this machine's interfaces after the % (ip link on Linux, netsh interface ipv6 show interfaces on Windows)."
	}
	return fmt.Sprintf("Not asked, so nothing is known of the server: %s. %s", told.text, sentence(capital(s.Detail))), told.hint
}

// capital begins a sentence.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
