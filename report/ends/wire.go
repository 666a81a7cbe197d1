// SPDX-License-Identifier: Apache-2.0

package ends

import (
	"fmt"
	"net/netip"
	"time"

	"exreach/probe/far"
	"exreach/probe/tape"
)

// A Call is one connection of a check as this end has it. A report keeps it as long as no
// far end told its own side, for a join with a far end's record.
type Call struct {
	Local       string    `json:"local,omitempty"` // this machine's end; absent if it is not known
	At          time.Time `json:"at"`
	Took        float64   `json:"took_s"`
	Missed      bool      `json:"missed,omitempty"` // no connection came about
	Sent        Flow      `json:"sent"`
	Received    Flow      `json:"received"`
	Certificate string    `json:"certificate,omitempty"` // the SHA-256 fingerprint of the certificate that came
}

// CallsOf returns what a report says of the connections of a check; nil if none were taped.
func CallsOf(w *far.Wire) []Call {
	if w == nil {
		return nil
	}
	var list []Call
	for _, c := range w.Calls {
		list = append(list, Call{
			Local: endText(c.Local), At: c.At.UTC(), Took: inSeconds(c.Took), Missed: c.Missed, Sent: flowOf(c.Sent), Received: flowOf(c.Received), Certificate: c.Certificate,
		})
	}
	return list
}

// WireOf is the reverse of CallsOf. What a report does not say of a connection is unknown: a
// Call has no bytes.
func WireOf(calls []Call) *far.Wire {
	if len(calls) == 0 {
		return nil
	}
	w := &far.Wire{}
	for _, c := range calls {
		local, _ := netip.ParseAddrPort(c.Local) // what is no address is not known
		w.Calls = append(w.Calls, far.Call{
			Local: local, At: c.At, Took: seconds(min(max(c.Took, 0), 1e6)), Missed: c.Missed, Certificate: c.Certificate,
			Sent: tape.Flow{Bytes: c.Sent.Bytes, SHA256: c.Sent.SHA256}, Received: tape.Flow{Bytes: c.Received.Bytes, SHA256: c.Received.SHA256},
		})
	}
	return w
}

// portText is the port of an opening as tables have it: "443/tcp".
func portText(o far.Opening) string { return fmt.Sprintf("%d/%s", o.Port, o.Network) }
