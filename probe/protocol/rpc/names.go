// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"fmt"
	"strings"

	"exreach/catalog"
)

// rpcKnown lists the interfaces that we know by name: those of Exchange, of a domain
// controller, and of every Windows host.
var rpcKnown = []catalog.Interface{
	{Name: "EMSMDB", UUID: "a4f1db00-ca47-1067-b31f-00dd010662da", Major: 0, Minor: 81},
	{Name: "AsyncEMSMDB", UUID: "5261574a-4572-206e-b268-6b199213b4e4", Major: 0, Minor: 1},
	{Name: "NSPI", UUID: "f5cc5a18-4264-101a-8c59-08002b2f8426", Major: 56},
	{Name: "RFR", UUID: "1544f5e0-613c-11d1-93df-00c04fd7bd09", Major: 1},
	{Name: "XDS", UUID: "f5cc5a7c-4264-101a-8c59-08002b2f8426", Major: 21},
	{Name: "DRS", UUID: "f5cc59b4-4264-101a-8c59-08002b2f8426", Major: 21}, // of the directory of Exchange 4.0 to 5.5
	{Name: "FRS", UUID: "f5cc59b4-4264-101a-8c59-08002b2f8426", Major: 1, Minor: 1},
	{Name: "store admin 1", UUID: "a4f1db00-ca47-1067-b31e-00dd010662da", Major: 1},
	{Name: "store admin 2", UUID: "89742ace-a9ed-11cf-9c0c-08002be7ae86", Major: 2},
	{Name: "store admin 3", UUID: "99e64010-b032-11d0-97a4-00c04fd6551d", Major: 3},
	{Name: "store", UUID: "0e4a0156-dd5d-11d2-8c2f-00c04fb6bcde", Major: 1},
	{Name: "store 2", UUID: "1453c42c-0fa6-11d2-a910-00c04f990f3b", Major: 1},
	{Name: "store 3", UUID: "10f24e8e-0fa6-11d2-a910-00c04f990f3b", Major: 1},
	{Name: "MTA", UUID: "9e8ee830-4459-11ce-979b-00aa005ffebe", Major: 2},
	{Name: "MTA QAdmin", UUID: "38a94e72-a9bc-11d2-8faf-00c04fa378ff", Major: 1},
	{Name: "System Attendant", UUID: "469d6ec0-0d87-11ce-b13f-00aa003bac6c", Major: 16},
	{Name: "System Attendant private", UUID: "83d72bf0-0d89-11ce-b13f-00aa003bac6c", Major: 6},
	{Name: "System Attendant cluster", UUID: "f930c514-1215-11d3-99a5-00a0c9b61b04", Major: 1},
	{Name: "drsuapi", UUID: "e3514235-4b06-11d1-ab04-00c04fc2dcd2", Major: 4},
	{Name: "dsaop", UUID: "7c44d7d4-31d5-424c-bd5e-2b3e1f323d22", Major: 1},
	{Name: "netlogon", UUID: "12345678-1234-abcd-ef00-01234567cffb", Major: 1},
	{Name: "lsarpc", UUID: "12345778-1234-abcd-ef00-0123456789ab", Major: 0},
	{Name: "samr", UUID: "12345778-1234-abcd-ef00-0123456789ac", Major: 1},
	{Name: "srvsvc", UUID: "4b324fc8-1670-01d3-1278-5a47bf6ee188", Major: 3},
	{Name: "winreg", UUID: "338cd001-2244-31f1-aaaa-900038001003", Major: 1},
	{Name: "svcctl", UUID: "367abb81-9844-35f1-ad32-98f038001003", Major: 2},
	{Name: "endpoint mapper", UUID: Mapper.UUID, Major: Mapper.Major},
	Management,
}

// NameOf returns the name of an interface, "" where we know none. The major version
// counts, because two interfaces share a UUID.
func NameOf(id string, major uint16) string {
	for _, i := range rpcKnown {
		if i.UUID == id && i.Major == major {
			return i.Name
		}
	}
	return ""
}

// labelOf is an interface with its version: "EMSMDB 0.81".
func labelOf(i catalog.Interface) string {
	name := NameOf(i.UUID, i.Major)
	if name == "" {
		name = i.UUID
	}
	return fmt.Sprintf("%s %d.%d", name, i.Major, i.Minor)
}

// maxListing is how many bytes of items a listing has before it ends in "and 3 more".
const maxListing = 400

// Listing joins items with commas, and says how many have no room.
func Listing(items []string) string {
	var b strings.Builder
	for n, item := range items {
		if n > 0 && b.Len()+len(item) > maxListing {
			return fmt.Sprintf("%s and %d more", b.String(), len(items)-n)
		}
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString(item)
	}
	return b.String()
}
