// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// TestAddressLiteral: RFC 5321 section 4.1.3. An IPv4 address in the form of IPv6
// is one of IPv4; https://github.com/jstedfast/MailKit/issues/704 tells what a
// server of Windows says to the other.
func TestAddressLiteral(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.7":        "[192.0.2.7]",
		"::ffff:192.0.2.7": "[192.0.2.7]",
		"2001:db8::7":      "[IPv6:2001:db8::7]",
	} {
		if got := addressLiteral(&net.TCPAddr{IP: net.ParseIP(ip), Port: 4711}); got != want {
			t.Errorf("%s becomes %s, want %s", ip, got, want)
		}
	}
	if got := addressLiteral(&net.TCPAddr{IP: net.ParseIP("fe80::7"), Zone: "eth0"}); got != "[IPv6:fe80::7]" {
		t.Errorf("with a zone: %s", got)
	}
	if got := addressLiteral(&net.UnixAddr{Name: "@"}); got != "" {
		t.Errorf("without an address: %s", got)
	}
}

// TestHangsUpOnName: some servers hang up as they refuse the name.
func TestHangsUpOnName(t *testing.T) {
	const refused = "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)"
	const accepted = "220 a\r\n250-a\r\n250 SIZE\r\n221 bye\r\n"
	for name, test := range map[string]struct {
		first, second string
		redialed      bool
		refusal       string
		why           wire.Reason
	}{
		"hangs up, and takes the address":     {"220 a\r\n" + refused + "\r\n", accepted, true, "", ""},
		"says 421, and takes the address":     {"220 a\r\n421 4.7.1 <exreach.invalid>: Helo command rejected\r\n", accepted, true, "", ""},
		"hangs up both times":                 {"220 a\r\n" + refused + "\r\n", "220 a\r\n" + refused + "\r\n", true, refused, wire.OurName},
		"lets nobody connect again":           {"220 a\r\n" + refused + "\r\n", "", true, refused, wire.OurName},
		"says 421 because it goes away":       {"220 a\r\n421 4.3.2 Service not available\r\n", accepted, false, "421 4.3.2 Service not available", wire.Unavailable},
		"takes the address in the same words": {"220 a\r\n" + refused + "\r\n250 a\r\n221 bye\r\n", "", false, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q, redialed := question("smtp", catalog.NoTLS), false
			second := hangsUpAfter([]byte(test.second))
			q.Redial = func() (net.Conn, error) {
				redialed = true
				return second, nil
			}
			p, err := askSMTP(hangsUpAfter([]byte(test.first)), q)
			if p.Refusal != test.refusal || p.Reason != test.why || redialed != test.redialed || err != nil && test.refusal == "" {
				t.Errorf("error %v, asked again: %t, peer %+v", err, redialed, p)
			}
			if said := strings.Join(second.heard, ""); test.refusal == "" && redialed && !strings.HasPrefix(said, "EHLO [IPv6:::1]") {
				t.Errorf("the second time it said %q", said)
			}
		})
	}
}
