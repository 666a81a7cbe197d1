// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/files"
	"exreach/cmd/internal/machine"
)

// RolesIn returns the roles of a host in a topology file. Its errors are for the user.
func RolesIn(ctx context.Context, file, host string) ([]catalog.Host, error) {
	f, err := files.Open(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the topology: %w", err)
	}
	defer f.Close()
	stop := files.SaveMemory(f)
	defer stop()
	t, err := catalog.LoadTopology(file, files.Until(ctx, f))
	if err != nil {
		return nil, err
	}
	var roles []catalog.Host
	var names []string
	for _, h := range t.Hosts {
		if strings.EqualFold(h.Name, host) {
			roles = append(roles, h)
		} else if !slices.Contains(names, h.Name) {
			names = append(names, h.Name)
		}
	}
	if len(roles) > 0 {
		return roles, nil
	}
	const few = 8
	if more := len(names) - few; more > 0 {
		names = append(names[:few], fmt.Sprintf("and %d more", more))
	}
	return nil, mistake("name one of its hosts: "+catalog.Shown(strings.Join(names, ", ")), "host %q: %s does not name it", catalog.Shown(host), file)
}

// ParseAddresses reads addresses of this machine. Its errors are for the user.
func ParseAddresses(words []string) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, word := range words {
		addr, err := machine.Address("address", word)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(all, addr) {
			all = append(all, addr)
		}
	}
	if len(all) > 1 && slices.ContainsFunc(all, netip.Addr.IsUnspecified) {
		return nil, mistake("leave the others out", "option --address: one of them means every address")
	}
	return all, nil
}
