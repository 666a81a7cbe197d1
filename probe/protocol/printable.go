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
	maxString    = 512 // bytes
	maxList      = 256 // entries
	maxEndpoints = 4096
)

// Printable returns what a peer said as one line that is safe on a terminal: it
// holds graphic characters and spaces only. Control characters, direction marks,
// odd spaces and bytes that are not UTF-8 become escapes as Go writes them
// (\r, \x1b, \u202e). A backslash stays one, so that DOMAIN\user reads well and
// what is printable already does not change. The result has at most max bytes;
// an ellipsis ends it where something was left out.
//
// Markup and the formulas of spreadsheets are graphic too: the writers of HTML
// and CSV see to them.
func Printable(s string, max int) string {
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

// appendPrintable appends the rune r that raw is decoded to.
func appendPrintable(out []byte, r rune, raw string) []byte {
	switch {
	case r == '\r':
		return append(out, `\r`...)
	case r == '\n':
		return append(out, `\n`...)
	case r == '\t':
		return append(out, `\t`...)
	case unicode.IsPrint(r) && (r != utf8.RuneError || len(raw) > 1):
		return append(out, raw...)
	case len(raw) == 1:
		return fmt.Appendf(out, `\x%02x`, raw[0])
	case r > 0xffff:
		return fmt.Appendf(out, `\U%08x`, r)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// Clean makes all that a peer said printable and bounded: 512 bytes for a
// string, 256 entries for a list, 4096 for an endpoint map.
func (p *Peer) Clean() {
	cleanStrings(&p.Greeting, &p.Refusal)
	p.Capabilities = cleanList(p.Capabilities)
	p.Facts = cleanFacts(p.Facts)
	p.Endpoints = p.Endpoints[:min(len(p.Endpoints), maxEndpoints)]
	for i := range p.Endpoints {
		e := &p.Endpoints[i]
		cleanStrings(&e.UUID, &e.Sequence, &e.Address, &e.Annotation)
	}
	if p.Web != nil {
		p.Web.clean()
	}
	if p.TLS != nil {
		p.TLS.clean()
	}
}

func (t *TLSInfo) clean() {
	cleanStrings(&t.Version, &t.Cipher, &t.TrustError)
	t.Chain = t.Chain[:min(len(t.Chain), maxList)]
	for i := range t.Chain {
		c := &t.Chain[i]
		cleanStrings(&c.Subject, &c.Issuer, &c.Key)
		c.Names = cleanList(c.Names)
	}
}

func cleanStrings(all ...*string) {
	for _, s := range all {
		*s = Printable(*s, maxString)
	}
}

func cleanList(list []string) []string {
	list = list[:min(len(list), maxList)]
	for i := range list {
		cleanStrings(&list[i])
	}
	return list
}

// cleanFacts keeps the first facts in the order of their names, so that equal
// peers stay equal.
func cleanFacts(facts map[string]string) map[string]string {
	if facts == nil {
		return nil
	}
	names := slices.Sorted(maps.Keys(facts))
	clean := make(map[string]string, len(names))
	for _, name := range names[:min(len(names), maxList)] {
		clean[Printable(name, maxString)] = Printable(facts[name], maxString)
	}
	return clean
}
