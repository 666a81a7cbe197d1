// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"strconv"
	"strings"
)

// Exchange is every version of Exchange Server, in the order of release. Exchange
// Online runs beside them and has no place among them.
var Exchange = []string{"4.0", "5.0", "5.5", "2000", "2003", "2007", "2010", "2013", "2016", "2019", "se"}

// Online is the version that Microsoft runs itself, as part of Microsoft 365.
const Online = "online"

// DavMail is the gateway that offers the standard protocols of mail in front of Exchange.
const DavMail = "davmail"

// builds are the versions by the first two numbers of their builds (Exchange Server
// build numbers and release dates). 15.2 is two versions, and Exchange Online goes on
// from 15.20.
var builds = map[[2]int]string{
	{4, 0}: "4.0", {5, 0}: "5.0", {5, 5}: "5.5", {6, 0}: "2000", {6, 5}: "2003",
	{8, 0}: "2007", {8, 1}: "2007", {8, 2}: "2007", {8, 3}: "2007",
	{14, 0}: "2010", {14, 1}: "2010", {14, 2}: "2010", {14, 3}: "2010",
	{15, 0}: "2013", {15, 1}: "2016", {15, 2}: "2019",
}

// The third number of builds 15.2: 2019 ends with 15.2.1748, its last cumulative
// update (CU15), and the Subscription Edition begins with 15.2.2562.
const (
	last2019 = 1748
	firstSE  = 2562
)

// VersionsOfBuild returns the versions that have a build number, such as 15.2.1544.4
// or, with the zeros of newer headers, 15.02.2562.037. There are two where the number
// does not tell 2019 from the Subscription Edition, and none where it is no known one.
func VersionsOfBuild(build string) []string {
	parts, ok := numbers(build)
	if !ok || len(parts) < 2 {
		return nil
	}
	if parts[0] == 15 && 20 <= parts[1] && parts[1] < 100 {
		return []string{Online}
	}
	version, known := builds[[2]int{parts[0], parts[1]}]
	switch {
	case !known:
		return nil
	case version != "2019":
		return []string{version}
	case len(parts) > 2 && parts[2] <= last2019:
		return []string{"2019"}
	case len(parts) > 2 && parts[2] >= firstSE:
		return []string{"se"}
	}
	return []string{"2019", "se"}
}

// IsBuild reports whether a version has at least the three numbers of a build. The level
// of a protocol has two: 14.1 of ActiveSync.
func IsBuild(version string) bool {
	parts, ok := numbers(version)
	return ok && len(parts) > 2
}

// numbers are the numbers of a build, from the left.
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
