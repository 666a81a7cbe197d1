// SPDX-License-Identifier: Apache-2.0

package standin_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/standin"
)

func here() netip.Addr { return netip.MustParseAddr("127.0.0.1") }

// alone starts a server of one service on loopback.
func alone(t testing.TB, service catalog.Service, prepare func(*standin.Server)) *standin.Server {
	t.Helper()
	s := &standin.Server{Host: "mail01.contoso.example", Version: "2019", Services: []catalog.Service{service}, Guarded: true}
	prepare(s)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func dial(t testing.TB, s *standin.Server, service catalog.Service) net.Conn {
	t.Helper()
	conn, err := s.Dial(t.Context(), service.Network, netip.AddrPortFrom(here(), service.Ports.First))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// isGreeted connects once more, and reports whether the server says something. One that
// turns a client away may do so before the client's connect returns.
func isGreeted(t *testing.T, s *standin.Server, service catalog.Service) bool {
	t.Helper()
	conn, err := s.Dial(t.Context(), service.Network, netip.AddrPortFrom(here(), service.Ports.First))
	if err != nil {
		return false
	}
	defer conn.Close()
	return greeting(conn) != ""
}

// greeting reads the first line of a server; "" if it hangs up.
func greeting(conn net.Conn) string {
	line, _ := bufio.NewReader(conn).ReadString('\n')
	return line
}

// turned counts what was recorded, by why it was turned away.
func turned(s *standin.Server) map[string]int {
	n := map[string]int{}
	for _, a := range s.Whole().Arrivals {
		n[a.Turned]++
	}
	return n
}

// TestAllow: a source that is not allowed is turned away at once, and recorded.
func TestAllow(t *testing.T) {
	pop3 := service("pop3", "pop3", 110)
	s := alone(t, pop3, func(s *standin.Server) { s.Allow = func(netip.Addr) bool { return false } })
	if isGreeted(t, s, pop3) {
		t.Error("was greeted")
	}
	if n := turned(s); n["allow"] != 1 {
		t.Errorf("recorded %v", n)
	}
}

// TestPerSource: a source has so many conversations at a time and no more, and the others
// go on.
func TestPerSource(t *testing.T) {
	pop3 := service("pop3", "pop3", 110)
	s := alone(t, pop3, func(s *standin.Server) { s.Limits.PerSource = 3 })
	var first net.Conn
	for range 3 {
		conn := dial(t, s, pop3)
		if greeting(conn) == "" {
			t.Fatal("turned away")
		}
		first = conn
	}
	if isGreeted(t, s, pop3) {
		t.Error("the fourth was greeted")
	}
	fmt.Fprint(first, "QUIT\r\n")
	if answer := greeting(first); !strings.HasPrefix(answer, "+OK") {
		t.Errorf("one of the three was answered %q", answer)
	}
	if n := turned(s); n["limit"] != 1 || n[""] != 3 {
		t.Errorf("recorded %v", n)
	}
}

// TestRate: a checker's few hundred connections are let in, ten thousand are not.
func TestRate(t *testing.T) {
	pop3 := service("pop3", "pop3", 110)
	s := alone(t, pop3, func(s *standin.Server) { s.Limits.Rate, s.Limits.Burst = 1e-3, 300 })
	greeted := 0
	for range 400 {
		if isGreeted(t, s, pop3) {
			greeted++
		}
	}
	if greeted != 300 {
		t.Errorf("%d of 400 were let in, want 300", greeted)
	}
}

// TestIdle: a client that says nothing is hung up on.
func TestIdle(t *testing.T) {
	tcp := service("tcp", "tcp", 1)
	s := alone(t, tcp, func(s *standin.Server) { s.Limits.Idle = time.Millisecond })
	if _, err := dial(t, s, tcp).Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("%v, want the end", err)
	}
}

// TestWhole: a client that says a byte now and then is hung up on as well.
func TestWhole(t *testing.T) {
	tcp := service("tcp", "tcp", 1)
	s := alone(t, tcp, func(s *standin.Server) { s.Limits.Whole = 50 * time.Millisecond })
	conn := dial(t, s, tcp)
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	ended := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		ended <- err
	}()
	for {
		select {
		case err := <-ended:
			if err != io.EOF && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
				t.Errorf("%v, want the end", err)
			}
			return
		default:
			_, _ = conn.Write([]byte("x"))
		}
	}
}

