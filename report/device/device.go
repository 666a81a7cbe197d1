// SPDX-License-Identifier: Apache-2.0

// Package device makes the commands with which firewalls are asked what they do with the
// ports that a report found blocked. It knows only syntax that the vendor has documented.
package device

import (
	"fmt"
	"net/netip"
	"strings"

	"exreach/catalog"
)

// A Device is a kind of firewall that has a command for such a question.
type Device struct {
	Name      string     // the word of the command line
	Title     string     // what people call it
	Where     string     // where to run its commands
	Needs     string     // what its administrator has to put into them; "" if they are complete
	Documents []Document // where their syntax is documented

	onlyIPv4 bool // no form for IPv6 is documented
	atServer bool // it runs on the destination itself, and its command has no source
	command  func(tuple) string
}

// A Document is where a vendor describes a command.
type Document struct{ Title, Address string }

// A tuple is one way through a firewall. Nothing else of a report gets into a command.
type tuple struct {
	source, destination netip.Addr // source is the zero Addr if it is not known
	network             catalog.Network
	port                uint16
}

// Interface stands in commands where an administrator puts the name of an interface.
const Interface = "INTERFACE"

// sourcePort stands where a command needs the port of the source, which a report does not
// have. It is the first of those that systems choose from (RFC 6335, section 6).
const sourcePort = 49152

// devices is every device that --device can name.
var devices = []Device{
	{
		Name: "fortigate", Title: "Fortinet FortiGate", Where: "on the command line of the FortiGate",
		Needs:     "put the name of the interface through which the packets come in instead of " + Interface,
		Documents: []Document{{"Technical Tip: How to check the policy ID of pass-through traffic", "https://community.fortinet.com/t5/FortiGate/Technical-Tip-How-to-check-the-policy-ID-of-pass-through-traffic/ta-p/195435"}},

		onlyIPv4: true, command: fortigate,
	}, {
		Name: "paloalto", Title: "Palo Alto Networks PAN-OS", Where: "in the operational mode of the firewall's command line",
		Documents: []Document{{"panos_match_rule of Palo Alto Networks' own Ansible collection", "https://github.com/PaloAltoNetworks/pan-os-ansible/blob/31520c5bbf85ea9fa1df872339290540d0146410/plugins/modules/panos_match_rule.py"}},

		onlyIPv4: true, command: paloAlto,
	}, {
		Name: "asa", Title: "Cisco ASA", Where: "in the privileged EXEC mode of the ASA",
		Needs:     "put the name of the interface through which the packets come in (nameif) instead of " + Interface,
		Documents: []Document{{"Cisco ASA Series Command Reference, I - R Commands: packet-tracer", "https://www.cisco.com/c/en/us/td/docs/security/asa/asa-command-reference-convert/I-R/cmdref2/p1.html"}},

		command: asa,
	}, {
		Name: "windows", Title: "Windows Defender Firewall", Where: "in PowerShell on the server itself, which each command names at its end",
		Documents: []Document{
			{"Get-NetFirewallPortFilter", "https://learn.microsoft.com/powershell/module/netsecurity/get-netfirewallportfilter"},
			{"Get-NetFirewallRule", "https://learn.microsoft.com/powershell/module/netsecurity/get-netfirewallrule"},
			{"New-NetFirewallRule, for the forms of a port", "https://learn.microsoft.com/powershell/module/netsecurity/new-netfirewallrule"},
		},

		atServer: true, command: windows,
	},
}

// Names lists the devices for help and messages.
func Names() []string {
	names := make([]string, 0, len(devices))
	for _, d := range devices {
		names = append(names, d.Name)
	}
	return names
}

// Named returns the device with this name. Its error is a *catalog.WordError.
func Named(name string) (Device, error) {
	for _, d := range devices {
		if d.Name == name {
			return d, nil
		}
	}
	return Device{}, &catalog.WordError{Kind: "device", Word: name, Accepted: Names()}
}

// protocolNumbers are those of IANA, which FortiGate and PAN-OS take.
var protocolNumbers = map[catalog.Network]int{catalog.TCP: 6, catalog.UDP: 17}

// fortigate asks which policy matches: source address and port, destination address and
// port, protocol, interface.
func fortigate(t tuple) string {
	return fmt.Sprintf("diagnose firewall iprope lookup %s %d %s %d %d %s", t.source, sourcePort, t.destination, t.port, protocolNumbers[t.network], Interface)
}

// paloAlto asks which security rule matches, whatever the zones.
func paloAlto(t tuple) string {
	return fmt.Sprintf("test security-policy-match source %s destination %s destination-port %d protocol %d", t.source, t.destination, t.port, protocolNumbers[t.network])
}

// asa asks for the way of a packet that is only simulated.
func asa(t tuple) string {
	return fmt.Sprintf("packet-tracer input %s %s %s %d %s %d", Interface, t.network, t.source, sourcePort, t.destination, t.port)
}

// The ports of Windows to which a keyword may apply instead of a number: that of RPC's
// endpoint mapper, and those from which RPC chooses.
const (
	endpointMapper = 135
	firstDynamic   = 49152
)

// windows lists the enabled inbound rules whose port covers the one that is asked for:
// written as a number, in a range, in a list, as Any, or as a keyword of RPC. A filter knows
// its ports and not whether its rule is enabled, so both are looked at.
func windows(t tuple) string {
	forms := fmt.Sprintf("'Any','%d'", t.port)
	switch {
	case t.network == catalog.TCP && t.port == endpointMapper:
		forms += ",'RPCEPMap'"
	case t.network == catalog.TCP && t.port >= firstDynamic:
		forms += ",'RPC'"
	}
	return fmt.Sprintf(`Get-NetFirewallPortFilter -PolicyStore ActiveStore | `+
		`Where-Object { $_.Protocol -in 'Any','%s','%d' -and @($_.LocalPort | Where-Object { $_ -in %s -or `+
		`($_ -match '^(\d+)-(\d+)$' -and %d -ge [int]$Matches[1] -and %[4]d -le [int]$Matches[2]) }) } | `+
		`Get-NetFirewallRule -PolicyStore ActiveStore | Where-Object { $_.Enabled -eq 'True' -and $_.Direction -eq 'Inbound' } | `+
		`Format-Table -Property DisplayName, Action, Profile # on %[5]s`,
		strings.ToUpper(string(t.network)), protocolNumbers[t.network], forms, t.port, t.destination)
}
