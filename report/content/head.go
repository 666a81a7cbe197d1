// SPDX-License-Identifier: Apache-2.0

package content

import (
	"iter"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/tls12"
)

// A Head is what a report says before and after its results.
type Head struct {
	Report               // without its results
	Causes       []Cause // the worst first
	Versions     []VersionCount
	Expires      Expiry
	Certificates []Lifetime // of the servers, the first to expire first
	Partial      bool       // some results were left out of the report
	Grid         Grid       // empty unless the format shows one
	Elsewhere    []Place    // where else this report is written
	Files        []string   // that it was read from

	Parts           Parts                               // the hosts, as the format will get them
	AllCertificates iter.Seq2[tls12.Certificate, error] // each certificate of the results once
	Releases        *catalog.Releases                   // those that the checks of the run know; nil means those that come with exreach
}

// A Place is a file that a report is written to.
type Place struct{ Format, File string }

// A Part is what a Writer gets of a report at a time: a host, or several that are alike.
type Part struct {
	Summary
	Run     Run      // that saw it, where the Run of the Summary is only a number
	Entries []Entry  // of the host; nil if a line about it is enough
	Members []Member // the hosts with the same problems, for which this one stands; nil if it stands alone
	Brief   bool     // one of so many hosts that what is as wanted is only counted
}

// Parts yields the hosts of a report, as its format gets them. An error ends the sequence.
type Parts = iter.Seq2[Part, error]

// A Member is one of several hosts that are alike.
type Member struct {
	Host  string // in a joined report, with the run that saw it
	About string // its addresses, where its name is none, and its site
}

// MemberOf returns what a block says about one of its hosts.
func MemberOf(entries []Entry) Member {
	const few = 5 // addresses
	m := Member{Host: entries[0].Host}
	var about []string
	for _, e := range entries {
		if e.Address != "" && e.Address != e.Host && !slices.Contains(about, e.Address) && len(about) < few {
			about = append(about, e.Address)
		}
	}
	if site := entries[0].Site; site != "" {
		about = append(about, site)
	}
	m.About = strings.Join(about, ", ")
	return m
}

// Style is what the user, and the terminal, ask of a format. The zero value is right for a
// file or a pipe.
type Style struct {
	Color    bool // ANSI colours
	Width    int  // columns that no line exceeds; 0 is without limit
	Verbose  bool // also show notes, and all causes
	Problems bool // show only what is not as wanted
	Matrix   bool // show who reaches which host, instead of the results

	Separator rune // between the columns of csv and request; 0 is a comma
}
