// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// TestReasonOf reads what mail servers say, in their own words.
func TestReasonOf(t *testing.T) {
	for said, want := range map[string]wire.Reason{
		// https://github.com/eleith/emailjs/issues/202, https://github.com/cmail-mta/cmail/issues/24
		"450 4.2.0 Greylisted, see http://postgrey.schweikert.ch/help/": wire.Limited,
		"451 4.7.1 Graylisted, please try again":                        wire.Limited,
		"554 5.4.7 IP address throttled":                                wire.Limited,
		"421 Too many connections from your host":                       wire.Limited,
		// https://github.com/mailcow/mailcow-dockerized/issues/85, https://github.com/omega8cc/boa/issues/532
		"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]": wire.OurName,
		"550 5.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]":         wire.OurName,
		"554 no rDNS": wire.OurName,
		// https://github.com/jstedfast/MailKit/issues/1073
		"NO LOGOUT Intrusion prevention active for 192.0.2.1":                 wire.OurAddress,
		"554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied": wire.OurAddress,
		"554 blocked using zen.spamhaus.org":                                  wire.OurAddress,
		"421 4.3.2 Service not available":                                     wire.Unavailable,
		"550 5.7.1 Unable to relay":                                           "",
	} {
		if got := reasonOf(said); got != want {
			t.Errorf("%s: %q, want %q", said, got, want)
		}
	}
}

// TestIMAPGreetsWithNo: a server that says no before anything else has said it, unless
// a greeting follows (https://github.com/jstedfast/MailKit/issues/1073).
func TestIMAPGreetsWithNo(t *testing.T) {
	for said, want := range map[string]Peer{
		"* NO not now\r\n":    {Greeting: "* NO not now", Refusal: "* NO not now"},
		"* BAD shut down\r\n": {Greeting: "* BAD shut down", Refusal: "* BAD shut down"},
		" NO LOGOUT Intrusion prevention active for 192.0.2.1\r\n": {
			Greeting: "NO LOGOUT Intrusion prevention active for 192.0.2.1",
			Refusal:  "NO LOGOUT Intrusion prevention active for 192.0.2.1", Reason: wire.OurAddress},
		"* NO a warning\r\n* BYE later\r\n": {Greeting: "* BYE later", Refusal: "* BYE later"},
	} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			p, err := pipeTo(askIMAP, question("imap", catalog.NoTLS), func(conn net.Conn) {
				_, _ = conn.Write([]byte(said))
				_, _ = conn.Read(make([]byte, 100))
			})
			if err != nil || p.Greeting != want.Greeting || p.Refusal != want.Refusal || p.Reason != want.Reason || time.Since(begin) > patience {
				t.Errorf("%q: %+v after %v (error %v)", said, p, time.Since(begin), err)
			}
		})
	}
}
