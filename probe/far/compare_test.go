// SPDX-License-Identifier: Apache-2.0

package far

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/tape"
)

var (
	noon   = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	ours   = netip.MustParseAddrPort("192.0.2.7:50123")
	ours6  = netip.MustParseAddrPort("[2001:db8::7]:50123")
	nat    = netip.MustParseAddrPort("203.0.113.9:61000")
	proxy  = netip.MustParseAddrPort("198.51.100.3:40000")
	shown  = strings.Repeat("aa", 32)
	forged = strings.Repeat("bb", 32)
)

// said is a flow of these words.
func said(words string) tape.Flow {
	if words == "" {
		return tape.Flow{}
	}
	sum := sha256.Sum256([]byte(words))
	return tape.Flow{Bytes: int64(len(words)), SHA256: hex.EncodeToString(sum[:]), Head: []byte(words)[:min(len(words), 8<<10)]}
}

// called is a connection of this end.
func called(local netip.AddrPort, sent, received string) Call {
	return Call{Local: local, At: noon, Took: time.Second, Sent: said(sent), Received: said(received)}
}

func missed(local netip.AddrPort) Call {
	return Call{Local: local, At: noon, Took: time.Second, Missed: true}
}

// arrived is a connection at the far end.
func arrived(from netip.AddrPort, received, sent string) Arrival {
	return Arrival{Network: catalog.TCP, Port: 25, From: from, At: noon.Add(20 * time.Millisecond), Received: said(received), Sent: said(sent)}
}

func halfOpen(from netip.AddrPort) Arrival {
	a := arrived(from, "", "")
	a.HalfOpen = true
	return a
}

// with changes an arrival.
func with(a Arrival, change func(*Arrival)) Arrival {
	change(&a)
	return a
}

const (
	ehlo   = "EHLO checker\r\n"
	banner = "220 mail01.contoso.example Microsoft ESMTP MAIL Service ready\r\n"
	offers = "250-mail01.contoso.example\r\n250-SIZE 37748736\r\n250-STARTTLS\r\n250 CHUNKING\r\n"
)

// A scene is what both ends know.
type scene struct {
	near     Near
	calls    []Call
	arrivals []Arrival
	meeting  Meeting
	record   Record // without its arrivals; no openings stand for port 25 open on both networks
}

// look compares the ends of a scene.
func (s scene) look() Sight {
	if s.near.Network == "" {
		s.near.Network = catalog.TCP
	}
	s.near.Port, s.near.Wire = 25, Wire{s.calls}
	if s.record.Openings == nil {
		s.record.Openings = []Opening{{Network: catalog.TCP, Port: 25, State: Open}, {Network: catalog.UDP, Port: 25, State: Open}}
	}
	s.record.Arrivals = s.arrivals
	if s.meeting.Seen == nil {
		s.meeting.Seen, s.meeting.PortsKept = []netip.Addr{ours.Addr()}, true
	}
	if s.meeting.Ours == nil {
		s.meeting.Ours = map[uint16]bool{ours.Port(): true}
	}
	return Compare([]Near{s.near}, s.record, s.meeting)[0]
}

var (
	answered = Near{Connected: true, Answered: true}
	silent   = Near{Connected: true}
	timedOut = Near{}
	overUDP  = Near{Network: catalog.UDP}
)

// udp is an arrival of datagrams.
func udp(received, sent string, times int) Arrival {
	return with(arrived(ours, received, sent), func(a *Arrival) { a.Network, a.Times = catalog.UDP, times })
}

