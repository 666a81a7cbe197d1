// SPDX-License-Identifier: Apache-2.0

// Command server plays the server that the benchmarks measure against: every service
// of a catalogue file, on its own port of one address, each with its side of the
// conversation. It can also serve what a role of a version offers to clients. It prints one line when it is ready, and serves until it is interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/standin"
)

// version is the version whose rows of the catalogue file are served.
const version = "bench"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "server: %v\n", err)
		os.Exit(1)
	}
}

// serve runs the stand-in until ctx ends.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	options := flag.NewFlagSet("server", flag.ContinueOnError)
	options.SetOutput(stderr)
	file := options.String("catalog", "", "serve the rows of version "+version+" in this catalogue `FILE`")
	role := options.String("role", "", "serve instead what a client finds at a `VERSION/ROLE` of the catalogue, such as 2019/mailbox")
	from := options.String("from", catalog.DefaultFrom, "with -role, serve what a `CALLER` finds there: client, server or any other of the catalogue")
	address := options.String("address", "::", "listen on this `ADDRESS`; :: is everywhere, over IPv4 too")
	if err := options.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	at, err := netip.ParseAddr(*address)
	if err != nil {
		return fmt.Errorf("option -address: %w", err)
	}
	host := catalog.Host{Name: "mail01.bench.test", Version: "2019"}
	services, err := servicesOf(*file)
	if *role != "" {
		host.Version, host.Role, _ = strings.Cut(*role, "/")
		services, err = servicesFor(host, *from)
	}
	if err != nil {
		return err
	}
	server := standin.Server{Host: host.Name, Version: host.Version, Services: services, Addresses: []netip.Addr{at}}
	if err := server.Start(ctx); err != nil {
		return err
	}
	defer server.Close()
	fmt.Fprintf(stdout, "%d services on %s\n", len(services), at)
	<-ctx.Done()
	return nil
}

// servicesFor returns what a caller should find running at a host.
func servicesFor(host catalog.Host, from string) ([]catalog.Service, error) {
	plan, err := catalog.Open().Plan(catalog.Topology{Hosts: []catalog.Host{host}}, from)
	var services []catalog.Service
	for _, c := range plan {
		if c.Want != catalog.Required && c.Want != catalog.Optional {
			continue
		}
		services = append(services, c.Service)
		for _, b := range c.Behind {
			services = append(services, b.Service)
		}
	}
	return services, err
}

// servicesOf returns the rows of version in a catalogue file.
func servicesOf(file string) ([]catalog.Service, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalogue: %w", err)
	}
	defer f.Close()
	cat := catalog.Open()
	if err := cat.Add(file, f, slices.Sorted(maps.Keys(protocol.Table))); err != nil {
		return nil, err
	}
	v, err := cat.Version(version)
	return v.Services, err
}
