// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/lookup"
	"exreach/probe/socket"
	"exreach/report"
	"exreach/report/judge"
)

// likelyPorts is what a server of Exchange, or one that it needs, most likely
// answers at.
var likelyPorts = []uint16{443, 25, 80, 135, 445, 389, 587, 53}

const tracedAtOnce = 4 // addresses of a name

// traceElsewhere is what to do on a system that cannot trace.
const traceElsewhere = "run it on a Linux machine in the same network, or check the log of the firewall"

func traceCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "trace",
		Usage:     "find out after which hop a port is blocked (Linux)",
		ArgsUsage: "HOST:PORT",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "udp", Usage: "trace UDP, in the protocol of the service that the catalogue has at the port"},
			&cli.IntFlag{Name: "compare", Usage: "compare with this TCP `PORT` of the host (default: the first of " + ports(likelyPorts) + " that answers)"},
			&cli.DurationFlag{Name: "timeout", Usage: "allow each path `TIME` in all (default 20s)"},
			resolveFlag(),
			&cli.StringFlag{Name: "source", Usage: "connect from `ADDRESS`, one of this machine's"},
			&cli.BoolFlag{Name: "4", Usage: "use IPv4 only"},
			&cli.BoolFlag{Name: "6", Usage: "use IPv6 only"},
			&cli.StringFlag{Name: "format", Usage: "write the result as `FORMAT`: " + strings.Join(report.TraceFormatNames(), ", ") + " (default table)"},
			&cli.StringFlag{Name: "color", Usage: "colour the table `WHEN`: auto, always or never (default auto, which honours NO_COLOR)"},
		},
		Action: func(c *cli.Context) error { return trace(c, w) },
	}
}

// A tracing is what a trace was asked for.
type tracing struct {
	tracer  hops.Tracer
	pool    *probe.Pool // which finds the addresses
	notes   io.Writer
	host    string
	service catalog.Service // what to ask at the port
	compare []uint16        // TCP ports to compare with
}

func trace(c *cli.Context, w world) error {
	t, err := tracingOf(c, w)
	if err != nil {
		return err
	}
	write, err := traceFormatOf(c)
	if err != nil {
		return err
	}
	style, err := styleOf(c, w, "")
	if err != nil {
		return err
	}
	if err := socket.CanTrace(); err != nil {
		return hinted(traceElsewhere, "exreach trace: %w", err)
	}
	r, err := t.report(c.Context)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := write(&text, r, style); err != nil {
		return err
	}
	if _, err := text.WriteTo(w.stdout); err != nil {
		return err
	}
	switch r.Worst() {
	case judge.Blocked:
		return notAsWanted
	case judge.Undecided:
		return cannotTell
	}
	return nil
}

// tracingOf is what the command line asks for.
func tracingOf(c *cli.Context, w world) (tracing, error) {
	if c.NArg() != 1 {
		example := "mail01.contoso.com:443"
		if c.NArg() == 2 && isNumber(c.Args().Get(1)) {
			example = net.JoinHostPort(c.Args().First(), c.Args().Get(1))
		}
		return tracing{}, hinted("exreach trace "+example, "%s: name one host with a port", c.Command.HelpName)
	}
	host, port, err := parseHostPort(c.Args().First())
	if err != nil {
		return tracing{}, err
	}
	pool, err := poolOf(c, w)
	if err != nil {
		return tracing{}, err
	}
	family, err := familyOf(c)
	if err != nil {
		return tracing{}, err
	}
	if host, err = hostOf(host, family); err != nil {
		return tracing{}, err
	}
	t := tracing{
		tracer:  hops.Tracer{Answers: 2, Source: pool.Source, Timeout: pool.Timeouts.Check},
		pool:    pool,
		notes:   w.stderr,
		host:    host,
		service: serviceAt(port, c.Bool("udp")),
		compare: likelyPorts,
	}
	if c.IsSet("compare") {
		other := c.Int("compare")
		if other < 1 || other > 65535 || other == int(port) && !c.Bool("udp") {
			return t, hinted("such as --compare 443", "option --compare: it must be another port, from 1 to 65535")
		}
		t.compare = []uint16{uint16(other)}
	}
	return t, nil
}

func traceFormatOf(c *cli.Context) (func(io.Writer, report.TraceReport, report.Style) error, error) {
	name := "table"
	if c.IsSet("format") {
		name = strings.ToLower(c.String("format"))
	}
	write, known := report.TraceFormats[name]
	if !known {
		return nil, &catalog.WordError{Kind: "format", Word: name, Accepted: report.TraceFormatNames()}
	}
	return write, nil
}

