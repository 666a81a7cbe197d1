// SPDX-License-Identifier: Apache-2.0

package census

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"exreach/catalog"
)

// eachTCP gives every TCP connection to add, the half-open ones first. It asks by
// sock_diag(7), and reads /proc/net/tcp where a container forbids that.
func eachTCP(add func(row) bool) error {
	err := eachDiag(add)
	if err == nil {
		return nil
	}
	if err := eachProc(catalog.TCP, add); err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return nil
}

// eachDiag asks by sock_diag. Any user may.
func eachDiag(add func(row) bool) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer func() { _ = unix.Close(fd) }()
	patience := unix.Timeval{Sec: 2}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	for _, states := range []uint32{halfOpen, connections &^ halfOpen} {
		for _, family := range []byte{linuxInet, linuxInet6} {
			if err := askDiag(fd, diagQuestion(family, states), add); err != nil {
				return err
			}
		}
	}
	return nil
}

// askDiag sends one question and reads all its answers. If add wants no more the rest is
// read all the same: the next question's answers come after it.
func askDiag(fd int, question []byte, add func(row) bool) error {
	if err := unix.Sendto(fd, question, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	room, full := make([]byte, 32<<10), false
	for {
		n, flags, from, err := receive(fd, room)
		switch kernel, ok := from.(*unix.SockaddrNetlink); {
		case err != nil:
			return os.NewSyscallError("recvmsg", err)
		case !ok || kernel.Pid != 0:
			continue // not from the kernel
		case flags&unix.MSG_TRUNC != 0:
			return errDiag
		}
		done, err := readDiag(room[:n], func(r row) bool {
			full = full || !add(r)
			return true
		})
		if done || err != nil {
			return err
		}
	}
}

// receive reads one datagram, and once more if a signal came in between.
func receive(fd int, room []byte) (n, flags int, from unix.Sockaddr, err error) {
	for {
		n, _, flags, from, err = unix.Recvmsg(fd, room, nil, 0)
		if !errors.Is(err, unix.EINTR) {
			return n, flags, from, err
		}
	}
}

// eachProc reads the lists of sockets under /proc/net, of both families. One that is
// missing has no sockets: IPv6 may be switched off.
func eachProc(network catalog.Network, add func(row) bool) error {
	for i, name := range []string{string(network), string(network) + "6"} {
		f, err := os.Open("/proc/net/" + name)
		if i == 1 && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		err = errors.Join(readProc(f, network == catalog.UDP, add), f.Close())
		if err != nil {
			return err
		}
	}
	return nil
}

// holder finds the socket that has the port, and then the process that has the socket.
func holder(network catalog.Network, at netip.AddrPort) (program string, known bool) {
	var found []row
	err := eachProc(network, func(r row) bool {
		if r.holds(at) {
			found = append(found, r)
		}
		return len(found) < 16
	})
	if err != nil || len(found) == 0 {
		return "", false
	}
	if name := process(found); name != "" {
		return name, true
	}
	if owner, err := user.LookupId(strconv.FormatUint(uint64(found[0].user), 10)); err == nil {
		return "a program of the user " + printable(owner.Username), true
	}
	return "", false
}

// process returns the name of a process that has one of these sockets open, and of init
// only if no other has: it opens the sockets of services and hands them on. The result is
// empty if this user may not look.
func process(sockets []row) string {
	links := make([]string, len(sockets))
	for i, s := range sockets {
		links[i] = fmt.Sprintf("socket:[%d]", s.owner)
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return ""
	}
	slices.SortFunc(processes, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, dir := range processes { // init, whose number is the shortest, is the last
		if hasOpen(dir, links) {
			return comm(dir)
		}
	}
	return ""
}

// hasOpen reports whether a descriptor of the process is one of these links.
func hasOpen(process string, links []string) bool {
	dir, err := os.Open(process + "/fd")
	if err != nil {
		return false
	}
	defer func() { _ = dir.Close() }()
	for {
		names, err := dir.Readdirnames(256)
		for _, name := range names {
			if to, err := os.Readlink(process + "/fd/" + name); err == nil && slices.Contains(links, to) {
				return true
			}
		}
		if err != nil {
			return false
		}
	}
}

// comm returns the name of a process (proc(5): 15 bytes, which the process may change).
func comm(process string) string {
	f, err := os.Open(process + "/comm")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	name, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return ""
	}
	return printable(strings.TrimSpace(string(name)))
}
