// SPDX-License-Identifier: Apache-2.0

package catalog

// A Topology is the hosts to look at and what each of them is.
type Topology struct {
	Hosts []Host
}

// A Host is one server of a topology.
type Host struct {
	Name     string            // a DNS name or an address
	Version  string            // "" is DefaultVersion
	Role     string            // "" is DefaultRole
	RPCPorts map[string]uint16 // static port by RPC service name: dialed without the endpoint mapper
}
