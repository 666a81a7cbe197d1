// SPDX-License-Identifier: Apache-2.0

package far

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
	"exreach/probe/tape"
)

// changes finds what was changed on the way, in any of the connections of a check.
func changes(near Near, pairs []pair, m Meeting) (Sight, bool) {
	for _, p := range pairs {
		if p.came == nil || p.came.HalfOpen || p.came.Held || p.call.Untaped || p.call.Missed {
			continue
		}
		if s, changed := change(near.Network, p, m); changed {
			return s, true
		}
	}
	return Sight{}, false
}

// change finds what was changed in one connection: another certificate before a byte, and
// a STARTTLS that is gone before any other.
func change(network catalog.Network, p pair, m Meeting) (Sight, bool) {
	ours, theirs := p.call.Certificate, p.came.Certificate
	if ours != "" && theirs != "" && ours != theirs {
		return Sight{Direction: Changed, Why: CertificateChanged, Was: theirs, Is: ours}, true
	}
	differs := differsTCP
	if network == catalog.UDP {
		differs = differsUDP
	}
	at, isBack := differs(p.came.Sent, p.call.Received)
	if offer, gone := startTLSGone(p.came.Sent, p.call.Received); isBack && gone {
		s := quoted(p.came.Sent, p.call.Received, at)
		s.Why, s.Was = StartTLSGone, offer
		return s, true
	}
	if at, isThere := differs(p.call.Sent, p.came.Received); isThere {
		s := quoted(p.call.Sent, p.came.Received, at)
		s.Going = true
		return s, true
	}
	if isBack {
		return quoted(p.came.Sent, p.call.Received, at), true
	}
	if p.came.Token && len(m.Seen) > 0 && !m.knows(p.came) {
		return Sight{Direction: Changed, Why: ByProxy, Going: true, Was: m.Seen[0].String(), Is: p.came.From.Addr().String()}, true
	}
	return Sight{}, false
}

// differsTCP compares what was sent with what came over TCP. To receive less is no change:
// who hangs up does not read the rest.
func differsTCP(sent, came tape.Flow) (at int, differs bool) {
	if at, differs := came.Differs(sent); differs {
		return at, true
	}
	switch {
	case came.Bytes > sent.Bytes: // something was added
		return int(min(sent.Bytes, 1<<31-1)), true
	case came.Bytes == sent.Bytes && came.SHA256 != sent.SHA256:
		return min(len(sent.Head), len(came.Head)), true
	}
	return 0, false
}

// differsUDP does so for datagrams, of which any may be lost and some are sent again: what
// came differs only if it is not among what was sent.
func differsUDP(sent, came tape.Flow) (at int, differs bool) {
	switch {
	case came.Bytes == 0 || sent.Bytes == 0:
		return 0, false
	case came.Bytes == sent.Bytes:
		at, differs = came.Differs(sent)
		return at, differs || came.SHA256 != sent.SHA256
	case int64(len(sent.Head)) < sent.Bytes || int64(len(came.Head)) < came.Bytes:
		return 0, false // the heads do not have all of it
	case bytes.Contains(sent.Head, came.Head) || bytes.Contains(came.Head, sent.Head) || came.Begins(sent) || sent.Begins(came):
		return 0, false
	}
	return came.Differs(sent)
}

// startTLSGone finds the line that offers STARTTLS (RFC 3207; STLS, RFC 2595) in what was
// sent, if what came has none.
func startTLSGone(sent, came tape.Flow) (offer string, gone bool) {
	for _, word := range []string{"STARTTLS", "STLS"} {
		at := wire.IndexFold(string(sent.Head), word)
		if at >= 0 && len(came.Head) > 0 && wire.IndexFold(string(came.Head), word) < 0 && int64(at+len(word)) <= max(came.Bytes, int64(len(sent.Head))) {
			return quoteAt(sent.Head, at), true
		}
	}
	return "", false
}

// quoted tells of a change at a byte.
func quoted(sent, came tape.Flow, at int) Sight {
	return Sight{Direction: Changed, At: at, Was: quoteAt(sent.Head, at), Is: quoteAt(came.Head, at)}
}

// Bounds of a quotation.
const (
	quoteText  = 80 // bytes of a line
	quoteBytes = 12 // of what is no text
)

// quoteAt quotes the bytes around a place: the line that it is in if it is text, or else the
// next few bytes in hexadecimal.
func quoteAt(b []byte, at int) string {
	if at < 0 || at >= len(b) {
		return ""
	}
	begin := bytes.LastIndexByte(b[:at], '\n') + 1
	end := len(b)
	if n := bytes.IndexByte(b[at:], '\n'); n >= 0 {
		end = at + n
	}
	if line := bytes.TrimRight(b[begin:end], "\r"); isText(line) && len(line) > 0 {
		if at-begin > quoteText/2 { // the place is far to the right
			line = line[min(len(line)-1, at-begin-quoteText/4):]
		}
		return wire.Printable(string(line), quoteText)
	}
	return fmt.Sprintf("% x", b[at:min(len(b), at+quoteBytes)])
}

func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return utf8.Valid(b)
}
