// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"errors"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"exreach/catalog"
	ldapwire "exreach/probe/protocol/ldap"
	"exreach/probe/protocol/wire"
)

// recordedID is the message ID in the recording.
const recordedID = 0x289653df

func TestCLDAPRecorded(t *testing.T) {
	var got Peer
	err := readCLDAP(recordedMessages(t, "cldap-samba.txt")[0], recordedID, &got)
	checkPeer(t, Peer{Facts: map[string]string{
		"dns_domain": "lab.test", "forest": "lab.test", "dc": "dc01.lab.test", "netbios_domain": "LAB",
		"site": "Default-First-Site-Name", "client_site": "Default-First-Site-Name",
		"flags": "pdc, gc, ldap, ds, kdc, closest, writable, full-secrets",
	}}, got, err)
}

// TestCLDAPStandIn: the stand-in's own facts come through.
func TestCLDAPStandIn(t *testing.T) {
	s := standInUDP("cldap")
	s.Host = "dc01.contoso.example"
	p, err := meetUDP(t, askCLDAP, answerCLDAP, questionUDP("cldap"), s, enough)
	if err != nil || p.Facts["dc"] != s.Host || p.Facts["dns_domain"] != "contoso.example" || p.Facts["netbios_domain"] != "CONTOSO" {
		t.Errorf("error %v, peer %+v", err, p)
	}
}

// cldapEntry is an entry with one attribute.
func cldapEntry(name string, values ...string) *ber.Packet {
	attributes := ber.NewSequence("")
	attributes.AppendChild(ldapAttribute{name, values}.packet())
	entry := ldapwire.Operation(ldap.ApplicationSearchResultEntry)
	entry.AppendChild(ldapwire.OctetString(""))
	entry.AppendChild(attributes)
	return entry
}

