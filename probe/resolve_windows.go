// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"

	"golang.org/x/sys/windows"
)

// aiFQDN asks for the whole name that a short one was found under (ws2tcpip.h).
const aiFQDN = 0x20000

// foundAs is the name that the system found for a host; "" where it does not say.
// The answer is in the system's cache: the addresses were just asked for.
func foundAs(ctx context.Context, host string) string {
	found := make(chan string, 1)
	go func() { found <- fullName(host) }()
	select {
	case name := <-found:
		return name
	case <-ctx.Done():
		return ""
	}
}

func fullName(host string) string {
	node, err := windows.UTF16PtrFromString(host)
	if err != nil {
		return ""
	}
	hints := windows.AddrinfoW{Flags: aiFQDN, Family: windows.AF_UNSPEC, Socktype: windows.SOCK_STREAM}
	var list *windows.AddrinfoW
	if windows.GetAddrInfoW(node, nil, &hints, &list) != nil || list == nil {
		return ""
	}
	defer windows.FreeAddrInfoW(list)
	return windows.UTF16PtrToString(list.Canonname)
}
