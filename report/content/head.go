// SPDX-License-Identifier: Apache-2.0

package content

import (
	"iter"

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
