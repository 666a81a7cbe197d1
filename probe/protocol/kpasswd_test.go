// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol/kerberos"
	"exreach/probe/protocol/wire"
)

func TestKpasswdRecorded(t *testing.T) {
	for name, want := range map[string]Peer{
		"kpasswd-samba.txt": {Facts: map[string]string{
			"realm": "LAB.TEST", "server_time": "2026-11-21T22:15:37.508Z",
			"result": "2 KRB5_KPASSWD_HARDERROR gensec_update failed - NT_STATUS_LOGON_FAILURE",
		}},
		"kpasswd-mit.txt": {Facts: map[string]string{
			"realm": "MIT.TEST", "server_time": "2026-11-21T22:15:37.000Z", "error": "60 KRB_ERR_GENERIC",
			"result": "3 KRB5_KPASSWD_AUTHERROR Failed reading application request",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := askReplay(t, "kpasswd", question("kpasswd", catalog.NoTLS), &replay{said: recordedMessages(t, name)})
			checkPeer(t, want, got, err)
		})
	}
}

// TestKpasswdRequest: nothing can come of it: whatever a key would have to open
// holds zeros.
func TestKpasswdRequest(t *testing.T) {
	out := &replay{}
	_, _ = askKpasswd(out, questionUDP("kpasswd"))
	request := out.heard[0]
	_, ticket, ok := openKpasswd(request)
	if !ok || len(ticket) == 0 {
		t.Fatalf("the header does not fit: %x", request)
	}
	sealed := slices.Concat([]byte{0x04, 64}, make([]byte, 64)) // ticket, authenticator, new password
	if n := bytes.Count(request, sealed); n != 3 {
		t.Errorf("%d ciphertexts of zeros in %x", n, request)
	}
}

func TestKpasswdReplies(t *testing.T) {
	fault := func(code int64, server ...string) []byte {
		b, _ := kerberos.Fault{Code: code, Realm: "A.B", Server: server}.Message(time.Unix(1_800_000_000, 0))
		return b
	}
	facts := map[string]string{"realm": "A.B", "server_time": "2027-01-15T08:00:00.000Z", "error": "41 KRB_AP_ERR_MODIFIED"}
	bare := fault(kerberos.Modified, kpasswdService...)
	header := func(length, version, counted uint16) []byte {
		return []byte{byte(length >> 8), byte(length), byte(version >> 8), byte(version), byte(counted >> 8), byte(counted)}
	}
	for name, c := range map[string]struct {
		said  []byte
		facts map[string]string
		wrong string
	}{
		"without a header":        {bare, facts, ""},
		"with the request's":      {frameKpasswd(kpasswdRequest, nil, bare), facts, ""},
		"an AP-REP":               {frameKpasswd(kpasswdReply, []byte{0x6f, 0}, []byte{0x75, 0}), nil, ""},
		"a KDC's error":           {fault(6, kerberos.TGS, "A.B"), nil, "a KDC"},
		"a KDC at a loss":         {fault(40, "x"), nil, "a KDC"},
		"our own request":         {frameKpasswd(kpasswdRequest, []byte{0x6e, 0}, []byte{0x75, 0}), nil, "a reply without an AP-REP"},
		"no KRB-ERROR":            {frameKpasswd(kpasswdReply, nil, []byte{0x75, 0}), nil, "a reply without a KRB-ERROR"},
		"a bare beginning":        {[]byte{0x7e, 3}, nil, "a KRB-ERROR with the wrong parts"},
		"the wrong length":        {append(header(99, kpasswdReply, 0), bare...), nil, "a header that does not fit its message"},
		"an AP-REP of 64 KiB":     {append(header(8, kpasswdReply, 0xffff), 0x6f, 0), nil, "a header that does not fit its message"},
		"a header that is cut":    {[]byte{0, 5, 0, 1, 0}, nil, "a header that does not fit its message"},
		"a version of the future": {header(6, 2, 0), nil, "a datagram of 6 bytes that is something else"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := askReplay(t, "kpasswd", question("kpasswd", catalog.NoTLS), &replay{said: [][]byte{c.said}})
			if c.wrong == "" {
				checkPeer(t, Peer{Facts: c.facts}, got, err)
				return
			}
			if mismatch, ok := errors.AsType[*wire.MismatchError](err); !ok || mismatch.Got != c.wrong {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func FuzzAskKpasswd(f *testing.F) {
	said := recordedMessages(f, "kpasswd-samba.txt")[0]
	fuzzAsk(f, "kpasswd", inStream(kpasswdEnvelope, said), inStream(kpasswdEnvelope, said[kpasswdHeaderSize:]),
		inStream(kpasswdEnvelope, recordedMessages(f, "kpasswd-mit.txt")[0]), "\x00\x00\x00\x06\x00\x06\x00\x01\x00\x00")
}
