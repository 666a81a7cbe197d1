// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hirochachacha/go-smb2"

	"exreach/probe/protocol/smb"
)

// smbPackets is a recording, packet by packet.
func smbPackets(t testing.TB, name string) [][]byte {
	_, said := rpcRecorded(t, name)
	var packets [][]byte
	for len(said) > 0 {
		packet, rest := cutSMB(said)
		packets, said = append(packets, packet), rest
	}
	return packets
}

// cutSMB takes the first packet off said, or the whole of it.
func cutSMB(said []byte) (packet, rest []byte) {
	if len(said) < smb.HeaderSize {
		return said, nil
	}
	n := min(len(said), smb.HeaderSize+int(binary.BigEndian.Uint16(said[2:])))
	return said[:n], said[n:]
}

// logInSMB has alice log in at a server that says one packet of said after each
// request, and then hangs up. The bubble sees to it that go-smb2 leaves no
// goroutine behind.
func logInSMB(t *testing.T, said []byte) (auth string, outcomes []Outcome) {
	synctest.Test(t, func(*testing.T) { auth, outcomes = logInSMBNow(said) })
	return auth, outcomes
}

func logInSMBNow(said []byte) (string, []Outcome) {
	q := smbAsking(445)
	q.Service.Role = "domain-controller"
	outcomes := asAlice(&q)
	ours, theirs := net.Pipe()
	ours.SetDeadline(time.Now().Add(enough))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer theirs.Close()
		for requests := (&smb.Link{Conn: theirs, Left: smb.MaxFrames}); len(said) > 0; {
			if _, err := requests.Message(); err != nil {
				return
			}
			var packet []byte
			packet, said = cutSMB(said)
			_, _ = theirs.Write(packet)
		}
		_, _ = (&smb.Link{Conn: theirs, Left: 1}).Message()
	}()
	q.Redial = func() (net.Conn, error) { return ours, nil }
	var p Peer
	loginSMB(q, &p)
	ours.Close()
	<-done
	return p.Facts["auth"], *outcomes
}

// TestLoginSMBOfSamba: a recorded session is accepted. What follows it is signed
// with keys that are new every time, so the recorded rest is not believed.
func TestLoginSMBOfSamba(t *testing.T) {
	for file, want := range map[string]struct {
		auth    string
		outcome Outcome
	}{
		"smb_samba_session.txt": {"session: accepted; netlogon: not opened: invalid response error: unverified packet returned", Accepted},
		"smb_samba_denied.txt":  {"session: refused: 0xc000006d (STATUS_LOGON_FAILURE)", Denied},
	} {
		auth, outcomes := logInSMB(t, slices.Concat(smbPackets(t, file)...))
		if auth != want.auth || !slices.Equal(outcomes, []Outcome{want.outcome}) {
			t.Errorf("%s: %q %v", file, auth, outcomes)
		}
	}
}

// TestLoginSMBHostile: answers that go-smb2 would not survive on its own.
func TestLoginSMBHostile(t *testing.T) {
	const flags = smb.HeaderSize + smb.HeaderSize2 + 2 // of a session
	for name, test := range map[string]struct {
		packet int // of the session that is changed
		change func([]byte) []byte
		auth   string
	}{
		"a short message":                      {0, func(p []byte) []byte { return []byte("\x00\x00\x00\x06\xfeSMB\x40\x00") }, "failed: this is not SMB: no SMB2 message"},
		"SMB1":                                 {0, func(p []byte) []byte { p[4] = 0xff; return p }, "failed: this is not SMB: no SMB2 message"},
		"encrypted at once":                    {1, func(p []byte) []byte { p[4] = 0xfd; return p }, "failed: this is not SMB: no SMB packet"},
		"several in one":                       {1, func(p []byte) []byte { p[smb.HeaderSize+23] = 0xff; return p }, "failed: this is not SMB: several SMB2 messages in one"},
		"a foreign dialect":                    {0, func(p []byte) []byte { p[smb.HeaderSize+smb.HeaderSize2+4] = 0x99; return p }, "failed: this is not SMB: an SMB2 dialect that was not offered"},
		"a guest at first":                     {1, func(p []byte) []byte { p[flags] = 1; return p }, "not possible: the server lets anybody in as a guest, which proves nothing about the credentials"},
		"a guest in the end":                   {2, func(p []byte) []byte { p[flags] = 1; return p }, "not possible: the server lets anybody in as a guest, which proves nothing about the credentials"},
		"a guest all along, who signs nothing": {1, func(p []byte) []byte { p[flags] = 1; return p }, "not possible: the server lets anybody in as a guest, which proves nothing about the credentials"},
		"nobody in the end":                    {2, func(p []byte) []byte { p[flags] = 2; return p }, "not possible: the server lets anybody in as a guest, which proves nothing about the credentials"},
		"it wants encryption":                  {2, func(p []byte) []byte { p[flags] = 4; return p }, "accepted; netlogon: not opened: the server wants encryption"},
		"no NTLM": {1, func(p []byte) []byte {
			return []byte(strings.Replace(string(p), "\x82\x37\x02\x02\x0a", "\x82\x37\x02\x02\x0b", 1))
		}, "not possible: the server's answer makes no sense"},
		"offsets past the end": {1, func(p []byte) []byte {
			return []byte(strings.Replace(string(p), "NTLMSSP\x00\x02\x00\x00\x00", "NTLMSSP\x00\x02\x00\xff\xff", 1))
		}, "not possible: invalid response error: invalid message type"},
		"access denied":     {2, func(p []byte) []byte { binary.LittleEndian.PutUint32(p[smb.HeaderSize+8:], smb.AccessDenied); return p }, "not possible: permission denied"},
		"not supported":     {1, func(p []byte) []byte { binary.LittleEndian.PutUint32(p[smb.HeaderSize+8:], smb.NotSupported); return p }, "not possible: "},
		"keep-alives alone": {0, func(p []byte) []byte { return []byte(strings.Repeat("\x85\x00\x00\x00", 1000)) }, "failed: waiting for an SMB packet: read pipe: i/o timeout"},
	} {
		packets := smbPackets(t, "smb_samba_session.txt")
		packets[test.packet] = test.change(packets[test.packet])
		if strings.HasSuffix(name, "who signs nothing") {
			packets[0][smb.HeaderSize+smb.HeaderSize2+2] = smb.SigningEnabled
		}
		auth, outcomes := logInSMB(t, slices.Concat(packets[:3]...))
		if !strings.HasPrefix(auth, "session: "+test.auth) {
			t.Errorf("%s: %q, want %q", name, auth, test.auth)
		}
		if accepted := strings.HasPrefix(test.auth, "accepted"); slices.Contains(outcomes, Accepted) != accepted || slices.Contains(outcomes, Denied) {
			t.Errorf("%s: %v", name, outcomes)
		}
	}
}

