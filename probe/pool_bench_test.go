// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// BenchmarkPool is what the pool costs for each check, with 40 checks of each
// host, over connections in memory: for a bare connect, and with a conversation
// on it, both of its sides.
func BenchmarkPool(b *testing.B) {
	for _, name := range []string{"tcp", "pop3"} {
		b.Run(name, func(b *testing.B) {
			p := Pool{Dial: func(_ context.Context, _ catalog.Network, _ netip.AddrPort) (net.Conn, error) {
				client, server := net.Pipe()
				go func() {
					defer server.Close()
					_ = protocol.Table[name].Answer(server, protocol.Stand{Host: "mail01.contoso.example", Version: "2019"})
				}()
				return client, nil
			}}
			b.ReportAllocs()
			answered := 0
			for res := range p.Run(b.Context(), manyChecks(name, b.N)) {
				if res.Verdict == Answered {
					answered++
				}
			}
			if answered != b.N {
				b.Errorf("%d of %d checks answered", answered, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
		})
	}
}

// manyChecks asks 40 ports of one host after the other.
func manyChecks(protocol string, n int) iter.Seq[catalog.Check] {
	return func(yield func(catalog.Check) bool) {
		for i := range n {
			port := uint16(1 + i%40)
			host := i / 40
			if !yield(catalog.Check{
				Host:    fmt.Sprintf("127.%d.%d.%d", 1+host>>16, host>>8&0xff, host&0xff),
				Service: catalog.Service{Network: catalog.TCP, Ports: catalog.Ports{First: port, Last: port}, Protocol: protocol, TLS: catalog.NoTLS},
			}) {
				return
			}
		}
	}
}
