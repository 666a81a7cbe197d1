// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/protocol/smb"
)

// smbAsking is a question to a port.
func smbAsking(port uint16) Question {
	q := question("smb", catalog.NoTLS)
	q.Service.Ports = catalog.Ports{First: port, Last: port}
	return q
}

// smbPacket is a message as it stands on the wire.
func smbPacket(message []byte) string {
	conn := hangsUpAfter(nil)
	_ = (&smb.Link{Conn: conn}).Send(smb.SessionMessage, message)
	return conn.heard[0]
}

// thenSilence is a peer that says said and then nothing.
func thenSilence(said string) *script {
	return &script{Reader: io.MultiReader(strings.NewReader(said), silence{})}
}

// TestSMBSamba: what a real server said, in each of its moods.
func TestSMBSamba(t *testing.T) {
	const localTime = "2000-01-01T00:00:00.000Z" // when a bubble begins
	tests := []struct {
		file string
		port uint16
		want Peer
	}{
		{"smb_samba_311.txt", 445, Peer{
			Capabilities: []string{"DFS", "LEASING", "LARGE_MTU", "MULTI_CHANNEL"},
			Facts: map[string]string{
				"dialect": "3.1.1", "signing": "enabled", "cipher": "AES-128-GCM",
				"server_guid": "31307366-0000-0000-0000-000000000000", "server_time": "2026-11-21T22:07:25.460Z", "local_time": localTime,
			},
		}},
		{"smb_samba_139.txt", 139, Peer{
			Capabilities: []string{"DFS", "LEASING", "MULTI_CHANNEL"},
			Facts: map[string]string{
				"dialect": "3.1.1", "signing": "required", "cipher": "AES-128-GCM",
				"server_guid": "31307366-0000-0000-0000-000000000000", "server_time": "2026-11-21T22:07:25.625Z", "local_time": localTime,
			},
		}},
		{"smb_samba_202.txt", 445, Peer{
			Capabilities: []string{"DFS"},
			Facts: map[string]string{
				"dialect": "2.0.2", "signing": "enabled",
				"server_guid": "31307366-0000-0000-0000-000000000000", "server_time": "2026-11-21T22:07:26.088Z", "local_time": localTime,
			},
		}},
		{"smb_samba_nt1.txt", 445, Peer{
			Capabilities: []string{"UNICODE", "LARGE_FILES", "NT_SMBS", "RPC_REMOTE_APIS", "STATUS32", "LEVEL_II_OPLOCKS", "DFS",
				"INFOLEVEL_PASSTHRU", "LARGE_READX", "LARGE_WRITEX", "UNIX"},
			Facts: map[string]string{
				"dialect": "NT LM 0.12", "smb1_only": "true", "signing": "disabled", "security_mode": "user level, encrypted passwords",
				"computer": "FS01", "domain": "LABWG", "server_time": "2026-11-21T22:07:25.764Z", "time_zone": "-03:30", "local_time": localTime,
			},
		}},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			_, said := rpcRecorded(t, test.file)
			peer, err := askSMB(hangsUpAfter(said), smbAsking(test.port))
			if diff := cmp.Diff(test.want, told(t, peer)); diff != "" || err != nil {
				t.Errorf("%s: error %v, learned (-want +got):\n%s", test.file, err, diff)
			}
		})
	}
}

func TestSMBStandIn(t *testing.T) {
	for _, test := range []struct {
		port    uint16
		role    string
		signing string
	}{
		{445, "mailbox", "enabled"},
		{139, "mailbox", "enabled"},
		{445, "domain-controller", "required"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var steps []Step
			q, s := smbAsking(test.port), standIn("smb", catalog.NoTLS)
			q.At = func(s Step) { steps = append(steps, s) }
			s.Service.Ports, s.Service.Role = q.Service.Ports, test.role
			ours, theirs := net.Pipe()
			peer, err := converse(ours, theirs, askSMB, answerSMB, q, s, enough)
			want := Peer{
				Capabilities: []string{"DFS", "LEASING", "LARGE_MTU", "MULTI_CHANNEL", "DIRECTORY_LEASING"},
				Facts: map[string]string{
					"dialect": "3.1.1", "signing": test.signing, "cipher": "AES-128-GCM", "server_guid": "65727865-6361-2068-7374-616e642d696e",
					"server_time": "2000-01-01T00:00:00.000Z", "local_time": "2000-01-01T00:00:00.000Z",
				},
			}
			if diff := cmp.Diff(want, told(t, peer)); diff != "" || err != nil {
				t.Errorf("%d, %s: error %v, learned (-want +got):\n%s", test.port, test.role, err, diff)
			}
			if !slices.Equal(steps, []Step{Greet, Talk}) {
				t.Errorf("steps are %v", steps)
			}
		})
	}
}

