// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"go.uber.org/goleak"

	"exreach/catalog"
	ldapwire "exreach/probe/protocol/ldap"
	"exreach/probe/protocol/wire"
)

// TestLDAPCut cuts Samba's answers at every byte: that is a cut conversation
// each time, never a mismatch, and never something to wait for.
func TestLDAPCut(t *testing.T) {
	before := goleak.IgnoreCurrent()
	replies := recordedLDAP(t, "samba-4.17-dc.hex")
	for n := range len(replies[0]) {
		checkCut(t, n, replies[0][:n])
	}
	for n := range len(replies[1]) {
		checkCut(t, n, replies[0], replies[1][:n])
	}
	goleak.VerifyNone(t, before)
}

func checkCut(t *testing.T, n int, replies ...[]byte) {
	t.Helper()
	_, err := pipeTo(askLDAP, question("ldap", catalog.NoTLS), hangsUpLDAP(replies...))
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("answer %d cut after %d bytes gives %v", len(replies), n, err)
	}
}

// nestedLDAP is a bind response with so many sequences in each other behind it.
func nestedLDAP(levels int) []byte {
	inner := ber.NewSequence("")
	for range levels {
		outer := ber.NewSequence("")
		outer.AppendChild(inner)
		inner = outer
	}
	op := ldapwire.Result(ldap.ApplicationBindResponse, 0, "")
	op.AppendChild(inner)
	return ldapwire.Message(1, op).Bytes()
}

func TestLDAPMismatches(t *testing.T) {
	many := ldapwire.Result(ldap.ApplicationBindResponse, 0, "")
	for range ldapwire.MaxElements {
		many.AppendChild(ldapwire.OctetString(""))
	}
	entry := ldapwire.Operation(ldap.ApplicationSearchResultEntry)
	entry.AppendChild(ldapwire.OctetString(strings.Repeat("a", 10_000)))
	entry.AppendChild(ber.NewSequence(""))
	noAttributes := ldapwire.Operation(ldap.ApplicationSearchResultEntry)
	noAttributes.AppendChild(ldapwire.OctetString(""))
	huge := "a message of 2147483647 bytes, with 1048576 left of what is read of one peer"
	for name, c := range map[string]struct {
		replies [][]byte
		got     string
	}{
		"SMTP":                    {[][]byte{[]byte("2")}, "it does not begin with a BER sequence"},
		"a TLS alert":             {[][]byte{{0x15}}, "it does not begin with a BER sequence"},
		"SNMP":                    {[][]byte{[]byte("\x30\x0b\x02\x01\x00\x04\x06public")}, "a BER sequence without a message ID and an operation"},
		"an empty sequence":       {[][]byte{{0x30, 0}}, "a BER sequence without a message ID and an operation"},
		"indefinite length":       {[][]byte{{0x30, 0x80}}, "a BER length that begins with 0x80"},
		"a length of 8 octets":    {[][]byte{{0x30, 0x88}}, "a BER length that begins with 0x88"},
		"a message of 2 GiB":      {[][]byte{{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}}, huge},
		"a message of 4 GiB":      {[][]byte{{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}}, huge},
		"an element of 2 GiB":     {[][]byte{[]byte("\x30\x0c\x02\x01\x01\x61\x84\x7f\xff\xff\xff\x0a\x01\x00")}, "a BER length beyond the end of the message"},
		"a value of 2 GiB":        {[][]byte{[]byte("\x30\x0e\x02\x01\x01\x61\x09\x0a\x01\x00\x04\x84\x7f\xff\xff\xff")}, "a BER length beyond the end of the message"},
		"a length cut short":      {[][]byte{[]byte("\x30\x05\x02\x01\x01\x61\x82")}, "a BER length beyond the end of the message"},
		"a message ID of 9 bytes": {[][]byte{append([]byte("\x30\x0d\x02\x09"), make([]byte, 11)...)}, "a BER element of type 0x02 and length 9"},
		"a tag of many octets":    {[][]byte{[]byte("\x30\x06\x02\x01\x01\x7f\x01\x00")}, "a BER element of type 0x7f and length 1"},
		"a REAL":                  {[][]byte{[]byte("\x30\x08\x02\x01\x01\x61\x03\x09\x01\x40")}, "a BER element of type 0x09 and length 1"},
		"100 levels":              {[][]byte{nestedLDAP(100)}, "BER elements nested too deep"},
		"many elements":           {[][]byte{ldapwire.Message(1, many).Bytes()}, "too many BER elements"},
		"our own request":         {[][]byte{[]byte("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00")}, "an LDAP message that is not an answer"},
		"an answer to nothing":    {[][]byte{resultLDAP(7, ldap.ApplicationBindResponse, 0, "")}, "an LDAP answer to what was not asked"},
		"an answer without parts": {[][]byte{ldapwire.Message(1, ldapwire.Operation(ldap.ApplicationBindResponse)).Bytes()}, "an answer with the wrong parts"},
		"result code 200":         {[][]byte{resultLDAP(1, ldap.ApplicationBindResponse, 200, "")}, "an answer with the wrong parts"},
		"an entry without parts":  {[][]byte{boundLDAP, ldapwire.Message(2, noAttributes).Bytes()}, "an answer with the wrong parts"},
		"entries without an end":  {[][]byte{boundLDAP, bytes.Repeat(ldapwire.Message(2, entry).Bytes(), 120)}, "a message of 10013 bytes, with 7212 left of what is read of one peer"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := askLDAPOf(t, question("ldap", catalog.NoTLS), saysLDAP(c.replies...))
			var mismatch *wire.MismatchError
			if !errors.As(err, &mismatch) || mismatch.Want != "LDAP" || mismatch.Got != c.got {
				t.Errorf("the error is %v\nwant %s", err, c.got)
			}
		})
	}
}

