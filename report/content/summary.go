// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/report/judge"
)

// Summarize returns the answer for a host by its results. started is when the run began:
// certificates are judged as of then.
func Summarize(entries []Entry, started time.Time) Summary {
	l := newLedger(entries)
	s := Summary{Host: entries[0].Host, Answer: l.answer(entries), Grade: judge.Pass, Care: judge.Pass, Cares: caresOf(entries, started)}
	for _, e := range entries {
		s.Grade, s.Care = judge.Worst(s.Grade, e.Grade), judge.Worst(s.Care, e.Care)
	}
	return s
}

// caresOf sums up, by code, the findings of a host that weigh on its care. The worst come
// first.
func caresOf(entries []Entry, started time.Time) []Care {
	var cares []Care
	at := map[string]int{}
	services := map[string]map[serviceKey]bool{}
	for _, e := range entries {
		for _, f := range e.Findings {
			if f.WeighsOn != judge.OnCare {
				continue
			}
			i, known := at[f.Code]
			if !known {
				i = len(cares)
				at[f.Code], services[f.Code] = i, map[serviceKey]bool{}
				cares = append(cares, Care{Code: f.Code, Text: judge.Label(f.Code) + expiry(f.Code, e, started), Weight: f.Weight})
			}
			services[f.Code][keyOf(e)] = true
			cares[i].Weight = judge.Worst(cares[i].Weight, f.Weight)
			cares[i].Services = len(services[f.Code])
		}
	}
	slices.SortStableFunc(cares, func(a, b Care) int {
		return cmp.Or(judge.Compare(b.Weight, a.Weight), cmp.Compare(b.Services, a.Services))
	})
	return cares
}

// expiry says when a certificate expired or will expire, for the findings about that.
func expiry(code string, e Entry, started time.Time) string {
	end := notAfter(e)
	if end.IsZero() || started.IsZero() {
		return ""
	}
	days := int(end.Sub(started).Hours() / 24)
	switch {
	case code == "certificate-expired":
		return " " + catalog.Count(-days, "day") + " ago"
	case code == "certificate-expires-soon":
		return fmt.Sprintf(", in %s", catalog.Count(days, "day"))
	}
	return ""
}

// notAfter is when the certificate of a server expires; zero if it showed none.
func notAfter(e Entry) time.Time {
	if e.Peer == nil || e.Peer.TLS == nil || len(e.Peer.TLS.Chain) == 0 {
		return time.Time{}
	}
	return e.Peer.TLS.Chain[0].NotAfter
}
