// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// ntpReplay puts the number of the question where an answer has it.
func ntpReplay(said ...[]byte) *replay {
	return &replay{said: said, from: ntpTransmit, to: ntpOrigin, size: ntpReceive - ntpOrigin}
}

func TestNTPRecorded(t *testing.T) {
	for name, facts := range map[string]map[string]string{
		"ntp-chrony.txt": {
			"stratum": "8", "leap": "none", "reference": "127.127.1.1", "root_dispersion": "0s", "server_time": "2026-11-21T22:15:37.564Z",
		},
		"ntp-chrony-unsynchronized.txt": {
			"stratum": "0", "leap": "unsynchronized", "root_dispersion": "1s", "server_time": "2026-11-21T22:15:37.574Z",
		},
		"ntp-ntpsec.txt": {
			"stratum": "0", "leap": "unsynchronized", "reference": "INIT", "root_dispersion": "366µs", "server_time": "2026-11-21T22:15:37.553Z",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := askReplay(t, "ntp", question("ntp", catalog.NoTLS), ntpReplay(recordedMessages(t, name)...))
			checkPeer(t, Peer{Facts: facts}, got, err)
		})
	}
}

// ntpSaying is an answer of a good server, changed.
func ntpSaying(change func(b []byte)) []byte {
	b := make([]byte, ntpSize)
	b[0], b[ntpStratum] = ntpVersion4|ntpServer, 2
	copy(b[ntpDispersion:], "\x00\x00\x80\x00")
	copy(b[ntpReference:], "\x0a\x4d\x03\x14")
	putNTPTime(b[ntpTransmit:], time.Unix(1_800_000_000, 250_000_000))
	change(b)
	return b
}

func TestNTPAnswers(t *testing.T) {
	facts := func(changed ...string) map[string]string {
		f := map[string]string{
			"stratum": "2", "leap": "none", "reference": "10.77.3.20", "root_dispersion": "500ms", "server_time": "2027-01-15T08:00:00.250Z",
		}
		for i := 0; i < len(changed); i += 2 {
			f[changed[i]] = changed[i+1]
		}
		return f
	}
	for name, c := range map[string]struct {
		change func(b []byte)
		want   Peer
	}{
		"a good one":    {func([]byte) {}, Peer{Facts: facts()}},
		"version 3":     {func(b []byte) { b[0] = 3<<3 | ntpServer }, Peer{Facts: facts()}},
		"a leap second": {func(b []byte) { b[0] |= 1 << ntpLeapAt }, Peer{Facts: facts("leap", "61 seconds")}},
		"a clock of its own": {func(b []byte) {
			b[ntpStratum] = 1
			copy(b[ntpReference:], "LOCL")
		}, Peer{Facts: facts("stratum", "1", "reference", "LOCL")}},
		"no leap flag, but stratum 16": {func(b []byte) { b[ntpStratum] = 16 }, Peer{Facts: facts("stratum", "16", "leap", "unsynchronized")}},
		"after February 2036": {func(b []byte) { copy(b[ntpTransmit:], "\x00\x00\x00\x01\x00\x00\x00\x00") }, Peer{
			Facts: facts("server_time", "2036-02-07T06:28:17.000Z")}},
		"a kiss-o'-death": {func(b []byte) {
			b[0], b[ntpStratum] = 3<<ntpLeapAt|ntpVersion4|ntpServer, 0
			copy(b[ntpReference:], "RATE")
		}, Peer{Facts: map[string]string{"stratum": "0", "reference": "RATE"}, Refusal: "kiss-o'-death RATE", Reason: wire.Limited}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := askReplay(t, "ntp", question("ntp", catalog.NoTLS), ntpReplay(ntpSaying(c.change)))
			checkPeer(t, c.want, got, err)
		})
	}
}

// TestNTPCookie: what is sent does not tell our time, and is new each time.
func TestNTPCookie(t *testing.T) {
	one, two := &replay{}, &replay{}
	_, _ = askNTP(one, questionUDP("ntp"))
	_, _ = askNTP(two, questionUDP("ntp"))
	if bytes.Equal(one.heard[0], two.heard[0]) {
		t.Errorf("twice the same question: %x", one.heard[0])
	}
	if b := one.heard[0]; !bytes.Equal(b[1:ntpTransmit], make([]byte, ntpTransmit-1)) {
		t.Errorf("there is more in the question than a random number: %x", b)
	}
}

func TestNTPTime(t *testing.T) {
	b := make([]byte, 8)
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1_800_000_000, 999_999_999), time.Date(2100, 1, 1, 0, 0, 0, 1e6, time.UTC)} {
		putNTPTime(b, at)
		if got, want := factTime(ntpTime(b)), factTime(at); got != want && got != factTime(at.Add(-time.Nanosecond)) {
			t.Errorf("%s comes back as %s", want, got)
		}
	}
}

func FuzzAskNTP(f *testing.F) {
	var seeds []string
	for _, name := range []string{"ntp-chrony.txt", "ntp-ntpsec.txt"} {
		seeds = append(seeds, string(recordedMessages(f, name)[0]))
	}
	fuzzAsk(f, "ntp", seeds...)
}

// FuzzDescribeNTP is behind the number that FuzzAskNTP cannot guess.
func FuzzDescribeNTP(f *testing.F) {
	for _, name := range []string{"ntp-chrony.txt", "ntp-chrony-unsynchronized.txt", "ntp-ntpsec.txt"} {
		f.Add(recordedMessages(f, name)[0])
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		if len(said) < ntpSize {
			return
		}
		var p Peer
		describeNTP(said, time.Now(), &p)
		if p.Facts["stratum"] == "" || p.Refusal == "" && p.Facts["leap"] == "" {
			t.Errorf("an answer that says nothing: %+v", p)
		}
		p.Clean()
		checkClean(t, p)
	})
}
