// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is kept of a peer's words.
const (
	maxString       = 512 // bytes
	maxList         = 256 // entries
	maxGreeting     = 16  // lines of a greeting after its first
	maxEndpoints    = 2048
	maxAnnotation   = 64 // bytes of what an endpoint is called (C706 appendix N)
	maxCertificates = 10
	maxNames        = 50       // of one certificate
	maxText         = 32 << 10 // bytes of all lists and facts, and as many again of all certificates
)

// Printable returns what a peer said as one line that is safe on a terminal: it
// holds graphic characters and spaces only. Control characters, direction marks,
// odd spaces, letters that nobody sees and bytes that are not UTF-8 become escapes
// as Go writes them (\r, \x1b, \u202e). A backslash stays one, so that DOMAIN\user reads well and
// what is printable already does not change. The result has at most max bytes;
// an ellipsis ends it where something was left out.
//
// Markup and the formulas of spreadsheets are graphic too: the writers of HTML
// and CSV see to them.
func Printable(s string, max int) string {
	if len(s) <= max && isPlain(s) {
		return s
	}
	const more = "…"
	var out []byte
	fit := 0 // the length of out that leaves room for the ellipsis
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		out = appendPrintable(out, r, s[:n])
		switch {
		case len(out) <= max-len(more):
			fit = len(out)
		case len(out) > max && max < len(more):
			return ""
		case len(out) > max:
			return string(out[:fit]) + more
		}
		s = s[n:]
	}
	return string(out)
}

// isPlain reports whether s is printable ASCII, as most of what is said is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendPrintable appends the rune r that raw is decoded to.
func appendPrintable(out []byte, r rune, raw string) []byte {
	switch {
	case r == '\r':
		return append(out, `\r`...)
	case r == '\n':
		return append(out, `\n`...)
	case r == '\t':
		return append(out, `\t`...)
	case unicode.IsPrint(r) && !invisible(r) && (r != utf8.RuneError || len(raw) > 1):
		return append(out, raw...)
	case len(raw) == 1:
		return fmt.Appendf(out, `\x%02x`, raw[0])
	case r > 0xffff:
		return fmt.Appendf(out, `\U%08x`, r)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// invisible reports whether a graphic character leaves nothing to be seen: what
// may be left out where it cannot be drawn (Unicode's Default_Ignorable_Code_Point),
// and two that are drawn empty.
func invisible(r rune) bool {
	const brailleBlank, nullNotehead = 0x2800, 0x1d159
	return r == brailleBlank || r == nullNotehead || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Clean makes all that a peer said printable and bounded, and counts what it leaves
// out: 512 bytes for a string, 256 entries for a list, 10 certificates with 50
// names, 2048 endpoints.
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
			*s = Printable(*s, maxAnnotation)
		}
	}
	for i := range p.Logins {
		cleanStrings(&p.Logins[i].Method, &p.Logins[i].Said)
	}
	if p.Page != nil {
		p.Page.clean()
	}
	if p.Web != nil {
		p.Web.clean(&left)
	}
	if p.TLS != nil {
		p.TLS.clean()
	}
}

func (t *TLSInfo) clean() {
	left := maxText
	cleanStrings(&t.Version, &t.Cipher, &t.TrustError)
	t.Chain, t.MoreCertificates = bounded(t.Chain, maxCertificates)
	for i := range t.Chain {
		c := &t.Chain[i]
		cleanStrings(&c.Subject, &c.Issuer, &c.Key)
		c.Names, c.MoreNames = cleanList(c.Names, maxNames, &left)
	}
}

func cleanStrings(all ...*string) {
	for _, s := range all {
		*s = Printable(*s, maxString)
	}
}

// bounded is the beginning of a list, and how many more there are.
func bounded[T any](list []T, most int) ([]T, int) {
	kept := min(len(list), most)
	return list[:kept:kept], len(list) - kept
}

// cleanList is bounded, by what is left of the bytes as well.
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

// cleanFacts keeps the first facts in the order of their names, so that equal
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
