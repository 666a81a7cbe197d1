// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"testing"

	"exreach/catalog"
)

// logCopierRecordings hold the octets by which nmap knows the log copier of
// Exchange 2010: they are those of any server with .NET's NegotiateStream.
var logCopierRecordings = []octetRecording{
	{
		name:  "Exchange 2010",
		said:  invalidToken,
		want:  Peer{Facts: map[string]string{"proof": "weak", "error": "0x80090308 (SEC_E_INVALID_TOKEN)"}},
		heard: []string{spoiltToken},
	},
	{
		name: "an error that has no name here",
		said: "15 0100 0008 00000000 80090311",
		want: Peer{Facts: map[string]string{"proof": "weak", "error": "0x80090311"}},
	},
	{name: "an error without a code", said: "15 0100 0008 00000000 00000000", got: "the reply to the handshake is an error without a code"},
	{name: "a TLS alert", said: "15 0301 0002 0246", got: "the reply to the handshake opens like TLS"},
	{name: "our own handshake", said: spoiltToken, got: "the reply to the handshake does not open like .NET NegotiateStream"},
	{name: "an error of another size", said: "15 0100 0004 80090308", got: "the reply to the handshake does not open like .NET NegotiateStream"},
	{name: "a code of more than four octets", said: "15 0100 0008 00000001 80090308", got: "the reply to the handshake does not open like .NET NegotiateStream"},
}

func TestRecordedLogCopier(t *testing.T) { checkOctets(t, "log-copier", logCopierRecordings) }

// TestLogCopierAnswer: whatever the token is, it is invalid. The second is how
// nmap provokes the error: the hello of an old TLS client, read as a handshake.
func TestLogCopierAnswer(t *testing.T) {
	for asked, want := range map[string]string{
		spoiltToken:               invalidToken,
		"16 0300 0004 0100004f":   invalidToken,
		"16 0100 0000":            invalidToken,
		"14 0100 0000":            "",
		"16 0100 0004 01":         "",
		"00 01 00 01 02 02 01 61": "",
	} {
		checkAnswer(t, standIn("log-copier", catalog.NoTLS), asked, want)
	}
}

func FuzzAskLogCopier(f *testing.F) { fuzzOctets(f, "log-copier", logCopierRecordings) }
