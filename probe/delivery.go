// SPDX-License-Identifier: Apache-2.0

package probe

import "exreach/probe/socket"

// A Delivery is what this machine's TCP knows of a connection on which nothing
// came. It is empty where the system does not tell, or nothing was sent.
type Delivery string

// The deliveries.
const (
	NotArrived Delivery = "not-arrived" // what was sent was never acknowledged
	AnswerLost Delivery = "answer-lost" // later parts of an answer came, and what is before them never did
	WindowShut Delivery = "window-shut" // the peer accepts no data: it keeps its receive window at zero
	Held       Delivery = "held"        // everything was acknowledged, and nothing came back
)

// deliveryOf tells what became of what was sent, by the state of a connection as
// the last question was sent and as nothing had come in time; asked says whether
// there was a question.
func deliveryOf(before, now socket.TCPState, asked bool) Delivery {
	switch {
	case now.OutOfOrder > before.OutOfOrder:
		return AnswerLost
	case now.Unacked > 0 && now.Resent > before.Resent:
		return NotArrived
	case now.Unsent > 0 && now.Unacked == 0:
		return WindowShut
	case !asked && now.Data == 0 && now.Segments > 1: // the SYN's answer came again: nobody hears our ACK
		return NotArrived
	}
	return Held
}
