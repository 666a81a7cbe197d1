// SPDX-License-Identifier: Apache-2.0

package commandline

import (
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
)

// otherTools are options of PortQry, nmap and Test-NetConnection that exreach lacks, in
// small letters.
var otherTools = []string{"-n", "-e", "-st", "-su", "-pn", "-computername", "-port"}

// likeOtherTools returns the operand of exreach check for a line that is written as for
// another tool, because of the option word in it: mail01:443 for -n mail01 -e 443 -p tcp. It
// is "" if the option is not another tool's.
func likeOtherTools(word string, words []string) string {
	if !slices.Contains(otherTools, strings.ToLower(word)) {
		return ""
	}
	host, port, overUDP := "mail01", "443", false
	for i, w := range words {
		before := ""
		if i > 0 {
			before = strings.ToLower(words[i-1])
		}
		w = strings.ToLower(w)
		_, notPort := catalog.ParsePort(w)
		_, notHost := survey.ParseHost(w)
		switch {
		case w == "-su", before == "-p" && w == "udp":
			overUDP = true
		case notPort == nil:
			port = w
		case before == "-n", before == "-computername", !strings.HasPrefix(before, "-"), before == "-st", before == "-pn", before == "-su":
			if notHost == nil && w != "check" {
				host = words[i]
			}
		}
	}
	if overUDP {
		port += "/udp"
	}
	return host + ":" + port
}
