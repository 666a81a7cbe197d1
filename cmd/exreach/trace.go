// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/socket"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/route"
)

// traceElsewhere is the hint on a system that cannot trace.
const traceElsewhere = "run it on a Linux machine in the same network, or check the log of the firewall"

func traceCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "trace",
		Usage:     "find out after which hop a port is blocked (Linux)",
		ArgsUsage: "HOST:PORT",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "udp", Usage: "trace UDP, in the protocol of the service that the catalogue has at the port"},
			commandline.RangedFlag{
				IntFlag:  &cli.IntFlag{Name: "compare", Usage: "compare with this TCP `PORT` of the host (default: one of " + portList(catalog.LikelyPorts) + " that answers)"},
				Accepted: "1 to 65535",
			},
			&cli.DurationFlag{Name: "timeout", Usage: "allow each path `TIME` in all (default 20s)"},
			resolveFlag(),
			&cli.StringFlag{Name: "source", Usage: "connect from `ADDRESS`, one of this machine's"},
			&cli.BoolFlag{Name: "4", Usage: "use IPv4 only"},
			&cli.BoolFlag{Name: "6", Usage: "use IPv6 only"},
			&cli.StringFlag{Name: "format", Value: "table", Usage: "write the result as `FORMAT`: " + strings.Join(report.TraceFormatNames(), ", ") + " (default table)"},
			colorFlag(),
		},
		Action: func(c *cli.Context) error { return trace(c, w) },
	}
}

func trace(c *cli.Context, w world) error {
	t, pool, err := traceOf(c, w)
	if err != nil {
		return err
	}
	format, err := report.FormatNamed(strings.ToLower(c.String("format")), report.TraceFormatNames())
	if err != nil {
		return err
	}
	style, err := styleOf(c, w)
	if err != nil {
		return err
	}
	if err := socket.CanTrace(); err != nil {
		return hinted(traceElsewhere, "exreach trace: %w", err)
	}
	r, err := traceReport(c.Context, t, pool, w)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := format.Trace(&text, r, style); err != nil {
		return err
	}
	if _, err := text.WriteTo(w.stdout); err != nil {
		return err
	}
	switch r.Worst() {
	case route.Blocked:
		return notAsWanted
	case route.Undecided:
		return undetermined
	}
	return nil
}

// traceOf returns the trace that the command line asks for, and the pool that looks up the
// addresses of its host.
func traceOf(c *cli.Context, w world) (t survey.Trace, pool *probe.Pool, err error) {
	if c.NArg() != 1 {
		example := "mail01.contoso.com:443"
		if c.NArg() == 2 && strings.Trim(c.Args().Get(1), "0123456789") == "" {
			example = net.JoinHostPort(c.Args().First(), c.Args().Get(1))
		}
		return t, nil, hinted("exreach trace "+example, "%s: name one host with a port", c.Command.HelpName)
	}
	host, port, err := survey.ParseHostPort(c.Args().First())
	if err != nil {
		return t, nil, err
	}
	if pool, err = poolOf(c, w); err != nil {
		return t, nil, err
	}
	t.Tracer = hops.Tracer{Answers: 2, Source: pool.Source, Timeout: pool.Timeouts.Check}
	family, err := familyOf(c)
	if err != nil {
		return t, nil, err
	}
	if t.Host, err = survey.HostOf(host, family); err != nil {
		return t, nil, err
	}
	t.Service = catalog.Service{Network: catalog.TCP, Ports: catalog.Ports{First: port, Last: port}} // connecting is enough
	if c.Bool("udp") {
		cat := catalog.Open()
		t.Service = cat.UDPService(port)
	}
	if t.Compare = catalog.LikelyPorts; c.IsSet("compare") {
		other := c.Int("compare")
		if other < 1 || other > 65535 || other == int(port) && !c.Bool("udp") {
			return t, nil, hinted("such as --compare 443", "option --compare: it must be another port, from 1 to 65535")
		}
		t.Compare = []uint16{uint16(other)}
	}
	return t, pool, nil
}

// traceReport traces every address of the host.
func traceReport(ctx context.Context, t survey.Trace, pool *probe.Pool, w world) (content.TraceReport, error) {
	began := time.Now()
	name, err := pool.Resolve(ctx, t.Host)
	if err != nil {
		return content.TraceReport{}, fmt.Errorf("cannot look up host %s: %w", t.Host, err)
	}
	for _, f := range judge.AboutName(t.Host, name) {
		note(w.stderr, "%s", f.Text)
	}
	traces := t.Run(ctx, name.Addrs)
	machine, _ := os.Hostname() // without a name the report says less
	return content.TraceReport{
		Schema:  content.TraceSchema,
		Tool:    tool(),
		Machine: machine,
		Host:    t.Host,
		Name:    content.NewName(&name),
		Network: t.Service.Network,
		Port:    t.Service.Ports.First,
		Started: began.UTC().Truncate(time.Millisecond),
		Took:    time.Since(began).Round(time.Microsecond).Seconds(),
		Traces:  traces,
	}, nil
}

// portList writes ports with commas between them.
func portList(ports []uint16) string {
	words := make([]string, len(ports))
	for i, p := range ports {
		words[i] = strconv.Itoa(int(p))
	}
	return strings.Join(words, ", ")
}
