// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"exreach/catalog"
	"exreach/probe"
)

func sayExposed(s seen) (text, hint string) {
	text = fmt.Sprintf("Reachable from here (%s), but it must not be.", s.Check.From)
	if s.Check.Service.Exposure != "" {
		text += " " + sentence(s.Check.Service.Exposure)
	}
	return text, fmt.Sprintf("Block %s to %s in the firewall, or allow only the addresses that need it.", s.port(), s.target())
}

func sayTimedOut(s seen) (text, hint string) {
	said := fmt.Sprintf("No reply to %s over %s: ", s.tries(), catalog.Elapsed(s.Took))
	if s.lives() {
		said = fmt.Sprintf("No reply to %s over %s%s: ", s.tries(), catalog.Elapsed(s.Took), s.meanwhile())
		if s.Check.Service.Network == catalog.UDP {
			return said + "something on the path drops the packets, or the service does not answer unknown clients " +
				"(LISTENING or FILTERED in PortQry's words, open|filtered in nmap's).", s.ask(firewallAdmin)
		}
		return said + "something on the path, or the server's own firewall, drops the packets (FILTERED in PortQry's words).", s.ask(firewallAdmin)
	}
	if s.Check.Service.Network == catalog.UDP {
		return said + "something on the path drops the packets, the host is down, or the service does not answer unknown clients " +
				"(LISTENING or FILTERED in PortQry's words, open|filtered in nmap's).",
			s.ask(firewallAdmin)
	}
	return said + "something on the path drops the packets (FILTERED in PortQry's words), or the host is down.", s.ask(firewallAdmin)
}

// shunned: a port that had answered fell silent while this one was asked.
func shunned(s seen) bool { return fellSilent(s.Result) }

func fellSilent(r probe.Result) bool {
	return r.Verdict == probe.TimedOut && r.Witness != nil && !r.Witness.Answers
}

func sayShunned(s seen) (text, hint string) {
	return fmt.Sprintf("No reply to %s over %s, and TCP %d of %s, which had answered before, stopped answering too: %s. Whether %s is open is not known.",
			s.tries(), catalog.Elapsed(s.Took), s.Witness.Port, s.target(), shunsUs, s.port()),
		fmt.Sprintf("Wait until TCP %d answers again, which takes some minutes if a firewall blocked this computer, then check again with --gentle.", s.Witness.Port)
}

const shunsUs = "a firewall on the path blocks this computer after many connections in a short time, or the host or the path went down in the meantime"

// shunnedMidway: the conversation stopped, and a port of the address that had answered fell
// silent as well.
func shunnedMidway(s seen) bool { return s.Verdict == probe.Silent && s.here().shuns }

func sayShunnedMidway(s seen) (text, hint string) {
	return fmt.Sprintf("%s accepted the connection and then said nothing, and other ports of %s stopped answering too: %s.", s.port(), s.target(), shunsUs),
		"Wait until the host answers again, which takes some minutes if a firewall blocked this computer, then check again with --gentle."
}

func sayRefused(s seen) (text, hint string) {
	if s.saidOnPath() {
		return fmt.Sprintf("%s on the path, not %s itself, refuses %s: a firewall with a reject rule.", s.SaidBy, s.target(), s.port()),
			s.ask("the administrator of " + s.SaidBy.String())
	}
	return fmt.Sprintf("%s refuses %s: the host is up and nothing listens there (NOT LISTENING in PortQry's words, closed in nmap's), "+
			"or a firewall resets the connection.", s.target(), s.port()),
		fmt.Sprintf("Start the service that uses this port and check with netstat -ano that it is listening; if it is, %s", lower(s.ask(firewallAdmin)))
}

func sayProhibited(s seen) (text, hint string) {
	switch {
	case s.saidOnPath():
		return fmt.Sprintf("%s says that a rule forbids %s to %s (administratively prohibited).", s.SaidBy, s.port(), s.target()),
			s.ask("the administrator of " + s.SaidBy.String())
	case s.SaidBy.IsValid():
		return fmt.Sprintf("%s itself says that a rule forbids %s (administratively prohibited): its own firewall.", s.target(), s.port()),
			fmt.Sprintf("Allow %s from this computer in the server's own firewall.", s.port())
	}
	return fmt.Sprintf("A firewall or router says that a rule forbids %s to %s (administratively prohibited).", s.port(), s.target()), s.ask(firewallAdmin)
}

func sayUnreachable(s seen) (text, hint string) {
	who := "A router on the path, or this machine,"
	if s.SaidBy.IsValid() {
		who = s.SaidBy.String()
	}
	return fmt.Sprintf("%s reports that %s cannot be reached: there is no route, or the host is down.", who, s.target()),
		fmt.Sprintf("Check that the address is right and the host is up, then follow the path: tracert %[1]s on Windows, traceroute %[1]s elsewhere.", s.target())
}

func sayMismatch(s seen) (text, hint string) {
	return fmt.Sprintf("%s answers, but not as %s does: another program uses the port, or a proxy or filter on the path answers in place of the server.%s",
			s.port(), s.Check.Service.Name, s.quote()),
		"Check on the server which program is listening (netstat -abno); if it is the right one, look for a mail filter, proxy or load balancer on the path."
}

func sayUnresolved(s seen) (text, hint string) {
	return fmt.Sprintf("No address is known for %s.", s.Check.Host),
		fmt.Sprintf("Check that the name is spelled correctly and that the DNS servers of this machine know it: nslookup %s.", s.Check.Host)
}

