// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

const (
	// The preamble up to the encoding is one that Mono's server acknowledges, and
	// Wireshark takes the whole apart without complaint.
	netTCPPreamble = "00 01 00  01 02  02 1d 'net.tcp://mail.example.com:0/'  03 08  09 15 'application/negotiate'"
	netTCPFaults   = "'http://schemas.microsoft.com/ws/2006/05/framing/faults/"
	spoiltToken    = "16 0100 0003 0101ff"
	invalidToken   = "15 0100 0008 00000000 80090308"
)

var netTCPRecordings = []octetRecording{
	{
		name:  "a service that authenticates, and knows that we do not",
		said:  "0a" + invalidToken,
		want:  Peer{Facts: map[string]string{"upgrade": "application/negotiate", "error": "0x80090308 (SEC_E_INVALID_TOKEN)"}},
		heard: []string{netTCPPreamble, spoiltToken},
	},
	{
		name:  "no service at this address",
		said:  "08 47 " + netTCPFaults + "EndpointNotFound'",
		want:  Peer{Facts: map[string]string{"fault": "EndpointNotFound"}},
		heard: []string{netTCPPreamble},
	},
	{
		name: "a service without protection",
		said: "08 45 " + netTCPFaults + "UpgradeInvalid'",
		want: Peer{Facts: map[string]string{"fault": "UpgradeInvalid"}},
	},
	{
		name: "a service that is too busy",
		said: "08 44 " + netTCPFaults + "ServerTooBusy'",
		want: Peer{Refusal: "fault: ServerTooBusy", Reason: wire.Unavailable},
	},
	{
		name: "a fault of more than 127 octets",
		said: "08 8201 " + netTCPFaults + strings.Repeat("x", 75) + "'",
		want: Peer{Facts: map[string]string{"fault": strings.Repeat("x", 75)}},
	},
	{name: "a line feed", said: "0a 0d0a 0d0a 0d0a 0d0a 0d0a 0d0a 0d", got: "the reply to the handshake does not open like .NET message framing"},
	{name: "a fault of somebody else", said: "08 05 'sorry'", got: "the reply to the preamble is a fault that .NET does not know"},
	{name: "a text without an end", said: "08 ffffffff ffff", got: "the reply to the preamble has a text that is too long"},
	{name: "a text that is too long", said: "08 8120", got: "the reply to the preamble has a text that is too long"},
	{name: "an acknowledgement of what was not said", said: "0b", got: "the reply to the preamble does not open like .NET message framing"},
	{name: "our own preamble", said: netTCPPreamble, got: "the reply to the preamble does not open like .NET message framing"},
	{name: "an agreement and our own handshake", said: "0a" + spoiltToken, got: "the reply to the handshake does not open like .NET message framing"},
}

func TestRecordedNetTCP(t *testing.T) { checkOctets(t, "net-tcp", netTCPRecordings) }

// TestNetTCPAddress: the address names the host and the port, whatever the host
// is.
func TestNetTCPAddress(t *testing.T) {
	for host, want := range map[string]string{
		"mail.example.com": "net.tcp://mail.example.com:808/",
		"2001:db8::1":      "net.tcp://[2001:db8::1]:808/",
		"192.0.2.1":        "net.tcp://192.0.2.1:808/",
	} {
		q := question("net-tcp", catalog.NoTLS)
		q.Host, q.Service.Ports.First = host, 808
		conn := hangsUpAfter(nil)
		_, _ = askNetTCP(conn, q)
		if heard := strings.Join(conn.heard, ""); !strings.Contains(heard, want) {
			t.Errorf("%s: said %q, want %s in it", host, heard, want)
		}
	}
}

func TestNetTCPAnswer(t *testing.T) {
	for asked, want := range map[string]string{
		netTCPPreamble + spoiltToken:                                 "0a" + invalidToken,
		strings.Replace(netTCPPreamble, "negotiate", "ssl-tls-x", 1): "08 45 " + netTCPFaults + "UpgradeInvalid'",
		strings.Replace(netTCPPreamble, "02 1d", "02 ffffff", 1):     "",
		"00 01 00 01 02 02 01 'a' 03 08 0c":                          "",
		"'GET / HTTP/1.0'":                                           "",
	} {
		checkAnswer(t, standIn("net-tcp", catalog.NoTLS), asked, want)
	}
}

func FuzzAskNetTCP(f *testing.F) { fuzzOctets(f, "net-tcp", netTCPRecordings) }
