// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"testing"
	"time"

	"exreach/catalog"
)

// leastUDP is the smallest question of each protocol that gets an answer of its stand-in.
var leastUDP = map[string]string{
	"dns":        "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01",
	"kerberos":   "\x6a\x00",
	"kpasswd":    "\x00\x07\xff\x80\x00\x01\x6e",
	"cldap":      "\x30\x05\x02\x01\x01\x63\x00",
	"ntp":        "\x23" + string(make([]byte, ntpSize-1)),
	"netbios-ns": "\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + string(netbiosStatusQuestion()),
	"sip":        "OPTIONS a SIP/2.0\r\n\r\n",
}

// answeredShort are the protocols whose own question gets an answer that is no longer.
var answeredShort = []string{"dns", "kerberos", "kpasswd", "cldap", "ntp", "sip"}

// TestMost: no datagram is answered with a longer one where the source may be forged, and
// our own questions are long enough for an answer that proves the server.
func TestMost(t *testing.T) {
	for name := range ofUDP() {
		t.Run(name, func(t *testing.T) {
			s := standInUDP(name)
			whole := &oneQuestion{question: []byte(leastUDP[name])}
			if _ = Table[name].Answer(whole, s); whole.answers != 1 {
				t.Fatalf("%d answers to the smallest question", whole.answers)
			}
			s.Most = len(leastUDP[name])
			short := &oneQuestion{question: []byte(leastUDP[name])}
			if _ = Table[name].Answer(short, s); short.longest > s.Most {
				t.Errorf("%d bytes in answer to %d", short.longest, s.Most)
			}
		})
	}
}

// TestMostOfOurs asks with our own questions.
func TestMostOfOurs(t *testing.T) {
	for _, name := range answeredShort {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, answered := 0, 0
			answer := func(conn net.Conn, s Stand) error {
				b := make([]byte, maxDatagram)
				n, err := conn.Read(b)
				if err != nil {
					return err
				}
				one := &oneQuestion{question: b[:n]}
				asked, s.Most = n, n
				_ = Table[name].Answer(one, s)
				answered = one.longest
				_, err = conn.Write(one.last)
				return err
			}
			if _, err := meetUDP(t, Table[name].Ask, answer, questionUDP(name), standInUDP(name), enough); err != nil {
				t.Errorf("%v", err)
			}
			if answered == 0 || answered > asked {
				t.Errorf("%d bytes in answer to %d", answered, asked)
			}
		})
	}
}

// A oneQuestion is a connection that delivers one datagram, and measures the answers.
type oneQuestion struct {
	question         []byte
	answers, longest int
	last             []byte
	asked            bool
}

func (c *oneQuestion) Read(b []byte) (int, error) {
	if c.asked {
		return 0, net.ErrClosed
	}
	c.asked = true
	return copy(b, c.question), nil
}

func (c *oneQuestion) Write(b []byte) (int, error) {
	c.answers, c.longest, c.last = c.answers+1, max(c.longest, len(b)), append([]byte(nil), b...)
	return len(b), nil
}

func (*oneQuestion) Close() error                     { return nil }
func (*oneQuestion) LocalAddr() net.Addr              { return &net.UDPAddr{IP: net.IPv6loopback, Port: 1} }
func (*oneQuestion) RemoteAddr() net.Addr             { return &net.UDPAddr{IP: net.IPv6loopback, Port: 2} }
func (*oneQuestion) SetDeadline(time.Time) error      { return nil }
func (*oneQuestion) SetReadDeadline(time.Time) error  { return nil }
func (*oneQuestion) SetWriteDeadline(time.Time) error { return nil }

// FuzzAnswer: whatever a client says, every answer ends without a fault, reads and writes no
// more than its bounds, and over UDP says no more than Most allows.
func FuzzAnswer(f *testing.F) {
	for name := range Table {
		f.Add(name, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		f.Add(name, []byte(leastUDP[name]))
	}
	f.Fuzz(func(t *testing.T, name string, said []byte) {
		p, known := Table[name]
		if !known {
			return
		}
		began := time.Now()
		for _, how := range []catalog.TLS{catalog.NoTLS, catalog.StartTLS} {
			s := standIn(name, how)
			s.StartTLS = func(conn net.Conn) (net.Conn, error) { return conn, nil }
			conn := hangsUpAfter(said)
			_ = p.Answer(conn, s)
			wrote := 0
			for _, piece := range conn.heard {
				wrote += len(piece)
			}
			if wrote > 64<<10+256*len(said) {
				t.Errorf("%s says %d bytes to %d", name, wrote, len(said))
			}
		}
		if _, udp := ofUDP()[name]; udp && len(said) > 0 {
			s := standInUDP(name)
			s.Most = len(said)
			conn := &oneQuestion{question: said}
			if _ = p.Answer(conn, s); conn.longest > s.Most {
				t.Errorf("%s answers %d bytes with %d", name, s.Most, conn.longest)
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	})
}
