// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"io"
	"net"
)

// askTCP asks nothing. It is for services whose protocol exreach does not speak: all
// there is to learn is that the connection came about. It does not wait for words
// either, so a server that hangs up at once has still been reached.
func askTCP(net.Conn, Question) (Peer, error) {
	return Peer{}, nil
}

// answerTCP listens in silence until the peer hangs up or has said more than
// any program would.
func answerTCP(conn net.Conn, _ Stand) error {
	_, err := io.Copy(io.Discard, io.LimitReader(conn, maxTalk))
	return err
}
