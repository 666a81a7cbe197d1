// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"

	"exreach/catalog"
	"exreach/report/content"
)

// CatalogSchema names the layout of the document that exreach catalog show writes. It
// changes as Schema does.
const CatalogSchema = "exreach-catalog/1"

// A catalogVersion is a version in JSON. Its fields have the same names as in a report.
type catalogVersion struct {
	Schema   string           `json:"schema"`
	Version  string           `json:"version"`
	Title    string           `json:"title"`
	Roles    []catalogRole    `json:"roles"`
	Services []catalogService `json:"services"`

	GroundRules []catalog.GroundRule `json:"ground_rules"`
}

type catalogRole struct {
	Name string `json:"name"`
	Text string `json:"text"`

	Auto catalog.Taken `json:"auto,omitempty"` // when exreach assumes this role of a host though the user did not give it
}

// A catalogService has either Ports or RPC, as a Service does.
type catalogService struct {
	Service  string                  `json:"service"`
	Role     string                  `json:"role"`
	Network  catalog.Network         `json:"network"`
	Ports    *catalog.Ports          `json:"ports,omitempty"`
	RPC      *catalog.Interface      `json:"rpc,omitempty"`
	Protocol string                  `json:"protocol"`
	TLS      catalog.TLS             `json:"tls"`
	HTTP     *catalog.Directory      `json:"http,omitempty"`
	Wants    map[string]catalog.Want `json:"wants"`
	OneOf    string                  `json:"one_of,omitempty"`
	Exposure string                  `json:"exposure,omitempty"`
	Unasked  string                  `json:"unasked,omitempty"`
	Note     string                  `json:"note"`
	Restart  string                  `json:"restart,omitempty"`
	Program  map[string]string       `json:"program,omitempty"` // by the name of the firewall rule
	Verified bool                    `json:"verified"`
	Sources  []catalog.Source        `json:"sources"`
	Facts    []string                `json:"facts"`
}

func writeVersionJSON(w io.Writer, v catalog.Version, _ content.Style) error {
	out := catalogVersion{
		Schema: CatalogSchema, Version: v.Name, Title: v.Title,
		Roles: []catalogRole{}, Services: []catalogService{}, GroundRules: append([]catalog.GroundRule{}, v.Ground...),
	}
	for _, r := range v.Roles {
		out.Roles = append(out.Roles, catalogRole(r))
	}
	for _, s := range v.Services {
		out.Services = append(out.Services, catalogServiceOf(s))
	}
	return writeIndented(w, out)
}

func catalogServiceOf(s catalog.Service) catalogService {
	out := catalogService{
		Service: s.Name, Role: s.Role, Network: s.Network, RPC: s.RPC,
		Protocol: s.Protocol, TLS: s.TLS, HTTP: s.HTTP, Wants: s.Wants,
		OneOf: s.OneOf, Exposure: s.Exposure, Unasked: s.Unasked,
		Note: s.Note, Restart: s.Restart, Program: s.Programs,
		Verified: s.Verified, Sources: s.Sources, Facts: s.Facts,
	}
	if s.RPC == nil {
		out.Ports = &s.Ports
	}
	if out.Wants == nil {
		out.Wants = map[string]catalog.Want{} // always an object
	}
	if out.Facts == nil {
		out.Facts = []string{} // always a list
	}
	if out.Sources == nil {
		out.Sources = []catalog.Source{}
	}
	return out
}
