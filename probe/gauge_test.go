// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exreach/probe/gauge"
)

// TestGauge reads the gauge while a host is asked of which one port answers, one accepts
// and says nothing, and one drops everything.
func TestGauge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: func(addr netip.AddrPort, _ int) (func(net.Conn), error) {
			return map[uint16]func(net.Conn){25: smtpServer, 587: silentServer}[addr.Port()], nil
		}}
		var g gauge.Gauge
		p := &Pool{Dial: network.dial, Gauge: &g, Timeouts: Timeouts{Check: 10 * time.Second}}
		began, done := time.Now(), make(chan struct{})
		go func() {
			defer close(done)
			collect(t.Context(), p, smtpCheck("192.0.2.1", 25), smtpCheck("192.0.2.1", 587), smtpCheck("192.0.2.1", 717))
		}()
		for _, want := range []struct {
			at   time.Duration
			says string
		}{
			{300 * time.Millisecond, "rows 1/3, lost 0: 587 talking, 717 connecting waits 0.2 s"},
			{2500 * time.Millisecond, "rows 2/3, lost 1: 587 talking waits 7.5 s"},
			{9900 * time.Millisecond, "rows 2/3, lost 1: 587 talking waits 0.1 s"},
			{10100 * time.Millisecond, "rows 3/3, lost 1"},
		} {
			time.Sleep(time.Until(began.Add(want.at)))
			synctest.Wait()
			if says := shown(g.Read()); says != want.says {
				t.Errorf("after %s: %s, want %s", want.at, says, want.says)
			}
		}
		<-done
	})
}

// shown is a reading in a line.
func shown(r gauge.Reading) string {
	text := fmt.Sprintf("rows %d/%d, lost %d", r.Rows, r.Asked+r.Further, r.Lost)
	var rows []string
	for _, h := range r.Underway {
		for _, row := range h.Rows {
			state := map[gauge.State]string{gauge.Queued: "queued", gauge.Resolving: "resolving", gauge.Connecting: "connecting", gauge.Talking: "talking"}[row.State]
			text := fmt.Sprintf("%d %s", row.To.Port(), state)
			if row.Overdue {
				text += fmt.Sprintf(" waits %.1f s", row.Left.Seconds())
			}
			rows = append(rows, text)
		}
	}
	slices.Sort(rows)
	if len(rows) > 0 {
		text += ": " + strings.Join(rows, ", ")
	}
	return text
}
