// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/report/judge/identity"
)

// TestConcluded: where no version is known, the line says what answers if that is not
// Exchange.
func TestConcluded(t *testing.T) {
	answer := func(service string, port uint16, peer protocol.Peer) probe.Result {
		of := catalog.Service{Name: service, Protocol: service}
		return probe.Result{Check: catalog.Check{Service: of}, Port: port, Verdict: probe.Answered, Peer: &peer}
	}
	mail := func(greeting string) probe.Result { return answer("smtp", 25, protocol.Peer{Greeting: greeting}) }
	imap := answer("imap", 143, protocol.Peer{Greeting: "* OK Dovecot ready."})
	future := answer("http", 443, protocol.Peer{
		Facts: map[string]string{"x_owa_version": "16.0.1.1"}, Web: &web.Web{Origin: web.OfExchange},
	})
	for _, tt := range []struct {
		name    string
		results []probe.Result
		want    string
	}{
		{"nothing", nil, "does not say which version it is"},
		{"a build of the future", []probe.Result{future}, "mail reports a build of no known version (443: X-OWA-Version 16.0.1.1); it is Exchange and does not say which version it is"},
		{"a filter", []probe.Result{mail("220-InterScan Version 3.6-Build_1182 (mail): Ready")}, "mail: Trend Micro InterScan VirusWall answers, and what is behind was not seen; checking it as"},
		{"one product", []probe.Result{mail("220 mail ESMTP Postfix")}, "does not say that it is Exchange: Postfix answers;"},
		{"two products", []probe.Result{mail("220 mail ESMTP Postfix"), imap}, "does not say that it is Exchange: Postfix and Dovecot answer;"},
	} {
		got := concluded("mail", identity.Identify(tt.results), "se")
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q does not say %q", tt.name, got, tt.want)
		}
	}
}

// TestProgressText: how far a run is, as a line.
func TestProgressText(t *testing.T) {
	for want, p := range map[string]survey.Progress{
		"":                               {Over: true},
		"finding out the version, 0.4 s": {AllHosts: 1, Took: 400 * time.Millisecond, Left: -1},
		"1/3 checks, 0.5 s":              {AllHosts: 1, Checks: 1, AllChecks: 3, Took: 500 * time.Millisecond, Left: -1},
		"0/1000 hosts, 0/2000 checks, 0/s, ? left":          {AllHosts: 1000, AllChecks: 2000, Left: -1},
		"20/1000 hosts, 41/2000 checks, 20/s, 2 min left":   {Hosts: 20, AllHosts: 1000, Checks: 41, AllChecks: 2000, Rate: 19.5, Left: 100 * time.Second},
		"100/1000 hosts, 201/2000 checks, 20/s, 90 s left":  {Hosts: 100, AllHosts: 1000, Checks: 201, AllChecks: 2000, Rate: 20, Left: 90 * time.Second},
		"100/1000 hosts, 201/~2000 checks, 20/s, 90 s left": {Hosts: 100, AllHosts: 1000, Checks: 201, AllChecks: 2000, About: true, Rate: 20, Left: 90 * time.Second},
		"20 hosts, 41 checks, 20/s, ? left":                 {Hosts: 20, Checks: 41, Rate: 20, Left: -1},
	} {
		if got := progressText(p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		time.Second: "1 s", 99 * time.Second: "99 s", 999 * time.Second: "17 min", 20000 * time.Second: "6 h", 0: "0 s", -1: "?",
	} {
		if got := roughly(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

// TestSaid: the notes on what happens in a run, word for word.
func TestSaid(t *testing.T) {
	for want, e := range map[string]survey.Event{
		"checking 2 hosts as --version 2016, 1 host as --version se\n1 host of these did not report a version":                                                                                                                survey.AllIdentified{Versions: []survey.Taken{{Version: "2016", Hosts: 2}, {Version: "se", Hosts: 1}}, Mute: 1},
		"stdin: 3999 lines repeat a host, which is checked once: the first is mail01 in line 2":                                                                                                                               survey.RepeatedLines{List: "stdin", Lines: 3999, First: "mail01", Line: 2},
		"role mailbox of version 2010 has only one service for client, endpoint-mapper, but role client-access has 9: check with --role client-access too, or with --role auto, which takes every role whose services answer": survey.Thin{Version: "2010", Role: "mailbox", From: "client", Service: "endpoint-mapper", Busiest: "client-access", Services: 9},
	} {
		if got := strings.Join(said(e), "\n"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestStatusLine wants notes above the line, and the line never wider than the
// terminal.
func TestStatusLine(t *testing.T) {
	var screen bytes.Buffer
	l := &statusLine{terminal: &screen, width: 10}
	l.show("")
	l.show("0123456789abc")
	note(l, "done")
	l.show("7 s")
	l.show("")
	if want := "\r012345678\r         \rexreach: done\n\r7 s\r   \r"; screen.String() != want {
		t.Errorf("got %q, want %q", screen.String(), want)
	}
}

// TestKeepOpen: a console stays until Enter, or Ctrl-C.
func TestKeepOpen(t *testing.T) {
	for _, end := range []string{"Enter", "Ctrl-C"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			stdin, user := io.Pipe()
			defer user.Close()
			var stderr bytes.Buffer
			closed := make(chan struct{})
			go func() {
				keepOpen(ctx, world{stdin: stdin, stderr: &stderr})
				close(closed)
			}()
			synctest.Wait()
			select {
			case <-closed:
				t.Fatal("the window closed by itself")
			default:
			}
			if !strings.Contains(stderr.String(), "Press Enter to close this window.") {
				t.Errorf("it says %q", &stderr)
			}
			if end == "Enter" {
				fmt.Fprint(user, "\n")
			} else {
				interrupt()
			}
			<-closed
		})
	}
}
