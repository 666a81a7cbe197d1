// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"net"
	"testing"
	"time"

	"exreach/probe/tape"
)

// TestHearsBeforeReset: what a client sent before it hung up with an RST did arrive.
func TestHearsBeforeReset(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const last = "the last words"
	if _, err := client.Write([]byte(last)); err != nil {
		t.Fatal(err)
	}
	_ = client.(*net.TCPConn).SetLinger(0) // an RST
	_ = client.Close()
	c, recorded := &conversation{leash: newLeash(conn, time.Minute, time.Minute)}, &tape.Tape{}
	c.raw = recorded.Record(c.leash)
	c.hearToTheEnd(conn.(*net.TCPConn))
	if n := recorded.Received().Bytes; n != int64(len(last)) {
		t.Errorf("%d bytes arrived, want %d", n, len(last))
	}
}
