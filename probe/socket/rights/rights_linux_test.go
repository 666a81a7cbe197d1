// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// child, in the environment, makes this test binary a process that gives up its privileges
// and says what it then is.
const child = "RIGHTS_TEST_CHILD"

func TestMain(m *testing.M) {
	if name, ok := os.LookupEnv(child); ok {
		os.Exit(confess(name))
	}
	os.Exit(m.Run())
}

// confess opens a port, drops, and prints what this process can still do.
func confess(name string) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	started := make(chan bool)
	for range 4 { // threads that must lose their privileges, too
		go func() {
			runtime.LockOSThread()
			started <- true
			select {}
		}()
		<-started
	}
	before := listenLow()
	became, err := Drop(name)
	left, _ := allThreads()
	groups, _ := syscall.Getgroups()
	_, secret := os.ReadFile(os.Getenv("RIGHTS_TEST_SECRET"))
	fmt.Printf("low before: %t\nbecame: %q\nerror: %v\nuid: %d %d\ngroups: %v\ncapabilities: %x\nlow refused: %v\nsecret: %v\n",
		before == nil, became, err, os.Getuid(), os.Geteuid(), groups, left, errors.Is(listenLow(), os.ErrPermission), errors.Is(secret, os.ErrPermission))
	again, err2 := Drop("")
	fmt.Printf("again: %q %v\n", again, err2)
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = io.WriteString(conn, "still here")
			_ = conn.Close()
		}
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err == nil {
		words, _ := io.ReadAll(conn)
		fmt.Printf("port: %s\n", words)
	}
	return 0
}

// listenLow opens a port below 1024, and closes it.
func listenLow() error {
	l, err := net.Listen("tcp", "127.0.0.77:917")
	if err != nil {
		return err
	}
	return l.Close()
}

// run starts the child as a user with capabilities, and returns what it prints.
func run(t *testing.T, drop string, as *syscall.SysProcAttr) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root has privileges to give up")
	}
	secret := t.TempDir() + "/secret"
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/proc/self/exe") // the way to it may be closed to others
	c.Env = []string{child + "=" + drop, "RIGHTS_TEST_SECRET=" + secret}
	c.SysProcAttr = as
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// lowAreKept reports whether this system keeps low ports from ordinary users.
func lowAreKept() bool {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
	return err != nil || strings.TrimSpace(string(text)) == "1024"
}

func want(t *testing.T, out string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(out, line+"\n") {
			t.Errorf("no line %q in:\n%s", line, out)
		}
	}
}

func TestRootBecomesNobody(t *testing.T) {
	to, err := target("")
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, "", &syscall.SysProcAttr{})
	want(t, out, "low before: true", fmt.Sprintf("became: %q", to.name), "error: <nil>", fmt.Sprintf("uid: %d %[1]d", to.uid),
		fmt.Sprintf("groups: [%d]", to.gid), "capabilities: 0", fmt.Sprintf("low refused: %t", lowAreKept()), "secret: true", `again: "" <nil>`, "port: still here")
}

func TestRootBecomesAUserByNumber(t *testing.T) {
	to, err := target("daemon")
	if err != nil {
		t.Skip(err)
	}
	want(t, run(t, fmt.Sprint(to.uid), &syscall.SysProcAttr{}), `became: "daemon"`, fmt.Sprintf("uid: %d %[1]d", to.uid), "capabilities: 0", "secret: true")
}

func TestRootStaysIfItCannotBecome(t *testing.T) {
	out := run(t, "no-such-user", &syscall.SysProcAttr{})
	want(t, out, `became: ""`, `error: this machine has no user "no-such-user": name another to become`, "uid: 0 0", "secret: false")
	want(t, run(t, "root", &syscall.SysProcAttr{}), `error: the user "root" has root's rights: name another to become`, "uid: 0 0")
}

// TestCapabilityAlone is what setcap gives: an ordinary user with one capability.
func TestCapabilityAlone(t *testing.T) {
	to, err := target("")
	if err != nil {
		t.Fatal(err)
	}
	out := run(t, "", &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: uint32(to.uid), Gid: uint32(to.gid)},
		AmbientCaps: []uintptr{unix.CAP_NET_BIND_SERVICE},
	})
	want(t, out, "low before: true")
	if _, _, errno := syscall.AllThreadsSyscall(syscall.SYS_GETPID, 0, 0, 0); errno == syscall.ENOTSUP {
		want(t, out, "error: this process still has the capabilities 400") // built with cgo, which exreach is not
		return
	}
	want(t, out, fmt.Sprintf("became: %q", to.name), "error: <nil>", "capabilities: 0", fmt.Sprintf("low refused: %t", lowAreKept()), "port: still here")
}

// TestOrdinaryUser has nothing to give up.
func TestOrdinaryUser(t *testing.T) {
	out := run(t, "daemon", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
	want(t, out, `became: ""`, "error: <nil>", "uid: 65534 65534", fmt.Sprintf("low refused: %t", lowAreKept()), "port: still here")
	if lowAreKept() {
		want(t, out, "low before: false")
	}
}
