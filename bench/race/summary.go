// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// A score sums up the runs of one entrant.
type score struct {
	runs          int
	median, worst float64 // in seconds
	wrong         int     // verdicts
	wrongRuns     int     // runs with at least one
	peak          int64   // KiB, the highest
}

func scoreOf(laps []lap, name string) score {
	var s score
	var times []float64
	for _, l := range laps {
		if l.name != name {
			continue
		}
		s.runs++
		s.wrong += l.wrong
		if l.wrong > 0 {
			s.wrongRuns++
		}
		s.peak = max(s.peak, l.peak)
		times = append(times, l.seconds)
	}
	if s.runs > 0 {
		s.median, s.worst = median(times), slices.Max(times)
	}
	return s
}

// median is the middle value, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// summary returns the table for people: a line for each entrant, and how the first
// compares with each of the others. size is the number of verdicts in one run.
func summary(laps []lap, entrants []entrant, size int) string {
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(out, "\truns\tmedian s\tworst s\tports/s\twrong verdicts\twrong runs\tpeak MiB\t\n")
	scores := map[string]score{}
	for _, e := range entrants {
		s := scoreOf(laps, e.name)
		scores[e.name] = s
		if s.runs == 0 {
			fmt.Fprintf(out, "%s\t0\t\t\t\t\t\t\t\n", e.name)
			continue
		}
		fmt.Fprintf(out, "%s\t%d\t%.3f\t%.3f\t%.0f\t%d of %d\t%d\t%.1f\t\n", e.name, s.runs, s.median, s.worst,
			float64(size)/s.median, s.wrong, s.runs*size, s.wrongRuns, float64(s.peak)/1024)
	}
	first := scores[entrants[0].name]
	for _, e := range entrants[1:] {
		if s := scores[e.name]; first.runs > 0 && s.runs > 0 {
			fmt.Fprintf(out, "%s / %s\t\t%.3g\t%.3g\t\t\t\t\t\n", entrants[0].name, e.name, first.median/s.median, first.worst/s.worst)
		}
	}
	_ = out.Flush() // a strings.Builder takes everything
	return text.String() + findings(laps)
}

// findings says in how many runs of each entrant each finding was made.
func findings(laps []lap) string {
	var text strings.Builder
	var names []string
	counts := map[string]map[string]int{}
	for _, l := range laps {
		if counts[l.name] == nil {
			names = append(names, l.name)
			counts[l.name] = map[string]int{}
		}
		for _, code := range split(l.findings) {
			counts[l.name][code]++
		}
	}
	for _, name := range names {
		var words []string
		for code, n := range counts[name] {
			words = append(words, fmt.Sprintf("%s %d", code, n))
		}
		if len(words) > 0 {
			slices.Sort(words)
			fmt.Fprintf(&text, "findings of %s, in so many runs: %s\n", name, strings.Join(words, ", "))
		}
	}
	return text.String()
}
