// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestRealSockets asks over loopback: a port at which nobody listens, and then a
// server whose answer does not fit into a datagram.
func TestRealSockets(t *testing.T) {
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	streams, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer streams.Close()
	packets, err := net.ListenPacket("udp", streams.Addr().String())
	if err != nil {
		t.Skipf("the port is not free for UDP: %v", err)
	}
	defer packets.Close()
	server := &nameServer{names: map[string]nameRecord{"many.contoso.com": addrsOf(numbered(40)...)}}
	served := make(chan struct{}, 2)
	go func() {
		defer func() { served <- struct{}{} }()
		b := make([]byte, 512)
		for {
			n, from, err := packets.ReadFrom(b)
			if err != nil {
				return
			}
			_, _ = packets.WriteTo(server.answer(b[:n], false), from)
		}
	}()
	go func() {
		defer func() { served <- struct{}{} }()
		for {
			conn, err := streams.Accept()
			if err != nil {
				return
			}
			server.serve(conn, true)
		}
	}()
	client := newDNSClient(resolvConf{ndots: 1, wait: 5 * time.Second, servers: []netip.AddrPort{
		netip.MustParseAddrPort(closed.LocalAddr().String()), netip.MustParseAddrPort(packets.LocalAddr().String()),
	}})
	r := &Resolver{client: client, files: etc{hosts: "no such file"}}
	got, err := r.LookUp(t.Context(), "many.contoso.com", within)
	if err != nil || got.Count != 40 || len(got.Addrs) != mostAddrs || got.By != "127.0.0.1" {
		t.Errorf("%d addresses by %s, %v", got.Count, got.By, err)
	}
	_, _ = packets.Close(), streams.Close()
	<-served
	<-served
}
