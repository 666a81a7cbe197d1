// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func look(string) Wall {
	w := linuxWall(os.DirFS("/"))
	chains, err := readAll()
	if err != nil {
		return w
	}
	return w.with(chains)
}

// mostChains bounds the chains that are looked at.
const mostChains = 1000

// readAll asks for the chains of nftables, which needs CAP_NET_ADMIN.
func readAll() (chains []chain, err error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer func() { _ = unix.Close(fd) }()
	patience := unix.Timeval{Sec: 2}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Sendto(fd, chainsQuestion(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, os.NewSyscallError("sendto", err)
	}
	room := make([]byte, 32<<10)
	for {
		n, _, flags, from, err := unix.Recvmsg(fd, room, nil, 0)
		switch kernel, ok := from.(*unix.SockaddrNetlink); {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return nil, os.NewSyscallError("recvmsg", err)
		case !ok || kernel.Pid != 0:
			continue // not from the kernel
		case flags&unix.MSG_TRUNC != 0:
			return nil, errChains
		}
		done, err := readChains(room[:n], func(c chain) {
			if len(chains) < mostChains {
				chains = append(chains, c)
			}
		})
		if done || err != nil {
			return chains, err
		}
	}
}

// dropped reads the counters of this process's network namespace.
func dropped() (n int64, known bool) {
	snmp, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		return 0, false
	}
	snmp6, err := os.ReadFile("/proc/net/snmp6")
	if err != nil && !os.IsNotExist(err) {
		return 0, false
	}
	return undelivered(string(snmp), string(snmp6))
}
