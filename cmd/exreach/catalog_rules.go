// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
)

// writeGround says what holds for a role beyond its services.
func writeGround(b *bytes.Buffer, rules []catalog.GroundRule, role string, width int) {
	const indent = "  "
	for _, r := range rules {
		if !slices.Contains(r.Roles, role) {
			continue
		}
		writeParagraph(b, fmt.Sprintf("ground rule, from %s: %s", strings.Join(r.From, ", "), r.Text), indent, width)
		writeParagraph(b, sourceText(r.Sources, true), indent, width)
	}
}

// choicesOf says of which services one is as good as s, and for whom.
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
