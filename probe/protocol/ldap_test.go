// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"exreach/catalog"
	ldapwire "exreach/probe/protocol/ldap"
	"exreach/probe/protocol/wire"
)

// pipeTo asks the peer that serve plays, and waits until both are done.
func pipeTo(ask asking, q Question, serve func(net.Conn)) (Peer, error) {
	ours, theirs := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer theirs.Close()
		serve(theirs)
	}()
	ours.SetDeadline(time.Now().Add(enough))
	p, err := ask(ours, q)
	ours.Close()
	<-done
	return p, err
}

// askLDAPOf asks and sees to it that go-ldap leaves no goroutine behind.
func askLDAPOf(t *testing.T, q Question, serve func(net.Conn)) (Peer, error) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	p, err := pipeTo(askLDAP, q, serve)
	goleak.VerifyNone(t, before)
	return p, err
}

// saysLDAP answers one message after the other, and listens until the client
// hangs up.
func saysLDAP(replies ...[]byte) func(net.Conn) {
	return func(conn net.Conn) {
		hangsUpLDAP(replies...)(conn)
		_, _ = io.Copy(io.Discard, conn)
	}
}

// hangsUpLDAP is saysLDAP of a server that hangs up after its last answer.
func hangsUpLDAP(replies ...[]byte) func(net.Conn) {
	return func(conn net.Conn) {
		frames := ldapwire.NewFrames(conn)
		for _, reply := range replies {
			if _, err := frames.Next(); err != nil {
				return
			}
			_, _ = conn.Write(reply)
		}
	}
}

func resultLDAP(id int64, tag ber.Tag, code int64, text string) []byte {
	return ldapwire.Message(id, ldapwire.Result(tag, code, text)).Bytes()
}

var (
	boundLDAP   = resultLDAP(1, ldap.ApplicationBindResponse, 0, "")
	refusedLDAP = resultLDAP(1, ldap.ApplicationBindResponse, ldap.LDAPResultInappropriateAuthentication, "no")
)

// recordedLDAP is what a real server said, a line for each request.
func recordedLDAP(t *testing.T, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "ldap", name))
	if err != nil {
		t.Fatal(err)
	}
	var replies [][]byte
	for line := range strings.Lines(string(text)) {
		reply, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, reply)
	}
	return replies
}

func TestLDAPRecorded(t *testing.T) {
	samba := Peer{
		Capabilities: []string{
			"version 2", "version 3",
			"sasl GSS-SPNEGO", "sasl GSSAPI", "sasl NTLM",
			"naming context DC=contoso,DC=example",
			"naming context CN=Configuration,DC=contoso,DC=example",
			"naming context CN=Schema,CN=Configuration,DC=contoso,DC=example",
			"capability 1.2.840.113556.1.4.800 (Active Directory)",
			"capability 1.2.840.113556.1.4.1670 (Windows Server 2003)",
			"capability 1.2.840.113556.1.4.1791 (signing and sealing)",
			"capability 1.2.840.113556.1.4.1935 (Windows Server 2008)",
			"capability 1.2.840.113556.1.4.2080 (Windows Server 2008 R2)",
		},
		Facts: map[string]string{
			"kind":                            "domain controller",
			"current_time":                    "20261121212546.0Z",
			"default_naming_context":          "DC=contoso,DC=example",
			"dns_host_name":                   "dc01.contoso.example",
			"domain_controller_functionality": "4",
			"domain_functionality":            "4",
			"ds_service_name":                 "CN=NTDS Settings,CN=DC01,CN=Servers,CN=Default-First-Site-Name,CN=Sites,CN=Configuration,DC=contoso,DC=example",
			"forest_functionality":            "4",
			"global_catalog_ready":            "TRUE",
			"ldap_service_name":               "contoso.example:dc01$@CONTOSO.EXAMPLE",
			"synchronized":                    "TRUE",
			"vendor":                          "Samba Team (https://www.samba.org)",
			"vendor_version":                  "4.17.12-Debian",
		},
	}
	openldap := Peer{
		Capabilities: []string{
			"version 3",
			"sasl SCRAM-SHA-512", "sasl SCRAM-SHA-384", "sasl SCRAM-SHA-256", "sasl SCRAM-SHA-224", "sasl SCRAM-SHA-1",
			"sasl DIGEST-MD5", "sasl CRAM-MD5", "sasl NTLM",
			"naming context dc=contoso,dc=example",
			"extension 1.3.6.1.4.1.1466.20037 (StartTLS)",
			"extension 1.3.6.1.4.1.4203.1.11.1 (password modify)",
			"extension 1.3.6.1.4.1.4203.1.11.3 (who am I)",
			"extension 1.3.6.1.1.8", "extension 1.3.6.1.1.21.3", "extension 1.3.6.1.1.21.1",
		},
		Facts: map[string]string{"kind": "LDAP server"},
	}
	hardened := Peer{
		Facts: map[string]string{
			"kind":           "LDAP server",
			"anonymous_bind": "48 Inappropriate Authentication: anonymous bind disallowed",
			FactResultCode:   "53",
		},
		Refusal: "53 Unwilling To Perform: authentication required",
		Reason:  wire.NeedsLogin,
	}
	for name, want := range map[string]Peer{"samba-4.17-dc.hex": samba, "openldap-2.5.hex": openldap, "openldap-2.5-authc.hex": hardened} {
		t.Run(name, func(t *testing.T) {
			got, err := askLDAPOf(t, question("ldap", catalog.NoTLS), saysLDAP(recordedLDAP(t, name)...))
			if diff := cmp.Diff(want, told(t, got)); diff != "" || err != nil {
				t.Errorf("error %v; peer, -want +got:\n%s", err, diff)
			}
		})
	}
}

