// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"exreach/catalog"
)

// telnetRecordings begin with what GNU inetutils' telnetd 2.4 says.
var telnetRecordings = []octetRecording{
	{
		name:  "telnetd",
		said:  "fffb25 fffb26 fffd18 fffd20 fffd23 fffd27 fffd24 fffb03",
		heard: []string{"ff fd 03"},
		want:  telnetPeer("WILL AUTHENTICATION, WILL ENCRYPT"),
	},
	{name: "a router", said: "fffb01 fffb03 fffd18 fffd1f 0d0a 'User Access Verification' 0d0a0d0a 'Password: '", want: telnetPeer("WILL ECHO, WILL SUPPRESS-GO-AHEAD")},
	{name: "one that negotiates nothing but what it is asked", said: "fff1 'WinGate>' fffc03", want: telnetPeer("WONT SUPPRESS-GO-AHEAD")},
	{name: "text between two negotiations", said: "fffb01 'login: ' fff9 fffa18fff0 fffe03", want: telnetPeer("WILL ECHO, DONT SUPPRESS-GO-AHEAD")},
	{name: "an option without a name", said: "fffdc8 fffb03", want: telnetPeer("DO 200, WILL SUPPRESS-GO-AHEAD")},
	{name: "a prompt alone", said: "'WinGate>'", got: "the greeting does not open like Telnet"},
	{name: "noise", said: "fffb01 41 93 fffb03", got: "the reply to an option does not open like Telnet"},
	{name: "no command", said: "ff00", got: "the reply to an option does not open like Telnet"},
	{name: "SMTP", said: "'220 mail ESMTP' 0d0a", got: "the greeting opens like SMTP or FTP"},
}

func telnetPeer(options string) Peer { return Peer{Facts: map[string]string{FactOptions: options}} }

func TestRecordedTelnet(t *testing.T) { checkOctets(t, "telnet", telnetRecordings) }

// TestTelnetAnswer: what is asked for is agreed to or not, and what confirms the
// server's own wish is not answered, lest the two go on forever.
func TestTelnetAnswer(t *testing.T) {
	const greeting = "fffb01 '" + Mark + "' 0d0a "
	for asked, want := range map[string]string{
		"fffd03":             "fffb03",
		"fffd01":             "",
		"fffe01":             "",
		"fffd18":             "fffc18",
		"fffb1f":             "fffe1f",
		"'root' 0d0a fffd03": "fffb03",
		"fff6 fffd03":        "fffb03",
	} {
		checkAnswer(t, standIn("telnet", catalog.NoTLS), asked, greeting+want)
	}
}

func FuzzAskTelnet(f *testing.F) { fuzzOctets(f, "telnet", telnetRecordings) }