// TestCompare: what follows from both ends.
func TestCompare(t *testing.T) {
	token := func(a *Arrival) { a.Token = true }
	natted := Meeting{Seen: []netip.Addr{nat.Addr()}}
	hello, otherHello := "\x16\x03\x01\x02\x00\x01aaaa", "\x16\x03\x01\x02\x00\x01bbbb"
	long := strings.Repeat("x", 3000)
	for name, test := range map[string]struct {
		scene
		direction Direction
		why       Reason
		came      int
	}{
		"both agree":                {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, "", "", 1},
		"both agree, IPv6":          {scene{near: answered, calls: []Call{called(ours6, ehlo, banner)}, arrivals: []Arrival{arrived(ours6, ehlo, banner)}, meeting: Meeting{Seen: []netip.Addr{ours6.Addr()}, PortsKept: true}}, "", "", 1},
		"we hang up first":          {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner+offers)}}, "", "", 1},
		"the far end hangs up":      {scene{near: answered, calls: []Call{called(ours, ehlo+"QUIT\r\n", banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, "", "", 1},
		"a SYN was lost before":     {scene{near: answered, calls: []Call{missed(ours), called(netip.AddrPortFrom(ours.Addr(), 50124), ehlo, banner)}, arrivals: []Arrival{arrived(netip.AddrPortFrom(ours.Addr(), 50124), ehlo, banner)}}, "", "", 1},
		"NAT of the address":        {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(netip.AddrPortFrom(nat.Addr(), ours.Port()), ehlo, banner)}, meeting: natted}, "", "", 1},
		"NAT of address and port":   {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(nat, ehlo, banner)}, meeting: natted}, "", "", 1},
		"NAT, and nothing came":     {scene{near: timedOut, calls: []Call{missed(ours)}, meeting: natted, record: Record{Dropped: -1}}, NeverArrived, "", 0},
		"dropped going":             {scene{near: timedOut, calls: []Call{missed(ours)}}, NeverArrived, BeforeHost, 0},
		"dropped at the host":       {scene{near: timedOut, calls: []Call{missed(ours)}, record: Record{Dropped: 3}}, NeverArrived, AtTheHost, 0},
		"nothing known of drops":    {scene{near: timedOut, calls: []Call{missed(ours)}, record: Record{Dropped: -1}}, NeverArrived, "", 0},
		"RST":                       {scene{near: Near{Refused: true}, calls: []Call{missed(ours)}, record: Record{Dropped: 3}}, NeverArrived, "", 0},
		"dropped returning":         {scene{near: timedOut, calls: []Call{missed(ours)}, arrivals: []Arrival{halfOpen(ours)}}, AnswerLost, "", 1},
		"one of two SYNs half-open": {scene{near: timedOut, calls: []Call{missed(ours), missed(netip.AddrPortFrom(ours.Addr(), 50124))}, arrivals: []Arrival{halfOpen(ours)}}, AnswerLost, "", 1},
		"nothing after our SYN":     {scene{near: silent, calls: []Call{called(ours, ehlo, "")}, arrivals: []Arrival{halfOpen(ours)}}, NeverArrived, "", 1},
		"words held back":           {scene{near: silent, calls: []Call{called(ours, ehlo, "")}, arrivals: []Arrival{arrived(ours, "", "")}}, NeverArrived, "", 1},
		"answer held back":          {scene{near: silent, calls: []Call{called(ours, ehlo, "")}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, AnswerLost, "", 1},
		"MTU returning":             {scene{near: Near{Connected: true, LargeLost: true}, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner+long)}}, AnswerLost, LargeOnly, 1},
		"MTU, asked in small":       {scene{near: Near{Connected: true, LargeLost: true}, calls: []Call{called(ours, ehlo, ""), called(netip.AddrPortFrom(ours.Addr(), 50124), ehlo, long)}, arrivals: []Arrival{arrived(ours, ehlo, long), arrived(netip.AddrPortFrom(ours.Addr(), 50124), ehlo, long)}}, AnswerLost, LargeOnly, 2},
		"MTU going":                 {scene{near: silent, calls: []Call{called(ours, ehlo+long, banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, NeverArrived, LargeOnly, 1},
		"both know of silence":      {scene{near: silent, calls: []Call{called(ours, ehlo, "")}, arrivals: []Arrival{arrived(ours, ehlo, "")}}, "", "", 1},
		"a proxy accepts":           {scene{near: silent, calls: []Call{called(ours, ehlo, "")}}, AnsweredByOther, "", 0},
		"a proxy answers":           {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}}, AnsweredByOther, "", 0},
		"another's connection":      {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(proxy, ehlo, banner)}}, AnsweredByOther, "", 0},
		"saved, behind NAT":         {scene{near: answered, calls: []Call{{At: noon, Took: time.Minute, Untaped: true}}, arrivals: []Arrival{arrived(nat, ehlo, banner)}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}}}, NoDirection, "", 0},
		"saved":                     {scene{near: answered, calls: []Call{{At: noon, Took: time.Minute, Untaped: true}}, arrivals: []Arrival{arrived(ours, ehlo, banner)}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, Ours: map[uint16]bool{}, Loose: 30 * time.Second}}, NoDirection, "", 1},
		"saved, answer lost":        {scene{near: timedOut, calls: []Call{{At: noon, Took: time.Minute, Untaped: true, Missed: true}}, arrivals: []Arrival{halfOpen(ours)}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, Ours: map[uint16]bool{}, Loose: 30 * time.Second}}, AnswerLost, "", 1},
		"an earlier connection":     {scene{near: timedOut, calls: []Call{missed(ours)}, arrivals: []Arrival{with(arrived(ours, ehlo, banner), func(a *Arrival) { a.At = noon.Add(-time.Hour) })}}, NeverArrived, BeforeHost, 0},
		"another check's":           {scene{near: timedOut, calls: []Call{missed(ours)}, arrivals: []Arrival{arrived(netip.AddrPortFrom(ours.Addr(), 50124), ehlo, banner)}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, Ours: map[uint16]bool{50124: true}}}, NeverArrived, BeforeHost, 0},
		"ports changed to ours":     {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(netip.AddrPortFrom(nat.Addr(), 50124), ehlo, banner)}, meeting: Meeting{Seen: []netip.Addr{nat.Addr()}, Ours: map[uint16]bool{50123: true, 50124: true}}}, "", "", 1},
		"a missed call's neighbour": {scene{near: answered, calls: []Call{missed(ours), called(netip.AddrPortFrom(ours.Addr(), 50124), ehlo, banner)}, arrivals: []Arrival{arrived(nat, ehlo, strings.ToLower(banner))}, meeting: natted}, Changed, "", 1},
		"missed, and another's":     {scene{near: timedOut, calls: []Call{missed(ours)}, arrivals: []Arrival{arrived(nat, ehlo, banner)}, meeting: natted}, NeverArrived, BeforeHost, 0},
		"missed, its port accepted": {scene{near: timedOut, calls: []Call{missed(ours)}, arrivals: []Arrival{arrived(ours, "", banner)}}, AnswerLost, "", 1},
		"masking":                   {scene{near: answered, calls: []Call{called(ours, ehlo, strings.Replace(banner, "Microsoft ESMTP", "*********", 1))}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, Changed, "", 1},
		"STARTTLS taken out":        {scene{near: answered, calls: []Call{called(ours, ehlo, banner+strings.Replace(offers, "250-STARTTLS\r\n", "", 1))}, arrivals: []Arrival{arrived(ours, ehlo, banner+offers)}}, Changed, StartTLSGone, 1},
		"STARTTLS written over":     {scene{near: answered, calls: []Call{called(ours, ehlo, banner+strings.Replace(offers, "STARTTLS", "XXXXXXXA", 1))}, arrivals: []Arrival{arrived(ours, ehlo, banner+offers)}}, Changed, StartTLSGone, 1},
		"words changed going":       {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(ours, "EHLO xxxxxxx\r\n", banner)}}, Changed, "", 1},
		"a header put in":           {scene{near: answered, calls: []Call{called(ours, "GET / HTTP/1.1\r\n\r\n", banner)}, arrivals: []Arrival{arrived(ours, "GET / HTTP/1.1\r\nVia: proxy\r\n\r\n", banner)}}, Changed, "", 1},
		"words put behind":          {scene{near: answered, calls: []Call{called(ours, ehlo, banner+"more")}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, Changed, "", 1},
		"changed beyond the head":   {scene{near: answered, calls: []Call{called(ours, ehlo, strings.Repeat("x", 9000)+"a")}, arrivals: []Arrival{arrived(ours, ehlo, strings.Repeat("x", 9000)+"b")}}, Changed, "", 1},
		"another ClientHello":       {scene{near: answered, calls: []Call{called(ours, hello, banner)}, arrivals: []Arrival{arrived(ours, otherHello, banner)}}, Changed, "", 1},
		"TLS opened, with token":    {scene{near: answered, calls: []Call{{Local: ours, At: noon, Took: time.Second, Sent: said(hello), Received: said("a"), Certificate: forged}}, arrivals: []Arrival{with(arrived(proxy, otherHello, "b"), func(a *Arrival) { a.Token, a.Certificate = true, shown })}}, Changed, CertificateChanged, 1},
		"TLS opened, our address":   {scene{near: answered, calls: []Call{{Local: ours, At: noon, Took: time.Second, Sent: said(hello), Received: said("a"), Certificate: forged}}, arrivals: []Arrival{with(arrived(ours, otherHello, "b"), func(a *Arrival) { a.Certificate = shown })}}, Changed, CertificateChanged, 1},
		"TLS opened, without token": {scene{near: answered, calls: []Call{{Local: ours, At: noon, Took: time.Second, Sent: said(hello), Received: said("a"), Certificate: forged}}}, AnsweredByOther, "", 0},
		"a proxy that passes on":    {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{with(arrived(proxy, ehlo, banner), token)}}, Changed, ByProxy, 1},
		"held":                      {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{with(arrived(ours, "", ""), func(a *Arrival) { a.Held = true })}, record: Record{Sees: true, Openings: []Opening{{Network: catalog.TCP, Port: 25, State: Held, Holder: "master"}}}}, "", "", 1},
		"held, a proxy before it":   {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, record: Record{Sees: true, Openings: []Opening{{Network: catalog.TCP, Port: 25, State: Held}}}}, AnsweredByOther, "", 0},
		"held, far system is mute":  {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, record: Record{Openings: []Opening{{Network: catalog.TCP, Port: 25, State: Held}}}}, NoDirection, OtherProgram, 0},
		"held, over in no time":     {scene{near: answered, calls: []Call{{Local: ours, At: noon, Took: time.Millisecond}}, record: Record{Sees: true, Openings: []Opening{{Network: catalog.TCP, Port: 25, State: Held}}}}, NoDirection, OtherProgram, 0},
		"dropped before the run":    {scene{near: timedOut, calls: []Call{missed(ours)}, record: Record{Dropped: 3}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, PortsKept: true, Before: 3}}, NeverArrived, BeforeHost, 0},
		"dropped, not known before": {scene{near: timedOut, calls: []Call{missed(ours)}, record: Record{Dropped: 3}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, PortsKept: true, Before: -1}}, NeverArrived, "", 0},
		"the counter fell":          {scene{near: timedOut, calls: []Call{missed(ours)}, record: Record{Dropped: 3}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, PortsKept: true, Before: 5}}, NeverArrived, "", 0},
		"held, and half-open":       {scene{near: timedOut, calls: []Call{missed(ours)}, arrivals: []Arrival{with(halfOpen(ours), func(a *Arrival) { a.Held = true })}, record: Record{Openings: []Opening{{Network: catalog.TCP, Port: 25, State: Held}}}}, AnswerLost, "", 1},
		"held, and nothing seen":    {scene{near: timedOut, calls: []Call{missed(ours)}, record: Record{Openings: []Opening{{Network: catalog.TCP, Port: 25, State: Held}}}}, NoDirection, OtherProgram, 0},
		"denied":                    {scene{near: Near{Refused: true}, calls: []Call{missed(ours)}, record: Record{Openings: []Opening{{Network: catalog.TCP, Port: 25, State: Denied}}}}, NoDirection, NotOpen, 0},
		"not to be opened":          {scene{near: Near{Refused: true}, calls: []Call{missed(ours)}, record: Record{Openings: []Opening{{Network: catalog.TCP, Port: 26, State: Open}}}}, NoDirection, NotOpen, 0},
		"turned away":               {scene{near: silent, calls: []Call{called(ours, "", "")}, arrivals: []Arrival{with(arrived(ours, "", ""), func(a *Arrival) { a.Turned = "allow" })}}, NoDirection, TurnedAway, 1},
		"too many":                  {scene{near: timedOut, calls: []Call{missed(ours)}, record: Record{More: 1}}, NoDirection, TooMany, 0},
		"clocks apart":              {scene{near: timedOut, calls: []Call{missed(netip.AddrPort{})}, arrivals: []Arrival{arrived(ours, ehlo, banner)}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, Loose: time.Hour}}, NoDirection, ClocksApart, 0},
		"clocks apart, same port":   {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{with(arrived(ours, ehlo, banner), func(a *Arrival) { a.At = noon.Add(300 * time.Hour) })}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, Loose: time.Hour}}, "", "", 1},
		"a clock that is ahead":     {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{with(arrived(ours, ehlo, banner), func(a *Arrival) { a.At = noon.Add(300 * time.Hour) })}, meeting: Meeting{Seen: []netip.Addr{ours.Addr()}, PortsKept: true, Ahead: 300 * time.Hour}}, "", "", 1},
		"UDP agrees":                {scene{near: Near{Network: catalog.UDP, Connected: true, Answered: true}, calls: []Call{called(ours, "q", "a")}, arrivals: []Arrival{udp("q", "a", 1)}}, "", "", 1},
		"UDP asked again":           {scene{near: Near{Network: catalog.UDP, Connected: true, Answered: true}, calls: []Call{called(ours, "qqq", "a")}, arrivals: []Arrival{udp("qq", "aa", 2)}}, "", "", 1},
		"UDP never arrived":         {scene{near: overUDP, calls: []Call{called(ours, "qqq", "")}}, NeverArrived, BeforeHost, 0},
		"UDP answer lost":           {scene{near: overUDP, calls: []Call{called(ours, "qqq", "")}, arrivals: []Arrival{udp("qqq", "aaa", 3)}}, AnswerLost, "", 1},
		"UDP without answer":        {scene{near: overUDP, calls: []Call{called(ours, "qqq", "")}, arrivals: []Arrival{udp("qqq", "", 3)}}, NoDirection, "", 1},
		"UDP changed":               {scene{near: Near{Network: catalog.UDP, Connected: true, Answered: true}, calls: []Call{called(ours, "INVITE sip:10.0.0.1", "a")}, arrivals: []Arrival{udp("INVITE sip:9.9.9.9", "a", 1)}}, Changed, "", 1},
		"UDP answered by another":   {scene{near: Near{Network: catalog.UDP, Connected: true, Answered: true}, calls: []Call{called(ours, "q", "a")}}, AnsweredByOther, "", 0},
	} {
		got := test.look()
		if got.Direction != test.direction || got.Why != test.why || len(got.Came) != test.came {
			t.Errorf("%s: %+v; want %q %q, %d came", name, got, test.direction, test.why, test.came)
		}
	}
}

