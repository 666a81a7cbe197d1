// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/report/content"
)

// WriteVersions lists versions, and the words for who connects.
func WriteVersions(w io.Writer, versions []catalog.Version, s content.Style) error {
	p := newPage(w, s)
	rows := [][]string{{"VERSION", "PRODUCT", "ROLES"}}
	for _, v := range versions {
		var roles []string
		for _, r := range v.Roles {
			roles = append(roles, r.Name)
		}
		rows = append(rows, []string{v.Name, v.Title, strings.Join(roles, ", ")})
	}
	p.rows(rows)
	rows = [][]string{{"FROM", "WHO CONNECTS"}}
	for _, f := range catalog.Froms {
		rows = append(rows, []string{f.Name, f.Text})
	}
	p.line(0)
	p.rows(rows)
	return p.out.Flush()
}

// WriteServices shows every service of a version, role by role, and the
// documents that the rows come from.
func WriteServices(w io.Writer, v catalog.Version, s content.Style) error {
	p := newPage(w, s)
	var heads [][]string // of every service: name, location, protocol, and how TLS begins, or the path or UUID
	for _, s := range v.Services {
		heads = append(heads, []string{"  " + s.Name, s.Location(), s.Protocol, tlsText(s)})
	}
	widths := widthsOf(heads)
	for _, r := range v.Roles {
		p.line(0, span{fmt.Sprintf("%s (%s), role %s", v.Title, v.Name, r.Name), plain})
		p.text(0, r.Text)
		p.ground(v.Ground, r.Name)
		p.line(0)
		for i, s := range v.Services {
			if s.Role == r.Name {
				p.row(widths, heads[i])
				p.aboutService(v, s)
			}
		}
		p.line(0)
	}
	p.rows(sourcesOf(v))
	return p.out.Flush()
}

// aboutService writes which clients need a service, what is worth knowing about it, and
// the documents that say so.
func (p *page) aboutService(v catalog.Version, s catalog.Service) {
	const indent = 6
	for _, w := range []catalog.Want{catalog.Required, catalog.Optional, catalog.Off, catalog.Forbidden} {
		if froms := wantedBy(s, w); froms != "" {
			p.text(indent, string(w)+" for "+froms)
		}
	}
	for _, choice := range choicesOf(v, s) {
		p.text(indent, choice)
	}
	if s.Unasked != "" {
		p.text(indent, "cannot be tested remotely: "+s.Unasked)
	}
	p.text(indent, s.Note)
	if s.Restart != "" {
		p.text(indent, "after changing its port: "+s.Restart)
	}
	for _, rule := range slices.Sorted(maps.Keys(s.Programs)) {
		p.text(indent, "Windows Firewall rule "+rule+": "+s.Programs[rule])
	}
	if s.Exposure != "" {
		p.text(indent, "risk if exposed: "+s.Exposure)
	}
	p.text(indent, sourceText(s.Sources, s.Verified))
}

func tlsText(s catalog.Service) string {
	switch {
	case s.HTTP != nil:
		return s.HTTP.Path
	case s.RPC != nil:
		return s.RPC.UUID
	}
	return map[catalog.TLS]string{catalog.StartTLS: "STARTTLS", catalog.Implicit: "TLS", catalog.Mutual: "mutual TLS"}[s.TLS]
}

func wantedBy(s catalog.Service, want catalog.Want) string {
	var froms []string
	for _, f := range catalog.Froms {
		if s.Wants[f.Name] == want {
			froms = append(froms, f.Name)
		}
	}
	return strings.Join(froms, ", ")
}

func sourceText(sources []catalog.Source, verified bool) string {
	var keys []string
	for _, source := range sources {
		keys = append(keys, strings.TrimSpace(source.Key+" "+source.Grade))
	}
	text := "source: " + cmp.Or(strings.Join(keys, ", "), "none")
	if !verified {
		text += " (not verified)"
	}
	return text
}

// sourcesOf lists the key and the document of each source of a version.
func sourcesOf(v catalog.Version) [][]string {
	var sources []catalog.Source
	for _, s := range v.Services {
		sources = append(sources, s.Sources...)
	}
	for _, r := range v.Ground {
		sources = append(sources, r.Sources...)
	}
	titles := map[string]string{}
	rows := [][]string{{"SOURCE", "DOCUMENT"}}
	for _, source := range sources {
		if titles[source.Key] == "" {
			titles[source.Key] = source.Title
			rows = append(rows, []string{source.Key, source.Title})
		}
	}
	slices.SortFunc(rows[1:], func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return rows
}

// ground writes the ground rules of a role.
func (p *page) ground(rules []catalog.GroundRule, role string) {
	const indent = 2
	for _, r := range rules {
		if !slices.Contains(r.Roles, role) {
			continue
		}
		p.text(indent, fmt.Sprintf("ground rule, from %s: %s", strings.Join(r.From, ", "), r.Text))
		p.text(indent, sourceText(r.Sources, true))
	}
}

// choicesOf says of which services, s among them, one is enough, and for which clients.
func choicesOf(v catalog.Version, s catalog.Service) []string {
	var order []string
	froms := map[string][]string{} // who has the choice, by the names of the services
	for _, f := range catalog.Froms {
		var names []string
		for _, o := range v.Companions(s, f.Name) {
			names = append(names, o.Name)
		}
		if key := strings.Join(names, ", "); key != "" {
			if froms[key] == nil {
				order = append(order, key)
			}
			froms[key] = append(froms[key], f.Name)
		}
	}
	var choices []string
	for _, names := range order {
		choices = append(choices, fmt.Sprintf("one of %s is enough for %s", names, strings.Join(froms[names], ", ")))
	}
	return choices
}
