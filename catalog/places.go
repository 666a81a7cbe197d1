// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Place is a role of a version.
type Place struct{ Version, Role string }

// Places returns every version and role that has services for from, the newest
// version first.
func (c *Catalog) Places(from string) ([]Place, error) {
	versions, err := c.Versions()
	var places []Place
	for _, v := range slices.Backward(versions) {
		for _, r := range v.Roles {
			if slices.Contains(askedBy(v.servicesOf(r.Name)), from) {
				places = append(places, Place{v.Name, r.Name})
			}
		}
	}
	return places, err
}

// A NothingError says that a version and role have no service for a from.
type NothingError struct {
	Place // Role "" is every role of the version
	From  string
	Only  []string // the froms that the role has services for
}

func (e *NothingError) Error() string {
	if e.Role == "" {
		return fmt.Sprintf("nothing in version %s is for %s", e.Version, e.From)
	}
	return fmt.Sprintf("nothing of role %s in version %s is for %s, only for: %s",
		e.Role, e.Version, e.From, cmp.Or(strings.Join(e.Only, ", "), "nobody"))
}
