// SPDX-License-Identifier: Apache-2.0

package census

import (
	"fmt"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"

	"exreach/catalog"
)

var (
	iphlpapi            = windows.NewLazySystemDLL("iphlpapi.dll")
	getExtendedTCPTable = iphlpapi.NewProc("GetExtendedTcpTable")
	getExtendedUDPTable = iphlpapi.NewProc("GetExtendedUdpTable")
)

// mostTable bounds a table of Windows, in bytes.
const mostTable = mostRows * 56

// eachTCP gives every TCP socket to add. Any user may ask (GetExtendedTcpTable).
func eachTCP(add func(row) bool) error {
	for _, l := range []layout{tcp4, tcp6} {
		table, err := fetch(getExtendedTCPTable, l)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		l.read(table, add)
	}
	return nil
}

// fetch asks for a table, again with more room while it grows.
func fetch(call *windows.LazyProc, l layout) ([]byte, error) {
	if err := call.Find(); err != nil {
		return nil, err
	}
	table := make([]byte, 16<<10)
	for {
		size := uint32(len(table))
		result, _, _ := call.Call(uintptr(unsafe.Pointer(&table[0])), uintptr(unsafe.Pointer(&size)), 0, l.windowsFamily, l.class, 0)
		switch {
		case result == 0:
			return table[:min(int(size), len(table))], nil
		case syscall.Errno(result) != windows.ERROR_INSUFFICIENT_BUFFER || len(table) >= mostTable:
			return nil, fmt.Errorf("%s: %w", call.Name, syscall.Errno(result))
		}
		table = make([]byte, min(max(int(size), len(table))*2, mostTable))
	}
}

// holder finds the socket that has the port, and its process.
func holder(network catalog.Network, at netip.AddrPort) (program string, known bool) {
	call, layouts := getExtendedTCPTable, []layout{tcp4, tcp6}
	if network == catalog.UDP {
		call, layouts = getExtendedUDPTable, []layout{udp4, udp6}
	}
	for _, l := range layouts {
		table, err := fetch(call, l)
		if err != nil {
			return "", false
		}
		l.read(table, func(r row) bool {
			if r.holds(at) {
				program, known = process(uint32(r.owner))
			}
			return !known
		})
		if known {
			return program, true
		}
	}
	return "", false
}

// system is the process of the kernel, which holds the ports of http.sys and of SMB.
const system = 4

// process returns the name of a process's program. PROCESS_QUERY_LIMITED_INFORMATION is
// enough for QueryFullProcessImageName, and is granted for most processes.
func process(id uint32) (name string, known bool) {
	if id == system {
		return "System", true
	}
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, id)
	if err != nil {
		return fmt.Sprintf("the process %d", id), id != 0
	}
	defer func() { _ = windows.CloseHandle(handle) }()
	room := make([]uint16, windows.MAX_LONG_PATH)
	size := uint32(len(room))
	if err := windows.QueryFullProcessImageName(handle, 0, &room[0], &size); err != nil {
		return fmt.Sprintf("the process %d", id), true
	}
	return baseName(windows.UTF16ToString(room[:size])), true
}
