// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"exreach/catalog"
	"exreach/probe"
)

func sayExposed(s seen) (text, hint string) {
	text = fmt.Sprintf("Reachable %s, checking as %s, but it must not be.", s.from(), s.Check.From)
	if s.Check.Service.Exposure != "" {
		text += " " + sentence(s.Check.Service.Exposure)
	}
	if s.isOwn() {
		return text, fmt.Sprintf("Block %s in the firewall of this machine, or allow only the addresses that need it.", s.port())
	}
	return text, fmt.Sprintf("Block %s to %s in the firewall, or allow only the addresses that need it.", s.port(), s.target())
}

// sayTimedOut leaves out how often and how long the port was asked: the detail of the row
// tells that, and rows with the same text are read once.
func sayTimedOut(s seen) (text, hint string) {
	causes, words := []string{"something on the path drops the packets"}, "FILTERED in PortQry's words"
	switch {
	case s.isOwn():
		causes = []string{"the firewall or security software of this machine drops the packets"}
	case s.lives() && s.Check.Service.Network == catalog.TCP:
		causes = []string{"something on the path, or the server's own firewall, drops the packets"}
	case !s.lives():
		causes = append(causes, "the host is down")
	}
	if s.Check.Service.Network == catalog.UDP {
		causes, words = append(causes, "the service does not answer unknown clients"), "LISTENING or FILTERED in PortQry's words, open|filtered in nmap's"
	}
	text = capital(catalog.Either(causes))
	if s.lives() {
		text += " while " + s.meanwhile()
	}
	return fmt.Sprintf("%s (%s).", text, words), s.ask(firewallAdmin)
}

func sayRefused(s seen) (text, hint string) {
	const words = "nothing listens there (NOT LISTENING in PortQry's words, closed in nmap's)"
	resets, rejects := "resets the connection", "rejects the connection"
	if s.Check.Service.Network == catalog.UDP {
		resets, rejects = "rejects it", "rejects it"
	}
	switch {
	case s.saidOnPath():
		return fmt.Sprintf("%s on the path, not %s itself, refuses %s: a firewall with a reject rule.", s.SaidBy, s.target(), s.port()),
			s.ask("the administrator of " + s.SaidBy.String())
	case s.isOwn():
		return fmt.Sprintf("%s, which is this machine, refuses %s: %s, or its own firewall %s.", s.target(), s.port(), words, rejects),
			"Start the service that uses this port, and check that it is listening: " + onThis("{listening}") + "."
	}
	return fmt.Sprintf("%s refuses %s: the host is up and %s, or a firewall %s.", s.target(), s.port(), words, resets),
		"Start the service that uses this port, and check on the server that it is listening (netstat -ano); if it is, " + lower(s.ask(firewallAdmin))
}

func sayProhibited(s seen) (text, hint string) {
	switch {
	case s.saidOnPath():
		return fmt.Sprintf("%s says that a rule forbids %s to %s (administratively prohibited).", s.SaidBy, s.port(), s.target()),
			s.ask("the administrator of " + s.SaidBy.String())
	case s.SaidBy.IsValid():
		return fmt.Sprintf("%s itself says that a rule forbids %s (administratively prohibited): its own firewall.", s.target(), s.port()),
			s.ask("the administrator of the server's own firewall")
	}
	return fmt.Sprintf("A firewall or router says that a rule forbids %s to %s (administratively prohibited).", s.port(), s.target()), s.ask(firewallAdmin)
}

func sayUnreachable(s seen) (text, hint string) {
	who, why := "A router on the path, or this machine,", "there is no route, or the host is down"
	if s.SaidBy.IsValid() {
		who = s.SaidBy.String()
	}
	text = fmt.Sprintf("%s reports that %s cannot be reached", who, s.target())
	hint = "Check that the address is right and the host is up, then follow the path: " + onThis("{path}") + " " + s.target() + "."
	if s.lives() {
		text += ", while " + s.meanwhile()
		why = "a firewall or router on the path rejects the packets to this port, or the route has gone"
		hint = "Follow the path: " + onThis("{path}") + " " + s.target() + ". If it is complete, " + lower(s.ask(firewallAdmin))
	}
	return fmt.Sprintf("%s: %s.", text, why), hint
}

