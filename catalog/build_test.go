// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"testing"
)

func TestVersionsOfBuild(t *testing.T) {
	for build, want := range map[string][]string{
		"5.5.2653.13":     {"5.5"},
		"6.0.6603.0":      {"2000"},
		"6.5.7638.1":      {"2003"},
		"8.3.485.1":       {"2007"},
		"14.3.123.4":      {"2010"},
		"15.0.1395":       {"2013"},
		"15.1.2507.6":     {"2016"},
		"15.01.0231.021":  {"2016"},
		"15.2.1748.10":    {"2019"},
		"15.2.2562.17":    {"se"},
		"15.02.2562.037":  {"se"},
		"15.2":            {"2019", "se"},
		"15.2.2000.1":     {"2019", "se"}, // between the two: no build of either is known
		"15.20.0485.000":  {"online"},
		"15.21.0406.000":  {"online"},
		" 15.2.1544.4 ":   {"2019"},
		"16.0.1.1":        nil, // of the future
		"15.3.1.1":        nil,
		"15.1e3.1":        nil,
		"15.-1.1":         nil,
		"14":              nil,
		"14.":             nil,
		"":                nil,
		"99999999999.1.1": nil,
	} {
		if got := (*Releases)(nil).OfBuild(build); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", build, got, want)
		}
	}
}
