// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// A machineOfNames is a network namespace with nothing in it but name servers on
// loopback, where every address of 10.88.0.0/16 refuses all connects.
type machineOfNames struct {
	*lab
	name string
}

// namesMachine makes one, whose /etc/resolv.conf and hosts file say that.
func (l *lab) namesMachine(t *testing.T, resolv, hosts string) machineOfNames {
	t.Helper()
	m := machineOfNames{l, "ex-names"}
	m.ip(t, "netns", "add", m.name)
	t.Cleanup(func() { m.ip(t, "netns", "delete", m.name) })
	m.ip(t, "-n", m.name, "link", "set", "lo", "up")
	m.ip(t, "-n", m.name, "route", "add", "local", "10.88.0.0/16", "dev", "lo")
	m.ip(t, "-n", m.name, "addr", "add", "10.88.0.53/32", "dev", "lo")
	dir := filepath.Join("/etc/netns", m.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for file, text := range map[string]string{"resolv.conf": resolv, "hosts": hosts} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m machineOfNames) ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %q: %v\n%s", args, err, out)
	}
}

// do runs on a thread of its own inside the namespace. What it opens belongs
// there.
func (m machineOfNames) do(t *testing.T, what func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocks it, so the thread ends, too
		f, err := os.Open(filepath.Join("/run/netns", m.name))
		if err == nil {
			defer f.Close()
			err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = what()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A labServer is a name server, and what is wrong with it.
type labServer struct {
	addrs     func(name string) []string // of a name; nil where there is none
	loss      float64                    // each way
	perSecond float64                    // answers, with a burst of a twentieth of that; 0 is any number
	swallows  dnsmessage.Type

	mu     sync.Mutex
	random *rand.Rand
	tokens float64
	since  time.Time
	asked  int
}

// serve begins to answer at an address.
func (s *labServer) serve(t *testing.T, m machineOfNames, at string) {
	t.Helper()
	s.random, s.since, s.tokens = rand.New(rand.NewPCG(1, 2)), time.Now(), s.perSecond/20
	var packets net.PacketConn
	var streams net.Listener
	m.do(t, func() (err error) {
		if packets, err = net.ListenPacket("udp", at+":53"); err == nil {
			streams, err = net.Listen("tcp", at+":53")
		}
		return err
	})
	t.Cleanup(func() { _, _ = packets.Close(), streams.Close() })
	go func() {
		b := make([]byte, 512)
		for {
			n, from, err := packets.ReadFrom(b)
			if err != nil {
				return
			}
			if answer := s.answer(b[:n], 512); answer != nil {
				_, _ = packets.WriteTo(answer, from)
			}
		}
	}()
	go func() {
		for {
			conn, err := streams.Accept()
			if err != nil {
				return
			}
			go s.stream(conn)
		}
	}()
}

// stream answers one question over TCP.
func (s *labServer) stream(conn net.Conn) {
	defer conn.Close()
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	b := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, b); err != nil {
		return
	}
	if answer := s.answer(b, 65535); answer != nil {
		_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	}
}

// answer is nil where the question or the answer is lost.
func (s *labServer) answer(question []byte, room int) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 || s.drops(m.Questions[0].Type) {
		return nil
	}
	q := m.Questions[0]
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}
	addrs := s.addrs(strings.ToLower(strings.TrimSuffix(q.Name.String(), ".")))
	if addrs == nil {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addrs {
		addr := netip.MustParseAddr(a)
		head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}
		switch {
		case addr.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: addr.As4()}})
		case addr.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	packed, err := m.Pack()
	if err == nil && len(packed) > room {
		m.Truncated, m.Answers = true, nil
		packed, err = m.Pack()
	}
	if err != nil {
		return nil
	}
	return packed
}

func (s *labServer) drops(kind dnsmessage.Type) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if both := 1 - (1-s.loss)*(1-s.loss); s.random.Float64() < both || kind == s.swallows {
		return true
	}
	if s.perSecond == 0 {
		return false
	}
	now := time.Now()
	s.tokens = min(s.perSecond/20, s.tokens+now.Sub(s.since).Seconds()*s.perSecond)
	if s.since = now; s.tokens < 1 {
		return true
	}
	s.tokens--
	return false
}
