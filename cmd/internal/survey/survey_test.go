// SPDX-License-Identifier: Apache-2.0

package survey_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// made is a survey of hosts that are named one by one.
func made(t *testing.T, o survey.Options, hosts ...string) (*survey.Survey, error) {
	t.Helper()
	cat := catalog.Open()
	targets, err := survey.Named(hosts, o)
	if err != nil {
		t.Fatal(err)
	}
	return survey.New(cat, targets)
}

// refusing is a pool for which every port is closed.
func refusing() *probe.Pool {
	return &probe.Pool{Dial: func(_ context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: string(network), Err: syscall.ECONNREFUSED}
	}}
}

// TestWords: a word that means nothing is told before anybody is asked, with what was
// meant.
func TestWords(t *testing.T) {
	for _, test := range []struct {
		options    survey.Options
		says, hint string
	}{
		{survey.Options{Version: "15.2"}, "unknown version \"15.2\": did you mean se or 2019?", "exreach asks the host which it is"},
		{survey.Options{Version: "2019", Role: "cas"}, "version 2019: unknown role", "since version 2016 the role mailbox does the work of client-access: --role mailbox, or"},
		{survey.Options{Role: "Transport"}, "version se: unknown role", "since version 2013 the role mailbox does the work of hub: "},
		{survey.Options{Version: "2003", Role: "mbx"}, "version 2003: unknown role", "in version 2003 the role back-end does that: "},
		{survey.Options{Version: "2010", Role: "cas"}, "version 2010: unknown role \"cas\": did you mean client-access?", ""},
		{survey.Options{Role: "cas,mbx"}, "unknown role", "name one role"},
		{survey.Options{Version: "2019", Only: []string{"20000-20010"}}, "no port of this plan is in the range 20000-20010", "nearest: "},
		{survey.Options{Version: "2019", Only: []string{"443-25"}}, `is called "443-25"`, "--only 25-443"},
		{survey.Options{Version: "2019", Only: []string{"443/udp"}}, `is called "443/udp"`, "--port 443/udp"},
		{survey.Options{Version: "2019", Skip: []string{"8443"}}, `is called "8443"`, "nearest: "},
		{survey.Options{Only: []string{"rpc-dynamic"}}, `is called "rpc-dynamic"`, "rpc-dynamic cannot be tested remotely: "},
		{survey.Options{Version: "2019", From: "mailbox", Only: []string{"443"}}, `is called "443"`, "443 is for client, "},
		{survey.Options{Version: "2019", Skip: []string{"smpt"}}, `is called "smpt"`, "nearest: smtp"},
		{survey.Options{Version: "2019", Only: []string{"smtp"}, Skip: []string{"smtp"}}, "nothing is left to check", "remove a word"},
	} {
		_, err := made(t, test.options, "mail01")
		m := new(survey.Mistake)
		if err == nil || errors.As(err, &m) != (test.hint != "") || !strings.Contains(err.Error(), test.says) || !strings.Contains(m.Hint, test.hint) {
			t.Errorf("%+v: %v, %+v", test.options, err, m)
		}
	}
}

// TestFilter: what is left of a plan, also where the word stands for something behind an
// endpoint mapper.
func TestFilter(t *testing.T) {
	for _, test := range []struct {
		options survey.Options
		want    string
	}{
		{survey.Options{Version: "2019", Only: []string{"143", "pop3"}}, "110 995 143"},
		{survey.Options{Version: "2019", Only: []string{"smtp"}, Skip: []string{"587"}}, "25"},
		{survey.Options{Version: "2019", Only: []string{"100-600"}, Skip: []string{"https"}}, "587 110 143"},
		{survey.Options{Version: "2019", Only: []string{"80/tcp", "IMAPS"}}, "993 80"},
		{survey.Options{Version: "2019", Only: []string{"pop3s", "1-90/tcp"}}, "25 995 80"},
		{survey.Options{Version: "2010", Role: "client-access", Only: []string{"emsmdb"}}, "135"},
	} {
		run, err := made(t, test.options, "192.0.2.1")
		if err != nil {
			t.Errorf("%+v: %v", test.options, err)
			continue
		}
		run.Pool = refusing()
		var ports []string
		for host := range run.Run(t.Context()) {
			for _, row := range host.Rows {
				ports = append(ports, fmt.Sprint(row.Port))
			}
		}
		if got := strings.Join(ports, " "); got != test.want {
			t.Errorf("%+v: ports %s, want %s", test.options, got, test.want)
		}
	}
}

