// SPDX-License-Identifier: Apache-2.0

package probe

import "exreach/probe/protocol"

// evidenceSize bounds the excerpt of what a peer said.
const evidenceSize = 160

// evidence is what the peer said first: before the handshake where that is
// what went wrong.
func (c *conversation) evidence(v Verdict) string {
	if c.raw == nil {
		return ""
	}
	said := c.words.head()
	if v == BadTLS {
		said = c.raw.head()
	}
	if isRecord(said) && (v == BadTLS || c.step() == protocol.TLS) {
		return "" // it tells people nothing, and Peer.TLSFailure has what it means
	}
	return protocol.Printable(c.run.mask.HideCut(string(said)), evidenceSize)
}

// isRecord reports whether bytes are a record of TLS (RFC 8446 section 5.1).
func isRecord(b []byte) bool { return len(b) > 1 && b[0] >= 20 && b[0] <= 23 && b[1] == 3 }
