// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"exreach/probe/protocol/tls12"
)

// A Lifetime is how long the certificate of a server, with all hosts that show it, is valid.
type Lifetime struct {
	Subject string
	SHA256  string // "" in reports of exreach/1
	From    time.Time
	Until   time.Time
	Began   time.Time // when the first run that showed it began, by the order of the hosts; zero if no start is known
	Hosts   int       // how many show it
	Names   []string  // of the first of them
}

// A lifetime is a Lifetime whose hosts are still coming.
type lifetime struct {
	Lifetime
	dated int // the order of the pair that Began is about
	pairs []orderedPair
}

// An Expiry is the certificate of a report that expires first.
type Expiry struct {
	At      time.Time // zero where no certificate was seen
	Subject string
	Host    string    // the first that has it
	Began   time.Time // when the run that saw it there began

	pair orderedPair
}

// ExpiryText says when a certificate expires or expired, counted from the start of the run that
// showed it: "expires in 12 days"; "" if the start is not known. In a joined report it names
// that start.
func (h Head) ExpiryText(l Lifetime) string {
	text := expiryText(l.Until, l.Began)
	if text != "" && h.IsJoined() {
		text += ", as of " + Run{Started: l.Began}.When()
	}
	return text
}

// ExpiryText says when the certificate of the server expires or expired, counted from the
// start of the run; "" if there is none, it never expires, or the start is not known.
func (e Entry) ExpiryText(began time.Time) string {
	end := notAfter(e)
	if end.IsZero() || e.Peer.TLS.Chain[0].IsEndless() {
		return ""
	}
	return expiryText(end, began)
}

func expiryText(end, began time.Time) string {
	switch {
	case end.IsZero() || began.IsZero():
		return ""
	case end.Before(began):
		return "expired " + fromNow(end, began)
	}
	return "expires " + fromNow(end, began)
}

// manyCertificates is how many certificates a report lists: those that expire first.
const manyCertificates = 4096

// certificates notes those of a host, each once. One that never expires has no lifetime.
func (t *Tracker) certificates(entries []Entry, pair orderedPair, began time.Time) {
	known := map[string]bool{}
	for _, e := range entries {
		end := notAfter(e)
		if end.IsZero() || e.Peer.TLS.Chain[0].IsEndless() {
			continue
		}
		cert := e.Peer.TLS.Chain[0]
		is := cmp.Or(cert.SHA256, fmt.Sprintf("%q %s", cert.Subject, end))
		if known[is] {
			continue
		}
		known[is] = true
		t.expire(cert, pair, began)
		t.live(is, cert, pair, began)
	}
}

// expire notes which certificate is the first to expire. Of those that expire at the same
// time, the one of the first host counts whose run has a known start.
func (t *Tracker) expire(cert tls12.Certificate, pair orderedPair, began time.Time) {
	first := &t.first
	if !first.At.IsZero() && cmp.Or(cert.NotAfter.Compare(first.At), datedFirst(began, first.Began), cmp.Compare(pair.order, first.pair.order)) >= 0 {
		return
	}
	*first = Expiry{At: cert.NotAfter, Subject: cert.Subject, Began: began, pair: pair}
}

// datedFirst compares two starts: a known one comes before one that is not known.
func datedFirst(a, b time.Time) int {
	switch {
	case a.IsZero() == b.IsZero():
		return 0
	case a.IsZero():
		return 1
	}
	return -1
}

// live notes how long a certificate is valid.
func (t *Tracker) live(is string, cert tls12.Certificate, pair orderedPair, began time.Time) {
	known := t.lifetimes[is]
	if known == nil {
		if len(t.lifetimes) == 2*manyCertificates {
			t.forgetLast()
		}
		known = &lifetime{Lifetime: Lifetime{Subject: cert.Subject, SHA256: cert.SHA256, From: cert.NotBefore, Until: cert.NotAfter}}
		t.lifetimes[is] = known
	}
	if cmp.Or(datedFirst(began, known.Began), cmp.Compare(pair.order, known.dated)) < 0 {
		known.Began, known.dated = began, pair.order
	}
	known.Hosts++
	if known.pairs = append(known.pairs, pair); len(known.pairs) == 2*manyNames {
		known.pairs = firstPairs(known.pairs)
	}
}

// forgetLast keeps the certificates that expire first.
func (t *Tracker) forgetLast() {
	all := slices.SortedFunc(maps.Keys(t.lifetimes), func(a, b string) int {
		return t.lifetimes[a].Until.Compare(t.lifetimes[b].Until)
	})
	for _, is := range all[manyCertificates:] {
		delete(t.lifetimes, is)
	}
}

// First returns the certificate that expires first, on a host that people call so.
func (t *Tracker) First(called func(Summary) string) Expiry {
	first := t.first
	first.Host = first.pair.called(called)
	return first
}

// Lifetimes returns the certificates of the servers, the first to expire first.
func (t *Tracker) Lifetimes(called func(Summary) string) []Lifetime {
	if len(t.lifetimes) > manyCertificates {
		t.forgetLast()
	}
	var all []Lifetime
	for _, l := range t.lifetimes {
		l.Names = firstNames(l.pairs, called)
		all = append(all, l.Lifetime)
	}
	slices.SortFunc(all, func(a, b Lifetime) int {
		return cmp.Or(a.Until.Compare(b.Until), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.SHA256, b.SHA256))
	})
	return all
}