func TestCLDAPAnswers(t *testing.T) {
	good := samLogon{operation: samResponse}
	good.names[samHost] = `\\dc01`
	paused := samLogon{operation: samPaused}
	paused.names[samDomain] = "lab.test"
	strange := samLogon{operation: 19}
	done := func(code int64) *ber.Packet { return ldapwire.Result(ldap.ApplicationSearchResultDone, code, "") }
	for name, c := range map[string]struct {
		ops   []*ber.Packet
		want  Peer
		wrong string
	}{
		"nothing found":    {[]*ber.Packet{done(0)}, Peer{Refusal: "no domain controller for this domain"}, ""},
		"not allowed":      {[]*ber.Packet{done(1)}, Peer{Refusal: "1 Operations Error", Facts: map[string]string{FactResultCode: "1"}}, ""},
		"an old host name": {[]*ber.Packet{cldapEntry("NetLogon", string(good.encode())), done(0)}, Peer{Facts: map[string]string{"dc": "dc01"}}, ""},
		"paused": {[]*ber.Packet{cldapEntry("netlogon", string(paused.encode()))}, Peer{
			Facts: map[string]string{"dns_domain": "lab.test"}, Refusal: "the Netlogon service is paused", Reason: wire.Unavailable}, ""},
		"a rootDSE":           {[]*ber.Packet{cldapEntry("dnsHostName", "dc01"), done(0)}, Peer{Refusal: noController}, ""},
		"no value":            {[]*ber.Packet{cldapEntry("netlogon"), done(0)}, Peer{Refusal: noController}, ""},
		"an entry alone":      {[]*ber.Packet{cldapEntry("dnsHostName", "dc01")}, Peer{}, "an entry without the attribute that was asked for"},
		"an entry of nothing": {[]*ber.Packet{ldapwire.Operation(ldap.ApplicationSearchResultEntry)}, Peer{}, "an entry without the attribute that was asked for"},
		"an old answer":       {[]*ber.Packet{cldapEntry("netlogon", string(strange.encode()))}, Peer{}, "a netlogon value with the wrong parts"},
		"an empty value":      {[]*ber.Packet{cldapEntry("netlogon", "")}, Peer{}, "an entry without the attribute that was asked for"},
		"a short value":       {[]*ber.Packet{cldapEntry("netlogon", string(good.encode()[:30]))}, Peer{}, "a netlogon value with the wrong parts"},
		"a result of nothing": {[]*ber.Packet{ldapwire.Operation(ldap.ApplicationSearchResultDone)}, Peer{}, "an answer with the wrong parts"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := meetOnce(t, "cldap", func(question []byte) [][]byte {
				asked, _ := framesOf(question).Next()
				id, _, _ := ldapwire.Parts(asked)
				var datagram []byte
				for _, op := range c.ops {
					datagram = append(datagram, ldapwire.Message(id, op).Bytes()...)
				}
				return [][]byte{datagram}
			}, enough)
			if c.wrong == "" {
				checkPeer(t, c.want, p, err)
				return
			}
			if mismatch, ok := errors.AsType[*wire.MismatchError](err); !ok || mismatch.Got != c.wrong {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestSAMLogonFlags: each bit has its word, and none that of another.
func TestSAMLogonFlags(t *testing.T) {
	for bits, want := range map[uint32]string{
		0: "", 1: "pdc", 2: "", 4: "gc", 0x20: "kdc", 0x40: "timeserv", 0x80: "closest", 0x100: "writable",
		0x200: "good-timeserv", 0x400: "non-domain", 0x800: "read-only", 0x2000: "web-services", 0x10000: "windows-2016",
		0x3f1 | 0xe0000000: "pdc, ds, kdc, timeserv, closest, writable, good-timeserv",
	} {
		if got := (samLogon{flags: bits}).flagWords(); got != want {
			t.Errorf("flags %#x are %q, want %q", bits, got, want)
		}
	}
}

func TestCompressedNames(t *testing.T) {
	long := bytes.Repeat(append([]byte{63}, bytes.Repeat([]byte{'a'}, 63)...), 4)
	for name, c := range map[string]struct {
		b    []byte
		at   int
		want string
		next int // 0 for a name that is none
	}{
		"empty":                {[]byte{0}, 0, "", 1},
		"two labels":           {[]byte("\x03lab\x04test\x00"), 0, "lab.test", 10},
		"a pointer":            {[]byte("\x04test\x00\x03lab\xc0\x00\x00"), 6, "lab.test", 12},
		"a pointer to another": {[]byte("\x01a\x00\xc0\x00\x01b\xc0\x03"), 5, "b.a", 9},
		"past the end":         {[]byte{0}, 1, "", 0},
		"without an end":       {[]byte("\x03lab"), 0, "", 0},
		"a label too long":     {[]byte("\x05lab"), 0, "", 0},
		"a label of 64":        {append([]byte{64}, make([]byte, 70)...), 0, "", 0},
		"half a pointer":       {[]byte{0, 0xc0}, 1, "", 0},
		"to itself":            {[]byte{0xc0, 0}, 0, "", 0},
		"forward":              {[]byte{0xc0, 2, 0}, 0, "", 0},
		"in a circle":          {[]byte("\x01a\xc0\x00"), 2, "", 0},
		"too long in all":      {append(long, 0), 0, "", 0},
	} {
		got, next, ok := compressedName(c.b, c.at)
		if ok != (c.next > 0) || ok && (got != c.want || next != c.next) {
			t.Errorf("%s: %q, next at %d, %t", name, got, next, ok)
		}
	}
}

func FuzzAskCLDAP(f *testing.F) {
	fuzzAsk(f, "cldap", string(recordedMessages(f, "cldap-samba.txt")[0]), "\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00")
}

// FuzzReadCLDAP is behind the number that FuzzAskCLDAP cannot guess.
func FuzzReadCLDAP(f *testing.F) {
	f.Add(recordedMessages(f, "cldap-samba.txt")[0])
	f.Fuzz(func(t *testing.T, said []byte) {
		if lookCLDAP(said, recordedID) != own {
			return
		}
		var p Peer
		_ = readCLDAP(said, recordedID, &p)
		p.Clean()
		checkClean(t, p)
	})
}

// FuzzSAMLogon: whatever a value holds, it is whole or it is not.
func FuzzSAMLogon(f *testing.F) {
	entry, err := framesOf(recordedMessages(f, "cldap-samba.txt")[0]).Next()
	if err != nil {
		f.Fatal(err)
	}
	_, op, _ := ldapwire.Parts(entry)
	f.Add(netlogonValue(op))
	f.Add(standInLogon(standIn("cldap", catalog.NoTLS)).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		l, ok := decodeSAMLogon(b)
		for _, name := range l.names {
			if len(name) > maxDNSName {
				t.Errorf("a name of %d bytes", len(name))
			}
		}
		if !ok {
			return
		}
		if again, ok := decodeSAMLogon(l.encode()); !ok || again.flags != l.flags || again.operation != l.operation {
			t.Errorf("%+v comes back as %+v", l, again)
		}
	})
}
