// SPDX-License-Identifier: Apache-2.0

// Package contact is how the two ends of a link tell each other what they saw. The far end,
// a stand-in, answers over any of its TCP ports (Desk); the near end, a checker, reaches it
// there and asks its questions again with its tape running (Stage). Both prove that they
// know one code. For ends that no contact joins, package contact compares what was saved
// (Joint).
//
// A contact is TLS 1.3 with an application protocol of its own (ALPN), and in it lines of
// JSON. Each end proves the code with an HMAC over the nonces of both and the exporter of
// the TLS connection (RFC 9266): a proxy that opens TLS has two connections with two
// exporters, passes no proof on, and learns nothing of the code. Both ends are hostile
// until they have proved it, and bounded after that.
package contact

import "time"

// Protocol is the application protocol of a contact (RFC 7301). Another version of
// the contact has another name.
const Protocol = "exreach-contact/1"

// Bounds of a contact.
const (
	lineLimit    = 4 << 10          // bytes of any line but a record
	recordLimit  = 16 << 20         // bytes of a record
	proofTime    = 10 * time.Second // for all until both have proved the code
	requestTime  = 30 * time.Second // for a request and its answer
	idleTime     = 60 * time.Second // between two requests
	mostRequests = 64               // in a contact
)
