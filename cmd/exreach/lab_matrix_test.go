// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/report/content"
)

// A realServer is a port of ex-srv with a server that was not written here, and
// how it takes what is not meant for it.
type realServer struct {
	network string
	port    uint16
	tls     bool
	speaks  string   // its protocol
	waits   bool     // it says nothing before it is asked
	foreign []string // the verdicts that bytes of another protocol get; nil: mismatch
	only4   bool     // not over IPv6
}

// What servers do with the bytes of another protocol, other than answer.
var (
	waitsOrEnds = []string{"silent", "cut"}             // takes the bytes for the length of a message to come
	discards    = []string{"timed-out"}                 // drops the datagram
	picky       = []string{"mismatch", "silent"}        // answers some, skips others
	moody       = []string{"mismatch", "silent", "cut"} // does each of these
)

// What listens under the name of mail01, and under that of dc01.
var (
	mailServers = []realServer{
		{network: "tcp", port: 25, speaks: "smtp"},
		{network: "tcp", port: 110, speaks: "pop3"},
		{network: "tcp", port: 995, tls: true, speaks: "pop3"},
		{network: "tcp", port: 143, speaks: "imap"},
		{network: "tcp", port: 993, tls: true, speaks: "imap"},
		{network: "tcp", port: 119, speaks: "nntp"},
		{network: "tcp", port: 563, tls: true, speaks: "nntp"},
		{network: "tcp", port: 80, speaks: "http", waits: true},
		{network: "tcp", port: 443, tls: true, speaks: "http", waits: true},
		{network: "tcp", port: 1080, speaks: "caldav", waits: true, foreign: moody},
		{network: "tcp", port: 1081, speaks: "socks", waits: true, foreign: moody},
		{network: "tcp", port: 23, speaks: "telnet"},
		{network: "tcp", port: 3389, speaks: "rdp", waits: true, foreign: picky},
		{network: "tcp", port: 102, speaks: "rdp", waits: true, foreign: picky}, // TPKT as of X.400
		{network: "tcp", port: 5060, speaks: "sip", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 5061, tls: true, speaks: "sip", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 6667, speaks: "irc", waits: true, foreign: picky},
		{network: "tcp", port: 50389, speaks: "ldap", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 50636, tls: true, speaks: "ldap", waits: true, foreign: waitsOrEnds},
		{network: "udp", port: 123, speaks: "ntp", foreign: discards},
		{network: "udp", port: 5060, speaks: "sip", foreign: discards},
	}
	dcServers = []realServer{
		{network: "tcp", port: 53, speaks: "dns", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 88, speaks: "kerberos", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 464, speaks: "kpasswd", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 135, speaks: "rpc", waits: true, foreign: moody},
		{network: "tcp", port: 139, speaks: "smb", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 445, speaks: "smb", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 389, speaks: "ldap", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 636, tls: true, speaks: "ldap", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 3268, speaks: "ldap", waits: true, foreign: waitsOrEnds},
		{network: "tcp", port: 3269, tls: true, speaks: "ldap", waits: true, foreign: waitsOrEnds},
		{network: "udp", port: 53, speaks: "dns", foreign: picky}, // answers that it does not understand
		{network: "udp", port: 88, speaks: "kerberos", foreign: discards},
		{network: "udp", port: 464, speaks: "kpasswd", foreign: discards},
		{network: "udp", port: 389, speaks: "cldap", foreign: discards},
		{network: "udp", port: 137, speaks: "netbios-ns", foreign: discards, only4: true},
	}
)

// noServer are the protocols that no package of Debian serves: they can only be
// foreign to the servers here.
var noServer = []string{"h323", "link-state", "log-copier", "ncacn-http", "net-tcp", "t120", "winrm", "x400"}

// listens are the protocols whose clients wait for a greeting.
var listens = []string{"imap", "link-state", "ncacn-http", "nntp", "pop3", "smtp", "telnet"}

// A side is a role of the matrix's catalogue, and the host that plays it.
type side struct {
	role    string
	hosts   [2]string // over IPv4 and IPv6
	servers []realServer
}

var sides = []side{
	{"mail", [2]string{mail4, mail6}, mailServers},
	{"dc", [2]string{dc4, dc6}, dcServers},
}

// protocolMatrix asks every real server in every protocol: its own is answered,
// and nothing else ever is.
func (l *lab) protocolMatrix(t *testing.T) {
	l.firewall(t)
	everyProtocolHasAServer(t)
	file := l.file(t, "matrix.yaml", matrixCatalog())
	var each sync.WaitGroup
	defer each.Wait()
	for _, s := range sides {
		each.Go(func() { l.ask(t, s, file) })
	}
}

