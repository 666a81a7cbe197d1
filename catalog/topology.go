// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// LoadTopology reads a topology file, whose name is for errors only:
//
//	from: client                 # optional
//	hosts:
//	  - name: mail01.example.com
//	    version: "2019"          # optional, as is role
//	    role: mailbox
//	    rpc_ports: {emsmdb: 59532}
//	    site: Berlin             # optional, as are labels
//	    labels: {owner: team-a, rack: 7}
//
// Plan decides whether the words of a host are in the catalogue. Errors are a
// *FileError.
func LoadTopology(name string, r io.Reader) (Topology, error) {
	var t Topology
	root, err := document(r)
	if err == nil {
		err = mapping(root,
			word("from", froms(), &t.From),
			list("hosts", func(n *yaml.Node) error { return readHost(n, name, &t) }))
	}
	if err == nil && t.Hosts == nil {
		err = inLine(root.Line, errors.New("hosts is missing: name the hosts to test"))
	}
	if err != nil {
		return Topology{}, inFile(name, err)
	}
	return t, nil
}

// readHost reads one entry of hosts.
func readHost(n *yaml.Node, file string, t *Topology) error {
	h := Host{Origin: fmt.Sprintf("%s:%d", file, n.Line)}
	err := mapping(n, text("name", &h.Name), text("version", &h.Version), text("role", &h.Role),
		field{"rpc_ports", func(n *yaml.Node) error { return readRPCPorts(n, &h) }},
		value("site", func(s string) error { h.Site = s; return CheckSite(s) }),
		field{"labels", func(n *yaml.Node) error { return readLabels(n, &h) }})
	switch {
	case err != nil:
		return err
	case h.Name == "":
		return errors.New("a host has no name: give a DNS name or an address")
	case strings.Contains(h.Name, " "):
		return fmt.Errorf("name %q has a space in it: name hosts one by one", Shown(h.Name))
	}
	t.Hosts = append(t.Hosts, h)
	return nil
}

// readRPCPorts reads static ports by the name of an RPC service.
func readRPCPorts(n *yaml.Node, h *Host) error {
	h.RPCPorts = map[string]uint16{}
	return pairs(n, func(service string, port *yaml.Node) error {
		return value("rpc_ports", func(s string) error {
			p, err := strconv.ParseUint(s, 10, 16)
			if err != nil || p == 0 {
				return fmt.Errorf("port %q is not valid: give 1 to 65535", Shown(s))
			}
			h.RPCPorts[service] = uint16(p)
			return nil
		}).read(port)
	})
}

// readLabels reads labels by their names. A number is a text here, as it is to Prometheus.
func readLabels(n *yaml.Node, h *Host) error {
	h.Labels = map[string]string{}
	return pairs(n, func(name string, node *yaml.Node) error {
		return value("label "+Shown(name), func(s string) error { return AddLabel(h.Labels, name, s) }).read(node)
	})
}

// The most that a host may have of labels, and the most letters of their parts and of a
// site: every format must carry them.
const (
	manyLabels     = 16
	longLabelName  = 64
	longLabelValue = 256
	longSite       = 256
)

// labelName is what Prometheus accepts as the name of a label
// (https://prometheus.io/docs/concepts/data_model/).
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// AddLabel adds a label to those of a host, or says why the host cannot have it.
func AddLabel(labels map[string]string, name, value string) error {
	_, twice := labels[name]
	switch {
	case !labelName.MatchString(name):
		return fmt.Errorf("label %q is not a name: use a-z, A-Z, 0-9 and _, and no digit first", Shown(name))
	case len(name) > longLabelName:
		return fmt.Errorf("label %q has %d letters: up to %d are accepted", Shown(name), len(name), longLabelName)
	case twice:
		return fmt.Errorf("label %q appears twice", name)
	case len(labels) == manyLabels:
		return fmt.Errorf("label %q is one too many: a host may have %d", name, manyLabels)
	}
	if err := checkLine("label "+name, value, longLabelValue); err != nil {
		return err
	}
	labels[name] = value
	return nil
}

// CheckSite says what is wrong with the site of a host; nil if nothing is.
func CheckSite(site string) error { return checkLine("site", site, longSite) }

// checkLine makes sure that a text of a user fits on a line of a report.
func checkLine(name, text string, most int) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s is not UTF-8", name)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%s holds the unprintable character %U", name, r)
		}
	}
	if n := utf8.RuneCountInString(text); n > most {
		return fmt.Errorf("%s has %d letters: up to %d are accepted", name, n, most)
	}
	return nil
}
