// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net/http"
	"regexp"
	"strings"
	"sync"

	"exreach/catalog"
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
		if f.Before != "" || f.Shared && !catalog.IsBuild(build) && !markedIIS(h) {
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

// owaPath is a path of OWA with a build in it: /owa/8.3.485.1/themes/ up to 2010,
// /owa/auth/15.1.2507/themes/ from 2013 on, and /ecp as both.
var owaPath = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)/(?:owa|ecp)/(?:auth/)?([0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,5}(?:\.[0-9]{1,5})?)/`)
})

// owaBuild is the build in the paths of a page of OWA, or of what it leads to. Only
// the logon page is read for it.
func (p *httpPage) owaBuild() string {
	if found := owaPath().FindStringSubmatch(p.Header.Get("Location")); found != nil {
		return found[1]
	}
	logon := p.StatusCode == http.StatusOK && strings.HasSuffix(strings.ToLower(p.asked), "/logon.aspx")
	if !logon {
		return ""
	}
	body, _ := healthBody(p.Response) // what came before it broke off is enough
	if found := owaPath().FindSubmatch(body); found != nil {
		return string(found[1])
	}
	return ""
}
