// SPDX-License-Identifier: Apache-2.0

package protocol

import "time"

// TLSInfo is what a TLS handshake showed. Trust was not needed for it and is
// judged apart.
type TLSInfo struct {
	Version          string        `json:"version"`                     // "TLS 1.2"
	Cipher           string        `json:"cipher"`                      // IANA name
	Chain            []Certificate `json:"chain,omitempty"`             // as the server sent it, leaf first
	MoreCertificates int           `json:"more_certificates,omitempty"` // of the chain, that are not kept
	NameMatches      bool          `json:"name_matches"`                // the leaf is for the name that was asked for
	Trusted          bool          `json:"trusted"`                     // the chain leads to a root of this machine (dates and names apart)
	TrustError       string        `json:"trust_error,omitempty"`       // why it does not

	ClientCertificate bool `json:"client_certificate,omitempty"` // the server asked for a certificate of ours
}

// A Certificate is the part of an X.509 certificate that an administrator
// looks at.
type Certificate struct {
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	Names      []string  `json:"names,omitempty"`      // subject alternative names
	MoreNames  int       `json:"more_names,omitempty"` // that are not kept
	NotBefore  time.Time `json:"not_before"`
	NotAfter   time.Time `json:"not_after"`
	Key        string    `json:"key"` // "RSA 2048"
	SelfSigned bool      `json:"self_signed,omitempty"`
}
