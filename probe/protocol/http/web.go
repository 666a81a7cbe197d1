// SPDX-License-Identifier: Apache-2.0

package http

// A Web is whose an answer over HTTP is, and what shows it.
type Web struct {
	Origin    Origin   `json:"origin,omitempty"`      // "" where it is not asked: outside of Exchange's directories
	Name      string   `json:"name,omitempty"`        // of the gateway, the proxy or the product: "HAProxy"; "" where it is not known
	Sign      string   `json:"sign,omitempty"`        // what shows it: "the header X-FEServer"
	Broken    bool     `json:"broken,omitempty"`      // it leads to a page for errors
	Unhealthy bool     `json:"unhealthy,omitempty"`   // the health page was asked for, and did not say 200 OK
	Server    string   `json:"server,omitempty"`      // that the health page names
	Odd       []string `json:"odd_headers,omitempty"` // header lines that are not as HTTP has them

	Doubtful bool `json:"-"` // another page would tell more
}

// An Origin is who gave an answer over HTTP.
type Origin string

// The origins. The last three tell how far an answer fits where nothing says
// whose it is.
const (
	OfExchange Origin = "exchange" // a header, a cookie or a place that only Exchange has
	OfIIS      Origin = "iis"      // the web server that Exchange runs in, and others, too
	OfWindows  Origin = "windows"  // HTTP.sys, the kernel driver before IIS, in its own name
	OfGateway  Origin = "gateway"  // a known gateway, which wants a login of its own
	OfProxy    Origin = "proxy"    // a proxy or load balancer without a server behind it
	OfProduct  Origin = "product"  // another product, a known one
	Hidden     Origin = "hidden"   // fits Exchange behind something that takes its headers out
	Unproved   Origin = "unproved" // may be Exchange's or anybody's
	Foreign    Origin = "foreign"  // does not fit Exchange
)
