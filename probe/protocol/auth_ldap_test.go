// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"exreach/catalog"
)

// rootDSELDAP is a rootDSE that offers what a domain controller offers.
func rootDSELDAP(id int64) []byte {
	attributes := ber.NewSequence("")
	attributes.AppendChild(ldapAttribute{"supportedSASLMechanisms", []string{saslSPNEGO}}.packet())
	entry := ldapOperation(ldap.ApplicationSearchResultEntry)
	entry.AppendChild(ldapString(""))
	entry.AppendChild(attributes)
	return append(ldapMessage(id, entry).Bytes(), resultLDAP(id, ldap.ApplicationSearchResultDone, 0, "")...)
}

// TestNTLMOfSamba: what a real domain controller said to a bind by NTLM.
func TestNTLMOfSamba(t *testing.T) {
	for file, want := range map[string]struct {
		auth    string
		outcome Outcome
	}{
		"samba-4.17-ntlm.hex": {"ntlm: accepted", Accepted},
		"samba-4.17-ntlm-denied.hex": {"ntlm: refused: 49 Invalid Credentials: 8009030C: LdapErr: DSID-0C0904DC, " +
			"comment: AcceptSecurityContext error, data 52e, v1db1", Denied},
	} {
		q := question("ldap", catalog.NoTLS)
		outcomes := asAlice(&q)
		q.Private = func() error { return errors.New("no TLS") }
		replies := append([][]byte{boundLDAP, rootDSELDAP(2)}, recordedLDAP(t, file)...)
		peer, err := askLDAPOf(t, q, saysLDAP(replies...))
		if auth := "simple: not tried: no TLS; " + want.auth; err != nil || peer.Facts["auth"] != auth || !slices.Equal(*outcomes, []Outcome{want.outcome}) {
			t.Errorf("%s: %q %v, error %v\nwant %q", file, peer.Facts["auth"], *outcomes, err, auth)
		}
	}
}

// TestBindAnswers: what a bind may be answered with, and what that says about
// the credentials.
func TestBindAnswers(t *testing.T) {
	bound := func(id, code int64, text string) []byte {
		return resultLDAP(id, ldap.ApplicationBindResponse, code, text)
	}
	for _, test := range []struct {
		replies  [][]byte // behind the rootDSE
		auth     string
		outcomes []Outcome
	}{
		{[][]byte{bound(3, 0, ""), bound(4, 0, "")}, "simple: accepted; ntlm: accepted", []Outcome{Accepted, Accepted}},
		{[][]byte{bound(3, 49, ""), bound(4, 49, "")}, "simple: refused: 49 Invalid Credentials; ntlm: refused: 49 Invalid Credentials", []Outcome{Denied, Denied}},
		{
			[][]byte{bound(3, 0, ""), bound(4, 49, "80090346: LdapErr: DSID-0C090593")},
			"simple: accepted; ntlm: not possible: 49 Invalid Credentials: 80090346: LdapErr: DSID-0C090593",
			[]Outcome{Accepted, Undecided},
		},
		{
			[][]byte{bound(3, 34, "invalid DN"), bound(4, 8, "00002028")},
			"simple: not possible: 34 Invalid DN Syntax: invalid DN; ntlm: not possible: 8 Strong Auth Required: 00002028",
			[]Outcome{Undecided, Undecided},
		},
		{[][]byte{bound(3, 0, ""), bound(4, 14, "")}, "simple: accepted; ntlm: not possible: EOF", []Outcome{Accepted, Undecided}},
		{[][]byte{}, "simple: failed: EOF", []Outcome{Unanswered}},
		{[][]byte{bound(3, 0, "")}, "simple: accepted; ntlm: failed: waiting for the answer to a bind: EOF", []Outcome{Accepted, Unanswered}},
		{[][]byte{bound(3, 0, ""), bound(9, 0, "")}, "simple: accepted; ntlm: failed: waiting for the answer to a bind: this is not LDAP: an LDAP answer to what was not asked", []Outcome{Accepted, Unanswered}},
		{[][]byte{bound(3, 0, ""), []byte("HTTP/1.1 400")}, "simple: accepted; ntlm: failed: waiting for the answer to a bind: this is not LDAP: it does not begin with a BER sequence", []Outcome{Accepted, Unanswered}},
	} {
		q := question("ldap", catalog.Implicit)
		outcomes := asAlice(&q)
		replies := slices.Concat([][]byte{boundLDAP, rootDSELDAP(2)}, test.replies, [][]byte{nil}) // the next request is read, and then it ends
		peer, err := askLDAPOf(t, q, hangsUpLDAP(replies...))
		if err != nil || peer.Facts["auth"] != test.auth || !slices.Equal(*outcomes, test.outcomes) {
			t.Errorf("%x:\n got %q %v, error %v\nwant %q %v", test.replies, peer.Facts["auth"], *outcomes, err, test.auth, test.outcomes)
		}
	}
}

// FuzzBindNTLM answers two rounds of NTLM with anything.
func FuzzBindNTLM(f *testing.F) {
	f.Add(resultLDAP(4, ldap.ApplicationBindResponse, 14, ""), resultLDAP(5, ldap.ApplicationBindResponse, 0, ""))
	f.Add(resultLDAP(4, ldap.ApplicationBindResponse, 49, ""), []byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		synctest.Test(t, func(t *testing.T) {
			q := question("ldap", catalog.Implicit)
			outcomes := asAlice(&q)
			peer, err := pipeTo(askLDAP, q, hangsUpLDAP(boundLDAP, rootDSELDAP(2), resultLDAP(3, ldap.ApplicationBindResponse, 0, ""), first, second))
			if err != nil || len(*outcomes) != 2 {
				t.Errorf("%v after %q, error %v", *outcomes, peer.Facts["auth"], err)
			}
			peer.Clean()
			checkClean(t, peer)
		})
	})
}
