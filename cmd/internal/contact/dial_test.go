// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
)

// A narrow is a connection whose path lets so many bytes come, and loses the rest: the time
// for more is over at once.
type narrow struct {
	net.Conn
	left int
}

func (n *narrow) Read(b []byte) (int, error) {
	if n.left <= 0 {
		return 0, os.ErrDeadlineExceeded
	}
	got, err := n.Conn.Read(b[:min(len(b), n.left)])
	n.left -= got
	return got, err
}

// TestLargeLost: where the path loses large packets, the contact comes about in small ones,
// whether it stalls in the handshake or at the first long answer, and says so.
func TestLargeLost(t *testing.T) {
	for name, test := range map[string]struct {
		lets  int // bytes that come over a usual connection
		small bool
		want  far.ContactFailure
	}{
		"handshake":    {400, true, ""},
		"first answer": {4000, true, ""},
		"neither":      {1 << 20, true, ""},
		"not possible": {4000, false, far.Broken},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, "mailbox")
			pool := probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}
			plans := []probe.HostPlan{planOfRole(t, "127.0.0.1", "mailbox")}
			first := slices.Collect(pool.Run(t.Context(), slices.Values(plans)))[0]
			s := &Stage{}
			s.Codes.Add("", l.desk.Code)
			p := &proving{stage: s, pool: pool, host: first, at: Listener{Host: first.Host, Address: netip.MustParseAddr("127.0.0.1"), Of: 1}}
			through := func(lets int) dialer {
				return func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
					conn, err := l.Dial(ctx, catalog.TCP, to)
					return &narrow{conn, lets}, err
				}
			}
			p.dial = through(test.lets)
			if test.small {
				p.small = through(1 << 20)
			}
			c := p.prove(t.Context(), nil).Contacts[0]
			if c.Failed != test.want {
				t.Errorf("%+v", c)
			}
			told := strings.Contains(c.Note, "the MTU of the path is smaller")
			if lost := test.small && test.lets < 1<<20; told != lost {
				t.Errorf("the note is %q", c.Note)
			}
			if test.want == "" && c.Agree == 0 {
				t.Errorf("nothing was compared: %+v", c)
			}
		})
	}
}
