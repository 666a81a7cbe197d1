// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/report/judge"
)

// Summarize returns the answer for a host by its results. started is when the run began:
// certificates are judged as of then.
func Summarize(entries []Entry, started time.Time) Summary {
	l := newLedger(entries)
	s := Summary{Host: entries[0].Host, Site: entries[0].Site, Answer: l.answer(entries), Grade: judge.Pass, Care: judge.Pass, Cares: caresOf(entries, started)}
	for _, e := range entries {
		s.Grade, s.Care = judge.Worst(s.Grade, e.Grade), judge.Worst(s.Care, e.Care)
	}
	s.Ports, s.MorePorts = portsOf(entries, s.Grade)
	s.StandIn, s.Deploy = isStandIn(entries), deployOf(entries)
	return s
}

// manyPorts is how many of the ports that stop a host its summary names.
const manyPorts = 64

// portsOf returns the ports of a grade, unless that is pass or all of them are alike: what
// stops the host; and how many more there are. Of an RPC interface it is the name, because its
// port is another everywhere.
func portsOf(entries []Entry, grade judge.Grade) (ports []string, more int) {
	if grade == judge.Pass || WholeOf(entries) != nil || Quiet(entries) {
		return nil, 0
	}
	known := map[string]bool{}
	for e := range asRows(entries) {
		port := e.PortText()
		if e.Parent != "" {
			port = e.Service
		}
		if e.Grade != grade || known[port] {
			continue
		}
		if known[port] = true; len(ports) < manyPorts {
			ports = append(ports, port)
		} else {
			more++
		}
	}
	return ports, more
}

// manyCares is how many codes are told apart at a host: there are not so many, but a forged
// report may have any number.
const manyCares = 256

// caresOf sums up, by code, the findings of a host that weigh on its care. The worst come
// first.
func caresOf(entries []Entry, started time.Time) []Care {
	var concerns []*concern
	byCode := map[string]*concern{}
	for _, e := range entries {
		for _, f := range e.Findings {
			if f.WeighsOn != judge.OnCare {
				continue
			}
			c := byCode[f.Code]
			if c == nil && len(concerns) == manyCares {
				continue
			}
			if c == nil {
				c = &concern{code: f.Code, services: map[serviceKey]bool{}}
				byCode[f.Code] = c
				concerns = append(concerns, c)
			}
			c.add(e, f.Weight)
		}
	}
	if standIn := byCode["stand-in"]; standIn != nil { // which stands once for all answers of an address
		for _, e := range entries {
			if e.Peer != nil && e.Peer.StandIn {
				standIn.services[keyOf(e)] = true
			}
		}
	}
	var cares []Care
	for _, c := range concerns {
		cares = append(cares, Care{Code: c.code, Text: judge.Label(c.code) + expiry(c.code, c.end, started), Weight: c.weight, Services: len(c.services)})
	}
	slices.SortStableFunc(cares, func(a, b Care) int {
		return cmp.Or(judge.Compare(b.Weight, a.Weight), cmp.Compare(b.Services, a.Services))
	})
	return cares
}

// A concern is the findings of one code.
type concern struct {
	code     string
	weight   judge.Grade
	services map[serviceKey]bool
	end      time.Time // when the first of their certificates expires; zero where they have none
}

func (c *concern) add(e Entry, weight judge.Grade) {
	c.weight = judge.Worst(c.weight, weight)
	c.services[keyOf(e)] = true
	if end := notAfter(e); !end.IsZero() && (c.end.IsZero() || end.Before(c.end)) {
		c.end = end
	}
}

// expiry says when a certificate expired or will expire, for the findings about that.
func expiry(code string, end, started time.Time) string {
	if end.IsZero() || started.IsZero() {
		return ""
	}
	switch code {
	case "certificate-expired":
		return " " + fromNow(end, started)
	case "certificate-expires-soon":
		return ", " + fromNow(end, started)
	}
	return ""
}

// fromNow says how many days a time lies ahead, or back.
func fromNow(at, now time.Time) string {
	if at.Before(now) {
		return catalog.Count(catalog.Days(at, now), "day") + " ago"
	}
	return "in " + catalog.Count(catalog.Days(now, at), "day")
}

// notAfter is when the certificate of a server expires; zero if it showed none.
func notAfter(e Entry) time.Time {
	if e.Peer == nil || e.Peer.TLS == nil || len(e.Peer.TLS.Chain) == 0 {
		return time.Time{}
	}
	return e.Peer.TLS.Chain[0].NotAfter
}
