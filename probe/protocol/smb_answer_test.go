// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/protocol/smb"
)

// smbAnswersTo is what the stand-in says to a client's messages.
func smbAnswersTo(t testing.TB, messages ...[]byte) ([][]byte, error) {
	t.Helper()
	var said bytes.Buffer
	for _, m := range messages {
		said.WriteString(smbPacket(m))
	}
	conn := hangsUpAfter(said.Bytes())
	err := answerSMB(conn, standIn("smb", catalog.NoTLS))
	var answers [][]byte
	for reading := (&smb.Link{Conn: hangsUpAfter([]byte(strings.Join(conn.heard, ""))), Left: smb.MaxFrames}); ; {
		answer, err := reading.Message()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the stand-in said %q: %v", conn.heard, err)
		}
		answers = append(answers, answer)
	}
	return answers, err
}

// smb1Offering is a negotiation of SMB1 with other dialects than ours.
func smb1Offering(dialects ...string) []byte {
	message := smb.Negotiate1()[:smb.HeaderSize1+1]
	var data []byte
	for _, d := range dialects {
		data = append(data, smb.Offer1(d)...)
	}
	return append(append(message, byte(len(data)), 0), data...)
}

// smb2Offering is a negotiation of SMB2 with other dialects and contexts than
// ours.
func smb2Offering(dialects []uint16, contexts ...[]byte) []byte {
	message := append(smb.Header2(5, 0, 0), make([]byte, smb.RequestSize2)...)
	body := message[smb.HeaderSize2:]
	body[0], body[2], body[32] = smb.RequestSize2, byte(len(dialects)), byte(len(contexts))
	for _, d := range dialects {
		message = binary.LittleEndian.AppendUint16(message, d)
	}
	message = append(message, make([]byte, -len(message)&7)...)
	message[smb.HeaderSize2+28] = byte(len(message))
	return append(message, slices.Concat(contexts...)...)
}

func TestSMBAnswers(t *testing.T) {
	preauth := smb.Context2(smb.ContextPreauth, smb.Preauth2())
	ciphers := func(numbers ...byte) []byte {
		data := []byte{byte(len(numbers)), 0}
		for _, n := range numbers {
			data = append(data, n, 0)
		}
		return smb.Context2(smb.ContextEncryption, data)
	}
	tests := []struct {
		name    string
		message []byte
		id      uint64
		status  uint32
		dialect uint16
		cipher  uint16
	}{
		{"SMB1, the newest", smb1Offering("NT LM 0.12", "SMB 2.002", "SMB 2.???"), 0, 0, 0x02ff, 0},
		{"SMB1, 2.0.2 at most", smb1Offering("NT LM 0.12", "SMB 2.002"), 0, 0, 0x0202, 0},
		{"the last that is known", smb2Offering([]uint16{0x0202, 0x0210, 0x0222}), 5, 0, 0x0210, 0},
		{"in any order", smb2Offering([]uint16{0x0302, 0x0300, 0x0202}), 5, 0, 0x0302, 0},
		{"3.1.1", smb2Offering([]uint16{0x0202, 0x0311}, preauth), 5, 0, 0x0311, 0},
		{"3.1.1 with ciphers", smb2Offering([]uint16{0x0311}, preauth, ciphers(3, 1, 2, 4)), 5, 0, 0x0311, 2},
		{"3.1.1 with one cipher", smb2Offering([]uint16{0x0311}, ciphers(4), preauth), 5, 0, 0x0311, 4},
		{"3.1.1 with unknown ciphers", smb2Offering([]uint16{0x0311}, ciphers(9), preauth), 5, 0, 0x0311, 0},
		{"3.1.1 without its context", smb2Offering([]uint16{0x0311}, ciphers(2)), 5, smb.InvalidParameter, 0, 0},
		{"nothing in common", smb2Offering([]uint16{0x0222}), 5, smb.NotSupported, 0, 0},
	}
	for _, test := range tests {
		answers, err := smbAnswersTo(t, test.message)
		if err != nil || len(answers) != 1 {
			t.Errorf("%s: error %v, %d answers", test.name, err, len(answers))
			continue
		}
		a, err := smb.ParseSMB2(answers[0], test.id)
		if err != nil || a.Status != test.status || a.Dialect != test.dialect || a.Cipher != test.cipher {
			t.Errorf("%s: error %v, status %#x, dialect %#x, cipher %d", test.name, err, a.Status, a.Dialect, a.Cipher)
		}
	}
}