// TestLDAPRefusals: who turns us away in LDAP has answered.
func TestLDAPRefusals(t *testing.T) {
	notice := ldapwire.Result(ldap.ApplicationExtendedResponse, ldap.LDAPResultUnavailable, "shutting down")
	notice.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 10, ldapwire.DisconnectionOID, ""))
	bye := ldapwire.Message(0, notice).Bytes()
	unknown := ldapwire.Message(0, ldapwire.Result(ldap.ApplicationExtendedResponse, 0, "a notification that nobody knows")).Bytes()
	empty := ldapwire.Operation(ldap.ApplicationSearchResultEntry)
	empty.AppendChild(ldapwire.OctetString(""))
	empty.AppendChild(ber.NewSequence(""))
	found := append(ldapwire.Message(2, empty).Bytes(), resultLDAP(2, ldap.ApplicationSearchResultDone, 0, "")...)
	const unbound = "48 Inappropriate Authentication: no"
	const leaving = "52 Unavailable: shutting down"
	const notBound = "000004DC: LdapErr: DSID-0C090C78, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v4f7c"
	server := map[string]string{"kind": "LDAP server"}
	refused := func(code, text string, why wire.Reason, more ...string) Peer {
		p := Peer{Facts: map[string]string{"kind": "LDAP server", FactResultCode: code}, Refusal: text, Reason: why}
		for i := 0; i < len(more); i += 2 {
			p.Facts[more[i]] = more[i+1]
		}
		return p
	}
	for name, c := range map[string]struct {
		serve func(net.Conn)
		want  Peer
	}{
		"no bind, but a rootDSE": {saysLDAP(refusedLDAP, found), Peer{Facts: map[string]string{"kind": "LDAP server", "anonymous_bind": unbound}}},
		"no bind, and hangs up":  {hangsUpLDAP(refusedLDAP), refused("48", unbound, wire.NeedsLogin, "anonymous_bind", unbound)},
		"no search":              {saysLDAP(boundLDAP, resultLDAP(2, ldap.ApplicationSearchResultDone, 1, "bind first")), refused("1", "1 Operations Error: bind first", "")},
		// https://github.com/projectdiscovery/nuclei/issues/6208
		"no search in Active Directory": {saysLDAP(boundLDAP, resultLDAP(2, ldap.ApplicationSearchResultDone, 1, notBound+"\x00")),
			refused("1", "1 Operations Error: "+notBound, wire.NeedsLogin, FactWindowsError, "000004DC")},
		// https://github.com/glauth/glauth/issues/320
		"no search in glauth": {saysLDAP(boundLDAP, resultLDAP(2, ldap.ApplicationSearchResultDone, 50, "Search Error: Anonymous BindDN not allowed")),
			refused("50", "50 Insufficient Access Rights: Search Error: Anonymous BindDN not allowed", wire.NeedsLogin)},
		"busy":                             {saysLDAP(boundLDAP, resultLDAP(2, ldap.ApplicationSearchResultDone, 51, "")), refused("51", "51 Busy", wire.Unavailable)},
		"no entry":                         {saysLDAP(boundLDAP, resultLDAP(2, ldap.ApplicationSearchResultDone, 0, "")), Peer{Facts: server}},
		"a notice of disconnection":        {hangsUpLDAP(boundLDAP, bye), refused("52", leaving, wire.Unavailable)},
		"a notice of disconnection, early": {hangsUpLDAP(bye), refused("52", leaving, wire.Unavailable, "anonymous_bind", leaving)},
		"a notification before an answer":  {saysLDAP(boundLDAP, append(unknown, found...)), Peer{Facts: server}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := askLDAPOf(t, question("ldap", catalog.NoTLS), c.serve)
			if diff := cmp.Diff(c.want, told(t, got)); diff != "" || err != nil {
				t.Errorf("error %v; peer, -want +got:\n%s", err, diff)
			}
		})
	}
}