// TestLDAPMemory: what a peer can make us allocate is bounded by what it sends.
func TestLDAPMemory(t *testing.T) {
	for name, said := range map[string]string{
		"a message of 1 MiB that does not come": "\x30\x83\x0f\xff\xff\x02\x01\x01",
		"a value of 2 GiB":                      "\x30\x0e\x02\x01\x01\x61\x09\x0a\x01\x00\x04\x84\x7f\xff\xff\xff",
		"1000 levels":                           string(nestedLDAP(1000)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ldapwire.NewFrames(hangsUpAfter([]byte(said))).Next()
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 64<<10 {
			t.Errorf("%s: %d bytes for %d, error %v", name, used, len(said), err)
		}
	}
}

// TestLDAPControls: nobody asked for controls, so what is in them does no harm.
func TestLDAPControls(t *testing.T) {
	value := bytes.Repeat([]byte{0x30, 0x80}, 5000)
	control := ber.NewSequence("")
	control.AppendChild(ldapwire.OctetString("1.3.6.1.4.1.42.2.27.8.5.1"))
	control.AppendChild(ldapwire.OctetString(string(value)))
	controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
	controls.AppendChild(control)
	bound := ldapwire.Message(1, ldapwire.Result(ldap.ApplicationBindResponse, 0, ""))
	bound.AppendChild(controls)
	done := resultLDAP(2, ldap.ApplicationSearchResultDone, 0, "")
	if p, err := askLDAPOf(t, question("ldap", catalog.NoTLS), saysLDAP(bound.Bytes(), done)); err != nil || p.Refusal != "" {
		t.Errorf("error %v, peer %+v", err, p)
	}
}

// TestLDAPSilent: a deadline comes out as one, at every step.
func TestLDAPSilent(t *testing.T) {
	for name, c := range map[string]struct {
		how     catalog.TLS
		replies [][]byte
	}{
		"at once":              {catalog.NoTLS, nil},
		"at once, with TLS":    {catalog.StartTLS, nil},
		"in the first answer":  {catalog.NoTLS, [][]byte{boundLDAP[:5]}},
		"after the bind":       {catalog.NoTLS, [][]byte{boundLDAP}},
		"after a refused bind": {catalog.NoTLS, [][]byte{refusedLDAP}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := pipeTo(askLDAP, question("ldap", c.how), saysLDAP(c.replies...))
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// TestLDAPForeign: a server that greets and does not listen is known for what it
// is at once.
func TestLDAPForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := pipeTo(askLDAP, question("ldap", catalog.NoTLS), func(conn net.Conn) {
			_, _ = io.WriteString(conn, "220 mail.example.com ESMTP\r\n")
		})
		var mismatch *wire.MismatchError
		if took := time.Since(begin); !errors.As(err, &mismatch) || took > 0 {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestLDAPReset: the error of the connection comes through go-ldap.
func TestLDAPReset(t *testing.T) {
	q, s := question("ldap", catalog.NoTLS), standIn("ldap", catalog.NoTLS)
	_, err := meet(t, askLDAP, func(conn net.Conn, _ Stand) error {
		_, err := ldapwire.NewFrames(conn).Next()
		return errors.Join(err, conn.(*net.TCPConn).SetLinger(0))
	}, q, s, enough)
	var wire *net.OpError
	if !errors.As(err, &wire) {
		t.Errorf("the error is %v", err)
	}
}

// FuzzAskLDAP answers a bind and a search with anything. Ask must come back with
// something that can be cleaned.
func FuzzAskLDAP(f *testing.F) {
	f.Add(boundLDAP, resultLDAP(2, ldap.ApplicationSearchResultDone, 0, ""))
	f.Add(refusedLDAP, []byte("\x30\x16\x02\x01\x02\x64\x0d\x04\x00\x30\x09\x30\x07\x04\x01a\x31\x02\x04\x00\x30\x00"))
	f.Add(nestedLDAP(3), []byte("\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x00\x04\x00\x04\x00"))
	f.Fuzz(func(t *testing.T, bound, found []byte) {
		for _, how := range []catalog.TLS{catalog.NoTLS, catalog.StartTLS} {
			// In a bubble, because half an answer lets both sides wait.
			synctest.Test(t, func(t *testing.T) {
				p, err := pipeTo(askLDAP, question("ldap", how), hangsUpLDAP(bound, found))
				if err == nil && p.Facts["kind"] == "" {
					t.Errorf("an answer that says nothing: %+v", p)
				}
				p.Clean()
				checkClean(t, p)
			})
		}
	})
}