func sayUnverified(s seen) (text, hint string) {
	text = "No document confirms this catalogue entry."
	if s.Check.Service.Note != "" && !dynamicPortBlocked(s) { // sayDynamicPortBlocked tells the note
		text = "No document confirms this catalogue entry: " + sentence(s.Check.Service.Note)
	}
	return text, "Compare with a working server before you change anything because of it."
}

// firewallAdmin is whom to ask if nothing says which device drops or refuses the packets.
const firewallAdmin = "the firewall administrator"

// ask is the request to the administrator of a firewall. If the address belongs to this
// machine itself, no other firewall is involved and nobody is asked.
func (s seen) ask(whom string) string {
	request := fmt.Sprintf("Ask %s to allow %s from this computer to %s.", whom, s.port(), s.target())
	if s.Address.IsLoopback() {
		request = fmt.Sprintf("Check this machine's own firewall and security software: %s is this machine, so no other firewall is involved.", s.target())
	}
	if s.want == catalog.Optional {
		return "If the service is in use, " + lower(request)
	}
	return request
}

// port is the port in a firewall's words: "TCP 443".
func (s seen) port() string {
	number := s.Check.Service.Ports.String()
	if s.Port != 0 {
		number = fmt.Sprint(s.Port)
	}
	return strings.ToUpper(string(s.Check.Service.Network)) + " " + number
}

// target is the address that was asked, or the host's name if it has no address.
func (s seen) target() string {
	if s.Address.IsValid() {
		return s.Address.String()
	}
	return s.Check.Host
}

// saidOnPath reports whether a device on the path, not the host, sent the ICMP answer.
func (s seen) saidOnPath() bool { return s.SaidBy.IsValid() && s.SaidBy != s.Address }

// quote is a sentence with what the peer said first, "" if there is nothing to read in it.
func (s seen) quote() string {
	escapes := strings.Count(s.Evidence, `\x`)
	switch {
	case s.Evidence == "":
		return ""
	case tlsRecord().MatchString(s.Evidence):
		return " What came is TLS."
	case len(`\x00`)*escapes > len(s.Evidence)/3: // mostly binary: a person cannot read it
		return ""
	}
	return fmt.Sprintf(" It said: %s", strings.TrimSuffix(s.Evidence, `\r\n`))
}

// tlsRecord matches evidence that begins with a TLS record: an alert or a handshake (RFC
// 8446 section 5.1).
var tlsRecord = lazily(`^\\x1[56]\\x03`)

// tries says how many requests or connection attempts were sent.
func (s seen) tries() string {
	if s.Check.Service.Network == catalog.UDP {
		return catalog.Count(s.Tries, "request")
	}
	return catalog.Count(s.Tries, "connection attempt")
}

// sentence makes a text end with exactly one full stop, whatever it ended with.
func sentence(text string) string { return strings.TrimRight(text, ". ") + "." }

// lower makes the first letter small, for a sentence that goes on from another.
func lower(text string) string { return strings.ToLower(text[:1]) + text[1:] }

// An obstacleText names an obstacle and says what to do about it.
type obstacleText struct{ text, hint string }

// obstacleTexts has a text for every obstacle.
var obstacleTexts = map[probe.Obstacle]obstacleText{
	probe.Interrupted: {"the run was interrupted", "Run again and let it finish."},
	probe.Deadline:    {"the run's deadline came first", "Give the run more time (--deadline), or fewer hosts and ports."},
	probe.StoodStill: {"exreach was stopped while it waited for the answer (Ctrl-Z, a suspended machine, a paused container)",
		"Run again on a machine that stays awake."},
	probe.NoDescriptors: {"too many files are open on this machine",
		"Raise the limit (ulimit -n, LimitNOFILE= in systemd), close other programs, or run fewer checks at once: --limit 100."},
	probe.NoSourcePorts: {"this machine has no source port left for another connection",
		"Wait a few minutes for closed connections to expire, or run fewer checks at once: --limit 100. The range is shown by sysctl net.ipv4.ip_local_port_range " +
			"on Linux and netsh int ipv4 show dynamicport tcp on Windows."},
	probe.NoMemory: {"this machine has no memory left for another connection (Windows also reports this when its source ports have run out)",
		"Close other programs or run fewer checks at once: --limit 100."},
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
		"Read the error, and look for security software or a sandbox that blocks exreach."},
	probe.OwnFault: {"a fault in exreach", "Please report it with this line and the version (exreach --version); the other results are not affected."},
}

// Obstacles returns every obstacle. Package report accepts these in a report that it reads.
func Obstacles() []probe.Obstacle { return slices.Sorted(maps.Keys(obstacleTexts)) }

func sayUntried(s seen) (text, hint string) {
	told, known := obstacleTexts[s.Obstacle]
	if !known { // reports of earlier versions do not say
		return fmt.Sprintf("This machine did not ask, so nothing is known of the server: %s", sentence(s.Detail)),
			"Look at this machine first: its DNS servers, open files, free source ports, routes, and a local firewall that lets exreach out. Then run again."
	}
	if s.Obstacle == probe.Interrupted || s.Obstacle == probe.Deadline {
		return fmt.Sprintf("Not asked, so nothing is known of the server: %s", sentence(s.Detail)), told.hint
	}
	if s.Obstacle == probe.NoRoute && s.Address.Zone() != "" {
		told.hint = "Give the name of one of this machine's interfaces after the % (ip link on Linux, netsh interface ipv6 show interfaces on Windows)."
	}
	return fmt.Sprintf("Not asked, so nothing is known of the server: %s. %s", told.text, sentence(capital(s.Detail))), told.hint
}

// capital makes the first letter a capital.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// lazily compiles a pattern at the first use, because few runs use it.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