// TestLDAPStartTLS does a real handshake, and asks behind it.
func TestLDAPStartTLS(t *testing.T) {
	var steps []Step
	q, s := question("ldap", catalog.StartTLS), standIn("ldap", catalog.StartTLS)
	q.At = func(s Step) { steps = append(steps, s) }
	q.StartTLS = func(conn net.Conn) (net.Conn, error) {
		c := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		return c, c.Handshake()
	}
	config := &tls.Config{Certificates: []tls.Certificate{throwAway(t)}}
	s.StartTLS = func(conn net.Conn) (net.Conn, error) {
		c := tls.Server(conn, config)
		return c, c.Handshake()
	}
	p, err := meet(t, askLDAP, answerLDAP, q, s, enough)
	if err != nil || p.Facts["kind"] != "domain controller" || p.Facts["starttls"] != "" {
		t.Errorf("error %v, peer %+v", err, p)
	}
	if diff := cmp.Diff([]Step{Greet, TLS, Talk}, steps); diff != "" {
		t.Error(diff)
	}
}

// TestLDAPStartTLSRefused: the talk goes on in the clear, and TLS is not claimed.
func TestLDAPStartTLSRefused(t *testing.T) {
	q := question("ldap", catalog.StartTLS)
	q.StartTLS = func(net.Conn) (net.Conn, error) {
		t.Error("a handshake after a refusal")
		return nil, io.EOF
	}
	p, err := askLDAPOf(t, q, func(conn net.Conn) { _ = answerLDAP(conn, standIn("ldap", catalog.StartTLS)) })
	if err != nil || p.Refusal != "" || !strings.HasPrefix(p.Facts["starttls"], "52 Unavailable: ") || p.Facts["kind"] != "domain controller" {
		t.Errorf("error %v, peer %+v", err, p)
	}
}

// TestLDAPStartTLSFailed: the error of the handshake comes back as it is.
func TestLDAPStartTLSFailed(t *testing.T) {
	broken := errors.New("broken")
	q := question("ldap", catalog.StartTLS)
	q.StartTLS = func(net.Conn) (net.Conn, error) { return nil, broken }
	granted := resultLDAP(1, ldap.ApplicationExtendedResponse, 0, "")
	if _, err := askLDAPOf(t, q, saysLDAP(granted)); err != broken {
		t.Errorf("the error is %v", err)
	}
}

// TestLDAPUnbind: the last word is an unbind, whatever came before it.
func TestLDAPUnbind(t *testing.T) {
	for name, replies := range map[string][][]byte{
		"done":    {boundLDAP, resultLDAP(2, ldap.ApplicationSearchResultDone, 0, "")},
		"refused": {boundLDAP, resultLDAP(2, ldap.ApplicationSearchResultDone, 1, "")},
	} {
		unbound := false
		_, _ = askLDAPOf(t, question("ldap", catalog.NoTLS), func(conn net.Conn) {
			hangsUpLDAP(replies...)(conn)
			if last, err := ldapwire.NewFrames(conn).Next(); err == nil {
				_, op, _ := ldapwire.Parts(last)
				unbound = op.Tag == ldap.ApplicationUnbindRequest
			}
		})
		if !unbound {
			t.Errorf("%s: no unbind", name)
		}
	}
}
