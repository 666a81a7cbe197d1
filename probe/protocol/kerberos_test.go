// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"exreach/catalog"
	"exreach/probe/protocol/kerberos"
	"exreach/probe/protocol/wire"
)

func TestKerberosRecorded(t *testing.T) {
	for name, want := range map[string]Peer{
		"kerberos-samba.txt": {Facts: map[string]string{
			"realm": "LAB.TEST", "server_time": "2026-11-21T22:15:37.341Z", "error": "6 KDC_ERR_C_PRINCIPAL_UNKNOWN",
		}},
		"kerberos-mit.txt": {Facts: map[string]string{
			"realm": "MIT.TEST", "server_time": "2026-11-21T22:15:37.368Z", "error": "6 KDC_ERR_C_PRINCIPAL_UNKNOWN", "error_text": "CLIENT_NOT_FOUND",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := askReplay(t, "kerberos", question("kerberos", catalog.NoTLS), &replay{said: recordedMessages(t, name)})
			checkPeer(t, want, got, err)
		})
	}
}

// TestKerberosRequest: it asks for the ticket of a client that does not exist,
// and nothing that a password could be tried with goes along.
func TestKerberosRequest(t *testing.T) {
	for host, realm := range map[string]string{"dc01.lab.test": "LAB.TEST", "lab.test": "LAB.TEST", "10.77.3.20": "EXREACH.INVALID", "dc01": "EXREACH.INVALID"} {
		out := &replay{}
		q := questionUDP("kerberos")
		q.Host = host
		_, _ = askKerberos(out, q)
		s := cryptobyte.String(out.heard[0])
		var version, kind int64
		var client, server []string
		var asked string
		ok := s.ReadASN1(&s, asn1.Tag(kerberos.ApplicationTag(kerberos.ASReq))) && s.ReadASN1(&s, asn1.SEQUENCE) &&
			kerberos.ReadInt(&s, 1, &version) && kerberos.ReadInt(&s, 2, &kind)
		const preAuthentication, body = 3, 4
		if !ok || s.PeekASN1Tag(kerberos.Field(preAuthentication)) {
			t.Errorf("there is pre-authentication in %x", out.heard[0])
		}
		ok = s.ReadASN1(&s, kerberos.Field(body)) && s.ReadASN1(&s, asn1.SEQUENCE) && s.SkipASN1(kerberos.Field(0)) &&
			kerberos.ReadPrincipal(&s, 1, &client) && kerberos.ReadString(&s, 2, &asked) && kerberos.ReadPrincipal(&s, 3, &server)
		if !ok || asked != realm || len(client) != 1 || client[0] != clientName || len(server) != 2 || server[0] != "krbtgt" || server[1] != realm {
			t.Errorf("to %s goes client %q, realm %q, server %q", host, client, asked, server)
		}
	}
}

func faultOf(code int64, realm string) []byte {
	b, _ := kerberos.Fault{Code: code, Realm: realm, Server: []string{kerberos.TGS, realm}}.Message(time.Unix(1_800_000_000, 123_456_789))
	return b
}

// asRep is an AS-REP as far as it is looked at.
func asRep(realm string, rest bool) []byte {
	b, _ := kerberos.Sequence(kerberos.ASRep, func(b *cryptobyte.Builder) {
		kerberos.AddInt(b, 0, kerberos.Version)
		kerberos.AddInt(b, 1, kerberos.ASRep)
		kerberos.AddField(b, 3, func(b *cryptobyte.Builder) { kerberos.AddString(b, realm) })
		if rest {
			kerberos.AddField(b, 4, func(b *cryptobyte.Builder) { kerberos.AddPrincipal(b, kerberos.NamePrincipal, clientName) })
		}
	})
	return b
}

func TestKerberosAnswers(t *testing.T) {
	const at = "2027-01-15T08:00:00.123Z"
	for name, c := range map[string]struct {
		said []byte
		want Peer
	}{
		"too big for UDP": {faultOf(52, "A.B"), Peer{Facts: map[string]string{"realm": "A.B", "server_time": at, "error": "52 KRB_ERR_RESPONSE_TOO_BIG"}}},
		"another realm":   {faultOf(68, "A.B"), Peer{Facts: map[string]string{"realm": "A.B", "server_time": at, "error": "68 KDC_ERR_WRONG_REALM"}}},
		"no such error":   {faultOf(99, "A.B"), Peer{Facts: map[string]string{"realm": "A.B", "server_time": at, "error": "99"}}},
		"not available": {faultOf(29, "A.B"), Peer{
			Facts:   map[string]string{"realm": "A.B", "server_time": at, "error": "29 KDC_ERR_SVC_UNAVAILABLE"},
			Refusal: "29 KDC_ERR_SVC_UNAVAILABLE",
			Reason:  wire.Unavailable,
		}},
		"our made-up realm": {faultOf(6, noRealm), Peer{Facts: map[string]string{"server_time": at, "error": "6 KDC_ERR_C_PRINCIPAL_UNKNOWN"}}},
		"a ticket":          {asRep("A.B", true), Peer{Facts: map[string]string{"realm": "A.B"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := askReplay(t, "kerberos", question("kerberos", catalog.NoTLS), &replay{said: [][]byte{c.said}})
			checkPeer(t, c.want, got, err)
		})
	}
}

// TestKerberosMismatches: what begins like an answer must be one.
func TestKerberosMismatches(t *testing.T) {
	good := faultOf(6, "A.B")
	wrong := func(at int, b byte) []byte {
		bad := bytes.Clone(good)
		bad[at] = b
		return bad
	}
	for name, said := range map[string][]byte{
		"the tag alone":          {0x7e},
		"nothing inside":         {0x7e, 0},
		"a length of 4 GiB":      {0x7e, 0x84, 0xff, 0xff, 0xff, 0xff},
		"an indefinite length":   {0x7e, 0x80, 0, 0},
		"version 4":              wrong(bytes.Index(good, []byte{0xa0, 3, 2, 1})+4, 4),
		"another message's type": wrong(bytes.Index(good, []byte{0xa1, 3, 2, 1})+4, 10),
		"a month of 13":          wrong(bytes.Index(good, []byte("20270115"))+4, '9'),
		"half a ticket":          asRep("A.B", false),
	} {
		_, err := askReplay(t, "kerberos", question("kerberos", catalog.NoTLS), &replay{said: [][]byte{said}})
		if _, ok := errors.AsType[*wire.MismatchError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestKerberosCutStream: a KDC that hangs up in the middle is cut off, not
// somebody else.
func TestKerberosCutStream(t *testing.T) {
	whole := inStream(kerberosEnvelope, recordedMessages(t, "kerberos-samba.txt")[0])
	for n := range len(whole) {
		_, err := pipeTo(askKerberos, question("kerberos", catalog.NoTLS), func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, maxDatagram))
			_, _ = io.WriteString(conn, whole[:n])
		})
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if !errors.Is(err, want) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
}

func FuzzAskKerberos(f *testing.F) {
	fuzzAsk(f, "kerberos", inStream(kerberosEnvelope, recordedMessages(f, "kerberos-samba.txt")[0]),
		inStream(kerberosEnvelope, recordedMessages(f, "kerberos-mit.txt")[0]), inStream(kerberosEnvelope, asRep("A.B", true)), "\x00\x00\x00\x02\x7e\x00")
}
