// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
)

// since reports whether version is first or a later one.
func since(first, version string) bool {
	return slices.Index(catalog.Exchange, version) >= slices.Index(catalog.Exchange, first)
}

// admitted is the versions that a server names itself by one answer, and the words that
// it does so with. Both are empty where it names none.
func admitted(signs []Sign) (candidates []string, said string) {
	id := Identified{Signs: slices.DeleteFunc(slices.Clone(signs), func(s Sign) bool { return len(s.Versions) == 0 || s.weight < stated && !s.greeting })}
	id.Candidates, id.Contradictory = narrowed(id.Signs)
	reasons := id.Reasons()
	if len(reasons) == 0 {
		return nil, ""
	}
	return id.Candidates, strings.Join(reasons, " and ")
}

// exchange reports whether the check is of an Exchange server.
func (s seen) exchange() bool {
	return slices.Contains(catalog.Exchange, s.Check.Version) && !slices.Contains(catalog.SupportRoles, s.Check.Service.Role)
}

// versionDiffers: the server admits to another version than the one it was
// checked as. What the SMTP service of Windows answers is told apart.
func versionDiffers(s seen) bool {
	if !s.wanted() || !s.ofExchange() || s.Verdict != probe.Answered || s.Peer == nil || iisSMTP(s) {
		return false
	}
	candidates, _ := admitted(s.signs())
	return len(candidates) > 0 && !slices.Contains(candidates, s.Check.Version)
}

func sayVersionDiffers(s seen) (text, hint string) {
	candidates, said := admitted(s.signs())
	version := catalog.Auto // which finds out more
	if len(candidates) == 1 {
		version = candidates[0]
	}
	text = fmt.Sprintf("The server was checked as %s and says that it is %s: %s.", s.Check.Version, either(candidates), said)
	return text, fmt.Sprintf("Check it as what it is (--version %s, or the topology file): other ports may be wanted.", version)
}