// smb1Answer is an answer in SMB1 with the flags, parameters and data that it is
// given.
func smb1Answer(status uint32, unicode bool, words, data []byte) []byte {
	message := make([]byte, smb.HeaderSize1)
	copy(message, smb.Magic1+"\x72")
	message[5], message[6], message[7], message[8] = byte(status), byte(status>>8), byte(status>>16), byte(status>>24)
	message[9] = smb.Reply1
	if unicode {
		message[11] = smb.Unicode1 >> 8
	}
	message = append(append(message, byte(len(words)/2)), words...)
	return append(append(message, byte(len(data)), byte(len(data)>>8)), data...)
}

// smb1NTWords are the parameters of NT LM 0.12 with the security mode, the
// capabilities and the length of the challenge that they are given.
func smb1NTWords(security, capabilities, challenge byte) []byte {
	words := make([]byte, 2*smb.Words1)
	words[2], words[22], words[33] = security, capabilities, challenge
	return words
}

func TestSMB1(t *testing.T) {
	tests := []struct {
		name string
		said []byte
		want map[string]string // beside the dialect
	}{
		{
			"Windows NT 4.0 in its code page", smb1Answer(0, false, smb1NTWords(3, 0, 8), []byte("challengCONTOSO\x00MAIL01\x00")),
			map[string]string{"signing": "disabled", "security_mode": "user level, encrypted passwords", "domain": "CONTOSO", "computer": "MAIL01"},
		},
		{
			"signing enabled, names without an end", smb1Answer(0, true, smb1NTWords(7, 0, 8), []byte("challengC\x00O\x00\x00\x00M\x00A\x00\x31")),
			map[string]string{"signing": "enabled", "security_mode": "user level, encrypted passwords", "domain": "CO", "computer": "MA"},
		},
		{
			"extended security", smb1Answer(0, true, smb1NTWords(15, 0x80, 0), []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10token")),
			map[string]string{"signing": "required", "security_mode": "user level, encrypted passwords", "server_guid": "04030201-0605-0807-090a-0b0c0d0e0f10"},
		},
		{
			"Windows 95", smb1Answer(0, false, smb1NTWords(0, 0, 8), []byte("challeng")),
			map[string]string{"signing": "disabled", "security_mode": "share level, plaintext passwords"},
		},
		{
			"a challenge longer than the message", smb1Answer(0, true, smb1NTWords(3, 0, 200), []byte("challeng")),
			map[string]string{"signing": "disabled", "security_mode": "user level, encrypted passwords"},
		},
	}
	for _, test := range tests {
		peer, err := askSMB(thenSilence(smbPacket(test.said)), smbAsking(445))
		test.want["dialect"], test.want["smb1_only"] = "NT LM 0.12", "true"
		if diff := cmp.Diff(test.want, peer.Facts); diff != "" || err != nil {
			t.Errorf("%s: error %v, facts (-want +got):\n%s", test.name, err, diff)
		}
	}
}

// TestSMBRefusals: a server that says no in its own protocol has answered.
func TestSMBRefusals(t *testing.T) {
	wildcard := smbPacket(smb.StandIn(0, "mailbox", smb.Wildcard2, nil))
	refused := func(id uint64, status uint32) string {
		return smbPacket(append(smb.Header2(id, status, smb.Response2), smb.ErrorBody2...))
	}
	tests := []struct {
		port uint16
		said string
		want string
	}{
		{445, smbPacket(smb1Answer(0, true, []byte{0xff, 0xff}, nil)), "SMB1: the server speaks none of the dialects offered"},
		{445, smbPacket(smb1Answer(0xc00000d0, true, nil, nil)), "SMB1: 0xc00000d0 (STATUS_REQUEST_NOT_ACCEPTED)"},
		{445, refused(0, smb.NotSupported), "SMB2: 0xc00000bb (STATUS_NOT_SUPPORTED)"},
		{445, wildcard + refused(1, 0xc0001234), "SMB2: 0xc0001234"},
		{139, "\x83\x00\x00\x01\x82", "NetBIOS session refused: 0x82 (called name not present)"},
		{139, "\x83\x00\x00\x01\x99", "NetBIOS session refused: 0x99"},
		{139, "\x84\x00\x00\x06\xc0\x00\x02\x07\x00\x8b", "NetBIOS session sent on to 192.0.2.7:139"},
	}
	for _, test := range tests {
		peer, err := askSMB(hangsUpAfter([]byte(test.said)), smbAsking(test.port))
		if peer.Refusal != test.want || err != nil {
			t.Errorf("%q: error %v, refusal %q, want %q", test.said, err, peer.Refusal, test.want)
		}
	}
}

// TestSMBForeign: something else is found out at its first foreign byte, though
// it says no more.
func TestSMBForeign(t *testing.T) {
	const positive = "\x82\x00\x00\x00"
	wildcard := smbPacket(smb.StandIn(0, "mailbox", smb.Wildcard2, nil))
	good := smb.StandIn(0, "mailbox", 0x0202, nil)
	with := func(offset int, b byte) string {
		changed := bytes.Clone(good)
		changed[offset] = b
		return smbPacket(changed)
	}
	tests := []struct {
		port uint16
		said string
		got  string
	}{
		{445, "2", "no SMB packet"},
		{445, "\x05", "no SMB packet"},
		{445, "\x00\x01", "no SMB packet"},
		{445, "\x00\x00\x00\x40\xfeSMX", "no SMB packet"},
		{445, "\x00\x00\x00\x40\x00", "no SMB packet"},
		{445, positive, "a NetBIOS session packet of type 0x82 instead of a message"},
		{445, strings.Repeat("\x85\x00\x00\x00", 2*smb.MaxFrames), "packets without an end"},
		{445, "\x00\x00\x00\x00", "no SMB2 header"},
		{445, smbPacket(good[:smb.HeaderSize2-1]), "no SMB2 header"},
		{445, smbPacket(good[:smb.HeaderSize2+smb.ResponseSize2-1]), "an SMB2 answer of the wrong size"},
		{445, with(smb.HeaderSize2, 9), "an SMB2 answer of the wrong size"},
		{445, with(4, 65), "no SMB2 header"},
		{445, with(12, 1), "an SMB2 message that does not answer the negotiation"},
		{445, with(16, 0), "an SMB2 message that does not answer the negotiation"},
		{445, with(24, 1), "an SMB2 message that does not answer the negotiation"},
		{445, with(smb.HeaderSize2+4, 3), "the SMB2 dialect 0x0203, which was not offered"},
		{445, wildcard + wildcard, "an SMB2 message that does not answer the negotiation"},
		{445, wildcard + smbPacket(smb.StandIn(1, "mailbox", smb.Wildcard2, nil)), "the SMB2 dialect 0x02ff, which was not offered"},
		{445, wildcard + smbPacket(smb1Answer(0, true, smb1NTWords(3, 0, 0), nil)), "no SMB2 header"},
		{445, smbPacket(smb.Negotiate1()), "an SMB1 message that does not answer a negotiation"},
		{445, smbPacket([]byte(smb.Magic1)), "an SMB1 message that does not answer a negotiation"},
		{445, smbPacket(smb1Answer(0, true, nil, nil)), "an SMB1 answer without a dialect"},
		{445, smbPacket(smb1Answer(0, true, []byte{0, 0}, nil)), "an SMB1 answer of 1 words for dialect 0"},
		{445, smbPacket(smb1Answer(0, true, append([]byte{2}, make([]byte, 33)...), nil)), "an SMB1 answer of 17 words for dialect 2"},
		{445, smbPacket(smb1Answer(0, true, smb1NTWords(3, 0, 0), []byte("abc"))[:70]), "an SMB1 message that is cut short"},
		{445, smbPacket(smb1Answer(0, true, smb1NTWords(3, 0, 0), nil)[:60]), "an SMB1 message that is cut short"},
		{139, "\x82\x00\x00\x01\x00", "a NetBIOS session packet of type 0x82 and 1 octets instead of an answer to the request"},
		{139, smbPacket(good), "a NetBIOS session packet of type 0x00 and 180 octets instead of an answer to the request"},
		{139, positive + "\x83\x00\x00\x01\x82", "a NetBIOS session packet of type 0x83 instead of a message"},
	}
	for _, test := range tests {
		t.Run(test.got, func(t *testing.T) {
			_, err := askSMB(thenSilence(test.said), smbAsking(test.port))
			wantMismatch(t, err, "SMB", test.got)
		})
	}
}

// TestSMBKeepAlive: a keep-alive is no answer, and no mismatch either.
func TestSMBKeepAlive(t *testing.T) {
	peer, err := askSMB(hangsUpAfter([]byte("\x85\x00\x00\x00"+smbPacket(smb.StandIn(0, "mailbox", 0x0202, nil)))), smbAsking(445))
	if err != nil || peer.Facts["dialect"] != "2.0.2" {
		t.Errorf("error %v, facts %v", err, peer.Facts)
	}
}