// TestLoginSMBNotTried: where there is nothing to be gained, nobody connects.
func TestLoginSMBNotTried(t *testing.T) {
	for _, test := range []struct {
		user string
		peer Peer
		auth string
	}{
		{"alice", Peer{Facts: map[string]string{"smb1_only": "true"}}, "session: not tried: the server speaks SMB1 only"},
		{"alice", Peer{Refusal: "no"}, ""},
		{"alice@contoso.com", Peer{}, `session: not tried: SMB needs the user as DOMAIN\name`},
	} {
		q := smbAsking(445)
		outcomes := asAlice(&q)
		q.Credentials = &Credentials{User: test.user, Password: NewSecret("x")}
		loginSMB(q, &test.peer)
		if test.peer.Facts["auth"] != test.auth || len(*outcomes) > 0 {
			t.Errorf("%s: %q %v", test.user, test.peer.Facts["auth"], *outcomes)
		}
	}
	q := smbAsking(445)
	outcomes := asAlice(&q)
	q.Redial = func() (net.Conn, error) { return nil, errors.New("no way") }
	var p Peer
	if loginSMB(q, &p); p.Facts["auth"] != "session: failed: no way" || !slices.Equal(*outcomes, []Outcome{Unanswered}) {
		t.Errorf("no connection: %q %v", p.Facts["auth"], *outcomes)
	}
}

// TestSMBServer: a path names the host by name, or by an address in letters.
func TestSMBServer(t *testing.T) {
	for host, want := range map[string]string{
		"dc01.contoso.com": "dc01.contoso.com",
		"192.0.2.1":        "192.0.2.1",
		"fe80::1%4":        "fe80--1s4.ipv6-literal.net",
	} {
		if got := smbServer(host); got != want {
			t.Errorf("%s becomes %s", host, got)
		}
	}
}

// FuzzLoginSMB lets a server answer a login with anything.
func FuzzLoginSMB(f *testing.F) {
	for _, file := range []string{"smb_samba_session.txt", "smb_samba_denied.txt"} {
		packets := smbPackets(f, file)
		for n := range packets {
			f.Add(slices.Concat(packets[:n+1]...))
		}
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		auth, outcomes := logInSMB(t, said)
		if len(outcomes) != 1 || !strings.HasPrefix(auth, "session: ") {
			t.Errorf("%q %v", auth, outcomes)
		}
		p := Peer{Facts: map[string]string{"auth": auth}}
		p.Clean()
		checkClean(t, p)
	})
}

// TestJudgeSMB: what a status says about the next login. What is not known may have
// been counted as a failure.
func TestJudgeSMB(t *testing.T) {
	for code, want := range map[uint32]Outcome{
		0xc000006d: Denied,     // STATUS_LOGON_FAILURE
		0xc0000234: Locked,     // STATUS_ACCOUNT_LOCKED_OUT
		0xc0000072: Locked,     // STATUS_ACCOUNT_DISABLED
		0xc0000071: Locked,     // STATUS_PASSWORD_EXPIRED
		0xc0000418: Unanswered, // STATUS_NTLM_BLOCKED
		0xc000005e: Unanswered, // STATUS_NO_LOGON_SERVERS
		0xdeadbeef: Unanswered,
	} {
		refusal, ok := errors.AsType[*loginRefusal](judgeSMB(&smb2.ResponseError{Code: code}))
		if !ok || refusal.outcome != want || !strings.HasPrefix(refusal.text, fmt.Sprintf("0x%08x", code)) {
			t.Errorf("0x%08x: %+v", code, refusal)
		}
	}
	if refusal, ok := errors.AsType[*loginRefusal](judgeSMB(errSenseless)); !ok || refusal.outcome != Unanswered {
		t.Errorf("an answer without sense: %+v", refusal)
	}
	if err := beforeCredentials(judgeSMB(errSenseless)); err.(*loginRefusal).outcome != Undecided {
		t.Errorf("before the credentials were given: %v", err)
	}
}
