// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net/http"
	"strings"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
)

// BuildFacts are the facts of HTTP that may hold a build of Exchange, the surest first.
var BuildFacts = []struct {
	Name   string
	Before string // what stands before the build
	Shared bool   // it may be a level of the protocol, which Horde, Z-Push and others tell as well
}{
	{Name: FactXOWAVersion},
	{Name: FactMSWebStorage},
	{Name: FactMSServerEAS, Shared: true},
	{Name: FactXServerApp, Before: "Exchange/"},
	{Name: FactOWABuild},
	{Name: FactServer, Before: "MSExchangeUM/"},
}

// productHTTP names the product whose build the headers tell, and "" where they
// tell none.
func productHTTP(h http.Header, releases *catalog.Releases) string {
	for _, f := range BuildFacts {
		build := h.Get(HeaderOf(f.Name))
		if f.Before != "" || f.Shared && !catalog.IsBuild(build) && !web.MarkedIIS(h) {
			continue
		}
		var names []string
		for _, v := range releases.OfBuild(build) {
			names = append(names, releases.Title(v))
		}
		if names != nil {
			return strings.Join(names, " or ")
		}
	}
	return ""
}
