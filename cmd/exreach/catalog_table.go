// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"exreach/catalog"
)

// writeCatalog lists versions, and the words for who connects.
func writeCatalog(w io.Writer, cat *catalog.Catalog, width int) error {
	versions, err := cat.Versions()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	rows := [][]string{{"VERSION", "PRODUCT", "ROLES"}}
	for _, v := range versions {
		var roles []string
		for _, r := range v.Roles {
			roles = append(roles, r.Name)
		}
		rows = append(rows, []string{v.Name, v.Title, strings.Join(roles, ", ")})
	}
	writeRows(&b, rows, width)
	rows = [][]string{{"FROM", "WHO CONNECTS"}}
	for _, f := range catalog.Froms {
		rows = append(rows, []string{f.Name, f.Text})
	}
	b.WriteString("\n")
	writeRows(&b, rows, width)
	_, err = b.WriteTo(w)
	return err
}

// writeServices shows every service of a version, role by role, and the
// documents that the rows come from.
func writeServices(w io.Writer, v catalog.Version, width int) error {
	var b bytes.Buffer
	heads := headsOf(v.Services)
	for _, r := range v.Roles {
		fmt.Fprintf(&b, "%s (%s), role %s\n", v.Title, v.Name, r.Name)
		writeParagraph(&b, r.Text, "", width)
		writeGround(&b, v.Ground, r.Name, width)
		b.WriteString("\n")
		for i, s := range v.Services {
			if s.Role == r.Name {
				b.WriteString(heads[i])
				writeAbout(&b, v, s, width)
			}
		}
		b.WriteString("\n")
	}
	writeSources(&b, v, width)
	_, err := b.WriteTo(w)
	return err
}

// headsOf is the first line of every service: its name, where it is found and
// how it is spoken with, in columns.
func headsOf(services []catalog.Service) []string {
	var rows [][]string
	for _, s := range services {
		rows = append(rows, []string{"  " + s.Name, s.Place(), s.Protocol, tlsText(s)})
	}
	var b bytes.Buffer
	writeRows(&b, rows, 1000)
	return slices.Collect(strings.Lines(b.String()))
}

// writeAbout says who wants a service, what is worth knowing about it, and where
// that is written.
func writeAbout(b *bytes.Buffer, v catalog.Version, s catalog.Service, width int) {
	const indent = "      "
	for _, w := range []catalog.Want{catalog.Required, catalog.Optional, catalog.Off, catalog.Forbidden} {
		if froms := wantedBy(s, w); froms != "" {
			writeParagraph(b, string(w)+" for "+froms, indent, width)
		}
	}
	for _, choice := range choicesOf(v, s) {
		writeParagraph(b, choice, indent, width)
	}
	if s.Unasked != "" {
		writeParagraph(b, "cannot be tested remotely: "+s.Unasked, indent, width)
	}
	writeParagraph(b, s.Note, indent, width)
	if s.Restart != "" {
		writeParagraph(b, "after changing its port: "+s.Restart, indent, width)
	}
	for _, rule := range slices.Sorted(maps.Keys(s.Programs)) {
		writeParagraph(b, "Windows Firewall rule "+rule+": "+s.Programs[rule], indent, width)
	}
	if s.Exposure != "" {
		writeParagraph(b, "risk if exposed: "+s.Exposure, indent, width)
	}
	writeParagraph(b, sourceText(s.Sources, s.Verified), indent, width)
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

// writeSources names the documents behind the keys.
func writeSources(b *bytes.Buffer, v catalog.Version, width int) {
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
	writeRows(b, rows, width)
}

// writeParagraph writes text behind an indent, wrapped.
func writeParagraph(b *bytes.Buffer, text, indent string, width int) {
	if text == "" {
		return
	}
	for _, part := range wrap(text, width-len(indent)) {
		b.WriteString(indent + part + "\n")
	}
}

// writeRows aligns rows in columns. The last one is wrapped.
func writeRows(b *bytes.Buffer, rows [][]string, width int) {
	if len(rows) == 0 {
		return
	}
	last := len(rows[0]) - 1
	widths := make([]int, last)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], len([]rune(row[i])))
		}
	}
	for _, row := range rows {
		head := ""
		for i := range widths {
			head += fmt.Sprintf("%-*s  ", widths[i], row[i])
		}
		for _, part := range wrap(row[last], width-len([]rune(head))) {
			b.WriteString(strings.TrimRight(head+part, " ") + "\n")
			head = strings.Repeat(" ", len([]rune(head)))
		}
	}
}
