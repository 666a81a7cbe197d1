// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"exreach/report/content"
	"exreach/report/judge"
)

// wrongPassword is nobody's in the lab.
const wrongPassword = "Wrong-5f0c1d92"

// A login is what a service of the lab says to the user that lab/up made.
type login struct {
	service string
	auth    string // the fact "auth"
	tls     bool   // it is protected by TLS
}

// What the lab's servers say. Nothing gets the password in the clear.
var (
	dcLogins = []login{
		{"ldap", "ntlm: accepted; simple: not tried: no TLS", false},
		{"gc", "ntlm: accepted; simple: not tried: no TLS", false},
		{"ldaps", "ntlm: accepted; simple: accepted", true},
		{"gcs", "ntlm: accepted; simple: accepted", true},
		{"smb", "session: accepted; netlogon: opened", false},
		{"netbios-session", "session: accepted; netlogon: opened", false},
	}
	startTLSLogins = []login{
		{"ldap", "ntlm: accepted; simple: accepted", true},
		{"gc", "ntlm: accepted; simple: accepted", true},
	}
	mailLogins = []login{
		{"smtp-submission", "plain: accepted", true},
		{"imap", "plain: accepted", true},
		{"imaps", "plain: accepted", true},
		{"pop3", "plain: accepted", true},
		{"pop3s", "plain: accepted", true},
	}
)

// startTLSCatalog has the directory's ports with StartTLS.
const startTLSCatalog = `
version: windows
services:
  - {name: ldap, role: domain-controller, port: 389, protocol: ldap, tls: starttls, wants: {mailbox: required}}
  - {name: gc, role: domain-controller, port: 3268, protocol: ldap, tls: starttls, wants: {mailbox: required}}
`

// credentials logs in at the real servers, and must not make a failure of the
// network out of a wrong password.
func (l *lab) credentials(t *testing.T) {
	l.firewall(t)
	user, password := l.labUser(t)
	startTLS := l.file(t, "starttls.yaml", startTLSCatalog)
	for _, c := range []struct {
		name   string
		args   []string
		hosts  []string
		logins []login
	}{
		{"windows", []string{"--version", "windows", "--role", "domain-controller", "--from", "mailbox"}, []string{dc4, dc6}, dcLogins},
		{"se", []string{"--version", "se", "--role", "domain-controller", "--from", "mailbox"}, []string{dc4, dc6}, dcLogins},
		{"StartTLS", []string{"--version", "windows", "--role", "domain-controller", "--from", "mailbox", "--catalog", startTLS}, []string{dc4, dc6}, startTLSLogins},
		{"mail", []string{"--version", "2019", "--role", "mailbox", "--from", "client"}, []string{mail4, mail6}, mailLogins},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, code := l.logIn(t, user, password, append(c.hosts, c.args...)...)
			if code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			for _, host := range c.hosts {
				for _, want := range c.logins {
					want.compare(t, r, host)
				}
			}
		})
		t.Run(c.name+", wrong password", func(t *testing.T) {
			r, _ := l.logIn(t, user, wrongPassword, append(c.hosts, c.args...)...)
			for _, host := range c.hosts {
				refusedOnce(t, r, host, c.logins)
			}
		})
	}
}

// compare holds the one result of a service at host against what it must say.
func (want login) compare(t *testing.T, r content.Report, host string) {
	t.Helper()
	i := slices.IndexFunc(r.Results, func(e content.Entry) bool { return e.Host == host && e.Service == want.service })
	if i < 0 {
		t.Errorf("no result for %s at %s", want.service, host)
		return
	}
	e := r.Results[i]
	if e.Verdict != "answered" || e.Grade != judge.Pass || e.Peer == nil || e.Peer.Facts["auth"] != want.auth {
		t.Errorf("want answered and %q, got\n%s", want.auth, dump(e))
	}
	if secured := e.Peer != nil && e.Peer.TLS != nil; secured != want.tls {
		t.Errorf("TLS: %v, want %v, at\n%s", secured, want.tls, dump(e))
	}
}

// refusedOnce sees that host was asked with the wrong password once, which is a
// finding, and that everything answers as before.
func refusedOnce(t *testing.T, r content.Report, host string, logins []login) {
	t.Helper()
	refused := 0
	for _, e := range r.Results {
		if e.Host == host && has(e, "credentials-refused") {
			refused++
		}
		logsIn := slices.ContainsFunc(logins, func(l login) bool { return l.service == e.Service })
		if e.Host == host && logsIn && e.Verdict != "answered" {
			t.Errorf("want answered, got\n%s", dump(e))
		}
	}
	if refused != 1 {
		t.Errorf("%d results at %s have the finding credentials-refused, want 1:\n%s", refused, host, dump(r.Results...))
	}
}

// logIn runs exreach check with credentials. The password must show nowhere.
func (l *lab) logIn(t *testing.T, user, password string, args ...string) (content.Report, int) {
	t.Helper()
	file := l.file(t, "credentials", "user: "+user+"\npassword: "+password+"\n")
	if err := cmp.Or(os.Chmod(file, 0o600), os.Chown(file, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	cmd := l.inside(t, slices.Concat([]string{l.exe, "check", "--format", "json", "--credentials", file}, args)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // its exit code is looked at below
	if strings.Contains(stdout.String()+stderr.String(), password) {
		t.Error("the password shows in the output")
	}
	return parseReport(t, stdout.Bytes(), stderr.String()), cmd.ProcessState.ExitCode()
}

// labUser is the login that lab/up has written down.
func (l *lab) labUser(t *testing.T) (user, password string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(l.ca)), "credentials"))
	if err != nil {
		t.Fatal("the lab has no user: run lab/up: ", err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "user":
			user = value
		case "password":
			password = value
		}
	}
	return user, password
}
