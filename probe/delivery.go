// SPDX-License-Identifier: Apache-2.0

package probe

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

// A tcpState is what TCP knows of a connection: counters that only grow, but for
// the first two.
type tcpState struct {
	unacked int // segments that were sent and not acknowledged
	unsent  int // bytes that wait for the peer's window

	resent     int // segments
	outOfOrder int // segments that came with others missing before them
	segments   int // that came, the SYN's answer among them
	data       int // those of them with data
}

// deliveryOf tells what became of what was sent, by the state of a connection as
// the last question was sent and as nothing had come in time; asked says whether
// there was a question.
func deliveryOf(before, now tcpState, asked bool) Delivery {
	switch {
	case now.outOfOrder > before.outOfOrder:
		return AnswerLost
	case now.unacked > 0 && now.resent > before.resent:
		return NotArrived
	case now.unsent > 0 && now.unacked == 0:
		return WindowShut
	case !asked && now.data == 0 && now.segments > 1: // the SYN's answer came again: nobody hears our ACK
		return NotArrived
	}
	return Held
}
