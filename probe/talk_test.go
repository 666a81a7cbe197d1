// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"testing"
	"testing/synctest"

	"exreach/catalog"
)

// TestOneLineOffer: a server that offers nothing is given a moment to say more,
// and the conversation goes on after it.
func TestOneLineOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(smtpServer)}
		check := smtpCheck("192.0.2.1", 587)
		check.Service.TLS = catalog.StartTLS
		res := collect(t.Context(), &Pool{Dial: network.dial}, check)[0]
		if res.Verdict != Answered || res.Peer.Facts["starttls"] != "not offered" {
			t.Errorf("%s: %s, %+v", res.Verdict, res.Detail, res.Peer)
		}
	})
}
