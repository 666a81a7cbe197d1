// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

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
	case strings.ContainsAny(h.Name, " /"):
		return fmt.Errorf("name %q is not a host name: give a DNS name or an address, nothing else", shorten(h.Name))
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
				return fmt.Errorf("port %q is not valid: give 1 to 65535", shorten(s))
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
		return value("label "+shorten(name), func(s string) error { return AddLabel(h.Labels, name, s) }).read(node)
	})
}
