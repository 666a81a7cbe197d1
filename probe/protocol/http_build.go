// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net/http"
	"strings"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
)

// editions are what Microsoft calls the versions whose builds headers tell.
var editions = map[string]string{
	"5.5": "Exchange Server 5.5", "2000": "Exchange 2000 Server", "2003": "Exchange Server 2003", "2007": "Exchange Server 2007",
	"2010": "Exchange Server 2010", "2013": "Exchange Server 2013", "2016": "Exchange Server 2016", "2019": "Exchange Server 2019",
	"se": "Exchange Server Subscription Edition", catalog.Online: "Exchange Online",
}

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
func productHTTP(h http.Header) string {
	for _, f := range BuildFacts {
		build := h.Get(HeaderOf(f.Name))
		if f.Before != "" || f.Shared && !catalog.IsBuild(build) && !web.MarkedIIS(h) {
			continue
		}
		var names []string
		for _, v := range catalog.VersionsOfBuild(build) {
			names = append(names, editions[v])
		}
		if names != nil {
			return strings.Join(names, " or ")
		}
	}
	return ""
}
