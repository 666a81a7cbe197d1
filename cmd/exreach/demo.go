// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// demoHost is the server of the demonstration. Names under .example are reserved
// (RFC 2606).
var demoHost = catalog.Host{Name: "mail01.contoso.example", Version: "2019", Role: "mailbox"}

// demoFaults is what is wrong with demoHost, by service: the front end's connector for
// submission is gone, something in the network accepts connections to 25 but never
// answers, and IMAP4 is turned on, with an expired certificate, while 143 leads to
// SMTP.
var demoFaults = map[string]standin.Fault{
	"smtp":            standin.Silent,
	"smtp-submission": standin.Refused,
	"imap":            standin.Foreign,
	"imaps":           standin.Expired,
}

func demoCommand(w world) *cli.Command {
	return &cli.Command{
		Name:   "demo",
		Usage:  "check a stand-in server on loopback, to see a report",
		Flags:  outputFlags(),
		Action: func(c *cli.Context) error { return demo(c, w) },
	}
}

func demo(c *cli.Context, w world) error {
	if err := noOperands(c); err != nil {
		return err
	}
	out, err := newOutput(c, w)
	if err != nil {
		return err
	}
	cat := catalog.Open()
	plan, err := cat.Plan(catalog.Topology{Hosts: []catalog.Host{demoHost}}, catalog.DefaultFrom)
	if err != nil {
		return err
	}
	server := standin.Server{Host: demoHost.Name, Version: demoHost.Version, Services: running(plan), Faults: demoFaults}
	if err := server.Start(c.Context); err != nil {
		return err
	}
	defer server.Close()
	pool := probe.Pool{
		Dial:     server.Dial,
		Resolver: &lookup.Resolver{Lookup: server.Lookup},
		Shared:   &probe.Shared{Trust: trust.New(server.Roots())},
		Timeouts: probe.Timeouts{Check: 3 * time.Second}, // loopback is fast: three seconds of silence are enough
	}
	hosts, err := survey.Named([]string{demoHost.Name}, survey.Options{Version: demoHost.Version, Role: demoHost.Role})
	if err != nil {
		return err
	}
	run, err := survey.New(cat, hosts)
	if err != nil {
		return err
	}
	out.standIn = true
	run.Began = time.Now()
	run.Pool, run.Watch = &pool, func(e survey.Event) {
		if _, ok := e.(survey.Progress); ok { // the other events would advise on a server that does not exist
			out.tell(e)
		}
	}
	if err := out.run(c.Context, run); err != nil {
		return err
	}
	note(out.notes, "this was a stand-in for an Exchange %s server, on loopback, with deliberate faults", demoHost.Version)
	note(out.notes, "your own server: exreach check mail01.contoso.com --version 2019")
	note(out.notes, "what is asked, and why: exreach catalog show 2019 mailbox")
	return nil
}

// running returns the services that the stand-in offers. Those that are off by default are
// off here too, unless demoFaults names them.
func running(plan []catalog.Check) []catalog.Service {
	var services []catalog.Service
	for _, c := range plan {
		services = append(services, running(c.Behind)...)
		if c.Want == catalog.Required || c.Want == catalog.Optional || demoFaults[c.Service.Name] != "" {
			services = append(services, c.Service)
		}
	}
	return services
}
