// SPDX-License-Identifier: Apache-2.0

package survey_test

import (
	"context"
	"fmt"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// A host of which nothing is known but its name is asked what it is, and then all that
// such a host must offer. Here it is a stand-in.
func Example() {
	cat := catalog.Open()
	server := startHub(cat)
	defer server.Close()

	hosts, err := survey.Named([]string{"mail01.contoso.example"}, survey.Options{Only: []string{"smtp"}})
	if err != nil {
		panic(err)
	}
	run, err := survey.New(cat, hosts)
	if err != nil {
		panic(err)
	}
	run.Pool = &probe.Pool{Dial: server.Dial, Resolver: &lookup.Resolver{Lookup: server.Lookup}, Shared: &probe.Shared{Trust: trust.New(server.Roots())}}
	run.Watch = func(e survey.Event) {
		if found, ok := e.(survey.Identified); ok {
			fmt.Println(found.Host, "is version", found.Version)
		}
	}
	for host := range run.Run(context.Background()) {
		for _, row := range host.Rows {
			fmt.Println(row.Port, row.Check.Service.Name, row.Verdict, row.Grade)
		}
	}
	// Output:
	// mail01.contoso.example is version 2010
	// 25 smtp answered pass
	// 587 smtp-submission answered pass
}

// startHub starts a stand-in for a Hub Transport server of Exchange 2010.
func startHub(cat *catalog.Catalog) *standin.Server {
	v, err := cat.Version("2010")
	if err != nil {
		panic(err)
	}
	services, err := v.ServicesOf("hub")
	if err != nil {
		panic(err)
	}
	server := &standin.Server{Host: "mail01.contoso.example", Version: v.Name, Services: services}
	if err := server.Start(context.Background()); err != nil {
		panic(err)
	}
	return server
}
