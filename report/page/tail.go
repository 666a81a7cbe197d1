// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"html/template"
	"strings"

	"exreach/catalog"
	"exreach/report/content"
)

// fewCertificates is how many certificates stand open; a click shows the rest.
const fewCertificates = 20

// An end is what the page says after its hosts.
type end struct {
	Certificates []certificate
	More         []certificate // certificates beyond the first
	Versions     []fact
	Unasked      []string
	Untestable   []untestable
	Rules        []rule
	Tool         string
	Schema       string
	Script       template.JS
}

// A certificate is one that servers show.
type certificate struct {
	Subject, Days, Until, Where, SHA256 string
}

// An untestable is what nothing can test from afar.
type untestable struct{ Service, Of, Reason string }

// A rule is a ground rule.
type rule struct{ Text, Sources string }

func endOf(h content.Head) end {
	e := end{Unasked: unaskedOf(h), Tool: text(h.Tool), Schema: text(h.Schema), Script: template.JS(script)}
	for i, c := range h.Certificates {
		if i < fewCertificates {
			e.Certificates = append(e.Certificates, certificateLine(h, c))
		} else {
			e.More = append(e.More, certificateLine(h, c))
		}
	}
	for _, v := range h.Versions {
		called := "version not known"
		if v.Version != "" {
			called = h.Releases.Called(v.Version)
		}
		e.Versions = append(e.Versions, fact{text(called), catalog.Count(v.Hosts, "host")})
	}
	for _, u := range h.Untestable {
		e.Untestable = append(e.Untestable, untestable{
			text(fmt.Sprintf("%s (%s/%s)", u.Service, u.Ports, u.Network)), text(u.Version + " " + u.Role), text(u.Reason),
		})
	}
	for _, g := range h.GroundRules {
		e.Rules = append(e.Rules, rule{text(g.Text), text(strings.Join(g.Sources, "; "))})
	}
	return e
}

func certificateLine(h content.Head, c content.Lifetime) certificate {
	where := strings.Join(c.Names[:min(len(c.Names), fewNames)], ", ")
	if more := c.Hosts - fewNames; more > 0 {
		where += fmt.Sprintf(" and %d more", more)
	}
	out := certificate{Subject: text(c.Subject), Days: h.ExpiryText(c), Where: text(where), SHA256: text(c.SHA256)}
	if !c.Until.IsZero() {
		out.Until = c.Until.UTC().Format("2006-01-02")
	}
	return out
}

// unaskedOf says what was not asked, and why.
func unaskedOf(h content.Head) []string {
	var lines []string
	if n := h.Counts.Hosts.Unasked; n > 0 {
		lines = append(lines, catalog.Count(n, "host")+" of the run not asked.")
	}
	if h.Counts.Hosts.Unread {
		lines = append(lines, "The list of hosts was not read to its end.")
	}
	for _, c := range h.Causes {
		if c.Unasked {
			lines = append(lines, text(fmt.Sprintf("Services %s (%s).", c.What, c.OnHosts(len(h.Hosts), h.Unit(), fewNames))))
		}
	}
	if n := h.Counts.Untraced; n > 0 {
		lines = append(lines, catalog.Count(n, "timed-out port")+" not traced; the rows say why.")
	}
	return lines
}
