// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// ntpEnvelope is for UDP alone: NTP has no TCP.
var ntpEnvelope = envelope{want: "NTP"}

// The packet of RFC 5905, section 7.3: where its fields begin.
const (
	ntpStratum    = 1
	ntpDispersion = 8
	ntpReference  = 12
	ntpOrigin     = 24
	ntpReceive    = 32
	ntpTransmit   = 40
	ntpSize       = 48 // what may follow are extensions and a signature
)

// The first byte: leap indicator, version and mode.
const (
	ntpModes    = 0x07
	ntpClient   = 3
	ntpServer   = 4
	ntpVersions = 0x38
	ntpVersion4 = 4 << 3
	ntpLeapAt   = 6
)

// A clock that follows no other has the leap indicator ntpNoSync, or a stratum beyond
// ntpDeepest.
const (
	ntpNoSync  = 3
	ntpDeepest = 15
)

// ntpLeaps says what the leap indicator announces for the end of the month.
var ntpLeaps = []string{"none", "61 seconds", "59 seconds", "unsynchronized"}

// ntpUnready are the kiss codes of a server that does not turn us away but has
// no time to give yet (RFC 5905, section 7.4).
var ntpUnready = []string{"INIT", "STEP"}

// ntpReasons says why a server turns us away, by its kiss code (RFC 5905, section 7.4).
var ntpReasons = map[string]wire.Reason{
	"RATE": wire.Limited,
	"DENY": wire.OurAddress,
	"RSTR": wire.OurAddress,
}

// askNTP asks for the time once, as a client (RFC 5905). In place of our time it sends a
// random number, which the answer must repeat. The number says nothing about our clock.
func askNTP(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	q.At(Greet)
	request := make([]byte, ntpSize)
	request[0] = ntpVersion4 | ntpClient
	cookie := request[ntpTransmit:]
	_, _ = rand.Read(cookie)
	answer, err := ntpEnvelope.exchange(conn, catalog.UDP, request, func(head []byte) sight { return lookNTP(head, cookie) })
	if err != nil {
		return p, err
	}
	describeNTP(answer, time.Now(), &p)
	return p, nil
}

// lookNTP knows an answer by its length, its mode, and the number that we sent.
func lookNTP(head, cookie []byte) sight {
	switch {
	case len(head) < ntpSize || head[0]&ntpModes != ntpServer || head[0]&ntpVersions == 0:
		return alien
	case !slices.Equal(head[ntpOrigin:ntpReceive], cookie):
		return stray
	}
	return own
}

// describeNTP notes what an answer says. A server that is not synchronized has answered
// all the same; one that sends a kiss code has refused, but for those of ntpUnready.
func describeNTP(answer []byte, local time.Time, p *Peer) {
	leap, stratum := answer[0]>>ntpLeapAt, answer[ntpStratum]
	reference := answer[ntpReference:ntpOrigin][:4]
	p.fact(FactStratum, fmt.Sprint(stratum))
	p.fact(FactReference, ntpSource(stratum, reference))
	kiss := asciiText(reference)
	switch {
	case stratum == 0 && kiss != "" && !slices.Contains(ntpUnready, kiss):
		p.turnAway("kiss-o'-death "+kiss, ntpReasons[kiss])
		return // the other fields of such a packet mean nothing
	case stratum == 0 || stratum > ntpDeepest:
		leap = ntpNoSync
	}
	p.fact(FactLeap, ntpLeaps[leap])
	p.fact(FactRootDispersion, ntpShort(answer[ntpDispersion:]).String())
	p.clocks(ntpTime(answer[ntpTransmit:]), local)
}

// ntpSource is the clock that the server follows. A server at the top of the tree names
// it; any other gives its address. For an IPv6 address that is only a hash, which looks
// like an IPv4 address.
func ntpSource(stratum byte, reference []byte) string {
	if text := asciiText(reference); stratum < 2 {
		return text
	}
	addr, _ := netip.AddrFromSlice(reference)
	return addr.String()
}

// asciiText returns b as text without its padding, "" where it is not printable ASCII.
func asciiText(b []byte) string {
	text := strings.TrimRight(string(b), "\x00 ")
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return text
}

// ntpShort reads a duration: seconds, with 16 bits behind the binary point.
func ntpShort(b []byte) time.Duration {
	exact := time.Duration(binary.BigEndian.Uint32(b)) * time.Second >> 16
	return exact.Round(time.Microsecond)
}

// ntpEpoch is the beginning of 1900 in Unix time, in seconds.
const ntpEpoch = -2208988800

// ntpTime reads a timestamp, the zero time where there is none. The count of seconds
// begins again in 2036 (RFC 4330, section 3).
func ntpTime(b []byte) time.Time {
	seconds, fraction := int64(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint32(b[4:])
	if seconds == 0 && fraction == 0 {
		return time.Time{}
	}
	if seconds <= math.MaxInt32 {
		seconds += 1 << 32
	}
	return time.Unix(ntpEpoch+seconds, int64(fraction)*int64(time.Second)>>32)
}

// putNTPTime writes a timestamp.
func putNTPTime(b []byte, t time.Time) {
	binary.BigEndian.PutUint32(b, uint32(t.Unix()-ntpEpoch))
	binary.BigEndian.PutUint32(b[4:], uint32(int64(t.Nanosecond())<<32/int64(time.Second)))
}

// answerNTP is a server that follows its own clock.
func answerNTP(conn net.Conn, s Stand) error {
	return ntpEnvelope.serve(conn, catalog.UDP, func(request []byte) []byte {
		if len(request) < ntpSize || request[0]&ntpModes != ntpClient {
			return nil
		}
		now := time.Now()
		answer := make([]byte, ntpSize)
		answer[0] = request[0]&ntpVersions | ntpServer
		answer[ntpStratum] = 1
		copy(answer[ntpReference:], "LOCL")
		copy(answer[ntpOrigin:], request[ntpTransmit:ntpSize])
		putNTPTime(answer[ntpReceive:], now)
		putNTPTime(answer[ntpTransmit:], now)
		return s.fits(answer)
	})
}
