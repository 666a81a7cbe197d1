// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"slices"
	"strings"

	"golang.org/x/sys/windows/registry"
)

// Where Windows keeps the settings of its firewall, those of group policy, and the networks
// that it has seen, below HKEY_LOCAL_MACHINE. Any user may read them.
const (
	localPolicy = `SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy`
	groupPolicy = `SOFTWARE\Policies\Microsoft\WindowsFirewall`
	networks    = `SOFTWARE\Microsoft\Windows NT\CurrentVersion\NetworkList\Profiles`
)

// mostRules bounds the rules that are read.
const mostRules = 20000

func look(string) Wall {
	w := Wall{Kind: Windows, system: "windows"}
	for _, name := range categories() {
		if p, ok := readProfile(name); ok {
			w.profiles = append(w.profiles, p)
		}
	}
	if len(w.profiles) == 0 {
		return w
	}
	w.rules = append(readRules(groupPolicy, true), readRules(localPolicy, false)...)
	w.Active = w.profiles[0].on
	w.Known = !slices.ContainsFunc(w.profiles, func(p profile) bool { return p.on != w.Active })
	if len(w.profiles) == 1 {
		w.Profile = w.profiles[0].name
	}
	return w
}

// categories returns the profiles that may apply: those of the networks that this machine
// has been in, or all. The registry does not say which of them it is in now.
func categories() []string {
	all := []string{"Public", "Private", "Domain"} // as Windows numbers them
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, networks, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return all
	}
	defer func() { _ = key.Close() }()
	names, _ := key.ReadSubKeyNames(1000)
	var seen []string
	for _, name := range names {
		if n, ok := number(networks+`\`+name, "Category"); ok && n < uint64(len(all)) && !slices.Contains(seen, all[n]) {
			seen = append(seen, all[n])
		}
	}
	if len(seen) == 0 {
		return all
	}
	return seen
}

// readProfile reads the settings of a profile. Group policy goes before what is set here.
func readProfile(name string) (p profile, ok bool) {
	local, group := name+"Profile", []string{name + "Profile"}
	if name == "Private" { // which was called Standard once
		local, group = "StandardProfile", append(group, "StandardProfile")
	}
	get := func(value string) (uint64, bool) {
		for _, key := range group {
			if n, ok := number(groupPolicy+`\`+key, value); ok {
				return n, true
			}
		}
		return number(localPolicy+`\`+local, value)
	}
	on, ok := get("EnableFirewall")
	action, acts := get("DefaultInboundAction")
	refuses, _ := get("DoNotAllowExceptions")
	merge, merges := get("AllowLocalPolicyMerge")
	return profile{name, on != 0, acts && action == 0, refuses != 0, merges && merge == 0}, ok
}

// readRules reads the rules of a policy that concern what comes in and are in force.
func readRules(policy string, pushed bool) (rules []rule) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, policy+`\FirewallRules`, registry.QUERY_VALUE)
	if err != nil {
		return nil
	}
	defer func() { _ = key.Close() }()
	names, _ := key.ReadValueNames(mostRules)
	for _, name := range names {
		line, _, err := key.GetStringValue(name)
		if err != nil {
			continue
		}
		if r, ok := parseRule(line); ok {
			r.pushed = pushed
			if long, err := registry.ExpandString(r.app); err == nil && strings.Contains(r.app, "%") {
				r.app = long
			}
			rules = append(rules, r)
		}
	}
	return rules
}

// number returns a number of the registry.
func number(path, value string) (n uint64, ok bool) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return 0, false
	}
	defer func() { _ = key.Close() }()
	n, _, err = key.GetIntegerValue(value)
	return n, err == nil
}

func dropped() (n int64, known bool) { return 0, false }
