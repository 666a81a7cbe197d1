// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"exreach/catalog"
)

// x400Request is what askX400 opens with, and x400Session what it asks a peer
// whose confirm shows too little.
const (
	x400Request = "0300000e 09 e0 0000 6578 00 c0010a"
	x400Session = "03000015 02f080 0d0c 0506 130100 160102 14020002"
)

var x400Recordings = []octetRecording{
	{
		name:  "an OSI stack confirms",
		said:  "0300000e 09 d0 6578 0001 00 c0010a",
		want:  Peer{Facts: map[string]string{"proof": "transport layer"}},
		heard: []string{x400Request},
	},
	{
		name:  "an OSI stack with a called TSAP confirms",
		said:  "03000012 0d d0 6578 0007 00 c0010a c2020001",
		want:  Peer{Facts: map[string]string{"proof": "transport layer"}},
		heard: []string{x400Request},
	},
	{
		name:  "a bare confirm, then the session layer refuses",
		said:  "0300000b 06 d0 6578 0001 00  0300000f 02f080 0c06 110101 320100",
		want:  Peer{Facts: map[string]string{"proof": "session layer", "session": "refused"}},
		heard: []string{x400Request, x400Session},
	},
	{
		name:  "a bare confirm, then the session layer aborts",
		said:  "0300000b 06 d0 6578 0001 00  0300000c 02f080 1903 110101",
		want:  Peer{Facts: map[string]string{"proof": "session layer", "session": "aborted"}},
		heard: []string{x400Request, x400Session},
	},
	{
		name:  "nobody at the TSAP",
		said:  "0300000b 06 80 6578 0000 02",
		want:  Peer{Refusal: "X.224 disconnect: 2 (no session entity at the TSAP)"},
		heard: []string{x400Request},
	},
	{
		name: "refused for a reason that X.224 does not have",
		said: "0300000b 06 80 6578 0000 55",
		want: Peer{Refusal: "X.224 disconnect: 85"},
	},
	{
		name: "a stack that does not like the request",
		said: "03000009 04 70 6578 01",
		want: Peer{Refusal: "X.224 error: cause 1"},
	},
	{name: "xrdp refuses the size of a TPDU", said: "03000009 02f080 2180", got: "the reply to the connection request is data"},
	{name: "Windows' RDP", said: "0300000b 06 d0 0000 1234 00", got: "it confirms a connection of another number, as RDP does"},
	{
		name:  "a bare confirm, then it hangs up",
		said:  "0300000b 06 d0 6578 0001 00",
		got:   "it confirms any X.224 connection and hangs up at the session connect",
		heard: []string{x400Request, x400Session},
	},
	{
		name: "a bare confirm, then the words of T.125",
		said: "0300000b 06 d0 6578 0001 00  03000009 02f080 2180",
		got:  "the reply to the session connect is not from the session layer",
	},
	{name: "H.323", said: "03000009 0802 e578 7d", got: "the reply to the connection request is a TPKT packet without an X.224 TPDU"},
	{name: "a TPDU longer than its packet", said: "0300000b ff d0 6578 0001 00", got: "the reply to the connection request is a TPKT packet without an X.224 TPDU"},
	{name: "a confirm that is cut short", said: "03000007 02 d0 65", got: "the reply to the connection request is a TPKT packet without an X.224 TPDU"},
	{name: "an empty packet", said: "03000004", got: "the reply to the connection request is a TPKT packet that is too short"},
	{name: "an endless packet", said: "0300000b 06 d0 6578 0001 00  0300ffff 02f080", got: "the reply to the session connect does not end"},
}

func TestRecordedX400(t *testing.T) { checkOctets(t, "x400", x400Recordings) }

// TestX400Answer: the stand-in confirms with the size that it was offered and
// the mark, and refuses a session.
func TestX400Answer(t *testing.T) {
	const confirm = "03000020 1b d0 6578 0001 00 c0010a c210 '" + Mark + "' "
	for asked, want := range map[string]string{
		x400Request + x400Session:                   confirm + "0300000f 02f080 0c06 110101 320100",
		"0300000b 06 e0 0000 6578 00" + x400Session: "0300000b 06 d0 6578 0001 00  0300000f 02f080 0c06 110101 320100",
		"03000009 0802 657875":                      "",
		x400Request + "03000009 02f080 2180":        confirm,
		x400Request + "0300000b 06 80 6578 0000 02": confirm,
	} {
		checkAnswer(t, standIn("x400", catalog.NoTLS), asked, want)
	}
}

func FuzzAskX400(f *testing.F) { fuzzOctets(f, "x400", x400Recordings) }
