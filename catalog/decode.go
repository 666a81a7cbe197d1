// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A decoder reads catalogue files: ours and a user's, by the same rules.
type decoder struct {
	sources   map[string]string // documents by their key
	protocols []string          // the known conversations; nil accepts any
	shared    func() []Mark     // the marks that versions share; nil for our files, whose names a test checks
	user      string            // name of a user's file, whose rows need no source; "" for ours
}

// A file is one decoded file, before its rows are put into the catalogue.
type file struct {
	Version
	lines   []int // the line of each service
	grounds []int // the line of each ground rule
}

// file reads the document of a whole catalogue file.
func (d *decoder) file(root *yaml.Node) (file, error) {
	var f file
	err := mapping(root, append(d.head(&f.Release),
		list("roles", f.role),
		list("ground_rules", func(n *yaml.Node) error { return d.groundRule(&f, n) }),
		list("services", func(n *yaml.Node) error { return d.service(&f, n) }),
	)...)
	switch {
	case err != nil:
		return file{}, err
	case f.Name == "":
		return file{}, inLine(root.Line, errors.New("version is missing: say which one this file is about"))
	case len(f.Services) == 0:
		return file{}, inLine(root.Line, errors.New("services is missing: a catalogue file holds at least one"))
	}
	return f, nil
}

// role reads one entry of roles.
func (f *file) role(n *yaml.Node) error {
	var r Role
	if err := mapping(n, named("name", &r.Name), text("text", &r.Text), word("auto", []Taken{Usual, Proved}, &r.Auto)); err != nil {
		return err
	}
	if r.Name == "" || r.Text == "" {
		return errors.New("a role needs a name and a text")
	}
	if slices.Contains(f.roleNames(), r.Name) {
		return fmt.Errorf("role %q appears twice", r.Name)
	}
	f.Roles = append(f.Roles, r)
	return nil
}

// service reads one row.
func (d *decoder) service(f *file, n *yaml.Node) error {
	s := Service{Network: TCP, TLS: NoTLS}
	verified, located := "true", 0
	err := mapping(n,
		named("name", &s.Name),
		named("role", &s.Role),
		texts("facts", &s.Facts),
		word("network", networks, &s.Network),
		value("port", func(p string) error { located++; return readPorts(p, &s.Ports) }),
		field{"rpc", func(n *yaml.Node) error { located++; return readInterface(n, &s) }},
		field{"http", func(n *yaml.Node) error { return readDirectory(n, &s) }},
		named("protocol", &s.Protocol),
		word("tls", tlsWords, &s.TLS),
		field{"wants", func(n *yaml.Node) error { return readWants(n, &s) }},
		named("one_of", &s.OneOf),
		text("exposure", &s.Exposure),
		text("note", &s.Note),
		text("restart", &s.Restart),
		field{"program", func(n *yaml.Node) error { return readPrograms(n, &s) }},
		values("source", func(source string) error { return d.source(source, &s.Sources) }),
		word("verified", []string{"true", "false"}, &verified),
		text("unasked", &s.Unasked),
	)
	if err != nil {
		return err
	}
	s.Verified = verified == "true"
	if d.user != "" && s.Sources == nil {
		s.Sources = []Source{{Key: d.user, Title: d.user}}
	}
	if located != 1 {
		return fmt.Errorf("service %q must have either a port or an rpc interface, and not both", s.Name)
	}
	if line := f.lineOf(s); line != 0 {
		return fmt.Errorf("service %q of role %q appears twice: first on line %d", s.Name, s.Role, line)
	}
	f.Services, f.lines = append(f.Services, s), append(f.lines, n.Line)
	return d.check(s)
}

// check makes sure that no field of a row is missing, and that its fields fit together. A
// service that is never asked may have any protocol and any ports.
func (d *decoder) check(s Service) error {
	asked := s.Unasked == ""
	forbidden := slices.Contains(slices.Collect(maps.Values(s.Wants)), Forbidden)
	supported := slices.ContainsFunc(s.Sources, func(s Source) bool { return s.Grade != "D" && s.Grade != "M" })
	switch {
	case s.Name == "":
		return errors.New("the service has no name")
	case s.Role == "":
		return fmt.Errorf("service %q has no role", s.Name)
	case s.Protocol == "":
		return fmt.Errorf("service %q has no protocol", s.Name)
	case s.Sources == nil:
		return fmt.Errorf("service %q has no source", s.Name)
	case s.Wants == nil && asked:
		return fmt.Errorf("service %q has no wants: say who connects, or give a reason in unasked", s.Name)
	case asked && d.protocols != nil && !slices.Contains(d.protocols, s.Protocol):
		return &WordError{"protocol", s.Protocol, d.protocols}
	case s.RPC != nil && (s.Protocol != "rpc" || s.Network != TCP):
		return fmt.Errorf("service %q has an rpc interface: its protocol must be rpc and its network tcp", s.Name)
	case s.HTTP != nil && s.Protocol != "http":
		return fmt.Errorf("service %q has an http directory: its protocol must be http", s.Name)
	case asked && s.RPC == nil && !s.Ports.Single():
		return fmt.Errorf("service %q has no single port that can be tested: give one, or say why not in unasked", s.Name)
	case forbidden && s.Exposure == "":
		return fmt.Errorf("service %q has a forbidden from: say in exposure why it must not be reachable from there", s.Name)
	case !forbidden && s.Exposure != "":
		return fmt.Errorf("service %q has an exposure, but no forbidden from", s.Name)
	case s.OneOf != "" && !asked:
		return fmt.Errorf("service %q is one_of %s, but is never tested: leave out one_of or unasked", s.Name, s.OneOf)
	case s.Verified && !supported:
		return fmt.Errorf("service %q rests on sources graded D or M only: it needs verified: false", s.Name)
	}
	return nil
}