// TestSMBDenies: nobody is let in.
func TestSMBDenies(t *testing.T) {
	setup := smb.Header2(6, 0, 0)
	setup[12] = 1 // SESSION_SETUP
	answers, err := smbAnswersTo(t, smb.Negotiate2(0, ""), setup)
	if err != nil || len(answers) != 2 {
		t.Fatalf("error %v, %d answers", err, len(answers))
	}
	denied := answers[1]
	if status := binary.LittleEndian.Uint32(denied[8:]); status != smb.AccessDenied || denied[12] != 1 || denied[24] != 6 {
		t.Errorf("said %x", denied)
	}
}

// TestSMBHangsUp: on a client that knows nothing but SMB1, and on one that does
// not speak SMB.
func TestSMBHangsUp(t *testing.T) {
	short := smb2Offering([]uint16{0x0202})
	lying := bytes.Clone(short)
	lying[smb.HeaderSize2+2] = 99
	for name, message := range map[string][]byte{
		"SMB1 only":        smb1Offering("NT LM 0.12"),
		"no SMB1 header":   []byte(smb.Magic1),
		"no SMB2 header":   []byte(smb.Magic2),
		"no body":          short[:smb.HeaderSize2+smb.RequestSize2-1],
		"too few dialects": lying,
		"an empty message": {},
	} {
		if answers, err := smbAnswersTo(t, message); err == nil || len(answers) > 0 {
			t.Errorf("%s: error %v, said %x", name, err, answers)
		}
	}
	s := standIn("smb", catalog.NoTLS)
	s.Service.Ports = catalog.Ports{First: 139, Last: 139}
	conn := hangsUpAfter([]byte(smbPacket(smb.Negotiate2(0, ""))))
	if err := answerSMB(conn, s); err == nil || !slices.Equal(conn.heard, []string{"\x83\x00\x00\x01\x8f"}) {
		t.Errorf("without a NetBIOS session: error %v, said %q", err, conn.heard)
	}
}

func FuzzAskSMB(f *testing.F) {
	var seeds []string
	for _, name := range []string{"smb_samba_311.txt", "smb_samba_202.txt", "smb_samba_nt1.txt"} {
		_, server := rpcRecorded(f, name)
		seeds = append(seeds, string(server))
	}
	fuzzAsk(f, "smb", append(seeds, smbPacket(smb1Answer(0, false, smb1NTWords(3, 0x80, 0), make([]byte, 16))),
		smbPacket(append(smb.Header2(0, smb.NotSupported, smb.Response2), smb.ErrorBody2...)), "\x85\x00\x00\x00")...)
}

// FuzzAskSMBSession: as FuzzAskSMB, behind the NetBIOS session service.
func FuzzAskSMBSession(f *testing.F) {
	_, server := rpcRecorded(f, "smb_samba_139.txt")
	f.Add(server)
	f.Add([]byte("\x83\x00\x00\x01\x82"))
	f.Add([]byte("\x84\x00\x00\x06\xc0\x00\x02\x07\x00\x8b"))
	f.Fuzz(func(t *testing.T, said []byte) {
		peer, err := askSMB(hangsUpAfter(said), smbAsking(139))
		if err == nil && peer.Refusal == "" && peer.Facts["dialect"] == "" {
			t.Errorf("%q is taken for SMB: %+v", said, peer)
		}
		peer.Clean()
		checkClean(t, peer)
	})
}

// FuzzAnswerSMB: whatever a client sends, the stand-in ends, and says nothing
// but messages.
func FuzzAnswerSMB(f *testing.F) {
	for _, name := range []string{"smb_samba_311.txt", "smb_samba_139.txt"} {
		client, _ := rpcRecorded(f, name)
		f.Add(client)
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		conn := hangsUpAfter(said)
		_ = answerSMB(conn, standIn("smb", catalog.NoTLS))
		for _, packet := range conn.heard {
			if message := packet[smb.HeaderSize:]; packet[0] != smb.SessionMessage || int(binary.BigEndian.Uint16([]byte(packet[2:]))) != len(message) {
				t.Errorf("said %q", packet)
			}
		}
	})
}
