// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Builds is a range of build numbers of a version. All begin with the numbers of Start, and
// their next number lies between First and Last. Updates raise the numbers after that one.
type Builds struct {
	Start       []int // "15.2" of 15.2.0-1748
	First, Last int   // the range of the number behind it: 0 and 1748
}

// has reports whether a build is one of b.
func (b Builds) has(build []int) bool {
	n := len(b.Start)
	return len(build) > n && slices.Equal(build[:n], b.Start) && b.First <= build[n] && build[n] <= b.Last
}

// resemble reports whether a build has the same first two numbers as b, which is not
// enough to be one of b.
func (b Builds) resemble(build []int) bool {
	return len(b.Start) > 1 && slices.Equal(build[:2], b.Start[:2])
}

// readBuilds reads "15.2", "8.0-3", "15.2.0-1748" or "15.2.2562-".
func readBuilds(value string) (Builds, error) {
	low, high, ranged := strings.Cut(value, "-")
	parts, ok := numbers(low)
	last, err := math.MaxInt32, error(nil)
	switch n := len(parts); {
	case n > 0 && !ranged:
		last = parts[n-1]
	case high != "":
		last, err = strconv.Atoi(high)
	}
	if n := len(parts) - 1; ok && err == nil && n >= 1 && parts[n] <= last {
		return Builds{parts[:n], parts[n], last}, nil
	}
	return Builds{}, fmt.Errorf("build %q is not valid: write it like 15.1, 8.0-3, 15.2.0-1748, or 15.2.2562- for all from there on", Shown(value))
}

// OfBuild returns the versions that have a build number, such as 15.2.1544.4 or, with the
// zeros of newer headers, 15.02.2562.037. If no version has it, OfBuild returns those whose
// builds begin with the same two numbers. It returns nil where the number is not known.
func (r *Releases) OfBuild(build string) []string {
	parts, ok := numbers(build)
	if !ok || len(parts) < 2 {
		return nil
	}
	var having, similar []string
	for _, release := range r.all().order() {
		switch {
		case slices.ContainsFunc(release.Builds, func(b Builds) bool { return b.has(parts) }):
			having = append(having, release.Name)
		case slices.ContainsFunc(release.Builds, func(b Builds) bool { return b.resemble(parts) }):
			similar = append(similar, release.Name)
		}
	}
	if having == nil {
		return similar
	}
	return having
}

// IsNewBuild reports whether a build may belong to a version that exreach does not know
// yet: its first number is that of the newest Exchange Server.
func (r *Releases) IsNewBuild(build string) bool {
	parts, ok := numbers(build)
	if !ok {
		return false
	}
	for _, release := range slices.Backward(r.all().order()) {
		if release.Family == ExchangeServer && release.Builds != nil {
			return release.Builds[0].Start[0] == parts[0]
		}
	}
	return false
}

// IsBuild reports whether a version has at least three numbers, as every build has. The
// level of a protocol has two: 14.1 of ActiveSync.
func IsBuild(version string) bool {
	parts, ok := numbers(version)
	return ok && len(parts) > 2
}

// numbers splits a build at its dots. It returns false if a part is not a number.
func numbers(build string) (parts []int, ok bool) {
	for part := range strings.SplitSeq(strings.TrimSpace(build), ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, false
		}
		parts = append(parts, int(n))
	}
	return parts, true
}

// besideVersions is what people write beside a version. The number behind an update says
// nothing more about it.
var (
	besideVersions = []string{"microsoft", "ms", "exchange", "exch", "ex", "server", "version", "v", "edition", "standard", "enterprise", "rtm", "build", "o", "m", "office"}
	updates        = []string{"cu", "sp", "ru", "su", "hu", "update", "rollup", "pack", "service", "cumulative", "security"}
)

// wordOrNumber is a part of what people write for a version.
var wordOrNumber = regexp.MustCompile(`[a-z]+|[0-9]+(?:\.[0-9]+)*|[^a-z0-9 (),:_-]`)

// VersionsCalled returns the versions that people call by a word: the name, with the
// product's before it or an update behind it (Exchange2019, 2019 CU14), or a build, which it
// returns too (15.02.1118.007, or "Version 15.2 (Build 1118.7)" as Get-ExchangeServer writes
// it). The first numbers of a build may belong to several versions, and those of a new
// version to none.
func (r *Releases) VersionsCalled(word string) (versions []string, build string) {
	const longest = 100 // bytes
	if len(word) > longest {
		return nil, ""
	}
	word = strings.ToLower(strings.Join(strings.Fields(word), " ")) // cells of tables have blanks of all kinds
	names := each(r.all().order(), func(r Release) string { return r.Name })
	if slices.Contains(names, word) {
		return []string{word}, ""
	}
	before := ""
	var pieces []string // of a build
	for _, part := range wordOrNumber.FindAllString(word, -1) {
		isNumber := strings.Trim(part, "0123456789.") == ""
		switch {
		case isNumber && before == "build":
			pieces = append(pieces, ofServer(part))
		case isNumber && slices.Contains(updates, before):
		case slices.Contains(names, part):
			versions = append(versions, part)
		case part == "sub", part == "subscription":
			versions = append(versions, "se")
		case part == "365":
			versions = append(versions, "online")
		case isNumber && strings.Contains(part, "."):
			pieces = append(pieces, part)
		case !slices.Contains(besideVersions, part) && !slices.Contains(updates, part):
			return nil, ""
		}
		before = part
	}
	if versions == nil {
		build = strings.Join(pieces, ".")
		versions = r.OfBuild(build)
	}
	slices.Sort(versions)
	return slices.Compact(versions), build
}

// ofServer returns the numbers of a build as the server has them. In Active Directory,
// serialNumber adds 30000 to the first: "Version 15.1 (Build 31034.26)" is 15.1.1034.26.
func ofServer(numbers string) string {
	const added = 30000
	first, rest, _ := strings.Cut(numbers, ".")
	n, err := strconv.Atoi(first)
	if err != nil || n <= added {
		return numbers
	}
	return strings.TrimSuffix(strconv.Itoa(n-added)+"."+rest, ".")
}
