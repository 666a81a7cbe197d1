// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// recordedMessages is what a real server said over UDP, a datagram each.
func recordedMessages(t testing.TB, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "message", name))
	if err != nil {
		t.Fatal(err)
	}
	var said [][]byte
	for line := range strings.Lines(string(text)) {
		if answer, ok := strings.CutPrefix(strings.TrimSpace(line), "< "); ok {
			b, err := hex.DecodeString(answer)
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, b)
		}
	}
	return said
}

// A replay is a peer that says what was recorded, each message once. It puts
// what is random of the question where the answer has it.
type replay struct {
	deaf
	said     [][]byte
	from, to int // where the random bytes are in question and answer
	size     int // of the random bytes
	heard    [][]byte
}

func (r *replay) Write(b []byte) (int, error) {
	r.heard = append(r.heard, bytes.Clone(b))
	return len(b), nil
}

func (r *replay) Read(b []byte) (int, error) {
	if len(r.said) == 0 {
		return 0, io.EOF
	}
	answer := bytes.Clone(r.said[0])
	r.said = r.said[1:]
	copy(answer[r.to:][:r.size], r.heard[len(r.heard)-1][r.from:])
	return copy(b, answer), nil
}

// askReplay asks for the facts, without the time that they came, which must be
// now.
func askReplay(t *testing.T, name string, q Question, r *replay) (Peer, error) {
	t.Helper()
	before := time.Now().Truncate(time.Millisecond)
	q.Service.Network = catalog.UDP
	p, err := Table[name].Ask(r, q)
	if local, ok := p.Facts["local_time"]; ok {
		at, err := time.Parse(time.RFC3339, local)
		if err != nil || at.Before(before) || at.After(time.Now()) || !strings.HasSuffix(local, "Z") {
			t.Errorf("local_time is %q, error %v", local, err)
		}
		delete(p.Facts, "local_time")
	}
	return p, err
}

// inStream is a message as TCP carries it.
func inStream(e envelope, message []byte) string {
	out := &replay{}
	_ = e.send(out, catalog.TCP, message)
	return string(out.heard[0])
}

func TestDomainOf(t *testing.T) {
	for host, want := range map[string]string{
		"dc01.lab.test": "lab.test", "dc01.lab.test.": "lab.test", "a.b.c.d": "b.c.d", "lab.test": "lab.test",
		"dc01": "", "": "", "10.77.3.20": "", "fd77:3::20": "", "fe80::1%eth0.1": "",
	} {
		if got := wire.DomainOf(host); got != want {
			t.Errorf("the domain of %q is %q, want %q", host, got, want)
		}
	}
}

// meetOnce asks a UDP server that sends these datagrams, whatever it hears.
func meetOnce(t *testing.T, name string, datagrams func(question []byte) [][]byte, limit time.Duration) (Peer, error) {
	t.Helper()
	return meetUDP(t, Table[name].Ask, func(conn net.Conn, _ Stand) error {
		b := make([]byte, maxDatagram)
		n, err := conn.Read(b)
		for _, d := range datagrams(b[:n]) {
			_, _ = conn.Write(d)
		}
		return err
	}, questionUDP(name), standInUDP(name), limit)
}

// properly is the stand-in's answer to a question.
func properly(t *testing.T, name string, question []byte) []byte {
	t.Helper()
	out := &replay{said: [][]byte{question}}
	_ = Table[name].Answer(onceHeard{out}, standInUDP(name))
	if len(out.heard) != 1 {
		t.Errorf("%s answers %x with %d datagrams", name, question, len(out.heard))
		return make([]byte, 100)
	}
	return out.heard[0]
}

// onceHeard is a replay to a server.
type onceHeard struct{ *replay }

func (o onceHeard) Read(b []byte) (int, error) {
	if len(o.said) == 0 {
		return 0, io.EOF
	}
	n := copy(b, o.said[0])
	o.said = o.said[1:]
	return n, nil
}

// randomAt is a byte of the answer that the question made up.
var randomAt = map[string]int{"dns": 1, "ntp": 30, "cldap": 5}

// TestStrays: answers to others are passed over, but not for ever.
func TestStrays(t *testing.T) {
	for name, at := range randomAt {
		stray := func(question []byte) []byte {
			b := properly(t, name, question)
			b[at] ^= 1
			return b
		}
		if _, err := meetOnce(t, name, func(question []byte) [][]byte {
			return [][]byte{stray(question), stray(question), properly(t, name, question)}
		}, enough); err != nil {
			t.Errorf("%s does not find its answer behind others: %v", name, err)
		}
		_, err := meetOnce(t, name, func(question []byte) [][]byte { return [][]byte{stray(question)} }, 50*time.Millisecond)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s got an answer to something else only, and then: %v", name, err)
		}
		_, err = meetOnce(t, name, func(question []byte) [][]byte {
			return slices.Repeat([][]byte{stray(question)}, maxStray)
		}, enough)
		if _, ok := errors.AsType[*wire.MismatchError](err); !ok {
			t.Errorf("%s got %d answers to something else, and then: %v", name, maxStray, err)
		}
	}
}