// report traces every address of the host, a few at a time.
func (t tracing) report(ctx context.Context) (report.TraceReport, error) {
	began := time.Now()
	name, err := t.resolve(ctx)
	if err != nil {
		return report.TraceReport{}, err
	}
	traces := make([]report.Traced, len(name.Addrs))
	var group errgroup.Group
	group.SetLimit(tracedAtOnce)
	for i, addr := range name.Addrs {
		group.Go(func() error {
			traces[i] = report.Traced{Address: addr.String(), Trace: report.NewTrace(t.trace(ctx, addr))}
			return nil
		})
	}
	_ = group.Wait() // the functions above return no error
	return report.TraceReport{
		Schema:  report.TraceSchema,
		Tool:    tool(),
		Host:    t.host,
		Name:    report.NewName(&name),
		Network: t.service.Network,
		Port:    t.service.Ports.First,
		Started: began.UTC().Truncate(time.Millisecond),
		Took:    time.Since(began).Round(time.Microsecond).Seconds(),
		Traces:  traces,
	}, nil
}

// trace traces one address, and where the port does not answer a port beside it
// that does.
func (t tracing) trace(ctx context.Context, addr netip.Addr) hops.Trace {
	port := t.service.Ports.First
	to := probe.NewTarget(catalog.Check{Host: t.host, Service: t.service}, netip.AddrPortFrom(addr, port))
	found := hops.Trace{Path: t.tracer.Path(ctx, to)}
	if found.Path.Err != nil || found.Path.Ended || found.Path.Open() {
		return found
	}
	var others []socket.Target
	for _, other := range t.compare {
		if other != port || t.service.Network == catalog.UDP {
			others = append(others, socket.Target{Network: catalog.TCP, Addr: netip.AddrPortFrom(addr, other)})
		}
	}
	if answering, ok := t.tracer.Answering(ctx, others); ok {
		beside := t.tracer.Path(ctx, answering)
		found.Beside = &beside
	}
	return found
}

// resolve finds the addresses of the host, and says what there is to know of them.
func (t tracing) resolve(ctx context.Context) (lookup.Name, error) {
	name, err := t.pool.Resolve(ctx, t.host)
	if err != nil {
		return name, fmt.Errorf("cannot look up host %s: %w", t.host, err)
	}
	for _, f := range judge.AboutName(t.host, name) {
		note(t.notes, "%s", f.Text)
	}
	return name, nil
}

// traceFlag lets exreach check trace as well.
func traceFlag() cli.Flag {
	return &cli.BoolFlag{Name: "trace", Usage: "for each timed-out port, show the last hop that its packets reach (Linux)"}
}

// tracerOf traces for exreach check; nil where that was not asked for, or this
// system cannot.
func tracerOf(c *cli.Context, pool *probe.Pool, notes io.Writer) *hops.Tracer {
	if !c.Bool("trace") {
		return nil
	}
	if err := socket.CanTrace(); err != nil {
		note(notes, "nothing is traced: %v", err)
		return nil
	}
	return &hops.Tracer{Source: pool.Source}
}

// parseHostPort takes mail01:443, 192.0.2.10:443 and [2001:db8::10]:443.
func parseHostPort(word string) (string, uint16, error) {
	if u, err := url.Parse(word); err == nil && u.Host != "" {
		port := cmp.Or(u.Port(), map[string]string{"http": "80"}[u.Scheme], "443")
		return "", 0, hinted(fmt.Sprintf("did you mean %s?", net.JoinHostPort(u.Hostname(), port)), "%q: it is a URL", word)
	}
	host, digits, err := net.SplitHostPort(word)
	if err != nil {
		hint := "write it as mail01.contoso.com:443, 192.0.2.10:443 or [2001:db8::10]:443"
		if host, alone := parseHost(word); alone == nil {
			hint = fmt.Sprintf("such as %s", net.JoinHostPort(host, "443"))
		}
		return "", 0, hinted(hint, "%q: there is no port in it", word)
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 {
		return "", 0, hinted("a port is a number from 1 to 65535", "%q: %q is not a port", word, digits)
	}
	host, err = parseHost(host)
	return host, uint16(port), err
}

// serviceAt is what is asked at a port. Over TCP a connect is enough; over UDP
// nobody answers but to a question, which the newest version that has a service
// at the port knows.
func serviceAt(port uint16, udp bool) catalog.Service {
	here := catalog.Ports{First: port, Last: port}
	if !udp {
		return catalog.Service{Network: catalog.TCP, Ports: here}
	}
	cat, err := catalog.Open()
	if err != nil {
		return catalog.Service{Network: catalog.UDP, Ports: here}
	}
	versions, err := cat.Versions()
	if err != nil {
		return catalog.Service{Network: catalog.UDP, Ports: here}
	}
	for _, v := range slices.Backward(versions) {
		for _, s := range v.Services {
			if s.Network == catalog.UDP && s.Ports == here {
				return s
			}
		}
	}
	return catalog.Service{Network: catalog.UDP, Ports: here}
}

func ports(list []uint16) string {
	var words []string
	for _, p := range list {
		words = append(words, fmt.Sprint(p))
	}
	return strings.Join(words, ", ")
}
