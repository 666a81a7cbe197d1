// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

const (
	socksHelloSaid   = "05 01 00"
	socksRequestSaid = "05 00 00 01 00000000 0000"
)

// socksRecordings begin with microsocks 1.0.3, open and with a login.
var socksRecordings = []octetRecording{
	{
		name:  "microsocks",
		said:  "05 00  05 07 00 01 00000000 0000",
		want:  Peer{Facts: map[string]string{"method": "no authentication", "reply": "0x07"}},
		heard: []string{socksHelloSaid, socksRequestSaid},
	},
	{
		name:  "microsocks with a login",
		said:  "05 ff",
		want:  Peer{Refusal: "no acceptable authentication method", Reason: wire.NeedsLogin},
		heard: []string{socksHelloSaid},
	},
	{
		name: "a ruleset against everybody",
		said: "05 00  05 02 00 03",
		want: Peer{Facts: map[string]string{"method": "no authentication", "reply": "0x02"}},
	},
	{name: "noise", said: "05 ff 17", got: "the reply to the hello goes on after a refusal"},
	{name: "SOCKS 4", said: "00 5b 0000 00000000", got: "the reply to the hello does not open like SOCKS 5"},
	{name: "a method that was not offered", said: "05 02", got: "the reply to the hello does not open like SOCKS 5"},
	{name: "RPC", said: "05 00 0d 03 10000000", got: "the reply to a command that is not known does not open like SOCKS 5"},
	{name: "a code that does not exist", said: "05 00  05 09 00 01", got: "the reply to a command that is not known does not open like SOCKS 5"},
	{name: "HTTP", said: "'HTTP/1.1 400 Bad Request'", got: "the reply to the hello opens like HTTP"},
}

func TestRecordedSOCKS(t *testing.T) { checkOctets(t, "socks", socksRecordings) }

// TestSOCKSAnswer: whoever comes is let in, and gets nothing.
func TestSOCKSAnswer(t *testing.T) {
	for asked, want := range map[string]string{
		socksHelloSaid + socksRequestSaid:           "05 00  05 07 00 03 10 '" + Mark + "' 0000",
		"05 02 00 02" + "05 01 00 01 7f000001 0019": "05 00  05 07 00 03 10 '" + Mark + "' 0000",
		socksHelloSaid:           "05 00",
		"04 01 0019 7f000001 00": "",
		"05 03 00":               "",
		socksHelloSaid + "04 01 0019 7f000001 00 00 00": "05 00",
	} {
		checkAnswer(t, standIn("socks", catalog.NoTLS), asked, want)
	}
}

func FuzzAskSOCKS(f *testing.F) { fuzzOctets(f, "socks", socksRecordings) }
