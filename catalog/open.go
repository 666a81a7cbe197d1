// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
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
func Open() *Catalog {
	c := open(data, "data")
	c.releases = nil // which means those that come with exreach
	return c
}

// open finds the versions in dir. It reads none of their files yet.
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

// versionFiles lists the files in dir that hold a version.
func versionFiles(files fs.FS, dir string) []string {
	names, _ := fs.Glob(files, path.Join(dir, "*.yaml")) // the pattern is valid
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(noVersions, path.Base(name)) })
}

// versionOf returns the version that a file holds: the file is named after it.
func versionOf(name string) string { return strings.TrimSuffix(path.Base(name), ".yaml") }

// Releases returns what is known of all versions without their services. It may be
// nil, on which every method of Releases works.
func (c *Catalog) Releases() *Releases { return c.releases }

// inOrder returns the shelves in the order of release.
func (c *Catalog) inOrder() []shelf {
	releases := c.releases.all().order()
	rank := func(s shelf) int { return slices.IndexFunc(releases, func(r Release) bool { return r.Name == s.name }) }
	return slices.SortedFunc(slices.Values(c.shelves), func(a, b shelf) int { return cmp.Compare(rank(a), rank(b)) })
}

// readVersion reads the file of one version, which is named after it.
func (c *Catalog) readVersion(files fs.FS, name string) (Version, error) {
	r, err := files.Open(name)
	if err != nil {
		return Version{}, err
	}
	defer r.Close()
	base := path.Base(name)
	f, err := c.readFile(base, r, &decoder{})
	if err != nil {
		return Version{}, err
	}
	if f.Name != versionOf(name) {
		return Version{}, inFile(base, fmt.Errorf("version %q must be in %[1]s.yaml", f.Name))
	}
	v, err := Version{Release: Release{Name: f.Name}}.merge(f)
	return v, inFile(base, err)
}

// readFile reads a file of ours or of a user's.
func (c *Catalog) readFile(name string, r io.Reader, d *decoder) (file, error) {
	go c.sources() // reads the sources while this goroutine parses the file
	root, err := document(r)
	if err != nil {
		return file{}, inFile(name, err)
	}
	if d.sources, err = c.sources(); err != nil {
		return file{}, err
	}
	f, err := d.file(root)
	return f, inFile(name, err)
}

// readDocument returns the root of the one YAML document of a file.
func readDocument(files fs.FS, name string) (*yaml.Node, error) {
	r, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	root, err := document(r)
	return root, inFile(path.Base(name), err)
}

// readSources reads the titles of the documents, by their key.
func readSources(files fs.FS, name string) (map[string]string, error) {
	root, err := readDocument(files, name)
	if err != nil {
		return nil, err
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
	return sources, inFile(path.Base(name), err)
}

// Names returns the names of the versions, in the order of release. It reads no more than
// the head of each file.
func (c *Catalog) Names() []string {
	return each(c.inOrder(), func(s shelf) string { return s.name })
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
// side by side, because a person waits for them.
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
	return slices.DeleteFunc(slices.Clone(v.Services), func(s Service) bool { return s.Role != role })
}

func (v Version) roleNames() []string {
	return each(v.Roles, func(r Role) string { return r.Name })
}
