// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// TestDeliveryOf has the counters of real connections: of a firewall that drops all
// after the connect (asymmetric routing), of one that drops large packets, of
// devices that accept with a window of zero, and of a service that hangs.
func TestDeliveryOf(t *testing.T) {
	for _, tt := range []struct {
		name        string
		before, now socket.TCPState
		asked       bool
		want        Delivery
	}{
		{"nothing arrives", socket.TCPState{Segments: 1}, socket.TCPState{Unacked: 1, Resent: 5, Segments: 1}, true, NotArrived},
		{"nothing arrives after STARTTLS", socket.TCPState{Segments: 9, Data: 3}, socket.TCPState{Unacked: 1, Resent: 4, Segments: 9, Data: 3}, true, NotArrived},
		{"it may still arrive", socket.TCPState{}, socket.TCPState{Unacked: 1, Segments: 1}, true, Held},
		{"nobody hears the ACK", socket.TCPState{}, socket.TCPState{Segments: 4}, false, NotArrived},
		{"large packets are lost", socket.TCPState{Segments: 1}, socket.TCPState{Segments: 4, Data: 2, OutOfOrder: 2}, true, AnswerLost},
		{"some came out of order before", socket.TCPState{Segments: 9, Data: 7, OutOfOrder: 2}, socket.TCPState{Segments: 10, Data: 7, OutOfOrder: 2}, true, Held},
		{"the window is shut", socket.TCPState{Segments: 1}, socket.TCPState{Unsent: 315, Resent: 3, Segments: 6}, true, WindowShut},
		{"it hangs", socket.TCPState{Segments: 1}, socket.TCPState{Segments: 2}, true, Held},
		{"it hangs before its greeting", socket.TCPState{}, socket.TCPState{Segments: 1}, false, Held},
		{"an ACK was lost", socket.TCPState{Segments: 1}, socket.TCPState{Resent: 1, Segments: 3}, true, Held},
	} {
		if got := deliveryOf(tt.before, tt.now, tt.asked); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestAskInSmall: where a peer answers in small segments what it did not in
// large ones, the path loses those; nobody else is asked in that way.
func TestAskInSmall(t *testing.T) {
	// inTurn is a balancer before servers of which those named by 'h' hang.
	inTurn := func(servers string) func(net.Conn) {
		var next atomic.Int32 // the first has hung
		return func(c net.Conn) {
			if servers[int(next.Add(1))%len(servers)] == 'h' {
				silentServer(c)
			} else {
				smtpServer(c)
			}
		}
	}
	for _, tt := range []struct {
		name    string
		res     Result
		serve   func(net.Conn)
		lost    bool // large packets are lost
		inSmall bool // it is known that none are
	}{
		{"one of two hangs", Result{Silence: &Silence{Delivery: Held}, Step: protocol.Talk}, inTurn("h-"), false, false},
		{"two of three hang", Result{Silence: &Silence{Delivery: Held}, Step: protocol.Talk}, inTurn("h-h"), false, false},
		{"three of four hang", Result{Silence: &Silence{Delivery: Held}, Step: protocol.Talk}, inTurn("h-hh"), false, false},
		{"answers", Result{Silence: &Silence{Delivery: Held}, Step: protocol.Talk}, smtpServer, true, false},
		{"was slow", Result{Silence: &Silence{Delivery: Held}, Step: protocol.Talk}, smtpServer, false, false},
		{"hangs", Result{Silence: &Silence{Delivery: Held}, Step: protocol.Talk}, silentServer, false, true},
		{"hangs up", Result{Silence: &Silence{Delivery: Held}, Step: protocol.Talk}, closingServer, false, false},
		{"nothing arrived", Result{Silence: &Silence{Delivery: NotArrived}, Step: protocol.Talk}, smtpServer, false, false},
		{"had nothing to answer", Result{Silence: &Silence{Delivery: Held}, Step: protocol.Greet}, smtpServer, false, false},
		{"not known", Result{Step: protocol.Talk}, smtpServer, false, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			network := &fakeNet{serve: always(tt.serve)}
			r := newRun(t.Context(), &Pool{Dial: network.dial})
			small := &fakeNet{serve: always(tt.serve)}
			if tt.lost {
				network.serve = always(silentServer)
			}
			r.small = func(ctx context.Context, at netip.AddrPort) (net.Conn, error) { return small.dial(ctx, "tcp", at) }
			at := netip.MustParseAddrPort("192.0.2.1:25")
			tt.res.Check = smtpCheck("192.0.2.1", 25)
			a := r.newHost(HostPlan{Host: "192.0.2.1"}).newAsking(tt.res.Check, at, nil)
			q := &inquiry{asking: a, found: tt.res}
			if q.asksInSmall() {
				q.askInSmall(t.Context())
			}
			if s := q.found.Silence; s != nil && (s.Delivery == AnswerLost) != tt.lost || s != nil && s.InSmall != tt.inSmall {
				t.Errorf("%s: %+v", tt.name, *s)
			}
			if network.open+small.open != 0 {
				t.Errorf("%s: %d connections left open", tt.name, network.open+small.open)
			}
		})
	}
}