// TestPanic: a fault of ours ends one conversation, and is told.
func TestPanic(t *testing.T) {
	broken, broke := service("broken", "no such protocol", 1), make(chan standin.Broke, 1)
	s := alone(t, broken, func(s *standin.Server) {
		s.Watch = func(e standin.Event) {
			if b, ok := e.(standin.Broke); ok {
				broke <- b
			}
		}
	})
	for range 2 {
		if line := greeting(dial(t, s, broken)); line != "" {
			t.Errorf("greeted with %q", line)
		}
		if b := <-broke; b.Service != "broken" || b.Fault == nil {
			t.Errorf("told %+v", b)
		}
	}
}

// TestEvents: a watcher is told of every port, and of the beginning and the end of what
// arrives.
func TestEvents(t *testing.T) {
	var mu sync.Mutex
	var told []string
	pop3 := service("pop3", "pop3", 110)
	s := alone(t, pop3, func(s *standin.Server) {
		s.Watch = func(e standin.Event) {
			mu.Lock()
			defer mu.Unlock()
			switch e := e.(type) {
			case standin.Opened:
				told = append(told, fmt.Sprintf("%s %s", e.Service, e.State))
			case standin.Came:
				told = append(told, fmt.Sprintf("came %s %d", e.From, e.Received.Bytes))
			case standin.Ended:
				told = append(told, fmt.Sprintf("ended %s %d", e.From, e.Received.Bytes))
			}
		}
	})
	conn := dial(t, s, pop3)
	from := conn.LocalAddr().String()
	fmt.Fprint(conn, "QUIT\r\n")
	if _, err := io.ReadAll(conn); err != nil {
		t.Error(err)
	}
	_ = conn.Close()
	s.Close() // tells what is left
	want := []string{"pop3 open", "came " + from + " 0", "ended " + from + " 6"}
	if got := strings.Join(told, "; "); got != strings.Join(want, "; ") {
		t.Errorf("told %s, want %s", got, strings.Join(want, "; "))
	}
}

// TestSlowWatcher: a watcher that takes its time keeps no client waiting, and is told what
// it missed.
func TestSlowWatcher(t *testing.T) {
	pop3, goOn, missed := service("pop3", "pop3", 110), make(chan struct{}), 0
	s := alone(t, pop3, func(s *standin.Server) {
		s.Limits.Burst = 5000
		s.Watch = func(e standin.Event) {
			<-goOn
			if m, ok := e.(standin.Missed); ok {
				missed += m.Events
			}
		}
	})
	for range 800 {
		conn := dial(t, s, pop3)
		if greeting(conn) == "" {
			t.Fatal("turned away")
		}
		_ = conn.Close()
	}
	close(goOn)
	s.Close()
	if missed < 500 {
		t.Errorf("was told of %d missed events", missed)
	}
}

// TestToken: what bears the token of a source is in its record, wherever it came from, and
// stays in that of its own source.
func TestToken(t *testing.T) {
	pop3, token := service("pop3", "pop3", 110), "abcdefgh234567zz"
	s := alone(t, pop3, func(*standin.Server) {})
	elsewhere := netip.MustParseAddr("192.0.2.1")
	defer s.Expect(elsewhere, token)()
	say := func(words string) netip.AddrPort {
		conn := dial(t, s, pop3)
		fmt.Fprint(conn, words, "\r\nQUIT\r\n")
		_, _ = io.ReadAll(conn)
		_ = conn.Close()
		return netip.MustParseAddrPort(conn.LocalAddr().String())
	}
	say("NOOP")
	mine := say("APOP " + strings.ToUpper(token))
	s.RecordFor(here(), "") // waits for their end
	all := s.RecordFor(elsewhere, token).Arrivals
	if len(all) != 1 || all[0].From != mine || !all[0].Token || len(all[0].Received.Head) == 0 {
		t.Errorf("arrived %+v, want the one with the token", all)
	}
	if theirs := s.RecordFor(here(), "").Arrivals; len(theirs) != 2 || theirs[0].Token || theirs[1].Token || theirs[0].Received.Head != nil {
		t.Errorf("of the source itself are %+v", theirs)
	}
	if whole := s.Whole(); len(whole.Arrivals) != 2 || whole.Schema != far.Schema || whole.Roles[0] != "mailbox" {
		t.Errorf("the whole record is %+v", whole)
	}
}
