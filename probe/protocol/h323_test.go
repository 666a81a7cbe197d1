// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"exreach/catalog"
)

const h323Inquiry = "03000009 0802 6578 75"

// h323Recordings hold the elements that NetMeeting, a room system and a
// gatekeeper were seen to send (nmap's patterns), with our call's reference.
var h323Recordings = []octetRecording{
	{
		name:  "the state of no call",
		said:  "03000022 0802 e578 7d 0802809e 140100 2810 '" + Mark + "'",
		want:  Peer{Facts: map[string]string{"message": "STATUS", "cause": "30 (response to STATUS ENQUIRY)", "call_state": "0"}},
		heard: []string{h323Inquiry},
	},
	{
		name: "NetMeeting's status, whose cause has an octet more",
		said: "03000011 0802 e578 7d 080300 00df 140101",
		want: Peer{Facts: map[string]string{"message": "STATUS", "cause": "95 (invalid message)", "call_state": "1"}},
	},
	{
		name: "a room system's status, which forgets the direction, with a user-user element",
		said: "03000030 0802 6578 7d 080280e2 140100 7e001d 0508201900060008914a0005000000000000000000000000000000000000",
		want: Peer{Facts: map[string]string{"message": "STATUS", "cause": "98 (message not compatible with call state)", "call_state": "0"}},
	},
	{
		name: "a gatekeeper releases a call that it does not know",
		said: "0300000d 0802 e578 5a 080280d1",
		want: Peer{Facts: map[string]string{"message": "RELEASE COMPLETE", "cause": "81 (invalid call reference value)"}},
	},
	{
		name: "no elements",
		said: "03000009 0802 e578 5a",
		want: Peer{Facts: map[string]string{"message": "RELEASE COMPLETE"}},
	},
	{
		name: "elements of one octet, and one that is cut short",
		said: "0300000d 0802 e578 7d a1 96 08ff",
		want: Peer{Facts: map[string]string{"message": "STATUS"}},
	},
	{name: "our own message", said: h323Inquiry, got: "the reply to the status inquiry is a message of type 0x75"},
	{name: "another call", said: "03000009 0802 8001 7d", got: "the reply to the status inquiry is about another call"},
	{name: "xrdp", said: "03000009 02f080 2180", got: "the reply to the status inquiry is a TPKT packet without a Q.931 message"},
	{name: "RDP confirms", said: "0300000b 06 d0 0000 1234 00", got: "the reply to the status inquiry is a TPKT packet without a Q.931 message"},
}

func TestRecordedH323(t *testing.T) { checkOctets(t, "h323", h323Recordings) }

func TestH323Answer(t *testing.T) {
	for asked, want := range map[string]string{
		h323Inquiry:                   "03000022 0802 e578 7d 0802809e 140100 2810 '" + Mark + "'",
		"03000009 0802 0001 05":       "", // a call would be set up
		"0300000b 06 e0 0000 0000 00": "",
	} {
		checkAnswer(t, standIn("h323", catalog.NoTLS), asked, want)
	}
}

func FuzzAskH323(f *testing.F) { fuzzOctets(f, "h323", h323Recordings) }
