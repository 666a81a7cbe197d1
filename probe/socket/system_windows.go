// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"context"
	"math"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// How often a connect sends its SYN (mstcpip.h, TCP_INITIAL_RTO_PARAMETERS).
const (
	sioTCPInitialRTO = windows.IOC_IN | windows.IOC_VENDOR | 17
	rttUnspecified   = 1<<16 - 1
	synOnce          = 1<<8 - 2 // from Windows 10 1709 and Server 2019 on
)

// oldRefusal is how long Windows takes to believe a refusal where sendOnce fails: it
// sends the SYN twice more, half a second apart (KB175523), and then some.
const oldRefusal = 2500 * time.Millisecond

// sendOnce has the system send one SYN for a connect, and no more after a refusal.
func sendOnce(fd uintptr) error {
	params := struct {
		rtt            uint16
		synRetransmits uint8
	}{rttUnspecified, synOnce}
	var n uint32
	return windows.WSAIoctl(windows.Handle(fd), sioTCPInitialRTO,
		(*byte)(unsafe.Pointer(&params)), uint32(unsafe.Sizeof(params)), nil, 0, &n, nil, 0)
}

// beforeConnect is a net.Dialer's Control. Where sendOnce fails, a refusal takes its
// time: see RefusalTakes.
func beforeConnect(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) { _ = sendOnce(fd) })
}

// RefusalTakes is how long the system may hold a refusal back before it reports it.
func RefusalTakes() time.Duration {
	s, err := windows.Socket(windows.AF_INET, windows.SOCK_STREAM, windows.IPPROTO_TCP)
	if err != nil {
		return oldRefusal
	}
	defer windows.Closesocket(s)
	if sendOnce(uintptr(s)) != nil {
		return oldRefusal
	}
	return 0
}

// Descriptors is how many sockets this process may have open: Windows sets no
// limit but memory.
func Descriptors() int { return math.MaxInt32 }

// aiFQDN asks for the whole name that a short one was found under (ws2tcpip.h).
const aiFQDN = 0x20000

// foundAs is the full name under which the system found a host; "" where it does not say.
// The answer is in the system's cache: LookUp has just asked for the addresses.
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
