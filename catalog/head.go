// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"sync"

	"go.yaml.in/yaml/v3"
)

// head returns the fields at the head of a version's file, which it reads into r.
func (d *decoder) head(r *Release) []field {
	seen := map[string]bool{}
	return []field{
		named("version", &r.Name),
		text("title", &r.Title),
		text("called", &r.Called),
		word("product", []Family{ExchangeServer, ExchangeOnline, DavMail}, &r.Family),
		value("order", func(s string) (err error) {
			if r.Order, err = strconv.ParseFloat(s, 64); err != nil || !(0 < r.Order && r.Order < lastRank) {
				return fmt.Errorf("order %q is not a number above 0 and below a million, such as 2025 or 2025.5", Shown(s))
			}
			return nil
		}),
		values("builds", func(s string) error {
			b, err := readBuilds(s)
			if seen[s] {
				return fmt.Errorf("build %q appears twice", Shown(s))
			}
			r.Builds, seen[s] = append(r.Builds, b), true
			return err
		}),
		list("marks", func(n *yaml.Node) error { return d.markOf(r, n, seen) }),
		{"greets", func(n *yaml.Node) error { return readGreets(n, r) }},
		{"website", func(n *yaml.Node) error { return readWebsite(n, r) }},
		{"telling", func(n *yaml.Node) error { return readTelling(n, r) }},
	}
}

// greeters are the protocols whose greeting depends on the version.
var greeters = []string{"smtp", "pop3", "imap", "nntp", "link-state"}

func readGreets(n *yaml.Node, r *Release) error {
	r.Greets = map[string]string{}
	return pairs(n, func(protocol string, value *yaml.Node) error {
		if !slices.Contains(greeters, protocol) {
			return &WordError{"protocol", protocol, greeters}
		}
		var greeting string
		err := spaced("the greeting", &greeting).read(value)
		r.Greets[protocol] = greeting
		return err
	})
}

func readWebsite(n *yaml.Node, r *Release) error {
	site := &Website{}
	r.Website = site
	err := mapping(n, text("iis", &site.IIS), text("build", &site.Build), text("below", &site.Below),
		text("store", &site.Store), text("title", &site.Title), text("themes", &site.Themes))
	switch {
	case err != nil:
		return err
	case site.IIS == "":
		return errors.New("a website needs the version of its web server: iis")
	case (site.Build == "") != (site.Below == ""):
		return errors.New("a website has both a build and the path below which it is shown, or neither")
	}
	return nil
}

func readTelling(n *yaml.Node, r *Release) error {
	return pairs(n, func(role string, value *yaml.Node) error {
		return values("the services of a role", func(service string) error {
			r.Telling = append(r.Telling, Telling{role, service, value.Line})
			return nil
		}).read(value)
	})
}

// readReleases reads the heads of all files in dir, and the shared marks.
func readReleases(files fs.FS, dir string) heads {
	var h heads
	var unread error
	var reading sync.WaitGroup
	reading.Go(func() { h.shared, unread = readMarks(files, path.Join(dir, "marks.yaml")) })
	h.releases, h.err = readHeads(files, dir, maxHead, "\nroles:")
	reading.Wait()
	h.marks, h.err = marksOf(h.releases, h.shared), errors.Join(h.err, unread)
	return h
}

// readHeads reads the heads of all versions in dir concurrently, and returns them in the
// order of release. It reads up to limit bytes of each file, and stops at any of ends.
func readHeads(files fs.FS, dir string, limit int, ends ...string) ([]Release, error) {
	names := versionFiles(files, dir)
	releases, errs := make([]Release, len(names)), make([]error, len(names))
	var reading sync.WaitGroup
	for i, name := range names {
		reading.Go(func() { releases[i], errs[i] = readHead(files, name, limit, ends) })
	}
	reading.Wait()
	slices.SortFunc(releases, byOrder)
	return releases, errors.Join(errs...)
}

// The most bytes of a version's file that are read for its head, and for its place among
// the versions. Our own files need less than a third of either.
const (
	maxHead  = 16 << 10
	maxOrder = 1 << 10
)

func readHead(files fs.FS, name string, limit int, ends []string) (Release, error) {
	r := Release{Name: versionOf(name)}
	f, err := files.Open(name)
	if err != nil {
		return r, err
	}
	defer f.Close()
	head := make([]byte, limit)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return r, err
	}
	head = head[:n]
	for _, end := range ends {
		head, _, _ = bytes.Cut(head, []byte(end))
	}
	root, err := document(bytes.NewReader(head))
	if err != nil {
		return r, inFile(path.Base(name), err)
	}
	err = mapping(root, (&decoder{}).head(&r)...)
	r.Name = versionOf(name)
	return r, inFile(path.Base(name), err)
}
