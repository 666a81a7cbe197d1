// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"maps"
	"slices"

	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// Limits on what exreach keeps of a peer's words.
const (
	maxString       = 512 // bytes
	maxList         = 256 // entries
	maxGreeting     = 16  // lines of a greeting after its first
	maxEndpoints    = 2048
	maxAnnotation   = 64 // bytes of an endpoint's annotation (C706 appendix N) and of its other strings
	maxCertificates = 10
	maxNames        = 50       // of one certificate
	maxText         = 32 << 10 // bytes of all lists and facts, and as many again of all certificates
)

// Clean makes all that a peer said printable and cuts it in place: to 512 bytes for a
// string, 256 entries for a list, 10 certificates with 50 names, 2048 endpoints. The
// More fields count what it leaves out. The pool calls it before anyone is shown p.
func (p *Peer) Clean() {
	left := maxText
	cleanStrings(&p.Greeting, &p.Refusal)
	p.GreetingRest, _ = cleanList(p.GreetingRest, maxGreeting, &left)
	p.Capabilities, p.MoreCapabilities = cleanList(p.Capabilities, maxList, &left)
	p.Facts, p.MoreFacts = cleanFacts(p.Facts, &left)
	p.Endpoints, p.MoreEndpoints = bounded(p.Endpoints, maxEndpoints)
	for i := range p.Endpoints {
		e := &p.Endpoints[i]
		for _, s := range []*string{&e.UUID, &e.Sequence, &e.Address, &e.Annotation} {
			*s = wire.Printable(*s, maxAnnotation)
		}
	}
	for i := range p.Logins {
		cleanStrings(&p.Logins[i].Method, &p.Logins[i].Said)
	}
	if p.Page != nil {
		p.Page.clean()
	}
	if p.Web != nil {
		cleanStrings(&p.Web.Name, &p.Web.Sign, &p.Web.Server)
		p.Web.Odd, _ = cleanList(p.Web.Odd, web.MaxOdd, &left)
	}
	if p.TLS != nil {
		p.TLS.clean()
	}
}

func (t *TLSInfo) clean() {
	left := maxText
	cleanStrings(&t.Version, &t.Cipher, &t.TrustError, &t.Unreadable)
	t.Chain, t.MoreCertificates = bounded(t.Chain, maxCertificates)
	for i := range t.Chain {
		c := &t.Chain[i]
		cleanStrings(&c.SHA256, &c.Subject, &c.Issuer, &c.Key)
		c.Names, c.MoreNames = cleanList(c.Names, maxNames, &left)
	}
}

func cleanStrings(all ...*string) {
	for _, s := range all {
		*s = wire.Printable(*s, maxString)
	}
}

// bounded returns the beginning of a list, most entries long, and how many more there are.
func bounded[T any](list []T, most int) ([]T, int) {
	kept := min(len(list), most)
	return list[:kept:kept], len(list) - kept
}

// cleanList makes the entries of a list printable and bounds the list, by most and by
// the bytes that are left. It takes the bytes of the entries off left.
func cleanList(list []string, most int, left *int) ([]string, int) {
	for i := range list {
		if i < most {
			cleanStrings(&list[i])
			*left -= len(list[i])
		}
		if *left < 0 {
			most = min(most, i)
		}
	}
	return bounded(list, most)
}

// cleanFacts keeps the first facts in the order of their names, so equal
// peers stay equal.
func cleanFacts(facts map[string]string, left *int) (map[string]string, int) {
	if facts == nil {
		return nil, 0
	}
	names, more := bounded(slices.Sorted(maps.Keys(facts)), maxList)
	clean := make(map[string]string, len(names))
	for i, name := range names {
		value := facts[name]
		cleanStrings(&name, &value)
		if *left -= len(name) + len(value); *left < 0 {
			return clean, more + len(names) - i
		}
		clean[name] = value
	}
	return clean, more
}
