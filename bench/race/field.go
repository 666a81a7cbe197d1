// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A field is the hosts, the ports that every entrant asks at each, and the truth about
// which of them answer.
type field struct {
	hosts   map[netip.Addr]int // the place of each on the command line, from 0
	ports   map[uint16]int     // the place of each in rising order, from 0
	dead    []netip.Addr       // hosts at which every port is dropped
	dropped []uint16           // ports that are dropped at every host
}

// newField reads lists separated by commas. hosts may also be @ and a file's name.
func newField(hosts, dead, ports, dropped string) (f field, err error) {
	words, err := hostWords(hosts)
	if err != nil {
		return f, err
	}
	var asked []netip.Addr
	var numbers []uint16
	var errs [4]error
	asked, errs[0] = addresses(words)
	f.dead, errs[1] = addresses(split(dead))
	numbers, errs[2] = portRanges(ports)
	f.dropped, errs[3] = portRanges(dropped)
	f.hosts, f.ports = placed(asked), placed(numbers)
	if err := cmp.Or(errs[:]...); err != nil {
		return f, err
	}
	if len(f.hosts) == 0 || len(f.ports) == 0 {
		return f, errors.New("there is nothing to ask: give -hosts and -ports")
	}
	return f, nil
}

// placed maps each value to its place in the list.
func placed[T comparable](list []T) map[T]int {
	places := map[T]int{}
	for i, v := range list {
		places[v] = i
	}
	return places
}

// size is how many verdicts a run must report.
func (f field) size() int { return len(f.hosts) * len(f.ports) }

// answers reports whether a port is open.
func (f field) answers(host netip.Addr, port uint16) bool {
	return !slices.Contains(f.dead, host) && !slices.Contains(f.dropped, port)
}

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

// portRanges reads "25,80-82"; nmap writes ports in this way too.
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
