// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// The catalogue that comes with exreach: one file per version, and the list of
// documents that they cite.
//
//go:embed data/*.yaml
var data embed.FS

// noVersions are the files that hold no version; ids.yaml is for the tests.
var noVersions = []string{"sources.yaml", "ids.yaml", "products.yaml", "marks.yaml"}

// Open returns the catalogue that comes with exreach.
func Open() (*Catalog, error) {
	c := open(data, "data")
	c.releases = nil // ours
	return c, nil
}

// open finds the versions in dir.
func open(files fs.FS, dir string) *Catalog {
	c := &Catalog{
		sources:  sync.OnceValues(func() (map[string]string, error) { return readSources(files, path.Join(dir, "sources.yaml")) }),
		releases: releasesOf(files, dir),
	}
	for _, name := range versionFiles(files, dir) {
		c.shelves = append(c.shelves, shelf{
			name: versionOf(name),
			read: sync.OnceValues(func() (Version, error) { return c.readVersion(files, name) }),
		})
	}
	return c
}

// versionFiles are the files of versions in dir.
func versionFiles(files fs.FS, dir string) []string {
	names, _ := fs.Glob(files, path.Join(dir, "*.yaml")) // the pattern is a right one
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(noVersions, path.Base(name)) })
}

// versionOf is the version that a file holds: the file is named after it.
func versionOf(name string) string { return strings.TrimSuffix(path.Base(name), ".yaml") }

// Releases returns what is known of all versions without their services.
func (c *Catalog) Releases() *Releases { return c.releases }

// inOrder are the shelves in the order of release.
func (c *Catalog) inOrder() []shelf {
	place := map[string]int{}
	for i, r := range c.releases.all().order() {
		place[r.Name] = i
	}
	return slices.SortedFunc(slices.Values(c.shelves), func(a, b shelf) int { return cmp.Compare(place[a.name], place[b.name]) })
}

// readVersion reads the file of one version, which is named after it.
func (c *Catalog) readVersion(files fs.FS, name string) (Version, error) {
	go c.sources() // read while the file is parsed
	r, err := files.Open(name)
	if err != nil {
		return Version{}, err
	}
	defer r.Close()
	base := path.Base(name)
	root, err := document(r)
	if err != nil {
		return Version{}, in(base, err)
	}
	sources, err := c.sources()
	if err != nil {
		return Version{}, err
	}
	d := decoder{sources: sources}
	f, err := d.file(root)
	if err != nil {
		return Version{}, in(base, err)
	}
	if f.Name != versionOf(name) {
		return Version{}, in(base, fmt.Errorf("version %q must be in %[1]s.yaml", f.Name))
	}
	v, err := Version{Release: Release{Name: f.Name}}.merge(f)
	if err != nil {
		return Version{}, in(base, err)
	}
	return v, nil
}

// readSources reads the documents by their key.
func readSources(files fs.FS, name string) (map[string]string, error) {
	r, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	root, err := document(r)
	if err != nil {
		return nil, in(path.Base(name), err)
	}
	sources := map[string]string{}
	err = mapping(root, field{"sources", func(n *yaml.Node) error {
		return pairs(n, func(key string, value *yaml.Node) error {
			var title string
			err := text("the document of a source", &title).read(value)
			sources[key] = title
			return err
		})
	}})
	if err == nil && len(sources) == 0 {
		err = errors.New("sources is missing")
	}
	if err != nil {
		return nil, in(path.Base(name), err)
	}
	return sources, nil
}

// Names is the names of the versions, in the order of release. It reads no more than the
// head of each file.
func (c *Catalog) Names() []string {
	var names []string
	for _, s := range c.inOrder() {
		names = append(names, s.name)
	}
	return names
}

// Version returns the version of that name, or a *WordError.
func (c *Catalog) Version(name string) (Version, error) {
	for _, s := range c.shelves {
		if s.name == name {
			return s.read()
		}
	}
	names := c.Names()
	slices.Reverse(names) // newest first
	return Version{}, &WordError{"version", name, names}
}

// Versions returns every version in the order of release. The files are read
// concurrently, because the user is waiting for them.
func (c *Catalog) Versions() ([]Version, error) {
	versions, errs := make([]Version, len(c.shelves)), make([]error, len(c.shelves))
	var reading sync.WaitGroup
	for i, s := range c.inOrder() {
		reading.Go(func() { versions[i], errs[i] = s.read() })
	}
	reading.Wait()
	// The first error is enough: the others may follow from it.
	return versions, cmp.Or(errs...)
}

// Role returns the role of that name, or a *WordError.
func (v Version) Role(name string) (Role, error) {
	for _, r := range v.Roles {
		if r.Name == name {
			return r, nil
		}
	}
	return Role{}, &WordError{"role", name, v.roleNames()}
}

// ServicesOf returns what a role listens on, in the order of the data, or a
// *WordError.
func (v Version) ServicesOf(role string) ([]Service, error) {
	if _, err := v.Role(role); err != nil {
		return nil, err
	}
	return v.servicesOf(role), nil
}

func (v Version) servicesOf(role string) []Service {
	var services []Service
	for _, s := range v.Services {
		if s.Role == role {
			services = append(services, s)
		}
	}
	return services
}

func (v Version) roleNames() []string {
	var names []string
	for _, r := range v.Roles {
		names = append(names, r.Name)
	}
	return names
}
