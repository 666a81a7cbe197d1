// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// TestDuring says where a check ended as people say it, and never by the name that
// the code has for it.
func TestDuring(t *testing.T) {
	for _, test := range []struct {
		step   protocol.Step
		spoken string
		want   string
	}{
		{protocol.Resolve, "", "while looking up the name"},
		{protocol.Connect, "smtp", "while connecting"},
		{protocol.TLS, "http", "in the TLS handshake"},
		{protocol.Greet, "imap", "waited for its greeting"},
		{protocol.Greet, "ldap", "waited for its first answer"},
		{protocol.Greet, "http", "waited for its first answer"},
		{protocol.Talk, "pop3", "in the conversation"},
	} {
		if got := during(test.step, test.spoken); !strings.Contains(got, test.want) || strings.Contains(got, `"`) {
			t.Errorf("%s of %s: %s, want %s", test.step, test.spoken, got, test.want)
		}
	}
}

// TestCutAfterGreeting: a service that greets and hangs up has done so, though the
// second connection is reset as it comes about.
func TestCutAfterGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(func(c net.Conn) { _, _ = c.Write([]byte("220 mail01.contoso.example ready\r\n")) })}
		dials := 0
		dial := func(ctx context.Context, n catalog.Network, at netip.AddrPort) (net.Conn, error) {
			if dials++; dials > 1 {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNRESET)}
			}
			return network.dial(ctx, n, at)
		}
		res := collect(t.Context(), &Pool{Dial: dial, Shared: &Shared{Gentle: true}}, smtpCheck("192.0.2.1", 25))[0]
		if res.Verdict != Cut || res.Step != protocol.Talk || !strings.HasPrefix(res.Evidence, "220 mail01") || dials < 2 {
			t.Errorf("%s in %s after %d connects: %s, evidence %q, %+v", res.Verdict, res.Step, dials, res.Detail, res.Evidence, res.Crowded)
		}
	})
}
