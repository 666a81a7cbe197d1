// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// columns is the first line of a record. The values are in the units of lap.
const columns = "run\tname\tseconds\twrong\tpeak_kib\texit\tfindings\twhich"

// A record is a file of tab-separated values, a line for each run.
type record struct {
	laps []lap
	file *os.File
}

// openRecord reads the record of that name, or begins one. A last line that an
// interrupt cut short is dropped.
func openRecord(name string) (*record, error) {
	if name == "" {
		return nil, errors.New("option -record: name a file")
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot open the record: %w", err)
	}
	r := &record{file: f}
	if err := r.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("record %s: %w", name, err), f.Close())
	}
	return r, nil
}

func (r *record) load() error {
	in := bufio.NewReader(r.file)
	var whole int64
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if err != nil { // the end, or a line without one
			break
		}
		whole += int64(len(line))
		line = strings.TrimSuffix(line, "\n")
		if n == 1 {
			if line != columns {
				return errors.New("line 1: this is not a record of race: name another file")
			}
			continue
		}
		l, err := parseLap(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		r.laps = append(r.laps, l)
	}
	if err := r.file.Truncate(whole); err != nil {
		return err
	}
	if _, err := r.file.Seek(whole, 0); err != nil {
		return err
	}
	if whole > 0 {
		return nil
	}
	_, err := fmt.Fprintln(r.file, columns)
	return err
}

func parseLap(line string) (lap, error) {
	words := strings.Split(line, "\t")
	if len(words) != strings.Count(columns, "\t")+1 {
		return lap{}, fmt.Errorf("%d columns, want those of the first line", len(words))
	}
	var errs [5]error
	l := lap{name: words[1], findings: words[6], which: words[7]}
	l.run, errs[0] = strconv.Atoi(words[0])
	l.seconds, errs[1] = strconv.ParseFloat(words[2], 64)
	l.wrong, errs[2] = strconv.Atoi(words[3])
	l.peak, errs[3] = strconv.ParseInt(words[4], 10, 64)
	l.exit, errs[4] = strconv.Atoi(words[5])
	return l, errors.Join(errs[:]...)
}

// add writes a run down at once, so an interrupt loses no run that is over.
func (r *record) add(l lap) error {
	r.laps = append(r.laps, l)
	_, err := fmt.Fprintf(r.file, "%d\t%s\t%.4f\t%d\t%d\t%d\t%s\t%s\n", l.run, l.name, l.seconds, l.wrong, l.peak, l.exit, l.findings, l.which)
	return err
}

// has reports whether an entrant has done run n.
func (r *record) has(name string, n int) bool {
	return slices.ContainsFunc(r.laps, func(l lap) bool { return l.name == name && l.run == n })
}
