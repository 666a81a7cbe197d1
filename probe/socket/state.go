// SPDX-License-Identifier: Apache-2.0

package socket

// A TCPState is what TCP knows of a connection: counters that only grow, but for
// the first two. Conversations compare two of them to see what became of a question.
type TCPState struct {
	Unacked int // segments that were sent and not acknowledged
	Unsent  int // bytes that wait for the peer's window

	Resent     int // segments that were sent again
	OutOfOrder int // segments that came with others missing before them
	Segments   int // segments that came, the SYN's answer among them
	Data       int // those of them with data
}
