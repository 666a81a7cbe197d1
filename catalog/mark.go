// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Mark describes an answer that some versions give. An answer has the mark if it meets
// every condition that the mark states. Package identity looks for marks in answers.
type Mark struct {
	Name string // by which versions share it; "" for a mark of one version

	Protocol string
	Greeting string   // words of the greeting; an asterisk stands for anything between them
	Offers   []string // capabilities that the answer lists: a keyword each, with words behind it
	InOrder  string   // capabilities that the answer lists together, in this order
	Lacks    []string // capabilities, as in Offers, that the answer does not list, though it lists some
	Fact     string   // the name of a fact that must be known
	Words    string   // words of that fact's value, as for Greeting
	Without  []string // facts that must not be known
	Path     string   // the page that was asked for; case is ignored
	Inside   bool     // the page is not the root, it exists, and no proxy of IIS answered
	Status   string   // how the HTTP status begins

	Said     string   // what the mark is called; "" quotes the greeting or the fact
	Versions []string // those that have it, in the order of release
	Role     string   // the role that it shows; "" where it shows none
	Weight   Weight
	Source   string // the document or the recorded answers that show it
}

// A Weight says how far exreach believes a mark if others contradict it.
type Weight int

// The weights, the lightest first.
const (
	Faint   Weight = iota // something missing, or part of the web server: a proxy may have changed it
	Implied               // a feature that came, or went, with some version
	Stated                // a version or build that the server gives as its own
)

var weights = []string{"faint", "implied", "stated"}

// id identifies a shared mark by its name, and any other by its conditions: two marks with
// the same conditions are one.
func (m Mark) id() string {
	if m.Name != "" {
		return m.Name
	}
	list := func(words []string) string { return strings.Join(words, "\n") }
	return strings.Join([]string{m.Protocol, m.Greeting, list(m.Offers), m.InOrder, list(m.Lacks), m.Fact, m.Words, list(m.Without), m.Path, strconv.FormatBool(m.Inside), m.Status}, "\t")
}

// marksOf returns every mark that some version has, with these versions: first the marks
// of single versions, then the shared ones.
func marksOf(releases []Release, shared []Mark) []Mark {
	all, index := slices.Clone(shared), map[string]int{}
	for i, m := range shared {
		index[m.id()] = i
		m.Name = ""
		index[m.id()] = i // a version that spells it out means the same
	}
	for _, release := range releases {
		for _, m := range release.Marks {
			i, found := index[m.id()]
			if !found {
				i, all = len(all), append(all, m)
				index[m.id()] = i
			}
			if versions := all[i].Versions; !slices.Contains(versions, release.Name) {
				all[i].Versions = append(versions, release.Name)
			}
		}
	}
	own := slices.Concat(all[len(shared):], all[:len(shared)])
	return slices.DeleteFunc(own, func(m Mark) bool { return m.Versions == nil || m.Protocol == "" })
}

// markOf reads a mark of a version: the name of a shared one, or one of its own.
func (d *decoder) markOf(r *Release, n *yaml.Node, seen map[string]bool) error {
	var m Mark
	if n.Kind != yaml.ScalarNode {
		if err := d.mark(&m, n); err != nil {
			return err
		}
		if m.Name != "" {
			return errors.New("a mark of a single version has no name: leave it out")
		}
	} else if err := named("a mark", &m.Name).read(n); err != nil {
		return err
	} else if d.shared != nil {
		names := each(d.shared(), func(s Mark) string { return s.Name })
		if !slices.Contains(names, m.Name) {
			return &WordError{"mark", m.Name, names}
		}
	}
	if seen[m.id()] {
		return errors.New("the same mark appears twice")
	}
	r.Marks, seen[m.id()] = append(r.Marks, m), true
	return nil
}

// mark reads one mark.
func (d *decoder) mark(m *Mark, n *yaml.Node) error {
	var inside, weight string
	err := mapping(n,
		named("name", &m.Name), named("protocol", &m.Protocol), spaced("greeting", &m.Greeting),
		texts("offers", &m.Offers), text("in_order", &m.InOrder), texts("lacks", &m.Lacks),
		text("fact", &m.Fact), text("words", &m.Words), texts("without", &m.Without),
		text("path", &m.Path), word("inside", []string{"true"}, &inside), text("status", &m.Status),
		text("said", &m.Said), named("role", &m.Role), word("weight", weights, &weight), text("source", &m.Source))
	m.Inside, m.Weight = inside != "", Weight(slices.Index(weights, weight))
	if m.Source == "" {
		m.Source = d.user
	}
	switch {
	case err != nil:
		return err
	case m.Protocol == "" || weight == "" || m.Source == "":
		return errors.New("a mark needs a protocol, a weight and a source")
	case d.protocols != nil && !slices.Contains(d.protocols, m.Protocol):
		return &WordError{"protocol", m.Protocol, d.protocols}
	case m.Greeting == "" && m.Offers == nil && m.InOrder == "" && m.Fact == "":
		return errors.New("a mark needs something to be seen: a greeting, offers, in_order or a fact")
	case m.Greeting == "" && m.Fact == "" && m.Said == "":
		return errors.New("a mark without a greeting and a fact needs to say what it is: said")
	case m.Fact == "" && m.Words != "":
		return errors.New("words are those of a fact: name it")
	}
	return nil
}

// readMarks reads the marks that versions share. A catalogue may have none.
func readMarks(files fs.FS, name string) ([]Mark, error) {
	root, err := readDocument(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	d, marks, lines := decoder{}, []Mark(nil), map[string]int{}
	err = mapping(root, list("marks", func(n *yaml.Node) error {
		var m Mark
		err := d.mark(&m, n)
		switch {
		case err != nil:
			return err
		case m.Name == "":
			return errors.New("a shared mark needs a name")
		case lines[m.Name] != 0:
			return fmt.Errorf("mark %q appears twice: first on line %d", m.Name, lines[m.Name])
		}
		marks, lines[m.Name] = append(marks, m), n.Line
		return nil
	}))
	return marks, inFile(path.Base(name), err)
}
