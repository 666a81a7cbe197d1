// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// An octetRecording is a conversation in octets, written in hexadecimal digits.
type octetRecording struct {
	name  string
	said  string // all that the server says
	want  Peer
	got   string   // of the mismatch; "" for none
	heard []string // what the client says, write by write; nil where it does not matter
}

func (r octetRecording) check(t *testing.T, q Question) {
	conn := hangsUpAfter(unhex(t, r.said))
	peer, err := Table[q.Service.Protocol].Ask(conn, q)
	checkLearned(t, peer, err, r.want, r.got)
	if r.heard == nil {
		return
	}
	var want []string
	for _, s := range r.heard {
		want = append(want, string(unhex(t, s)))
	}
	if diff := cmp.Diff(want, conn.heard); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}

func checkOctets(t *testing.T, name string, recordings []octetRecording) {
	for _, r := range recordings {
		t.Run(r.name, func(t *testing.T) { r.check(t, question(name, catalog.NoTLS)) })
	}
}

// fuzzOctets is fuzzAsk with recordings for seeds.
func fuzzOctets(f *testing.F, name string, recordings []octetRecording) {
	var seeds []string
	for _, r := range recordings {
		seeds = append(seeds, string(unhex(f, r.said)))
	}
	fuzzAsk(f, name, seeds...)
}

// checkAnswer has a client say asked to the stand-in, and then hang up.
func checkAnswer(t *testing.T, s Stand, asked, want string) {
	t.Helper()
	conn := hangsUpAfter(unhex(t, asked))
	_ = Table[s.Service.Protocol].Answer(conn, s) // some call it an error when the client goes away
	if diff := cmp.Diff(string(unhex(t, want)), strings.Join(conn.heard, "")); diff != "" {
		t.Errorf("asked %s (-want +got):\n%s", asked, diff)
	}
}

// unhex reads hexadecimal digits. Spaces do not matter, and what stands in
// quotes is text.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var all []byte
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			all = append(all, part...)
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// inOctets are the protocols that read with talk.octets.
var inOctets = []string{"x400", "t120", "h323", "rdp", "ncacn-http", "net-tcp", "log-copier", "socks", "telnet"}

// TestForeignOctet: one octet that does not fit is a mismatch at once, and a
// known opening is called by its name.
func TestForeignOctet(t *testing.T) {
	for _, name := range inOctets {
		for said, got := range map[string]string{
			"\x7e":                         "does not open like",
			"HTTP/1.1 400 Bad Request\r\n": "opens like HTTP",
			"220 mail ESMTP\r\n":           "opens like SMTP or FTP",
			"+OK\r\n":                      "opens like POP3",
		} {
			conn := &script{Reader: io.MultiReader(strings.NewReader(said), silence{})}
			_, err := Table[name].Ask(conn, question(name, catalog.NoTLS))
			if mismatch, ok := errors.AsType[*wire.MismatchError](err); !ok || !strings.Contains(mismatch.Got, got) {
				t.Errorf("%s, %q: error %v", name, said, err)
			}
		}
	}
}

// TestSilenceInOctets: a peer that stops anywhere in a good conversation is
// silent, and not called anything else.
func TestSilenceInOctets(t *testing.T) {
	for name, said := range map[string]string{
		"x400":       "0300000b 06d0 6578 0001 00  0300000f 02f080 0c06110101320100",
		"t120":       "0300000b 06d0 0000 0001 00  0300000b 02f080 7f660400",
		"h323":       "03000009 0802 e578 7d",
		"rdp":        "03000013 0ed0 0000 1234 00 02 00 0800 02000000",
		"ncacn-http": "'ncacn_http/1.0'",
		"net-tcp":    "0a 15 0100 0008 00000000 80090308",
		"log-copier": "15 0100 0008 00000000 80090308",
		"socks":      "05 00  05 07 00 01",
		"telnet":     "ff fb 01  ff fb 03",
	} {
		whole := unhex(t, said)
		for n := range len(whole) + 1 {
			conn := &script{Reader: io.MultiReader(strings.NewReader(string(whole[:n])), silence{})}
			_, err := Table[name].Ask(conn, question(name, catalog.NoTLS))
			if n < len(whole) && !errors.Is(err, os.ErrDeadlineExceeded) || n == len(whole) && err != nil {
				t.Errorf("%s, silent after %d of %d octets: error %v", name, n, len(whole), err)
			}
		}
	}
}

// TestRandomOctets: no protocol is proved by chance. Each has noise of its own.
func TestRandomOctets(t *testing.T) {
	said := make([]byte, 64)
	for name, p := range ofTCP() {
		if name == "tcp" || name == "any" { // which take whatever answers
			continue
		}
		noise := rand.NewChaCha8(sha256.Sum256([]byte(name)))
		for range 5000 {
			noise.Read(said)
			if peer, err := p.Ask(hangsUpAfter(said), question(name, catalog.NoTLS)); err == nil {
				t.Errorf("%s takes % x for its own: %+v", name, said, peer)
			}
		}
	}
}

// TestEcho: a server that says back what it hears is none of these.
func TestEcho(t *testing.T) {
	for name, p := range ofTCP() {
		if name == "tcp" || name == "any" { // which take whatever answers
			continue
		}
		const limit = 100 * time.Millisecond // for those who wait to be greeted
		peer, err := meet(t, p.Ask, echo, question(name, catalog.NoTLS), Stand{}, limit)
		if err == nil {
			t.Errorf("%s takes an echo for its own: %+v", name, peer)
		}
	}
}

func echo(conn net.Conn, _ Stand) error {
	_, err := io.Copy(conn, io.LimitReader(conn, maxTalk))
	return err
}