// ask asks one side. Most foreign questions have to be waited out, so the time
// is short; where nothing came in it that should have, there is a second asking
// with more, lest a slow machine looks like a silent server.
func (l *lab) ask(t *testing.T, s side, file string) {
	args := []string{s.hosts[0], s.hosts[1], "--catalog", file, "--version", "lab", "--role", s.role, "--from", "client", "--per-host", "64"}
	r, _ := l.check(t, append(args, "--timeout", "1500ms", "--connect-timeout", "1s")...)
	var late []string
	for _, c := range s.unwanted(r) {
		if c.verdict == "silent" || c.verdict == "timed-out" {
			late = append(late, c.row)
			continue
		}
		t.Error(c)
	}
	if late == nil {
		return
	}
	r, _ = l.check(t, append(args, "--timeout", "30s", "--only", strings.Join(late, ","))...)
	for _, c := range s.unwanted(r) {
		if slices.Contains(late, c.row) {
			t.Error(c)
		}
	}
}

// A cell is a row of the matrix at one address, and what came of it.
type cell struct {
	row, host, verdict string
	want               []string
}

func (c cell) String() string {
	return fmt.Sprintf("%s at %s: %s, want %s", c.row, c.host, cmp.Or(c.verdict, "no result"), strings.Join(c.want, " or "))
}

// unwanted is the cells in which r has another verdict than the server's nature
// allows.
func (s side) unwanted(r content.Report) []cell {
	verdicts := map[[2]string]string{}
	for _, e := range r.Results {
		verdicts[[2]string{e.Host, e.Service}] = string(e.Verdict)
	}
	var list []cell
	for i, host := range s.hosts {
		for _, server := range s.servers {
			for _, asker := range askers(server.network) {
				c := cell{server.row(asker), host, "", server.want(asker, i == 1)}
				c.verdict = verdicts[[2]string{host, c.row}]
				if !slices.Contains(c.want, c.verdict) {
					list = append(list, c)
				}
			}
		}
	}
	return list
}

// everyProtocolHasAServer fails where a protocol is missing from the tables
// above.
func everyProtocolHasAServer(t *testing.T) {
	t.Helper()
	known := append(slices.Clone(noServer), "tcp", catalog.AnyProtocol)
	for _, s := range slices.Concat(mailServers, dcServers) {
		known = append(known, s.speaks)
	}
	slices.Sort(known)
	table := slices.Sorted(maps.Keys(protocol.Table))
	if !slices.Equal(slices.Compact(known), table) {
		t.Fatalf("there are servers for, or none in Debian for, %q; protocol.Table has %q", slices.Compact(known), table)
	}
}

// askers are the protocols that can be asked over a network: over UDP those that
// a server here speaks over it.
func askers(network string) []string {
	over := map[string]bool{}
	for _, s := range slices.Concat(mailServers, dcServers) {
		if s.network == network {
			over[s.speaks] = true
		}
	}
	if network == "tcp" {
		for _, name := range noServer {
			over[name] = true
		}
	}
	return slices.Sorted(maps.Keys(over))
}

// matrixCatalog is a catalogue with a row for every protocol at every port.
func matrixCatalog() string {
	var b strings.Builder
	b.WriteString("version: lab\ntitle: The lab\nroles: [{name: mail, text: mail01}, {name: dc, text: dc01}]\nservices:\n")
	for _, side := range sides {
		for _, s := range side.servers {
			for _, asker := range askers(s.network) {
				fmt.Fprintf(&b, "  - {name: %s, role: %s, network: %s, port: %d, protocol: %s, wants: {client: required}", s.row(asker), side.role, s.network, s.port, asker)
				if s.tls {
					b.WriteString(", tls: implicit")
				}
				if asker == "http" {
					b.WriteString(", http: {path: /owa/, status: [302, 403]}")
				}
				b.WriteString("}\n")
			}
		}
	}
	return b.String()
}

// row names the row in which asker asks s.
func (s realServer) row(asker string) string {
	return fmt.Sprintf("%s-at-%s-%d", asker, s.network, s.port)
}

// want is the verdicts that asker may get of s.
func (s realServer) want(asker string, six bool) []string {
	switch {
	case six && s.only4:
		return []string{"refused"}
	case asker == s.speaks:
		return []string{"answered"}
	case s.waits && slices.Contains(listens, asker):
		return []string{"silent"}
	case s.foreign != nil:
		return s.foreign
	}
	return []string{"mismatch"}
}

// file writes a file that the command can read, and returns its name.
func (l *lab) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(l.exe), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