func sayMismatch(s seen) (text, hint string) {
	return fmt.Sprintf("%s answers, but not as %s does: another program uses the port, or a proxy or filter on the path answers in place of the server.%s",
			s.port(), s.Check.Service.Name, s.quote()),
		fmt.Sprintf("Check %s; if it is the right one, look for a mail filter, proxy or load balancer on the path.", s.listener())
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

// ask is the request to the administrator of a firewall to open the port.
func (s seen) ask(whom string) string { return s.askFor(whom, s.port()) }

// askFor is the request to allow what there is to allow, with both ends of the rule. If the
// address belongs to this machine itself, the request is to check its own firewall.
func (s seen) askFor(whom, what string) string {
	request := fmt.Sprintf("Ask %s to allow %s %s to %s.", whom, what, s.from(), s.target())
	if s.isOwn() {
		request = fmt.Sprintf("Check the firewall and security software of this machine: %s is its own address, so no other firewall is involved.", s.target())
	}
	if s.want == catalog.Optional {
		return "If the service is in use, " + lower(request)
	}
	return request
}

// inquire asks the administrator of the firewall a question that begins with "whether" or
// "what". If the address belongs to this machine itself, it names the machine's own firewall.
func (s seen) inquire(question string) string {
	if s.isOwn() {
		return "Check in the firewall and security software of this machine " + question
	}
	return "Ask " + firewallAdmin + " " + question
}

// from is where the check came from, as the administrator of a firewall needs it: "from
// 10.77.1.2 (this computer)".
func (s seen) from() string {
	if s.Source.IsValid() {
		return fmt.Sprintf("from %s (this computer)", s.Source)
	}
	return "from this computer"
}

// isOwn reports whether the address that was asked is one of this machine's own.
func (s seen) isOwn() bool {
	return s.Address.IsLoopback() || s.Address.IsValid() && s.Address.WithZone("") == s.Source
}

// listener is what to check if something unexpected holds the port.
func (s seen) listener() string {
	if s.isOwn() {
		return "which program is listening (" + onThis("{listener}") + ")"
	}
	return "on the server which program is listening (netstat -abno)"
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

// An obstacleText names an obstacle and says what to do about it, in words that onThis
// completes.
type obstacleText struct{ text, hint string }

// obstacleTexts has a text for every obstacle.
var obstacleTexts = map[probe.Obstacle]obstacleText{
	probe.Interrupted: {"the run was interrupted", "Run again and let it finish."},
	probe.Deadline:    {"the run's deadline came first", "Give the run more time (--deadline), or fewer hosts and ports."},
	probe.StoodStill: {"exreach was stopped while it waited for the answer (Ctrl-Z, a suspended machine, a paused container)",
		"Run again on a machine that stays awake."},
	probe.NoDescriptors: {"too many files are open on this machine", "{more files} close other programs, or run fewer checks at once: --limit 100."},
	probe.NoSourcePorts: {"this machine has no source port left for another connection",
		"Wait a few minutes for closed connections to expire, or run fewer checks at once: --limit 100. The range of ports: {source ports}."},
	probe.NoMemory: {"this machine has no memory left for another connection{memory}", "Close other programs or run fewer checks at once: --limit 100."},
	probe.Denied: {"a firewall or policy of this machine forbids the connection",
		"Allow exreach to connect in the firewall or security software of this machine ({firewall})."},
	probe.NoRoute: {"this machine has no route to the address, or its gateway does not answer",
		"Check the network of this machine: is it connected, is the VPN up, is there a default gateway ({routes})?"},
	probe.NoIPv6: {"this machine has no IPv6, and this address is IPv6",
		"Nothing to do if only IPv4 is used here. Otherwise enable IPv6 on this machine, or run from one that has it."},
	probe.NoIPv4: {"this machine has no IPv4, and this address is IPv4",
		"Nothing to do if only IPv6 is used here. Otherwise enable IPv4 on this machine, or run from one that has it."},
	probe.OtherFamily: {"the source address and the address of the host are of different families (IPv4, IPv6)",
		"Leave --source out, or give one of this machine's addresses of the other family."},
	probe.NoSource: {"the source address is not one of this machine's", "Give --source one of this machine's own addresses ({addresses}), or leave it out."},
	probe.NoResolver: {"none of this machine's DNS servers gave an answer",
		"Check the DNS servers of this machine ({resolvers}): do they answer for this name (nslookup), and can this machine reach their UDP and TCP 53? Then run again."},
	probe.SystemError: {"the system of this machine reports an error", "Read the error, and look for security software or a sandbox that blocks exreach."},
	probe.OwnFault:    {"a fault in exreach", "Please report it with this line and the version (exreach --version); the other results are not affected."},
}

// A wording is how an operating system calls what hints about this machine name.
type wording map[string]string

// wordings has the words of each system, by GOOS; "" has those of all others.
var wordings = map[string]wording{
	"windows": {
		"{path}": "tracert", "{listening}": "netstat -ano", "{listener}": "netstat -abno", "{addresses}": "ipconfig", "{routes}": "route print",
		"{interfaces}": "netsh interface ipv6 show interfaces", "{resolvers}": "Get-DnsClientServerAddress", "{more files}": "To free some,",
		"{source ports}": "netsh int ipv4 show dynamicport tcp", "{memory}": " (Windows also reports this when its source ports have run out)",
		"{firewall}": "Windows Defender Firewall, endpoint protection",
	},
	"linux": {
		"{path}": "traceroute", "{listening}": "ss -ltun", "{listener}": "ss -ltunp", "{addresses}": "ip address", "{routes}": "ip route",
		"{interfaces}": "ip link", "{resolvers}": "/etc/resolv.conf", "{more files}": "Raise the limit (ulimit -n, LimitNOFILE= in systemd),",
		"{source ports}": "sysctl net.ipv4.ip_local_port_range", "{memory}": "",
		"{firewall}": "nftables, iptables, SELinux, AppArmor",
	},
	"": {
		"{path}": "traceroute", "{listening}": "netstat -an", "{listener}": "lsof -nPi", "{addresses}": "ifconfig", "{routes}": "netstat -rn",
		"{interfaces}": "ifconfig -l", "{resolvers}": "scutil --dns, /etc/resolv.conf", "{more files}": "Raise the limit (ulimit -n),",
		"{source ports}": "sysctl net.inet.ip.portrange", "{memory}": "",
		"{firewall}": "Application Firewall, pf, endpoint protection",
	},
}

// onThis completes a text about this machine with the words of its system. They stay the same
// in a report that is read on another system: the advice is about this one.
func onThis(text string) string { return wordsOf(runtime.GOOS).complete(text) }

func wordsOf(system string) wording {
	if words, known := wordings[system]; known {
		return words
	}
	return wordings[""]
}

func (w wording) complete(text string) string {
	for name, words := range w {
		text = strings.ReplaceAll(text, name, words)
	}
	return text
}

// Obstacles returns every obstacle. Package report accepts these in a report that it reads.
func Obstacles() []probe.Obstacle { return slices.Sorted(maps.Keys(obstacleTexts)) }

func sayUntried(s seen) (text, hint string) {
	told, known := obstacleTexts[s.Obstacle]
	if !known { // reports of earlier versions do not say
		return fmt.Sprintf("This computer did not ask, so nothing is known of the server: %s", sentence(s.Detail)),
			"Look at this machine first: its DNS servers, open files, free source ports, routes, and a local firewall that lets exreach out. Then run again."
	}
	if s.Obstacle == probe.NoRoute && s.Address.Zone() != "" {
		told.hint = "Give the name of one of this machine's interfaces after the % ({interfaces})."
	}
	why := sentence(onThis(told.text)) + " " + sentence(capital(s.Detail))
	if s.Tries == 0 || s.wasEnded() { // then the detail says it all
		why = sentence(s.Detail)
	}
	return s.howFar() + ": " + why, onThis(told.hint)
}

// capital makes the first letter a capital.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}
