// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"fmt"
	"log"

	"exreach/catalog"
)

// What the front-end servers of 2003 want of a DNS server, and how badly.
func Example() {
	c := catalog.Open()
	host := catalog.Host{Name: "dns01.contoso.com", Version: "2003", Role: "dns"}
	plan, err := c.Plan(catalog.Topology{Hosts: []catalog.Host{host}}, "front-end")
	if err != nil {
		log.Fatal(err)
	}
	for _, check := range plan {
		fmt.Printf("%s/%s %s: %s\n", check.Service.Ports, check.Service.Network, check.Service.Name, check.Want)
	}
	fmt.Println("6.5.7638.1 is", c.Releases().Called(c.Releases().OfBuild("6.5.7638.1")[0]))
	// Output:
	// 53/tcp dns: required
	// 53/udp dns-udp: required
	// 6.5.7638.1 is Exchange 2003
}
