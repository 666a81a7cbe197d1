// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"
)

// A GroundRule is a requirement between two kinds of hosts, whatever services they have.
// Even if all services answer, the network may break it.
type GroundRule struct {
	From    []string `json:"from"`  // who connects
	Roles   []string `json:"roles"` // to a host of which role
	Text    string   `json:"text"`
	Sources []Source `json:"sources"`
}

// GroundRules returns the ground rules for connections from one kind of client to a
// role.
func (v Version) GroundRules(role, from string) []GroundRule {
	return slices.DeleteFunc(slices.Clone(v.Ground), func(r GroundRule) bool {
		return !slices.Contains(r.From, from) || !slices.Contains(r.Roles, role)
	})
}

// groundRule reads one entry of ground_rules.
func (d *decoder) groundRule(f *file, n *yaml.Node) error {
	var r GroundRule
	err := mapping(n,
		values("from", func(from string) error {
			if !isFrom(from) {
				return &WordError{"from", from, froms()}
			}
			r.From = append(r.From, from)
			return nil
		}),
		texts("roles", &r.Roles),
		text("text", &r.Text),
		values("source", func(source string) error { return d.source(source, &r.Sources) }),
	)
	switch {
	case err != nil:
		return err
	case r.From == nil || r.Roles == nil || r.Text == "":
		return errors.New("a ground rule needs from, roles and a text")
	case r.Sources == nil && d.user == "":
		return errors.New("a ground rule needs a source")
	case r.Sources == nil:
		r.Sources = []Source{{Key: d.user, Title: d.user}}
	}
	f.Ground, f.grounds = append(f.Ground, r), append(f.grounds, n.Line)
	return nil
}

// checkGround makes sure that every ground rule of f names roles that exist.
func (v Version) checkGround(f file) error {
	for i, r := range f.Ground {
		for _, role := range r.Roles {
			if _, err := v.Role(role); err != nil {
				return inLine(f.grounds[i], err)
			}
		}
	}
	return nil
}
