// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// The parts of the routing engine's greeting (nmap's pattern of RESvc). The number in
// linkStateHead has eight hexadecimal digits: it is the length of the block that follows
// it. The version stands between linkStateVersion and linkStateTail.
const (
	linkStateHead    = "{00000000} NODEINFO ("
	linkStateSize    = 8
	linkStateVersion = "}Version: "
	linkStateTail    = " Microsoft Routing Server ready"
	linkStateMost    = 4096 // octets of a block; a longer one is no greeting
)

// askLinkState hears the routing engine's greeting and says nothing: anything that a
// client could say next changes the link state.
func askLinkState(conn net.Conn, q Question) (Peer, error) {
	t := newTalk(conn, "link state")
	q.At(Greet)
	line, err := t.readLine(fitsLinkState)
	if err != nil {
		return Peer{}, err
	}
	_, version, found := strings.Cut(line, linkStateVersion)
	version, ready := strings.CutSuffix(version, linkStateTail)
	if !found || !ready {
		return Peer{}, t.foreign([]byte(line))
	}
	size, err := strconv.ParseUint(line[1:1+linkStateSize], 16, 32)
	if block := len(line) - len("{}") - linkStateSize; err != nil || size < uint64(block) || size > linkStateMost {
		return Peer{}, t.mismatch("the greeting does not have the length that it gives")
	}
	return Peer{Greeting: line, Facts: map[string]string{FactVersion: version}}, nil
}

// fitsLinkState reports whether head, as far as it goes, opens a greeting.
func fitsLinkState(head []byte) bool {
	for i, b := range head[:min(len(head), len(linkStateHead))] {
		if want := linkStateHead[i]; want != b && (want != '0' || !strings.ContainsRune("0123456789abcdefABCDEF", rune(b))) {
			return false
		}
	}
	return true
}

// usualLinkState is the greeting of 2003, the last version that has the service.
const usualLinkState = "Version: 6.5.6944.0 Microsoft Routing Server ready"

// answerLinkState greets as the routing engine of s.Version does. The line gives two
// lengths, which count the spaces and line ends behind it, too.
func answerLinkState(conn net.Conn, s Stand) error {
	text := greeting(s, "link-state", usualLinkState) + "\r\n  \r\n"
	block := fmt.Sprintf(" NODEINFO (5) {%x}%s\r\n", len(text), text)
	if _, err := fmt.Fprintf(conn, "{%08x}%s", len(block), block); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, io.LimitReader(conn, maxTalk))
	return err
}
