// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge/identity"
)

// since reports whether the host was checked as version or a later one.
func (s seen) since(version string) bool { return s.Check.Releases.Since(version, s.Check.Version) }

// exchange reports whether the check is of an Exchange server.
func (s seen) exchange() bool {
	return s.isOf(catalog.ExchangeServer) && !slices.Contains(catalog.SupportRoles, s.Check.Service.Role)
}

// isOf reports whether the host was checked as a version of a family.
func (s seen) isOf(family catalog.Family) bool {
	return s.Check.Releases.Family(s.Check.Version) == family
}

// versionDiffers: the server admits to another version than the one it was
// checked as. What the SMTP service of Windows answers is told apart.
func versionDiffers(s seen) bool {
	if !s.wanted() || !s.ofExchange() || s.Verdict != probe.Answered || s.Peer == nil || iisSMTP(s) {
		return false
	}
	candidates, _ := identity.Admitted(s.Check.Releases, s.signs())
	return len(candidates) > 0 && !slices.Contains(candidates, s.Check.Version)
}

func sayVersionDiffers(s seen) (text, hint string) {
	candidates, said := identity.Admitted(s.Check.Releases, s.signs())
	version := catalog.Auto // which finds out more
	if len(candidates) == 1 {
		version = candidates[0]
	}
	text = fmt.Sprintf("The server was checked as %s and says that it is %s: %s.", s.Check.Version, catalog.Either(candidates), said)
	return text, fmt.Sprintf("Check it as what it is (--version %s, or the topology file): other ports may be wanted.", version)
}
