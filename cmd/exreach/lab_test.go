// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"exreach/report/content"
)

// The addresses of the lab (lab/README.md).
const (
	mail4     = "10.77.3.10"
	mail6     = "fd77:3::10"
	dc4       = "10.77.3.20"
	dc6       = "fd77:3::20"
	dead4     = "10.77.3.99"
	firewall4 = "10.77.2.2"
	firewall6 = "fd77:2::2"
)

// TestLab runs the built command, as a user without rights, against the real
// servers that lab/up has started.
func TestLab(t *testing.T) {
	l := openLab(t)
	t.Run("every port", l.everyPort)
	t.Run("every protocol against every server", l.protocolMatrix)
	t.Run("any protocol", l.anyProtocol)
	t.Run("firewall", l.firewallModes)
	t.Run("datagrams", l.datagrams)
	t.Run("random bytes", l.randomBytes)
	t.Run("one dead address of two", l.oneDeadAddress)
	t.Run("no such name", l.noSuchName)
	t.Run("many names", l.manyNames)
	t.Run("odd names", l.oddNames)
	t.Run("swallowed AAAA", l.swallowedAAAA)
	t.Run("dead name servers", l.deadServers)
	t.Run("endpoint map", l.endpointMap)
	t.Run("RPC port dropped", l.rpcPortDropped)
	t.Run("interface not registered", l.notRegistered)
	t.Run("trace", l.traces)
	t.Run("findings", l.findingScenes)
	t.Run("credentials", l.credentials)
	t.Run("connection limits", l.connectionLimits)
	t.Run("stood still", l.stoodStill)
	t.Run("silences", l.silences)
	t.Run("decoys", l.decoys)
	t.Run("seldom ICMP", l.seldomICMP)
	t.Run("few descriptors", l.fewDescriptors)
	t.Run("Ctrl-C", l.interrupted)
}

// A lab is the command under test and where it runs.
type lab struct {
	exe     string
	scripts string // the folder lab/ of the project
	ca      string // the certificate of the lab's CA
}

func openLab(t *testing.T) *lab {
	if os.Geteuid() != 0 {
		t.Fatal("network namespaces need root")
	}
	if _, err := os.Stat("/run/netns/ex-client"); err != nil {
		t.Fatal("there is no lab: run lab/up first: ", err)
	}
	scripts, err := filepath.Abs("../../lab")
	if err != nil {
		t.Fatal(err)
	}
	// t.TempDir is for root only, and the command runs as nobody.
	dir, err := os.MkdirTemp("", "exreach-lab-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	store := cmp.Or(os.Getenv("EXREACH_LAB"), "/var/cache/exreach-lab")
	l := &lab{exe: filepath.Join(dir, "exreach"), scripts: scripts, ca: filepath.Join(store, "run/tls/ca.pem")}
	if out, err := exec.Command("go", "build", "-o", l.exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return l
}

// firewall gives ex-fw these rules and no others, until the test ends.
func (l *lab) firewall(t *testing.T, rules ...[]string) {
	t.Helper()
	set := func(args ...string) {
		if out, err := exec.Command(filepath.Join(l.scripts, "firewall"), args...).CombinedOutput(); err != nil {
			t.Fatalf("lab/firewall %q: %v\n%s", args, err, out)
		}
	}
	set("open")
	t.Cleanup(func() { set("open") })
	for _, rule := range rules {
		set(rule...)
	}
}

// inside is a command in the client's namespace that runs as nobody.
func (l *lab) inside(t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "ip", slices.Concat([]string{"netns", "exec", "ex-client",
		"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"}, args)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "SSL_CERT_FILE=" + l.ca}
	return cmd
}

// check runs exreach check with args and returns its report and exit code.
func (l *lab) check(t *testing.T, args ...string) (content.Report, int) {
	t.Helper()
	return l.report(t, l.inside(t, slices.Concat([]string{l.exe, "check", "--format", "json"}, args)...))
}

// report runs cmd and reads what it printed as a report.
func (l *lab) report(t *testing.T, cmd *exec.Cmd) (content.Report, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return parseReport(t, stdout.Bytes(), stderr.String()), cmd.ProcessState.ExitCode()
}

func parseReport(t *testing.T, stdout []byte, stderr string) content.Report {
	t.Helper()
	var r content.Report
	if err := json.Unmarshal(stdout, &r); err != nil {
		t.Fatalf("the report is not whole: %v\nstdout: %s\nstderr: %s", err, stdout, stderr)
	}
	return r
}

// dump is r's entries for a failing test's output.
func dump(entries ...content.Entry) string {
	out, err := json.MarshalIndent(entries, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(out)
}