// TestQuotes: a change is quoted at its place, printable and short.
func TestQuotes(t *testing.T) {
	for name, test := range map[string]struct {
		calls   Call
		arrival Arrival
		going   bool
		at      int
		was, is string
	}{
		"masking":     {called(ours, ehlo, "220 ********\r\n"), arrived(ours, ehlo, "220 mail01 ready\r\n"), false, 4, "220 mail01 ready", "220 ********"},
		"later line":  {called(ours, "a\r\nb\r\n", ""), arrived(ours, "a\r\nc\r\n", ""), true, 3, "b", "c"},
		"binary":      {called(ours, "\x16\x03\x01\x00", ""), arrived(ours, "\x16\x03\x03\x00", ""), true, 2, "01 00", "03 00"},
		"STARTTLS":    {called(ours, ehlo, "250-SIZE\r\n250 OK\r\n"), arrived(ours, ehlo, "250-SIZE\r\n250-STARTTLS\r\n250 OK\r\n"), false, 13, "250-STARTTLS", "250 OK"},
		"escape":      {called(ours, ehlo, "220 \u202e\r\n"), arrived(ours, ehlo, "220 x\r\n"), false, 4, "220 x", `220 \u202e`},
		"put behind":  {called(ours, ehlo, "220 x\r\nmore\r\n"), arrived(ours, ehlo, "220 x\r\n"), false, 7, "", "more"},
		"a long line": {called(ours, strings.Repeat("x", 500)+"a", ""), arrived(ours, strings.Repeat("x", 500)+"b", ""), true, 500, strings.Repeat("x", 20) + "a", strings.Repeat("x", 20) + "b"},
	} {
		got := scene{near: answered, calls: []Call{test.calls}, arrivals: []Arrival{test.arrival}}.look()
		if got.Direction != Changed || got.Going != test.going || got.At != test.at || got.Was != test.was || got.Is != test.is {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestEachArrivalOnce: several connections to one port behind a NAT that changes ports are
// told apart by their bytes, and the one whose answer is lost is the one that is left.
func TestEachArrivalOnce(t *testing.T) {
	at := func(port uint16, received, sent string) Arrival {
		return arrived(netip.AddrPortFrom(nat.Addr(), port), received, sent)
	}
	s := scene{
		near:     silent,
		calls:    []Call{called(ours, "first", "1"), called(ours, "second", ""), called(ours, "third", "3")},
		arrivals: []Arrival{at(3, "third", "3"), at(2, "second", "2"), at(1, "first", "1")},
		meeting:  Meeting{Seen: []netip.Addr{nat.Addr()}},
	}
	got := s.look()
	if len(got.Came) != 3 || got.Came[0].From.Port() != 1 || got.Came[1].From.Port() != 2 || got.Came[2].From.Port() != 3 || got.Direction != "" {
		t.Errorf("%+v", got)
	}
}

// TestChecksShareAPort: of several checks at one port, none takes the arrival of another, and
// neither does one that is compared later.
func TestChecksShareAPort(t *testing.T) {
	second := netip.AddrPortFrom(ours.Addr(), 50124)
	checks := []Near{
		{Network: catalog.TCP, Port: 25, Connected: true, Wire: Wire{[]Call{called(ours, "changed", "")}}},
		{Network: catalog.TCP, Port: 25, Connected: true, Answered: true, Wire: Wire{[]Call{called(second, ehlo, banner)}}},
	}
	r := sound()
	r.Arrivals = []Arrival{arrived(nat, ehlo, banner)}
	m := Meeting{Seen: []netip.Addr{nat.Addr()}, Taken: Taken{}}
	got := Compare(checks, r, m)
	if len(got[0].Came) != 0 || got[0].Direction != AnsweredByOther || len(got[1].Came) != 1 || got[1].Direction != "" {
		t.Errorf("%+v", got)
	}
	if again := Compare(checks[1:], r, m); len(again[0].Came) != 0 {
		t.Errorf("compared later: %+v", again)
	}
}

// TestEqual: both ends agree to the byte only where all that was sent came, both ways.
func TestEqual(t *testing.T) {
	udpNear := Near{Network: catalog.UDP, Connected: true, Answered: true}
	for name, test := range map[string]struct {
		scene
		want bool
	}{
		"the same":         {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, true},
		"after a lost SYN": {scene{near: answered, calls: []Call{missed(netip.AddrPortFrom(ours.Addr(), 1)), called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, true},
		"less was read":    {scene{near: answered, calls: []Call{called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner+offers)}}, false},
		"less came":        {scene{near: answered, calls: []Call{called(ours, ehlo+"QUIT", banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, false},
		"one of two":       {scene{near: answered, calls: []Call{called(netip.AddrPortFrom(ours.Addr(), 1), ehlo, ""), called(ours, ehlo, banner)}, arrivals: []Arrival{arrived(ours, ehlo, banner)}}, false},
		"nothing came":     {scene{near: timedOut, calls: []Call{missed(ours)}}, false},
		"half-open":        {scene{near: timedOut, calls: []Call{missed(ours)}, arrivals: []Arrival{halfOpen(ours)}}, false},
		"UDP":              {scene{near: udpNear, calls: []Call{called(ours, "q", "a")}, arrivals: []Arrival{udp("q", "a", 1)}}, true},
		"UDP, sent again":  {scene{near: udpNear, calls: []Call{called(ours, "abcabcabc", "x")}, arrivals: []Arrival{udp("abcabc", "xx", 2)}}, true},
		"UDP, cut short":   {scene{near: udpNear, calls: []Call{called(ours, "abcabc", "x")}, arrivals: []Arrival{udp("abca", "x", 2)}}, false},
		"UDP, never came":  {scene{near: udpNear, calls: []Call{called(ours, "abc", "")}, arrivals: []Arrival{udp("abc", "x", 1)}}, false},
	} {
		if got := test.look(); got.Equal != test.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