// TestEvents: what is told of a run of two hosts, one of them named twice, and that
// progress ends.
func TestEvents(t *testing.T) {
	run, err := made(t, survey.Options{Version: "2010", Role: "mailbox"}, "192.0.2.1", "192.0.2.2", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	run.Pool, run.Every = refusing(), time.Hour
	var told []survey.Event
	over := false
	run.Watch = func(e survey.Event) {
		if p, ok := e.(survey.Progress); ok { // the first of these comes at any time
			over = p.Over
			return
		}
		told = append(told, e)
	}
	hosts := 0
	for range run.Run(t.Context()) {
		hosts++
	}
	want := []survey.Event{
		survey.Repeated{Host: "192.0.2.1"},
		survey.Defaults{From: "client"},
		survey.Thin{Version: "2010", Role: "mailbox", From: "client", Service: "endpoint-mapper", Busiest: "client-access", Services: 9},
	}
	if u := run.Untestable(); len(u) != 1 || u[0].Version != "2010" || u[0].Role != "mailbox" || u[0].Reason == "" || u[0].Ports == "" {
		t.Errorf("cannot be tested: %+v", u)
	}
	if hosts != 2 || !over || run.Unasked() != 0 || run.Err() != nil {
		t.Errorf("%d hosts, progress over %t, %d not asked, error %v", hosts, over, run.Unasked(), run.Err())
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(- want, + told):\n%s", diff)
	}
}

// TestProgress: in the end all hosts and checks are done, each once, also where a name has
// two addresses, so a check two results, where an endpoint mapper has others behind it, and
// where nothing was planned in advance.
func TestProgress(t *testing.T) {
	cat := catalog.Open()
	v, err := cat.Version("2010")
	if err != nil {
		t.Fatal(err)
	}
	services, err := v.ServicesOf("client-access")
	if err != nil {
		t.Fatal(err)
	}
	server := &standin.Server{Host: "mail01.contoso.example", Version: v.Name, Services: services}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	plan, err := cat.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: "mail01", Version: "2010", Role: "client-access"}}}, catalog.DefaultFrom)
	if err != nil {
		t.Fatal(err)
	}
	each := len(catalog.WithControls(plan))
	const few = 3
	for name, test := range map[string]struct {
		options survey.Options
		pipe    bool
	}{
		"the version is given": {survey.Options{Version: "2010", Role: "client-access"}, false},
		"it is found out":      {survey.Options{}, false},
		"a pipe":               {survey.Options{Version: "2010", Role: "client-access"}, true},
	} {
		list := survey.List{Name: "list", From: io.NopCloser(strings.NewReader("mail01\nmail02\nmail03\n")), Pipe: test.pipe}
		targets, err := survey.Listed(t.Context(), cat, list, test.options)
		if err != nil {
			t.Fatal(err)
		}
		run, err := survey.New(cat, targets)
		if err != nil {
			t.Fatal(err)
		}
		run.Pool = &probe.Pool{Dial: server.Dial, Shared: &probe.Shared{Trust: trust.New(server.Roots())}, Resolver: &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}, nil
		}}}
		run.Every = time.Millisecond
		var last survey.Progress
		run.Watch = func(e survey.Event) {
			if p, ok := e.(survey.Progress); ok {
				if p.Checks < last.Checks || p.Hosts < last.Hosts || last.Over {
					t.Errorf("%s: %+v after %+v", name, p, last)
				}
				last = p
			}
		}
		rows := 0
		for host := range run.Run(t.Context()) {
			for _, row := range host.Rows {
				if !row.Check.IsControl() {
					rows++
				}
			}
		}
		if !last.Over || last.Hosts != few || last.AllHosts != few || last.Checks != rows || last.AllChecks != rows || rows < 2*few*each {
			t.Errorf("%s: %+v; %d rows", name, last, rows)
		}
	}
}

// TestLeft: who stops listening ends the run, and what was not begun is counted.
func TestLeft(t *testing.T) {
	var list strings.Builder
	for n := range 2000 {
		fmt.Fprintf(&list, "192.0.%d.%d\n", n/250, 1+n%250)
	}
	o := survey.Options{Version: "2019", Only: []string{"25"}}
	cat := catalog.Open()
	targets, err := survey.Listed(t.Context(), cat, survey.List{Name: "list", From: io.NopCloser(strings.NewReader(list.String()))}, o)
	if err != nil {
		t.Fatal(err)
	}
	run, err := survey.New(cat, targets)
	if err != nil {
		t.Fatal(err)
	}
	run.Pool, run.Every = &probe.Pool{Dial: refusing().Dial, Shared: &probe.Shared{Limit: 4}}, time.Millisecond
	over := false
	run.Watch = func(e survey.Event) {
		if p, ok := e.(survey.Progress); ok {
			over = p.Over
		}
	}
	for range run.Run(t.Context()) {
		break
	}
	if !over || run.Unasked() == 0 {
		t.Errorf("the progress is over: %t; %d hosts not asked", over, run.Unasked())
	}
}
