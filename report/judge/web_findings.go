// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"fmt"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
)

// web says who gave an answer over HTTP; the zero Web says nothing.
func (s seen) web() web.Web { return valueOf(s.peer().Web) }

// page returns the head of an answer over HTTP, the zero Page if none came.
func (s seen) page() protocol.Page { return valueOf(s.peer().Page) }

// noServerBehind: a proxy answers in its own name because no server behind it does.
func noServerBehind(s seen) bool {
	return s.Verdict == probe.Mismatch && s.web().Origin == web.OfProxy
}

func sayNoServerBehind(s seen) (text, hint string) {
	hint = "On the proxy, check which servers it marks as down and why. Then check each server by its own name, past the proxy."
	if s.Check.Service.HTTP != nil {
		hint = fmt.Sprintf("On the proxy, check which servers it marks as down and why: its health check may request a page that reports an error (%s). Then check each server by its own name, past the proxy.",
			cmp.Or(s.healthPath(), "often /owa/healthcheck.htm"))
	}
	return fmt.Sprintf("HTTP %s: %s answers, but no server behind it does.%s", s.status(), cmp.Or(s.web().Name, "a proxy or load balancer"), s.served()), hint
}

func (s seen) healthPath() string {
	if d := s.Check.Service.HTTP; d != nil {
		return d.Health
	}
	return ""
}

// noSite: HTTP.sys has no web site to give the request to.
func noSite(s seen) bool {
	return s.foreign() && s.web().Origin == web.OfWindows && s.status() == "404"
}

func sayNoSite(s seen) (text, hint string) {
	site := "Default Web Site"
	if s.atLeast("2013") && (s.Port == 81 || s.Port == 444) {
		site = "Exchange Back End"
	}
	text = fmt.Sprintf("Windows itself (HTTP.sys) answers %s with HTTP 404: no running web site is bound to it.", s.port())
	if !s.atLeast("2010") {
		return text, fmt.Sprintf("On the server, in IIS Manager, start the %s and check its bindings (port and host name).", site)
	}
	return text, fmt.Sprintf("On the server: Get-Website and Get-WebBinding '%s'; then Start-Website '%s', or New-WebBinding if the port is missing.", site, site)
}

// unprovedPage: Exchange gives such an answer, but so do many other servers.
func unprovedPage(s seen) bool { return s.speaks("http") && s.web().Origin == web.Unproved }

func sayUnproved(s seen) (text, hint string) {
	return fmt.Sprintf("HTTP %s, but nothing shows that Exchange sent it: %s proves nothing, because other servers answer like that too.%s", s.status(), s.web().Sign, s.served()),
		"Open the page in a browser to see whose it is. If a proxy removes Exchange's headers, check the server by its own name, past the proxy, and compare."
}

// noLogin: the server asks for a login and offers no way to log in, though RFC 9110 section
// 15.5.2 requires at least one. Nothing confirms what the PowerShell directory answers,
// and a malformed header line may have been the challenge: neither counts.
func noLogin(s seen) bool {
	w := s.web()
	return s.speaks("http") && !s.page().Login && s.status() == "401" && len(w.Odd) == 0 &&
		(w.Origin == web.OfExchange || w.Origin == web.OfIIS) && !strings.HasPrefix(strings.ToLower(s.path()), "/powershell")
}

func sayNoLogin(s seen) (text, hint string) {
	return "HTTP 401 without a WWW-Authenticate header: the server requires a login but does not say which kind, so most clients cannot log in. " +
			"All kinds of authentication are off for the directory, or a proxy removes the header.",
		fmt.Sprintf("Compare the authentication of %s with that of a server that works (Get-WebServicesVirtualDirectory and its like; IIS logs 401 2 then). "+
			"If it is on, look for the proxy that removes the header.", s.path())
}

// gateway: a known gateway asks for a login before it lets a request through.
func gateway(s seen) bool {
	before := s.web().Origin == web.OfGateway || s.web().Origin == web.Hidden
	return s.speaks("http") && before && s.web().Name != "" && s.elsewhere() == ""
}

// gatewayElsewhere: a known gateway redirects to another host, or something unknown
// does.
func gatewayElsewhere(s seen) bool {
	return s.speaks("http") && (s.strangers() || !s.marked()) && s.elsewhere() != ""
}

func sayGateway(s seen) (text, hint string) {
	return fmt.Sprintf("%s asks for a login before it lets anyone reach the server (%s): whether Exchange answers behind it is not known.", s.web().Name, s.web().Sign),
		"Check the server by its own name, past the gateway. The gateway must let Autodiscover, EWS, MAPI and ActiveSync through without its login page."
}

// oddHeaders: the answer has header lines that are no HTTP.
func oddHeaders(s seen) bool { return s.wanted() && len(s.web().Odd) > 0 }

func sayOddHeaders(s seen) (text, hint string) {
	var lines []string
	for _, line := range s.web().Odd {
		lines = append(lines, fmt.Sprintf("%q", line))
	}
	return fmt.Sprintf("The answer has malformed header lines (RFC 9112): %s. Browsers and Windows skip them; other programs and proxies may reject the answer.",
			strings.Join(lines, ", ")),
		"Correct them under HTTP Response Headers in IIS Manager, or in the proxy that adds them: names pasted from a document often have typographic hyphens, or lack the colon."
}

// upgraded reports whether a web server without TLS (port 80) only redirects to HTTPS.
func upgraded(s seen) bool {
	return s.web().Origin == web.Hidden && s.Check.Service.TLS == catalog.NoTLS && strings.HasPrefix(s.status(), "3")
}
