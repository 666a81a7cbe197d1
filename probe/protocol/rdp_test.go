// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
)

const rdpRequest = "03000013 0e e0 0000 0000 00 01 00 0800 03000000"

// rdpRecordings are from xrdp 0.9.21 with three settings of security_layer, and
// what Windows was seen to send (nmap's patterns).
var rdpRecordings = []octetRecording{
	{
		name:  "xrdp",
		said:  "03000013 0e d0 0000 1234 00 02 01 0800 01000000",
		want:  Peer{Facts: map[string]string{"protocol": "TLS", "nla": "not offered"}},
		heard: []string{rdpRequest},
	},
	{
		name: "xrdp without TLS",
		said: "03000013 0e d0 0000 1234 00 02 01 0800 00000000",
		want: Peer{Facts: map[string]string{"protocol": "RDP", "nla": "not offered"}},
	},
	{
		name: "Windows 2012 and later",
		said: "03000013 0e d0 0000 1234 00 02 1f 0800 02000000",
		want: Peer{Facts: map[string]string{"protocol": "CredSSP", "nla": "offered"}},
	},
	{
		name: "Windows 2000",
		said: "0300000b 06 d0 0000 1234 00",
		want: Peer{Facts: map[string]string{"protocol": "RDP", "nla": "not offered"}},
	},
	{
		name: "Windows with RDP's own encryption only",
		said: "03000013 0e d0 0000 1234 00 03 00 0800 02000000",
		want: Peer{Facts: map[string]string{"protocol": "RDP", "nla": "not offered"}},
	},
	{
		name: "Windows without a certificate",
		said: "03000013 0e d0 0000 1234 00 03 00 0800 03000000",
		want: Peer{Refusal: "RDP negotiation failure: SSL_CERT_NOT_ON_SERVER"},
	},
	{
		name: "a failure that came later",
		said: "03000013 0e d0 0000 1234 00 03 00 0800 63000000",
		want: Peer{Refusal: "RDP negotiation failure: code 99"},
	},
	{
		name: "a protocol that was not offered",
		said: "03000013 0e d0 0000 1234 00 02 00 0800 10000000",
		want: Peer{Facts: map[string]string{"protocol": "0x00000010", "nla": "unknown"}},
	},
	{name: "NetMeeting's T.120", said: "0300000b 06 d0 0000 0301 00", got: "it confirms an X.224 connection, but not as RDP does"},
	{name: "X.400", said: "0300000e 09 d0 0000 0001 00 c0010a", got: "an X.224 confirm without RDP's negotiation"},
	{name: "X.400 refuses", said: "0300000b 06 80 0000 0000 02", got: "it refuses an X.224 connection, which RDP does not"},
	{name: "a negotiation of another size", said: "03000013 0e d0 0000 1234 00 02 00 0900 01000000", got: "an X.224 confirm without RDP's negotiation"},
	{name: "our own request", said: rdpRequest, got: "the reply to the connection request is a connection request"},
	{name: "our own negotiation", said: "03000013 0e d0 0000 1234 00 01 00 0800 03000000", got: "an X.224 confirm without RDP's negotiation"},
}

func TestRecordedRDP(t *testing.T) { checkOctets(t, "rdp", rdpRecordings) }

// TestRDPOfTheVersion: each generation of Windows protects the connection as well
// as it can.
func TestRDPOfTheVersion(t *testing.T) {
	for version, want := range map[string]map[string]string{
		"2000": {"protocol": "RDP", "nla": "not offered"},
		"2003": {"protocol": "TLS", "nla": "not offered"},
		"2007": {"protocol": "CredSSP", "nla": "offered"},
		"2019": {"protocol": "CredSSP", "nla": "offered"},
	} {
		s := standIn("rdp", catalog.NoTLS)
		s.Version = version
		peer, err := meet(t, askRDP, answerRDP, question("rdp", catalog.NoTLS), s, enough)
		if diff := cmp.Diff(want, peer.Facts); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", version, err, diff)
		}
	}
}

// TestRDPAnswer: the stand-in negotiates with every client.
func TestRDPAnswer(t *testing.T) {
	for asked, want := range map[string]string{
		"0300002a 25 e0 0000 0000 00 'Cookie: mstshash=user' 0d0a 01 00 0800 0b000000": "03000013 0e d0 0000 1234 00 02 00 0800 02000000",
		"03000013 0e e0 0000 0000 00 01 00 0800 01000000":                              "03000013 0e d0 0000 1234 00 02 00 0800 01000000",
		"03000013 0e e0 0000 0000 00 01 00 0800 00000000":                              "03000013 0e d0 0000 1234 00 02 00 0800 00000000",
		"0300000b 06 e0 0000 0000 00":                                                  "0300000b 06 d0 0000 1234 00",
		"0300000e 09 e0 0000 6578 00 c0010a":                                           "0300000b 06 d0 0000 1234 00",
		"03000009 0802 6578 75":                                                        "",
	} {
		checkAnswer(t, standIn("rdp", catalog.NoTLS), asked, want)
	}
}

func FuzzAskRDP(f *testing.F) { fuzzOctets(f, "rdp", rdpRecordings) }