// TestForeignDatagrams: what comes from the port that was asked and is not the
// protocol is a mismatch, at once.
func TestForeignDatagrams(t *testing.T) {
	for name := range ofUDP() {
		for what, said := range map[string]func(question []byte) []byte{
			"nothing":      func([]byte) []byte { return nil },
			"the question": func(question []byte) []byte { return question },
			"SIP":          func([]byte) []byte { return []byte("SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n") },
			"zeros":        func([]byte) []byte { return make([]byte, 100) },
		} {
			_, err := meetOnce(t, name, func(question []byte) [][]byte { return [][]byte{said(question)} }, enough)
			if _, ok := errors.AsType[*wire.MismatchError](err); !ok {
				t.Errorf("%s is sent %s, and then: %v", name, what, err)
			}
		}
	}
}

// TestCutDatagrams: half an answer is none, unless what is missing says nothing.
func TestCutDatagrams(t *testing.T) {
	for name := range ofUDP() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, err := meetOnce(t, name, func(question []byte) [][]byte { return [][]byte{properly(t, name, question)} }, enough)
			if err != nil {
				t.Fatal(err)
			}
			for n, all := 0, false; !all; n++ {
				part, err := meetOnce(t, name, func(question []byte) [][]byte {
					answer := properly(t, name, question)
					all = n == len(answer)-1
					return [][]byte{answer[:n]}
				}, enough)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("cut after %d bytes, it waits for more", n)
				}
				delete(part.Facts, "local_time")
				delete(part.Facts, "server_time")
				for fact, value := range part.Facts {
					if err == nil && whole.Facts[fact] != value {
						t.Errorf("cut after %d bytes, the fact %s is %q", n, fact, value)
					}
				}
				if err == nil && len(part.Facts) < len(whole.Facts)-2 {
					t.Errorf("%d bytes are taken for an answer: %+v", n, part)
				}
			}
		})
	}
}

// TestEndlessDatagrams: a peer that never stops is not listened to for ever.
func TestEndlessDatagrams(t *testing.T) {
	for name, p := range ofUDP() {
		for _, words := range []string{"A", "\x00", "\x30", "\x84\x80", "\x7e", "\x24"} {
			asked := &endless{words: words}
			if _, err := p.Ask(asked, questionUDP(name)); err == nil || asked.read > 2*maxStray*maxDatagram {
				t.Errorf("%s read %d bytes of %q, error %v", name, asked.read, words, err)
			}
		}
	}
}

// TestServeGoesOn: a datagram that means nothing gets no answer, and does not
// end the service.
func TestServeGoesOn(t *testing.T) {
	for name := range ofUDP() {
		question := &replay{}
		_, _ = Table[name].Ask(question, questionUDP(name))
		out := &replay{said: [][]byte{{}, []byte("hello"), make([]byte, 100), question.heard[0]}}
		if err := Table[name].Answer(onceHeard{out}, standInUDP(name)); err != nil || len(out.heard) != 1 {
			t.Errorf("%s: %d answers, error %v", name, len(out.heard), err)
		}
	}
}

// TestFewForeignBytes: over TCP it takes no whole message to see a mismatch.
func TestFewForeignBytes(t *testing.T) {
	for name, said := range map[string][]string{
		"dns":      {"220 a", "+OK\r\n", "\x00\x00"},
		"kerberos": {"2", "\x80", "\x00\x01\x00\x00", "\x00\x00\x00\x00", "\x00\x00\x00\x20\x30"},
		"kpasswd":  {"2", "\x80", "\x00\x00\x00\x20\x00\x20\x05"},
	} {
		for _, words := range said {
			_, err := pipeTo(Table[name].Ask, question(name, catalog.NoTLS), func(conn net.Conn) {
				_, _ = conn.Read(make([]byte, maxDatagram))
				_, _ = conn.Write([]byte(words))
				_, _ = io.Copy(io.Discard, conn)
			})
			if _, ok := errors.AsType[*wire.MismatchError](err); !ok {
				t.Errorf("%s is told %q, and then: %v", name, words, err)
			}
		}
	}
}

// TestMessageRefused: an error of the connection comes through.
func TestMessageRefused(t *testing.T) {
	gone := errors.New("gone")
	for name, p := range ofUDP() {
		for _, conn := range []net.Conn{failing{read: gone}, failing{write: gone}} {
			if _, err := p.Ask(conn, questionUDP(name)); !errors.Is(err, gone) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// failing is a connection whose reads or writes fail.
type failing struct {
	deaf
	read, write error
}

func (f failing) Read([]byte) (int, error)    { return 0, f.read }
func (f failing) Write(b []byte) (int, error) { return len(b), f.write }

// checkPeer compares what was learned.
func checkPeer(t *testing.T, want, got Peer, err error) {
	t.Helper()
	if diff := cmp.Diff(want, told(t, got)); diff != "" || err != nil {
		t.Errorf("error %v; learned (-want +got):\n%s", err, diff)
	}
}
