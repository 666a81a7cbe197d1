// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A field is the ports that are asked at every host, and which of them answer.
type field struct {
	hosts   map[netip.Addr]int // in the order they were given, from 0
	ports   map[uint16]int     // likewise
	dead    map[netip.Addr]bool
	dropped map[uint16]bool
}

// newField reads lists with commas. A list of hosts may be @ and a file's name.
func newField(hosts, dead, ports, dropped string) (field, error) {
	f := field{hosts: map[netip.Addr]int{}, ports: map[uint16]int{}, dead: map[netip.Addr]bool{}, dropped: map[uint16]bool{}}
	words, err := hostWords(hosts)
	if err != nil {
		return f, err
	}
	at, err := addresses(words)
	if err != nil {
		return f, err
	}
	gone, err := addresses(split(dead))
	if err != nil {
		return f, err
	}
	asked, err := portRanges(ports)
	if err != nil {
		return f, err
	}
	shut, err := portRanges(dropped)
	if err != nil {
		return f, err
	}
	for i, a := range at {
		f.hosts[a] = i
	}
	for i, p := range asked {
		f.ports[p] = i
	}
	for _, a := range gone {
		f.dead[a] = true
	}
	for _, p := range shut {
		f.dropped[p] = true
	}
	if len(f.hosts) == 0 || len(f.ports) == 0 {
		return f, errors.New("there is nothing to ask: give -hosts and -ports")
	}
	return f, nil
}

// size is how many verdicts a run has to tell.
func (f field) size() int { return len(f.hosts) * len(f.ports) }

// answers reports whether a port is open.
func (f field) answers(host netip.Addr, port uint16) bool { return !f.dead[host] && !f.dropped[port] }

func hostWords(list string) ([]string, error) {
	name, isFile := strings.CutPrefix(list, "@")
	if !isFile {
		return split(list), nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("option -hosts: %w", err)
	}
	return strings.Fields(string(text)), nil
}

func addresses(words []string) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, word := range words {
		a, err := netip.ParseAddr(word)
		if err != nil {
			return nil, fmt.Errorf("host %q: %w", word, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// portRanges reads "25,80-82", as nmap writes it too.
func portRanges(list string) ([]uint16, error) {
	var all []uint16
	for _, word := range split(list) {
		from, to, isRange := strings.Cut(word, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.ParseUint(from, 10, 16)
		last, bad := strconv.ParseUint(to, 10, 16)
		if err := errors.Join(err, bad); err != nil || first > last {
			return nil, fmt.Errorf("port %q: give a port, or a range such as 80-82", word)
		}
		for p := first; p <= last; p++ {
			all = append(all, uint16(p))
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}
