// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
)

func TestLines(t *testing.T) {
	ports := []catalog.Port{{Network: catalog.TCP, Number: 443}, {Network: catalog.UDP, Number: 53}, {Network: catalog.TCP, Number: 25}, {Network: catalog.TCP, Number: 443}}
	for kind, c := range map[string]struct{ allow, undo []string }{
		Windows: {[]string{`New-NetFirewallRule -DisplayName "exreach listen" -Direction Inbound -Program 'C:\O''Hara’’s\exreach.exe' -Action Allow -Profile Any`},
			[]string{`Remove-NetFirewallRule -DisplayName "exreach listen"`}},
		Firewalld: {[]string{"firewall-cmd --add-port=25/tcp --add-port=443/tcp --add-port=53/udp"}, []string{"firewall-cmd --remove-port=25/tcp --remove-port=443/tcp --remove-port=53/udp"}},
		UFW: {[]string{"ufw allow 25/tcp", "ufw allow 443/tcp", "ufw allow 53/udp"},
			[]string{"ufw delete allow 25/tcp", "ufw delete allow 443/tcp", "ufw delete allow 53/udp"}},
		Iptables: {[]string{"iptables -I INPUT -p tcp -m multiport --dports 25,443 -j ACCEPT", "iptables -I INPUT -p udp -m multiport --dports 53 -j ACCEPT",
			"ip6tables -I INPUT -p tcp -m multiport --dports 25,443 -j ACCEPT", "ip6tables -I INPUT -p udp -m multiport --dports 53 -j ACCEPT"},
			[]string{"iptables -D INPUT -p tcp -m multiport --dports 25,443 -j ACCEPT", "iptables -D INPUT -p udp -m multiport --dports 53 -j ACCEPT",
				"ip6tables -D INPUT -p tcp -m multiport --dports 25,443 -j ACCEPT", "ip6tables -D INPUT -p udp -m multiport --dports 53 -j ACCEPT"}},
		Nftables: {[]string{`nft insert rule inet filter input tcp dport { 25, 443 } accept comment '"exreach listen"'`, `nft insert rule inet filter input udp dport { 53 } accept comment '"exreach listen"'`},
			[]string{`nft -a list chain inet filter input | sed -n 's/.*"exreach listen" # handle /delete rule inet filter input handle /p' | nft -f -`}},
	} {
		allow, undo := Wall{Kind: kind, system: "linux", program: `C:\O'Hara’s\exreach.exe`}.Lines(ports)
		if diff := cmp.Diff(c.allow, allow) + cmp.Diff(c.undo, undo); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	if allow, undo := (Wall{system: "darwin"}).Lines(ports); allow != nil || undo != nil {
		t.Errorf("macOS: %q, %q", allow, undo)
	}
	if allow, undo := (Wall{Kind: UFW}).Lines(nil); allow != nil || undo != nil {
		t.Errorf("no ports: %q, %q", allow, undo)
	}
}

// TestManyPorts keeps to the 15 ports that multiport takes.
func TestManyPorts(t *testing.T) {
	var ports []catalog.Port
	for n := range uint16(31) {
		ports = append(ports, catalog.Port{Network: catalog.TCP, Number: 1000 + n})
	}
	allow, _ := Wall{Kind: Iptables, system: "linux"}.Lines(ports)
	if len(allow) != 6 {
		t.Fatalf("%d lines", len(allow))
	}
	for _, line := range allow {
		if strings.Count(line, ",") > 14 {
			t.Errorf("too many ports: %s", line)
		}
	}
}

func TestSigns(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  Wall
	}{
		"nothing": {fstest.MapFS{"etc/ufw/ufw.conf": file("ENABLED=no\n")}, Wall{}},
		"ufw":     {fstest.MapFS{"etc/ufw/ufw.conf": file("# ufw\nENABLED=yes\n"), "proc/modules": file("nf_tables 1 0 - Live 0x0\n")}, Wall{Kind: UFW, Active: true, Known: true}},
		"firewalld": {fstest.MapFS{"sys/fs/cgroup/system.slice/firewalld.service/cgroup.procs": file(""), "etc/firewalld/firewalld.conf": file("#DefaultZone=drop\nDefaultZone=public\n")},
			Wall{Kind: Firewalld, Profile: "public", Active: true, Known: true}},
		"iptables, as root":       {fstest.MapFS{"proc/net/ip_tables_names": file("nat\nfilter\n")}, Wall{Kind: Iptables, Active: true, Known: true}},
		"nat alone, as root":      {fstest.MapFS{"proc/net/ip_tables_names": file("nat\n")}, Wall{}},
		"nftables at start":       {fstest.MapFS{"etc/systemd/system/sysinit.target.wants/nftables.service": file("")}, Wall{Kind: Nftables, Active: true, Known: true}},
		"nftables in the kernel":  {fstest.MapFS{"proc/modules": file("nf_tables 303104 9 nft_ct, Live 0x0\n")}, Wall{Kind: Nftables}},
		"iptables in the kernel":  {fstest.MapFS{"proc/modules": file("iptable_filter 16384 1 - Live 0x0\n")}, Wall{Kind: Iptables}},
		"a module that uses them": {fstest.MapFS{"proc/modules": file("nft_ct 1 0 nf_tables, Live 0x0\n")}, Wall{}},
	} {
		got := linuxWall(c.files)
		if got.Kind != c.want.Kind || got.Profile != c.want.Profile || got.Active != c.want.Active || got.Known != c.want.Known {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestUndelivered(t *testing.T) {
	const head = "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers ReasmReqds ReasmOKs\n"
	for name, c := range map[string]struct {
		snmp, snmp6 string
		n           int64
		known       bool
	}{
		"fragments and strangers": {head + "Ip: 2 64 40 1 2 0 3 1 10 15 5\nIcmp: InMsgs\nIcmp: 2\n", "", 40 - 10 - 15 + 5 - 1 - 2 - 3 - 1, true},
		"IPv6": {head + "Ip: 2 64 0 0 0 0 0 0 0 0 0\n", "Ip6InReceives                   \t100\nIp6InDelivers \t60\nIp6InMcastPkts \t20\nIp6ReasmReqds \t12\nIp6ReasmOKs \t4\nIp6InNoRoutes \t2\n",
			100 - 60 - 20 - 12 + 4 - 2, true},
		"it forwards":            {head + "Ip: 1 64 40 0 0 0 0 0 10 0 0\n", "", 0, false},
		"it forwards IPv6":       {head + "Ip: 2 64 40 0 0 0 0 0 10 0 0\n", "Ip6OutForwDatagrams \t3\n", 0, false},
		"fewer numbers":          {head + "Ip: 2 64 40\n", "", 0, false},
		"no number":              {head + "Ip: 2 64 x 0 0 0 0 0 10 0 0\n", "", 0, false},
		"names that do not help": {"Ip: Forwarding\nIp: 2\n", "", 0, false},
		"an empty file":          {"", "", 0, false},
	} {
		if n, known := undelivered(c.snmp, c.snmp6); n != c.n || known != c.known {
			t.Errorf("%s: %d (known: %t), want %d (%t)", name, n, known, c.n, c.known)
		}
	}
}
