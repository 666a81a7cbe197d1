// SPDX-License-Identifier: Apache-2.0

package standin_test

import (
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/standin"
)

// TestLongAnswer: no answer over UDP is longer than its question, unless the source has
// proved its address.
func TestLongAnswer(t *testing.T) {
	any := service("any", "any", 9)
	any.Network = catalog.UDP
	s := alone(t, any, func(*standin.Server) {})
	conn := dial(t, s, any)
	ask := func(question string) int {
		if _, err := conn.Write([]byte(question)); err != nil {
			t.Fatal(err)
		}
		return len(question)
	}
	asked := ask("") + ask("short")
	long := ask(strings.Repeat("long", 100))
	b := make([]byte, 1<<10)
	n, err := conn.Read(b) // the answer to the last question is the first that comes
	if err != nil || n > long {
		t.Errorf("%d bytes: %v", n, err)
	}
	defer s.Expect(here(), "")()
	asked += long + ask("short")
	m, err := conn.Read(b)
	if err != nil || m <= len("short") {
		t.Errorf("an expected source got %d bytes: %v", m, err)
	}
	all := s.RecordFor(here(), "").Arrivals
	if len(all) != 1 || all[0].Times != 4 || int(all[0].Received.Bytes) != asked || int(all[0].Sent.Bytes) != n+m {
		t.Errorf("arrived %+v, want 4 datagrams of %d bytes, answered with %d", all, asked, n+m)
	}
}

// TestDatagrams: a source gets so many answers over UDP and no more, unless it has proved
// its address.
func TestDatagrams(t *testing.T) {
	any := service("any", "any", 9)
	any.Network = catalog.UDP
	s := alone(t, any, func(s *standin.Server) { s.Limits.Rate, s.Limits.Burst = 1e-3, 3 })
	conn := dial(t, s, any)
	ask := func() {
		if _, err := conn.Write([]byte(strings.Repeat("long", 100))); err != nil {
			t.Fatal(err)
		}
	}
	read := 0
	answers := func(n int) {
		for range n {
			m, err := conn.Read(make([]byte, 1<<10))
			if err != nil {
				t.Fatal(err)
			}
			read += m
		}
	}
	for range 5 {
		ask()
	}
	answers(3)
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		all := s.RecordFor(here(), "").Arrivals
		if len(all) == 1 && all[0].Times == 5 && all[0].Turned == "limit" {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("arrived %+v, want 5 datagrams and the limit", all)
		}
	}
	defer s.Expect(here(), "")()
	ask()
	answers(1)
	if all := s.RecordFor(here(), "").Arrivals; len(all) != 1 || int(all[0].Sent.Bytes) != read {
		t.Errorf("arrived %+v, of whose answers %d bytes were read", all, read)
	}
}
