// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Add puts the rows of a user's file into the catalogue. A row replaces the one
// with the same version, role and name; new versions and roles are welcome. The
// protocols are the conversations that its rows may ask for. Where the file has
// an error the catalogue stays unchanged; the error is a *FileError.
func (c *Catalog) Add(name string, r io.Reader, protocols []string) error {
	shared := func() []Mark { return c.releases.all().heads().shared }
	f, err := c.readFile(name, r, &decoder{protocols: protocols, user: name, shared: shared})
	if err != nil {
		return err
	}
	shelves, v := slices.Clone(c.shelves), Version{Release: Release{Name: f.Name}}
	i := slices.IndexFunc(shelves, func(s shelf) bool { return s.name == f.Name })
	if i < 0 {
		i, shelves = len(shelves), append(shelves, shelf{name: f.Name})
	} else if v, err = shelves[i].read(); err != nil {
		return err
	}
	if v, err = v.merge(f); err != nil {
		return inFile(name, err)
	}
	shelves[i].read = func() (Version, error) { return v, nil }
	c.shelves, c.releases = shelves, c.releases.with(v.Release)
	return nil
}

// merge returns r with every field that f states replaced by that of f.
func (r Release) merge(f Release) Release {
	r.Title, r.Called = cmp.Or(f.Title, r.Title), cmp.Or(f.Called, r.Called)
	r.Family, r.Order, r.Website = cmp.Or(f.Family, r.Family), cmp.Or(f.Order, r.Order), cmp.Or(f.Website, r.Website)
	if f.Builds != nil {
		r.Builds = f.Builds
	}
	if f.Marks != nil {
		r.Marks = f.Marks
	}
	if f.Telling != nil {
		r.Telling = f.Telling
	}
	if f.Greets != nil {
		r.Greets = f.Greets
	}
	return r
}

// merge returns v with what f adds or replaces.
func (v Version) merge(f file) (Version, error) {
	before := v
	if v.Release = v.Release.merge(f.Release); v.Title == "" {
		return v, errors.New("title is missing: a new version needs the product's name")
	}
	v.Roles, v.Services = slices.Clone(v.Roles), slices.Clone(v.Services)
	for _, role := range f.Roles {
		put(&v.Roles, role, func(r Role) bool { return r.Name == role.Name })
	}
	for i, s := range f.Services {
		if _, err := v.Role(s.Role); err != nil {
			return v, inLine(f.lines[i], err)
		}
		put(&v.Services, s, func(o Service) bool { return o.Name == s.Name && o.Role == s.Role })
	}
	for i, s := range f.Services {
		if err := v.checkOneOf(s); err != nil {
			return v, inLine(f.lines[i], err)
		}
	}
	for _, t := range f.Telling {
		if !slices.ContainsFunc(v.Services, func(s Service) bool { return s.Role == t.Role && s.Name == t.Service && s.Unasked == "" }) {
			return v, inLine(t.line, fmt.Errorf("telling: role %q has no service %q that can be asked", t.Role, t.Service))
		}
	}
	v.Ground = slices.Concat(v.Ground, f.Ground)
	if err := v.checkGround(f); err != nil {
		return v, err
	}
	for _, s := range v.Services {
		if err := v.checkInterface(s); err != nil {
			// If f does not have the interface, it has changed the mapper.
			mapper, _ := before.mapper(s.Role)
			return v, inLine(cmp.Or(f.lineOf(s), f.lineOf(mapper)), err)
		}
	}
	return v, nil
}

// put replaces the item of list that same finds, or appends one.
func put[T any](list *[]T, item T, same func(T) bool) {
	if i := slices.IndexFunc(*list, same); i >= 0 {
		(*list)[i] = item
		return
	}
	*list = append(*list, item)
}

// checkInterface makes sure that each client that wants the RPC interface s also wants
// the endpoint mapper that leads to it.
func (v Version) checkInterface(s Service) error {
	if s.RPC == nil || s.Unasked != "" {
		return nil
	}
	mapper, found := v.mapper(s.Role)
	if !found {
		return fmt.Errorf("no endpoint mapper leads to the RPC interface %q: role %q needs a service with protocol: rpc and port: 135", s.Name, s.Role)
	}
	for _, from := range slices.Sorted(maps.Keys(s.Wants)) {
		if mapper.Wants[from] == "" {
			return fmt.Errorf("%s wants the RPC interface %q, but not the endpoint mapper that leads to it: add %[1]s to the wants of %[3]q", from, s.Name, mapper.Name)
		}
	}
	return nil
}

// mapper returns the service of a role that leads to its RPC interfaces.
func (v Version) mapper(role string) (Service, bool) {
	for _, s := range v.Services {
		if s.Role == role && s.isMapper() {
			return s, true
		}
	}
	return Service{}, false
}

// isMapper reports whether s is an endpoint mapper that checks can go through.
func (s Service) isMapper() bool {
	return s.Protocol == "rpc" && s.RPC == nil && s.Ports == Ports{135, 135} && s.Unasked == ""
}

// lineOf returns the line of the row with the name of s, or 0.
func (f file) lineOf(s Service) int {
	for i, o := range f.Services {
		if o.Name == s.Name && o.Role == s.Role {
			return f.lines[i]
		}
	}
	return 0
}
