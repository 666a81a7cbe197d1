// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"exreach/catalog"
)

// The pieces of a conversation with a T.120 node. Wireshark's decoders of T.125
// and T.124 take the query and the answer for what they are meant to be.
const (
	t120Request   = "0300000b 06 e0 0000 0000 00"
	t120Confirm   = "0300000b 06 d0 0000 0301 00 " // as NetMeeting numbers its end
	t120Domain    = "301a 020122 020102 020100 020101 020100 020101 020300ffff 020102"
	t120Query     = "03000073 02f080 7f6569 040101 040101 0101ff" + t120Domain + t120Domain + t120Domain + "040a 000500147c0001 02 2000"
	t120Answer    = "0300003a 02f080 7f6630 0a010f 020100" + t120Domain + "040c 000500147c0001 04 "
	t120Unmatched = "03000032 02f080 7f6628 0a0108 020100" + t120Domain + "0404 00000000"
)

var t120Recordings = []octetRecording{
	{
		name:  "a control unit without conferences",
		said:  t120Confirm + t120Answer + "30800000",
		want:  Peer{Facts: map[string]string{"node": "mcu"}},
		heard: []string{t120Request, t120Query},
	},
	{
		name: "a terminal",
		said: t120Confirm + t120Answer + "30000000",
		want: Peer{Facts: map[string]string{"node": "terminal"}},
	},
	{
		name: "a multiport terminal in conferences that take more than 127 octets",
		said: t120Confirm + "03000023 02f080 7f6619 0417 000500147c0001 8080 3440 000000000000000000000000",
		want: Peer{Facts: map[string]string{"node": "multiport terminal"}},
	},
	{
		name: "a kind of node that came after the standard",
		said: t120Confirm + t120Answer + "31800000",
		want: Peer{Facts: map[string]string{"node": "unknown"}},
	},
	{
		name: "a node that wants other domain parameters and says no more",
		said: t120Confirm + t120Unmatched,
		want: Peer{Facts: map[string]string{"node": "unknown"}},
	},
	{
		name:  "the stack refuses",
		said:  "0300000b 06 80 0000 0000 01",
		want:  Peer{Refusal: "X.224 disconnect: 1 (congestion at the TSAP)"},
		heard: []string{t120Request},
	},
	{
		name:  "xrdp",
		said:  "0300000b 06 d0 0000 1234 00  03000009 02f080 2180",
		got:   "the reply to the conference query is not from a T.120 node",
		heard: []string{t120Request, t120Query},
	},
	{name: "a server that confirms and hangs up", said: t120Confirm, got: "it confirms any X.224 connection and hangs up at the conference query"},
	{name: "X.400", said: t120Confirm + "0300000c 02f080 1903 110101", got: "the reply to the conference query is not from a T.120 node"},
	{name: "a disconnect after the confirm", said: t120Confirm + "0300000b 06 80 0000 0000 00", got: "the reply to the conference query is a disconnect request"},
}

func TestRecordedT120(t *testing.T) { checkOctets(t, "t120", t120Recordings) }

func TestT120Answer(t *testing.T) {
	for asked, want := range map[string]string{
		t120Request + t120Query:               "0300000b 06 d0 0000 0001 00" + t120Answer + "30800000",
		t120Request + "03000009 02f080 2180":  "0300000b 06 d0 0000 0001 00",
		"03000009 02f080 2180":                "",
		"0300000e 09 e0 0000 6578 00 c0010a ": "0300000b 06 d0 6578 0001 00",
	} {
		checkAnswer(t, standIn("t120", catalog.NoTLS), asked, want)
	}
}

func FuzzAskT120(f *testing.F) { fuzzOctets(f, "t120", t120Recordings) }
