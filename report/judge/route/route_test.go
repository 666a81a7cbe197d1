// SPDX-License-Identifier: Apache-2.0

package route

import (
	"errors"
	"net/netip"
	"testing"

	"exreach/catalog"
	"exreach/probe/hops"
	"exreach/probe/socket"
	"exreach/report/judge/scene"
)

func over(network catalog.Network, p hops.Path) hops.Path {
	p.Network = network
	return p
}

func besides(p hops.Path) *hops.Path { return &p }

// self makes this machine the sender of the last hop.
func self(p hops.Path) hops.Path {
	p.Hops[len(p.Hops)-1].Self = true
	return p
}

const there = "10.0.9.9!accepted"

// What the comparison of two paths proves, and no more.
func TestConcludeTrace(t *testing.T) {
	const r1, r2, r3, r4 = "10.0.1.1", "10.0.2.2", "10.0.3.3", "10.0.4.4"
	ended := scene.Way(135, r1, "-", "-")
	ended.Ended = true
	unasked := scene.Way(135)
	unasked.Err = errors.New("connect: network is unreachable")
	unborn := scene.Way(135)
	unborn.Ended = true
	circle := make([]string, 30)
	for i := range circle {
		circle[i] = []string{r1, r2}[i%2]
	}
	tests := []struct {
		name    string
		path    hops.Path
		beside  *hops.Path
		outcome Outcome
		want    string
	}{
		{"open", scene.Way(443, r1, r2, there), nil, Open,
			"Port 443 goes through to the server, at hop 3: nothing on the path blocks it."},
		{"open behind a silent hop", scene.Way(443, "-", r2, there), nil, Open,
			"Port 443 goes through to the server, at hop 3: nothing on the path blocks it. Hop 1 does not answer but lets it pass."},
		{"open, and nobody else speaks", scene.Way(443, "-", "-", there), nil, Open,
			"Port 443 goes through to the server, at hop 3: nothing on the path blocks it. Hops 1, 2 do not answer but let it pass."},

		{"dropped by the last router, or the server", scene.Way(135, r1, r2, "-", "-"), besides(scene.Way(443, r1, r2, there)), Blocked,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall."},
		{"dropped before the last router", scene.Way(135, r1, "-", "-"), besides(scene.Way(443, r1, r2, r3, there)), Blocked,
			"Port 135 stops after 10.0.1.1, port 443 goes on to 10.0.2.2 and the server: what drops it is 10.0.1.1 or 10.0.2.2."},
		{"the next hop is silent for both", scene.Way(135, r1, "-", "-"), besides(scene.Way(443, r1, "-", there)), Blocked,
			"Port 135 stops after 10.0.1.1, port 443 goes on to the server: what drops it is 10.0.1.1, hop 2 (which does not answer for port 443 either) or the server's own firewall."},
		{"two silent hops, then a router", scene.Way(135, r1, "-", "-", "-"), besides(scene.Way(443, r1, "-", "-", r4, there)), Blocked,
			"Port 135 stops after 10.0.1.1, port 443 goes on to 10.0.4.4 and the server: what drops it is 10.0.1.1, one of the hops 2 to 3 (which do not answer for port 443 either) or 10.0.4.4."},
		{"the first router is silent", scene.Way(135, "-", r2, "-", "-"), besides(scene.Way(443, "-", r2, there)), Blocked,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall. Hop 1 does not answer but lets it pass."},
		{"nothing leaves", scene.Way(135, "-", "-"), besides(scene.Way(443, r1, r2, there)), Blocked,
			"Port 135 stops after this machine, port 443 goes on to 10.0.1.1 and the server: what drops it is this machine's own firewall or 10.0.1.1."},
		{"no router speaks", scene.Way(135, "-", "-", "-"), besides(scene.Way(443, "-", "-", there)), Blocked,
			"Port 135 stops after this machine, port 443 goes on to the server: what drops it is this machine's own firewall, one of the hops 1 to 2 (which do not answer for port 443 either) or the server's own firewall."},
		{"on the same network", scene.Way(135, "-", "-"), besides(scene.Way(443, there)), Blocked,
			"Port 135 stops after this machine, port 443 goes on to the server: what drops it is this machine's own firewall or the server's own firewall."},
		{"a port that only resets shows the way, too", scene.Way(135, r1, "-"), besides(scene.Way(80, r1, "10.0.9.9!reset")), Blocked,
			"Port 135 stops after 10.0.1.1, port 80 goes on to the server: what drops it is 10.0.1.1 or the server's own firewall."},

		{"nothing to compare with", scene.Way(135, r1, r2, "-"), nil, Undecided,
			"Port 135 stops after 10.0.2.2. No other port of the server is known to answer, so it may be down, or everything to it is dropped."},
		{"nothing at all", scene.Way(135, "-", "-"), nil, Undecided,
			"Nothing comes back for port 135, from the server or a hop on the way: where it stops is not known."},
		{"the other port is gone, too", scene.Way(135, r1, "-"), besides(scene.Way(443, r1, "-", "-")), Undecided,
			"Port 135 stops after 10.0.1.1, and so does port 443 now, which answered before: packets are being lost, or something blocks this machine."},
		{"the other port got farther, not to the end", scene.Way(135, r1, "-"), besides(scene.Way(443, r1, r2, "-")), Blocked,
			"Port 135 stops after 10.0.1.1, port 443 goes on to 10.0.2.2: what drops it is 10.0.1.1 or 10.0.2.2."},
		{"the blocked port's way is longer", scene.Way(135, r1, r2, r3, "-"), besides(scene.Way(443, r1, r2, there)), Blocked,
			"Port 135 stops after 10.0.3.3 at hop 3, and port 443 reaches the server at hop 3: the two take different paths."},
		{"routing loop", scene.Way(135, circle...), nil, Undecided,
			"Port 135 is still on its way after 30 hops: its packets are most likely in a routing loop."},

		{"two routers at one distance", scene.Way(135, "10.0.1.1,10.0.1.5", r2, "-"), besides(scene.Way(443, r1, r2, there)), Blocked,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall. " +
				"Packets take several paths (at hop 1: 10.0.1.1 or 10.0.1.5), so not every connect passes the same hops."},
		{"another router for the other port", scene.Way(135, r1, r2, "-"), besides(scene.Way(443, r1, "10.0.2.7", there)), Blocked,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall. " +
				"Packets take several paths (at hop 2: 10.0.2.2 or 10.0.2.7), so not every connect passes the same hops."},

		{"prohibited", scene.Way(135, r1, r2, "10.0.2.2!prohibited"), besides(scene.Way(443, r1, r2, there)), Blocked,
			"10.0.2.2 says that a rule forbids port 135 (administratively prohibited), port 443 goes on to the server."},
		{"prohibited, nothing else open", scene.Way(135, r1, "10.0.2.2!prohibited"), nil, Blocked,
			"10.0.2.2 says that a rule forbids port 135 (administratively prohibited)."},
		{"no way", scene.Way(135, r1, "10.0.2.2!unreachable"), nil, Blocked,
			"10.0.2.2 says that there is no way to the server."},
		{"a firewall that rejects", scene.Way(135, r1, "10.0.2.2!port-unreachable"), nil, Blocked,
			"10.0.2.2 says that port 135 is unreachable (ICMP port unreachable)."},
		{"a device says no", scene.Way(135, r1, "?!unreachable"), nil, Blocked,
			"A device on the path says that there is no way to the server."},
		{"the server's firewall says so", scene.Way(135, r1, "10.0.9.9!prohibited"), nil, Blocked,
			"The server itself says that a rule forbids port 135 (administratively prohibited): its own firewall."},
		{"this machine's firewall says so", self(scene.Way(135, "10.0.0.1!prohibited")), nil, Blocked,
			"This machine itself says that a rule forbids port 135 (administratively prohibited): its own firewall."},
		{"nobody has the address", self(scene.Way(135, "10.0.0.1!unreachable")), nil, Undecided,
			"This machine itself says that there is no way to the server: there is no route, or nothing on its own network answers for the address."},

		{"closed", scene.Way(135, r1, r2, "10.0.9.9!reset"), besides(scene.Way(443, r1, r2, there)), Undecided,
			"Port 135 is refused in the server's name (RST), at hop 3: nothing drops it on the way. Nothing listens there, or the firewall before the server resets it."},
		{"reset by this machine, or in front of it", scene.Way(135, "10.0.9.9!reset"), besides(scene.Way(443, r1, r2, there)), Blocked,
			"Port 135 is reset after this machine, at hop 1, and the server is at hop 3, as port 443 shows: a firewall before it refuses in its name."},
		{"reset close by, and nothing to compare with", scene.Way(135, "10.0.9.9!reset"), nil, Undecided,
			"Port 135 is refused in the server's name (RST), at hop 1: nothing drops it on the way. Nothing listens there, or the firewall before the server resets it."},
		{"denied by this machine", self(scene.Way(135, "?!prohibited")), nil, Blocked,
			"This machine itself says that a rule forbids port 135 (administratively prohibited): its own firewall."},
		{"closed on the same network", scene.Way(135, "10.0.9.9!reset"), besides(scene.Way(443, there)), Open,
			"The server itself refuses port 135 (RST), with no router in between: nothing on the path blocks it."},
		{"reset before the server", scene.Way(135, r1, "10.0.9.9!reset"), besides(scene.Way(443, r1, r2, r3, there)), Blocked,
			"Port 135 is reset after 10.0.1.1, at hop 2, and the server is at hop 4, as port 443 shows: a firewall before it refuses in its name."},
		{"reset on another path", scene.Way(135, r1, "10.0.9.9!reset"), besides(scene.Way(443, "10.0.1.5", r2, r3, there)), Undecided,
			"Port 135 is refused in the server's name (RST), at hop 2: nothing drops it on the way. Nothing listens there, or the firewall before the server resets it. " +
				"Packets take several paths (at hop 1: 10.0.1.1 or 10.0.1.5), so not every connect passes the same hops."},

		{"UDP without an answer", over(catalog.UDP, scene.Way(53, r1, r2, "-")), besides(scene.Way(443, r1, r2, there)), Undecided,
			"Port 53/udp stops after 10.0.2.2, port 443/tcp goes on to the server: what drops it is 10.0.2.2 or the server's own firewall, unless the service got it and does not answer."},
		{"UDP dropped on the way", over(catalog.UDP, scene.Way(53, r1, "-")), besides(scene.Way(443, r1, r2, there)), Blocked,
			"Port 53/udp stops after 10.0.1.1, port 443/tcp goes on to 10.0.2.2 and the server: what drops it is 10.0.1.1 or 10.0.2.2."},
		{"UDP, nobody listens", over(catalog.UDP, scene.Way(53, r1, "10.0.9.9!port-unreachable")), nil, Open,
			"The server itself says that nothing listens at port 53/udp: nothing on the path blocks it."},
		{"TCP beside UDP", scene.Way(53, r1, "-"), besides(over(catalog.UDP, scene.Way(53, r1, there))), Blocked,
			"Port 53/tcp stops after 10.0.1.1, port 53/udp goes on to the server: what drops it is 10.0.1.1 or the server's own firewall."},

		{"interrupted", ended, nil, Undecided,
			"The trace ended too early: port 135 got as far as 10.0.1.1, and nothing beyond that is known."},
		{"interrupted at once", unborn, nil, Undecided,
			"The trace of port 135 ended before any hop had answered."},
		{"not asked", unasked, nil, Undecided,
			"This machine could not ask: connect: network is unreachable."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Conclude(hops.Trace{Path: tt.path, Beside: tt.beside})
			if got.Outcome != tt.outcome || got.Sentence != tt.want {
				t.Errorf("%s: %s\nwant %s: %s", got.Outcome, got.Sentence, tt.outcome, tt.want)
			}
		})
	}
}

// rest is a path of which the hops before a distance were not asked.
func rest(first int, p hops.Path) hops.Path {
	p.Hops = p.Hops[first-1:]
	return p
}

// A path that was not walked as a whole says which hops were not asked, and claims nothing
// about them.
func TestConcludeSharedTrace(t *testing.T) {
	const r1, r2, r3 = "10.0.1.1", "10.0.2.2", "10.0.3.3"
	other := scene.Way(25).Target
	other.Addr = netip.MustParseAddrPort("10.0.9.1:25")
	same := scene.Way(25).Target
	tests := []struct {
		name    string
		path    hops.Path
		beside  *hops.Path
		shared  socket.Target
		outcome Outcome
		after   string
		want    string
	}{
		{"the server is next", rest(2, scene.Way(135, r1, r2)), besides(rest(3, scene.Way(443, r1, r2, there))), other, Blocked, r2,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall. " +
				"The hops before 10.0.2.2 are known only from the trace of port 25 of 10.0.9.1."},
		{"a port of the same address", rest(2, scene.Way(135, r1, r2)), besides(scene.Way(443, r1, r2, there)), same, Blocked, r2,
			"Port 135 stops after 10.0.2.2, port 443 goes on to the server: what drops it is 10.0.2.2 or the server's own firewall. " +
				"The hops before 10.0.2.2 are known only from the trace of port 25."},
		{"another router is next", rest(2, scene.Way(135, r1, r2, "-")), besides(rest(3, scene.Way(443, r1, r2, r3, there))), other, Blocked, r2,
			"Port 135 stops after 10.0.2.2, port 443 goes on to 10.0.3.3 and the server: what drops it is 10.0.2.2 or 10.0.3.3. " +
				"The hops before 10.0.2.2 are known only from the trace of port 25 of 10.0.9.1."},
		{"from the first hop on", scene.Way(135, r1), besides(rest(2, scene.Way(443, r1, there))), other, Blocked, r1,
			"Port 135 stops after 10.0.1.1, port 443 goes on to the server: what drops it is 10.0.1.1 or the server's own firewall."},
		{"on the same network", scene.Way(135), besides(scene.Way(443, there)), other, Blocked, "",
			"Port 135 stops after this machine, port 443 goes on to the server: what drops it is this machine's own firewall or the server's own firewall."},
		{"nothing to compare with", rest(2, scene.Way(135, r1, r2, "-")), nil, other, Undecided, r2,
			"Port 135 gets as far as 10.0.2.2, and hop 3 does not answer. No other port of the server is known to answer, so it may be down, or everything to it is dropped. " +
				"The hops before 10.0.2.2 and behind hop 3 are known only from the trace of port 25 of 10.0.9.1."},
		{"prohibited", rest(2, scene.Way(135, r1, r2, "10.0.2.2!prohibited")), besides(rest(3, scene.Way(443, r1, r2, there))), other, Blocked, r2,
			"10.0.2.2 says that a rule forbids port 135 (administratively prohibited), port 443 goes on to the server. " +
				"The hops before 10.0.2.2 are known only from the trace of port 25 of 10.0.9.1."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Conclude(hops.Trace{Path: tt.path, Beside: tt.beside, Shared: &tt.shared})
			if want := (Conclusion{tt.outcome, tt.want, tt.after}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// The hop that a cause names is the last that answered on the way: never the server, never
// this machine, and none for an open port.
func TestTraceAfter(t *testing.T) {
	const r1, r2 = "10.0.1.1", "10.0.2.2"
	for _, tt := range []struct {
		path hops.Path
		want string
	}{
		{scene.Way(135, r1, r2, "-", "-"), r2},
		{scene.Way(135, r1, "10.0.2.2,10.0.2.3", "-"), "10.0.2.2 or 10.0.2.3"},
		{scene.Way(135, r1, "10.0.2.2!prohibited"), r2},
		{scene.Way(135, r1, r2, "10.0.9.9!reset"), r2},
		{scene.Way(135, "-", "-"), ""},
		{scene.Way(135, r1, r2, there), ""},
		{self(scene.Way(135, "10.0.0.1!prohibited")), ""},
	} {
		if got := Conclude(hops.Trace{Path: tt.path}); got.After != tt.want {
			t.Errorf("after %q, want %q: %s", got.After, tt.want, got.Sentence)
		}
	}
}
