// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"bufio"
	"bytes"
	"io/fs"
	"slices"
	"strings"
)

// linuxWall looks for the signs of a firewall that any user may see in the files of a Linux
// system. Root sees the tables of iptables, too.
func linuxWall(root fs.FS) Wall {
	w := Wall{system: "linux"}
	switch {
	case exists(root, "run/firewalld.pid", "sys/fs/cgroup/system.slice/firewalld.service", "sys/fs/cgroup/systemd/system.slice/firewalld.service"):
		w.Kind, w.Active, w.Known = Firewalld, true, true
		w.Profile = setting(root, "etc/firewalld/firewalld.conf", "DefaultZone")
	case strings.EqualFold(setting(root, "etc/ufw/ufw.conf", "ENABLED"), "yes"):
		w.Kind, w.Active, w.Known = UFW, true, true
	case lists(root, "proc/net/ip_tables_names", "filter") || lists(root, "proc/net/ip6_tables_names", "filter"):
		w.Kind, w.Active, w.Known = Iptables, true, true
	case exists(root, "etc/systemd/system/sysinit.target.wants/nftables.service", "etc/systemd/system/multi-user.target.wants/nftables.service"):
		w.Kind, w.Active, w.Known = Nftables, true, true
	case lists(root, "proc/modules", "nf_tables"):
		w.Kind = Nftables
	case lists(root, "proc/modules", "iptable_filter"):
		w.Kind = Iptables
	}
	return w
}

// exists reports whether one of the files exists.
func exists(root fs.FS, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := fs.Lstat(root, name)
		return err == nil
	})
}

// setting returns the value of a line "KEY=value" of a file; empty if it cannot be read.
func setting(root fs.FS, name, key string) string {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if k, value, ok := strings.Cut(lines.Text(), "="); ok && strings.TrimSpace(k) == key {
			return strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return ""
}

// lists reports whether a line of a file begins with this word.
func lists(root fs.FS, name, word string) bool {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return false
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 0 && fields[0] == word {
			return true
		}
	}
	return false
}
