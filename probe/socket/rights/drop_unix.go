// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rights

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

func drop(name string) (became string, err error) {
	if os.Geteuid() != 0 && os.Getuid() != 0 {
		return dropCapabilities()
	}
	to, err := target(name)
	if err != nil {
		return "", err
	}
	if err := become(to.uid, to.gid); err != nil {
		return "", fmt.Errorf("become the user %s: %w", to.name, err)
	}
	if err := seal(); err != nil {
		return "", err
	}
	if syscall.Setuid(0) == nil || syscall.Setgid(0) == nil || syscall.Seteuid(0) == nil {
		return "", errors.New("this process became root again after it had given that up")
	}
	return to.name, nil
}

// A person is a user of this machine.
type person struct {
	name     string
	uid, gid int
}

// nobody is the user without rights, where the system does not list one (Linux: overflowuid).
const nobody = 65534

// target finds the user to become.
func target(name string) (person, error) {
	wanted := name
	if name == "" {
		wanted = "nobody"
	}
	found, err := user.Lookup(wanted)
	if err != nil {
		found, err = user.LookupId(wanted)
	}
	if err != nil && name == "" {
		return person{wanted, nobody, nobody}, nil
	}
	if err != nil {
		return person{}, fmt.Errorf("this machine has no user %q: name another to become", name)
	}
	uid, err := strconv.Atoi(found.Uid)
	gid, err2 := strconv.Atoi(found.Gid)
	if err := errors.Join(err, err2); err != nil {
		return person{}, fmt.Errorf("the numbers of the user %q: %w", name, err)
	}
	if uid <= 0 || gid <= 0 {
		return person{}, fmt.Errorf("the user %q has root's rights: name another to become", name)
	}
	return person{found.Username, uid, gid}, nil
}

// become sets the groups, the group and the user of all threads, in this order: each takes
// the right to set the one before it.
func become(uid, gid int) error {
	if err := syscall.Setgroups([]int{gid}); err != nil {
		return os.NewSyscallError("setgroups", err)
	}
	if err := syscall.Setgid(gid); err != nil {
		return os.NewSyscallError("setgid", err)
	}
	return os.NewSyscallError("setuid", syscall.Setuid(uid))
}
