// SPDX-License-Identifier: Apache-2.0

package commandline

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
)

var invalidValue = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-([^:]+): `)

// A RangedFlag is an option for a whole number. A plain cli.IntFlag takes any from 1 on.
type RangedFlag struct {
	*cli.IntFlag
	Accepted string // the numbers that it takes, for messages: "1 to 65535"
}

// badValue rewords the flag package's error about a wrong value.
func badValue(c *cli.Command, err error) error {
	mistake := &survey.Mistake{Err: fmt.Errorf("%s: %w", c.HelpName, err), Hint: SeeHelp(c.HelpName)}
	if forms, twice := strings.CutPrefix(err.Error(), "Cannot use two forms of the same flag: "); twice {
		first, second, _ := strings.Cut(forms, " ")
		mistake.Err = fmt.Errorf("options %s and %s: they are the same option", dashed(first), dashed(second))
		mistake.Hint = "write one of them only"
		return mistake
	}
	m := invalidValue.FindStringSubmatch(err.Error())
	if m == nil {
		return mistake
	}
	value, _ := strconv.Unquote(m[1])
	wrong, meant := "is not true or false", ""
	switch f := findOption(c, m[2]).(type) {
	case *cli.DurationFlag:
		wrong, meant = wrongDuration(value), durationIn(value)
	case *cli.IntFlag:
		wrong, meant = wrongWhole(value, "1 or more"), wholeIn(value)
	case RangedFlag:
		wrong, meant = wrongWhole(value, f.Accepted), wholeIn(value)
	case *cli.Float64Flag:
		wrong, meant = wrongNumber(value), numberIn(value)
	}
	mistake.Err = fmt.Errorf("option %s: %q %s", dashed(m[2]), catalog.Shown(value), wrong)
	if meant != "" && meant == catalog.Shown(meant) {
		mistake.Hint = fmt.Sprintf("did you mean %s %s?", dashed(m[2]), meant)
	}
	return mistake
}

// isDuration is the form of a duration (time.ParseDuration), whatever its length.
var isDuration = regexp.MustCompile(`^[-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$`)

func wrongDuration(value string) string {
	if isDuration.MatchString(value) {
		return fmt.Sprintf("is too long; the longest is %dh", math.MaxInt64/time.Hour)
	}
	return "is not a duration, such as 20s or 1m30s"
}

func wrongWhole(value, accepted string) string {
	if n, err := strconv.ParseInt(value, 0, strconv.IntSize); errors.Is(err, strconv.ErrRange) && n > 0 {
		return "is too large"
	}
	return "is not a whole number; accepted: " + accepted
}

func wrongNumber(value string) string {
	if _, err := strconv.ParseFloat(value, 64); errors.Is(err, strconv.ErrRange) {
		return fmt.Sprintf("is out of range; the largest is %.2g", math.MaxFloat64)
	}
	return "is not a number, such as 20 or 0.5"
}

var leadingNumber = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?`)

// numberIn is what "5/s" and "1.5 or so" begin with, unless it is 0. Of 1e9, 0x10 and 1_000,
// that is not the number meant; it is "" for them.
func numberIn(value string) string {
	number := leadingNumber.FindString(value)
	rest := value[len(number):]
	if n, err := strconv.ParseFloat(number, 64); err != nil || n == 0 || rest != "" && strings.ContainsAny(rest[:1], "eExX_") {
		return ""
	}
	return number
}

// wholeIn is numberIn without its fraction.
func wholeIn(value string) string {
	number, _, _ := strings.Cut(numberIn(value), ".")
	if n, err := strconv.Atoi(number); err != nil || n == 0 {
		return ""
	}
	return number
}

// units are what people write behind a number, with Go's words for them.
var units = map[string]string{
	"": "s", "s": "s", "sec": "s", "second": "s", "seconds": "s",
	"m": "m", "min": "m", "minute": "m", "minutes": "m",
	"h": "h", "hour": "h", "hours": "h",
	"d": "d", "day": "d", "days": "d", // Go has none
}

// durationIn returns the duration that "20", "20 sec" or "2 days" means; "" of other words.
func durationIn(value string) string {
	number := leadingNumber.FindString(value)
	unit := units[strings.ToLower(strings.TrimSpace(value[len(number):]))]
	if days, err := strconv.Atoi(number); unit == "d" && err == nil {
		number, unit = strconv.Itoa(24*days), "h"
	}
	if d, err := time.ParseDuration(number + unit); err != nil || d <= 0 {
		return ""
	}
	return number + unit
}
