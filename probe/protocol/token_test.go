// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/hex"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"exreach/catalog"
)

// testToken is a token as the checker makes them.
const testToken = "abcdefgh234567ij"

// withoutRoom are the protocols that have no room for a token: their questions are a
// greeting that is heard, numbers that a server checks, or words without a parameter.
var withoutRoom = []string{"tcp", "any", "link-state", "log-copier", "ncacn-http", "netbios-ns", "nntp", "ntp", "pop3", "rpc", "socks", "telnet"}

// TestToken: a question has the token wherever its protocol has room, the stand-in answers
// all the same.
func TestToken(t *testing.T) {
	for name := range Table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain, _ := sentWith(t, name, "")
			with, peer := sentWith(t, name, testToken)
			if has := bytes.Contains(with, []byte(testToken)); has == slices.Contains(withoutRoom, name) {
				t.Errorf("the token is in the question: %t, in %q", has, with)
			}
			if peer.Refusal != "" {
				t.Errorf("with a token, it is refused: %s", peer.Refusal)
			}
			if slices.Contains(withoutRoom, name) && len(with) != len(plain) {
				t.Errorf("no room for a token, and yet it says %q", with)
			}
		})
	}
}

// TestNoToken: without a token a question is byte for byte what it was before there were
// tokens, but for what is random in it. In testdata/questions.txt every byte that may
// differ from one time to the next is "..".
func TestNoToken(t *testing.T) {
	recorded, err := os.ReadFile("testdata/questions.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(recorded)) {
		name, want, _ := strings.Cut(strings.TrimSpace(line), " ")
		seen[name] = true
		var got string
		for range 64 { // numbers in DER have fewer bytes now and then
			said, _ := sentWith(t, name, "")
			if got = hex.EncodeToString(said); sameBytes(got, want) {
				break
			}
		}
		if !sameBytes(got, want) {
			t.Errorf("%s asks\n%s, not\n%s", name, got, want)
		}
	}
	for name := range Table {
		if !seen[name] && name != "sip" { // whose text has the port of the connection, and is random in length
			t.Errorf("no question of %s is recorded", name)
		}
	}
}

// sameBytes compares bytes in hexadecimal with a record.
func sameBytes(got, want string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range len(want) {
		if want[i] != '.' && want[i] != got[i] {
			return false
		}
	}
	return true
}

// sentWith returns what a question to the protocol's own stand-in says, and what it learns.
func sentWith(t *testing.T, name, token string) ([]byte, Peer) {
	t.Helper()
	heard := &hearing{}
	answer := func(conn net.Conn, s Stand) error {
		return Table[name].Answer(heard.of(conn), s)
	}
	var peer Peer
	var err error
	if slices.Contains(onlyUDP, name) {
		q := questionUDP(name)
		q.Token = token
		peer, err = meetUDP(t, Table[name].Ask, answer, q, standInUDP(name), enough)
	} else {
		q := question(name, catalog.NoTLS)
		q.Token = token
		peer, err = meet(t, Table[name].Ask, answer, q, standIn(name, catalog.NoTLS), enough)
	}
	if err != nil {
		t.Errorf("token %q: %v", token, err)
	}
	return heard.all(), peer
}

// A hearing keeps what connections deliver.
type hearing struct {
	mu   sync.Mutex
	said []byte
}

func (h *hearing) of(conn net.Conn) net.Conn { return &heardConn{conn, h} }

func (h *hearing) all() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.said)
}

type heardConn struct {
	net.Conn
	hearing *hearing
}

func (c *heardConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.hearing.mu.Lock()
	defer c.hearing.mu.Unlock()
	c.hearing.said = append(c.hearing.said, b[:n]...)
	return n, err
}
