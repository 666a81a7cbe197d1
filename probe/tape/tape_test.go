// SPDX-License-Identifier: Apache-2.0

package tape_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"exreach/probe/tape"
)

// talk sends a text over a pipe whose two ends are on tape, and returns the tapes.
func talk(t *testing.T, keep int, text string) (near, far *tape.Tape) {
	t.Helper()
	near, far = &tape.Tape{Keep: keep}, &tape.Tape{Keep: keep}
	a, b := net.Pipe()
	nearEnd, farEnd := near.Record(a), far.Record(b)
	go func() {
		_, _ = io.WriteString(nearEnd, text)
		_ = nearEnd.Close()
	}()
	if _, err := io.Copy(io.Discard, farEnd); err != nil {
		t.Fatal(err)
	}
	return near, far
}

func TestBothEndsAgree(t *testing.T) {
	text := strings.Repeat("250-STARTTLS\r\n", 1000)
	near, far := talk(t, 100, text)
	sent, came := near.Sent(), far.Received()
	if !sent.Equals(came) {
		t.Errorf("sent %d bytes %s, came %d bytes %s", sent.Bytes, sent.SHA256, came.Bytes, came.SHA256)
	}
	sum := sha256.Sum256([]byte(text))
	if came.Bytes != int64(len(text)) || came.SHA256 != hex.EncodeToString(sum[:]) || string(came.Head) != text[:100] {
		t.Errorf("came %d bytes %s beginning with %q", came.Bytes, came.SHA256, came.Head)
	}
	if nothing := near.Received(); nothing.Bytes != 0 || nothing.SHA256 != "" || nothing.Head != nil {
		t.Errorf("nothing was received, and the tape says %+v", nothing)
	}
}

// TestTwoReaders: who reads the end of a connection finds on the tape what another reader was
// given before.
func TestTwoReaders(t *testing.T) {
	for range 2000 {
		var recorded tape.Tape
		a, b := net.Pipe()
		end := recorded.Record(a)
		go func() {
			_, _ = io.WriteString(b, "bye")
			_ = b.Close()
		}()
		var readers sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				_, _ = io.Copy(io.Discard, end)
				if n := recorded.Received().Bytes; n != 3 {
					t.Errorf("at the end %d bytes are on the tape", n)
				}
			})
		}
		readers.Wait()
	}
}

func TestDiffers(t *testing.T) {
	for _, test := range []struct {
		was, is string
		at      int
		differs bool
		begins  bool
	}{
		{"220 mail01 ready", "220 ****** ready", 4, true, false},
		{"220 mail01", "220 mail01 ready", 0, false, true},
		{"220 mail01 ready", "220 mail01", 0, false, false},
		{"", "220", 0, false, true},
		{"abc", "abc", 0, false, true},
	} {
		was, is := flow(t, test.was), flow(t, test.is)
		if at, differs := was.Differs(is); at != test.at || differs != test.differs {
			t.Errorf("%q and %q differ: %t at %d, want %t at %d", test.was, test.is, differs, at, test.differs, test.at)
		}
		if begins := was.Begins(is); begins != test.begins {
			t.Errorf("%q begins %q: %t, want %t", test.was, test.is, begins, test.begins)
		}
	}
}

// flow is the flow of a text, of which 12 bytes are kept.
func flow(t *testing.T, text string) tape.Flow {
	_, far := talk(t, 12, text)
	return far.Received()
}
