// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// capabilities reads sets of capabilities of a thread (proc(5), status) and returns their
// union.
func capabilities(status string, sets ...string) (uint64, error) {
	text, err := os.ReadFile(status)
	if err != nil {
		return 0, err
	}
	var union uint64
	for _, set := range sets {
		_, rest, found := strings.Cut("\n"+string(text), "\n"+set)
		if !found {
			return 0, fmt.Errorf("%s has no line %s", status, set)
		}
		line, _, _ := strings.Cut(rest, "\n")
		n, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", status, err)
		}
		union |= n
	}
	return union, nil
}

// dropCapabilities gives up what this process has without being root. Became is empty if
// that is nothing.
func dropCapabilities() (became string, err error) {
	before, err := allThreads()
	if err != nil {
		return "", fmt.Errorf("read this process's capabilities: %w", err)
	}
	if before == 0 {
		return "", nil
	}
	if err := seal(); err != nil {
		return "", err
	}
	if own, err := user.Current(); err == nil {
		return own.Username, nil
	}
	return strconv.Itoa(os.Getuid()), nil
}

// seal empties the sets of capabilities of all threads, and keeps programs that they start
// from getting any by a file's bits. It looks whether that came true.
func seal() error {
	if err := clearAll(); err != nil && !errors.Is(err, syscall.ENOTSUP) { // a build with cgo cannot reach all threads
		return fmt.Errorf("give up capabilities: %w", err)
	}
	left, err := allThreads()
	if err != nil {
		return fmt.Errorf("read this process's capabilities: %w", err)
	}
	if left != 0 {
		return fmt.Errorf("this process still has the capabilities %x", left)
	}
	return nil
}

// allThreads returns the capabilities that any thread has.
func allThreads() (uint64, error) {
	files, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(files) == 0 {
		return 0, errors.Join(err, os.ErrNotExist)
	}
	var union uint64
	for _, file := range files {
		held, err := capabilities(file, "CapPrm:", "CapEff:", "CapInh:", "CapAmb:")
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ESRCH) { // a thread may end meanwhile
			return 0, err
		}
		union |= held
	}
	return union, nil
}

// clearAll sets no_new_privs and empties the sets of capabilities, in every thread.
func clearAll() error {
	if _, _, errno := syscall.AllThreadsSyscall6(syscall.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return os.NewSyscallError("prctl", errno)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, errno := syscall.AllThreadsSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none[0])), 0)
	if errno != 0 {
		return os.NewSyscallError("capset", errno)
	}
	return nil
}
