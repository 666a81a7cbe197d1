// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// TestOneLineOffer: a server that offers nothing is given a moment to say more,
// and the conversation goes on after it.
func TestOneLineOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(smtpServer)}
		check := smtpCheck("192.0.2.1", 587)
		check.Service.TLS = catalog.StartTLS
		res := collect(t.Context(), &Pool{Dial: network.dial}, check)[0]
		if res.Verdict != Answered || res.Peer.Facts["starttls"] != "not offered" {
			t.Errorf("%s: %s, %+v", res.Verdict, res.Detail, res.Peer)
		}
	})
}

// dripping sends words letter by letter, one each time, until it is hung up on.
func dripping(words string, each time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		gone := make(chan struct{})
		go func() {
			_, _ = io.Copy(io.Discard, c)
			close(gone)
		}()
		for _, b := range []byte(words) {
			if _, err := c.Write([]byte{b}); err != nil {
				break
			}
			select {
			case <-gone:
			case <-time.After(each):
			}
		}
		<-gone
	}
}

// TestSilence tells a peer that never spoke from one that is slow and one that
// stopped. Slow greetings: https://github.com/testssl/testssl.sh/issues/731,
// https://github.com/PHPMailer/PHPMailer/issues/104 (20 s).
func TestSilence(t *testing.T) {
	page := func(c *catalog.Check) { c.Service.Protocol, c.Service.HTTP = "http", &catalog.Directory{Path: "/owa/"} }
	pop3 := func(c *catalog.Check) { c.Service.Protocol = "pop3" }
	const greeting = "220 mail01.contoso.example Microsoft ESMTP MAIL Service ready\r\n"
	for name, test := range map[string]struct {
		serve  func(net.Conn)
		change func(*catalog.Check)
		step   protocol.Step
		pace   Pace
		heard  int
		says   string
	}{
		"nothing":                       {silentServer, nil, protocol.Greet, Never, 0, "nothing came"},
		"a letter a second":             {dripping(greeting, time.Second), nil, protocol.Greet, Slowly, 20, "20 bytes came"},
		"a letter in nine seconds":      {dripping(greeting, 9*time.Second), nil, protocol.Greet, Slowly, 3, "too slowly"},
		"one letter":                    {dripping("2", time.Second), nil, protocol.Greet, Stalled, 1, "1 byte came"},
		"half a greeting":               {dripping("220-mail01\r\n", 0), nil, protocol.Greet, Stalled, 12, "then nothing for 20.0 s"},
		"a greeting and nothing behind": {dripping(greeting, 0), nil, protocol.Talk, Stalled, 0, "then nothing more came"},
		"POP3, a letter a second":       {dripping("+OK The Microsoft Exchange POP3 service is ready.\r\n", time.Second), pop3, protocol.Greet, Slowly, 20, "too slowly"},
		"HTTP, a letter a second":       {dripping("HTTP/1.1 401 Unauthorized\r\n", time.Second), page, protocol.Greet, Slowly, 20, "too slowly"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				check := smtpCheck("192.0.2.1", 25)
				if test.change != nil {
					test.change(&check)
				}
				network := &fakeNet{serve: always(test.serve)}
				res := collect(t.Context(), &Pool{Dial: network.dial, Shared: &Shared{Gentle: true}}, check)[0]
				if res.Verdict != Silent || res.Step != test.step || res.Silence == nil || res.Silence.Pace != test.pace || res.Silence.Heard != test.heard {
					t.Fatalf("%s in %s, %+v: %s", res.Verdict, res.Step, res.Silence, res.Detail)
				}
				if !strings.Contains(res.Detail, test.says) {
					t.Errorf("%q does not say %q", res.Detail, test.says)
				}
			})
		})
	}
}

// TestHeldBackGreeting: what is silent for the usual time answers in a longer one,
// which is what the advice says.
func TestHeldBackGreeting(t *testing.T) {
	for limit, want := range map[time.Duration]Verdict{0: Silent, time.Minute: Answered} {
		synctest.Test(t, func(t *testing.T) {
			var serving sync.WaitGroup
			defer serving.Wait()
			late := func(c net.Conn) {
				defer serving.Done()
				time.Sleep(25 * time.Second)
				smtpServer(c)
			}
			network := &fakeNet{serve: func(netip.AddrPort, int) (func(net.Conn), error) {
				serving.Add(1)
				return late, nil
			}}
			pool := &Pool{Dial: network.dial, Timeouts: Timeouts{Check: limit}}
			if res := collect(t.Context(), pool, smtpCheck("192.0.2.1", 25))[0]; res.Verdict != want {
				t.Errorf("with %s: %s after %s (%s), want %s", limit, res.Verdict, res.Took, res.Detail, want)
			}
		})
	}
}

// TestWithheld: what a mapper would not tell is not said to be stopped.
func TestWithheld(t *testing.T) {
	check := catalog.Check{Want: catalog.Required, Service: catalog.Service{Name: "nspi", RPC: &catalog.Interface{Name: "NSPI"}}}
	mapper := Result{Check: catalog.Check{Service: catalog.Service{Name: "endpoint-mapper"}}, Verdict: Answered,
		Peer: &protocol.Peer{Refusal: "fault 0x00000005 (access denied)", Withheld: []string{"NSPI", "RFR"}}}
	res := portless(check, mapper)
	if res.Verdict != Unresolved || res.Obstacle != "" || !strings.HasSuffix(res.Detail, ": fault 0x00000005 (access denied)") {
		t.Errorf("%s: %s", res.Verdict, res.Detail)
	}
	mapper.Peer = &protocol.Peer{Withheld: slices.Clip([]string{"RFR"})}
	if res := portless(check, mapper); res.Verdict != Refused {
		t.Errorf("one that the mapper knows not: %s: %s", res.Verdict, res.Detail)
	}
}

// TestDetailOfCode: an answer that says no names the question.
func TestDetailOfCode(t *testing.T) {
	res := Result{Step: protocol.Talk, Check: catalog.Check{Service: catalog.Service{Protocol: "dns"}}, Peer: &protocol.Peer{Facts: map[string]string{
		protocol.FactQuestion: "MX of contoso.example", protocol.FactRCode: "NXDOMAIN",
	}}}
	if got, want := bestLine(&res), "MX of contoso.example: NXDOMAIN"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