// source reads "KEY GRADE".
func (d *decoder) source(value string, to *[]Source) error {
	key, grade, _ := strings.Cut(value, " ")
	title, found := d.sources[key]
	if !found {
		return &WordError{"source", key, slices.Sorted(maps.Keys(d.sources))}
	}
	if !slices.Contains(grades, grade) {
		return &WordError{"grade", grade, grades}
	}
	*to = append(*to, Source{Key: key, Title: title, Grade: grade})
	return nil
}

// readWants reads what each client wants.
func readWants(n *yaml.Node, s *Service) error {
	s.Wants = map[string]Want{}
	err := pairs(n, func(from string, value *yaml.Node) error {
		if !isFrom(from) {
			return &WordError{"from", from, froms()}
		}
		var w Want
		err := word("want", wants, &w).read(value)
		s.Wants[from] = w
		return err
	})
	if err == nil && len(s.Wants) == 0 {
		return errors.New("wants is empty: say who connects, or leave it out and give a reason in unasked")
	}
	return err
}

// readPrograms reads which program each firewall rule is bound to.
func readPrograms(n *yaml.Node, s *Service) error {
	s.Programs = map[string]string{}
	err := pairs(n, func(key string, value *yaml.Node) error {
		var rule, program string
		if err := text("the name of a rule", &rule).read(&yaml.Node{Kind: yaml.ScalarNode, Value: key}); err != nil {
			return err
		}
		err := text("the program of a rule", &program).read(value)
		s.Programs[rule] = program
		return err
	})
	if err == nil && len(s.Programs) == 0 {
		return errors.New("program is empty: name a rule of the firewall and its program, or leave it out")
	}
	return err
}

// readPorts reads "25", "5065-5068" or "dynamic".
func readPorts(value string, to *Ports) error {
	if value == "dynamic" {
		return nil
	}
	low, high, found := strings.Cut(value, "-")
	if !found {
		high = low
	}
	first, err := strconv.ParseUint(low, 10, 16)
	last, err2 := strconv.ParseUint(high, 10, 16)
	if err != nil || err2 != nil || first == 0 || last < first {
		return fmt.Errorf("port %q is not valid: give 1 to 65535, a range like 5065-5068, or dynamic", Shown(value))
	}
	*to = Ports{uint16(first), uint16(last)}
	return nil
}

// A UUID in lower case, as RFC 9562 section 4 writes it.
var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// readInterface reads an RPC interface's identity.
func readInterface(n *yaml.Node, s *Service) error {
	s.RPC = &Interface{}
	var version string
	err := mapping(n, text("name", &s.RPC.Name), text("uuid", &s.RPC.UUID), text("version", &version))
	if err != nil {
		return err
	}
	if s.RPC.Name == "" || s.RPC.UUID == "" || version == "" {
		return errors.New("rpc needs a name, a uuid and a version")
	}
	if !uuidPattern.MatchString(s.RPC.UUID) {
		return fmt.Errorf("uuid %q is not valid: write it like a4f1db00-ca47-1067-b31f-00dd010662da", Shown(s.RPC.UUID))
	}
	first, second, _ := strings.Cut(version, ".")
	major, err := strconv.ParseUint(first, 10, 16)
	minor, err2 := strconv.ParseUint(second, 10, 16)
	if err != nil || err2 != nil {
		return fmt.Errorf("rpc version %q is not valid: write it like \"0.81\"", Shown(version))
	}
	s.RPC.Major, s.RPC.Minor = uint16(major), uint16(minor)
	return nil
}

// readDirectory reads what an HTTP service answers.
func readDirectory(n *yaml.Node, s *Service) error {
	d := &Directory{}
	s.HTTP = d
	err := mapping(n, text("path", &d.Path), word("method", methods, &d.Method), text("health", &d.Health),
		values("status", func(value string) error {
			status, err := strconv.Atoi(value)
			d.Status = append(d.Status, status)
			if err != nil || status < 100 || status > 599 {
				return fmt.Errorf("status %q is not an HTTP status: give 100 to 599", Shown(value))
			}
			return nil
		}))
	switch {
	case err != nil:
		return err
	case !strings.HasPrefix(d.Path, "/"), d.Health != "" && !strings.HasPrefix(d.Health, "/"):
		return errors.New("http needs a path, and it and the health page begin with /")
	case d.Method == RPCInData && d.Health != "":
		return errors.New("RPC_IN_DATA uses up its connection, and the health page needs the same one: leave out health")
	case d.Status == nil:
		return errors.New("http needs the healthy status codes: status: [200]")
	}
	return nil
}
