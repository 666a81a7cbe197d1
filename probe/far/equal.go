// SPDX-License-Identifier: Apache-2.0

package far

import (
	"bytes"
	"slices"

	"exreach/catalog"
	"exreach/probe/tape"
)

// areEqual reports whether every connection of a check arrived, and its bytes are the same at
// both ends, both ways. One that did not come about, and did not arrive, had none.
func areEqual(network catalog.Network, pairs []pair) bool {
	some := slices.ContainsFunc(pairs, func(p pair) bool { return p.came != nil })
	return some && !slices.ContainsFunc(pairs, func(p pair) bool {
		return !(p.came == nil && p.call.Missed) && !p.isEqual(network)
	})
}

func (p pair) isEqual(network catalog.Network) bool {
	if p.came == nil || p.came.HalfOpen || p.came.Held || p.call.Untaped || p.call.Missed {
		return false
	}
	equal := tape.Flow.Equals
	if network == catalog.UDP {
		equal = equalUDP
	}
	return equal(p.call.Sent, p.came.Received) && equal(p.came.Sent, p.call.Received)
}

// equalUDP reports whether what came is what was sent. A datagram may be sent again, and be
// lost: either is then the same words, more or less often.
func equalUDP(sent, came tape.Flow) bool {
	if sent.Equals(came) {
		return true
	}
	if sent.Bytes == 0 || came.Bytes == 0 || int64(len(sent.Head)) < sent.Bytes || int64(len(came.Head)) < came.Bytes {
		return false
	}
	one := sent.Head[:divisor(len(sent.Head), len(came.Head))]
	return isRepeated(one, sent.Head) && isRepeated(one, came.Head)
}

// divisor returns the greatest common divisor.
func divisor(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// isRepeated reports whether all is one, over and over.
func isRepeated(one, all []byte) bool {
	for len(all) > 0 {
		if !bytes.HasPrefix(all, one) {
			return false
		}
		all = all[len(one):]
	}
	return true
}
