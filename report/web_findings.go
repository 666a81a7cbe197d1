// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// web is whose an answer over HTTP is.
func (s seen) web() protocol.Web {
	if s.Peer == nil || s.Peer.Web == nil {
		return protocol.Web{}
	}
	return *s.Peer.Web
}

// noServerBehind: a proxy answers in its own name because it has nobody to ask.
func noServerBehind(s seen) bool {
	return s.Verdict == probe.Mismatch && s.web().Origin == protocol.OfProxy
}

func sayNoServerBehind(s seen) (text, hint string) {
	return fmt.Sprintf("HTTP %s: %s answers, and no server behind it does.%s", s.status(), cmp.Or(s.web().Name, "a proxy or load balancer"), s.served()),
		fmt.Sprintf("See in the proxy which servers it holds for down, and why: its health check may ask for a page that says no (%s). Then check each server by its own name, past the proxy.",
			cmp.Or(s.healthPath(), "often /owa/healthcheck.htm"))
}

func (s seen) healthPath() string {
	if d := s.Check.Service.HTTP; d != nil {
		return d.Health
	}
	return ""
}

// noSite: HTTP.sys has nobody to give the request to.
func noSite(s seen) bool {
	return s.foreign() && s.web().Origin == protocol.OfWindows && s.status() == "404"
}

func sayNoSite(s seen) (text, hint string) {
	site := "Default Web Site"
	if s.has("2013") && (s.Port == 81 || s.Port == 444) {
		site = "Exchange Back End"
	}
	text = fmt.Sprintf("Windows itself (HTTP.sys) answers %s with HTTP 404: no web site that runs is bound to it.", s.port())
	if !s.has("2010") {
		return text, fmt.Sprintf("On the server, in IIS Manager, start the %s and see its port and host name.", site)
	}
	return text, fmt.Sprintf("On the server: Get-Website and Get-WebBinding '%s', then Start-Website '%s', or New-WebBinding for the port.", site, site)
}

// unprovedPage: the answer is one that Exchange gives, and so does anybody.
func unprovedPage(s seen) bool { return s.speaks("http") && s.web().Origin == protocol.Unproved }

func sayUnproved(s seen) (text, hint string) {
	return fmt.Sprintf("HTTP %s, and nothing shows that Exchange sent it: %s may be anybody's.%s", s.status(), s.web().Sign, s.served()),
		"Open the page in a browser and see whose it is. If a proxy takes out Exchange's headers, ask the server past it, by its own name and address, and compare."
}

// gateway: a known gateway asks who comes, before it lets anybody through.
func gateway(s seen) bool {
	before := s.web().Origin == protocol.OfGateway || s.web().Origin == protocol.Hidden
	return s.speaks("http") && before && s.web().Name != "" && s.elsewhere() == ""
}

// gatewayElsewhere: it does so at another host.
func gatewayElsewhere(s seen) bool {
	return s.speaks("http") && s.strangers() && s.elsewhere() != ""
}

func sayGateway(s seen) (text, hint string) {
	return fmt.Sprintf("%s wants a login before the server is reached (%s): what stands behind it was not asked.", s.web().Name, s.web().Sign),
		"Check the server by its own name, past the gateway. Autodiscover, EWS, MAPI and ActiveSync must pass without the gateway's login page."
}

// oddHeaders: the answer has header lines that are no HTTP.
func oddHeaders(s seen) bool { return s.wanted() && len(s.web().Odd) > 0 }

func sayOddHeaders(s seen) (text, hint string) {
	var lines []string
	for _, line := range s.web().Odd {
		lines = append(lines, fmt.Sprintf("%q", line))
	}
	return fmt.Sprintf("The answer has header lines that are not as HTTP has them (RFC 9112): %s. Browsers and Windows read past them; other programs and proxies may not.",
			strings.Join(lines, ", ")),
		"See HTTP Response Headers in IIS Manager, or the proxy that adds them: often a name was pasted from a document, with other hyphens or without a colon."
}

// upgraded: a web server at port 80 that only leads to HTTPS.
func upgraded(s seen) bool {
	return s.web().Origin == protocol.Hidden && s.Check.Service.TLS == catalog.NoTLS && strings.HasPrefix(s.status(), "3")
}
