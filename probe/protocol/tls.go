// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"strings"

	"exreach/probe/protocol/tls12"
)

// TLSInfo is what a TLS handshake showed. The handshake goes on without trust, which
// is judged apart.
type TLSInfo struct {
	Version          string              `json:"version"`                     // "TLS 1.2"
	Cipher           string              `json:"cipher"`                      // IANA name
	Chain            []tls12.Certificate `json:"chain,omitempty"`             // as the server sent it, leaf first
	MoreCertificates int                 `json:"more_certificates,omitempty"` // how many of the chain Clean left out
	NameMatches      bool                `json:"name_matches"`                // the leaf is for the name that was asked for
	NameInSubject    bool                `json:"name_in_subject,omitempty"`   // it has that name, but as its common name alone
	Trusted          bool                `json:"trusted"`                     // the chain leads to a root of this machine (dates and names apart)
	TrustError       string              `json:"trust_error,omitempty"`       // why it does not

	Unreadable string `json:"unreadable,omitempty"`       // why strict clients refuse a certificate of the chain; it was read as far as it goes
	Unjudged   bool   `json:"trust_not_judged,omitempty"` // trust was not judged, so Trusted says nothing

	Hello       int `json:"hello_size,omitempty"`        // octets of our ClientHello, where its size mattered
	HelloFailed int `json:"failed_hello_size,omitempty"` // octets of one that the server did not answer

	ClientCertificate bool `json:"client_certificate,omitempty"` // the server asked for a certificate of ours
}

// DHE reports whether the server chose a cipher of finite fields, which no current
// browser offers.
func (t TLSInfo) DHE() bool { return strings.HasPrefix(t.Cipher, "TLS_DHE_") }

// A TLSFailure is what went wrong with TLS, where that has a name.
type TLSFailure struct {
	Cause TLSCause `json:"cause"`
	Alert uint8    `json:"alert,omitempty"` // the alert that the server sent (RFC 8446 section 6)
}

// A TLSCause is a kind of failure of TLS: a closed set.
type TLSCause string

// The causes.
const (
	TLSAlerted           TLSCause = "alert"              // the server sent an alert
	TLSInClear           TLSCause = "clear"              // what came was no TLS
	TLSRenegotiation     TLSCause = "renegotiation"      // the server asked for another handshake, which we do not do
	TLSCertificateWanted TLSCause = "certificate-wanted" // it asked for a client certificate in the middle of the conversation, and went no further without
	TLSUnreadable        TLSCause = "certificate"        // crypto/x509 refuses its certificate, and there was no other way to go on
	TLSBroken            TLSCause = "broken"             // it does not keep to the protocol, or we have nothing in common
)

// NotOffered is the fact "starttls" of a server that does not offer TLS, and the fact
// "nla" of one without Network Level Authentication. If a server offers TLS and then
// refuses, "starttls" is its reply.
const NotOffered = "not offered"
