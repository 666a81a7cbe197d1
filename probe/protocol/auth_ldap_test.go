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
	ldapwire "exreach/probe/protocol/ldap"
)

// rootDSELDAP is a rootDSE that offers what a domain controller offers.
func rootDSELDAP(id int64) []byte {
	attributes := ber.NewSequence("")
	attributes.AppendChild(ldapAttribute{"supportedSASLMechanisms", []string{saslSPNEGO}}.packet())
	entry := ldapwire.Operation(ldap.ApplicationSearchResultEntry)
	entry.AppendChild(ldapwire.OctetString(""))
	entry.AppendChild(attributes)
	return append(ldapwire.Message(id, entry).Bytes(), resultLDAP(id, ldap.ApplicationSearchResultDone, 0, "")...)
}

// TestNTLMOfSamba: what a real domain controller said to a bind by NTLM.
func TestNTLMOfSamba(t *testing.T) {
	for file, want := range map[string]struct {
		auth    string
		outcome Outcome
	}{
		"samba-4.17-ntlm.hex":        {"ntlm: accepted", Accepted},
		"samba-4.17-ntlm-denied.hex": {"ntlm: refused: 49 Invalid Credentials, data 52e", Denied},
	} {
		q := question("ldap", catalog.NoTLS)
		outcomes := asAlice(&q)
		q.Private = func() error { return errors.New("no TLS") }
		replies := append([][]byte{boundLDAP, rootDSELDAP(2)}, recordedLDAP(t, file)...)
		peer, err := askLDAPOf(t, q, saysLDAP(replies...))
		if auth := want.auth + "; simple: not tried: no TLS"; err != nil || peer.Facts["auth"] != auth || !slices.Equal(*outcomes, []Outcome{want.outcome}) {
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
	challenge := recordedLDAP(t, "samba-4.17-ntlm.hex")[0]
	for _, test := range []struct {
		replies  [][]byte // behind the rootDSE
		auth     string
		outcomes []Outcome
	}{
		{[][]byte{bound(3, 14, ""), bound(3, 0, "")}, "ntlm: not possible: EOF; simple: accepted", []Outcome{Undecided, Accepted}},
		{[][]byte{bound(3, 0, ""), bound(3, 0, "")}, "ntlm: not possible: the server accepted the login before it was sent any credentials; simple: accepted", []Outcome{Undecided, Accepted}},
		{[][]byte{bound(3, 49, ""), bound(3, 49, "")}, "ntlm: not possible: 49 Invalid Credentials; simple: refused: 49 Invalid Credentials", []Outcome{Undecided, Denied}},
		{[][]byte{challenge, bound(4, 0, ""), bound(3, 0, "")}, "ntlm: accepted; simple: accepted", []Outcome{Accepted, Accepted}},
		{[][]byte{challenge, bound(4, 49, "say "+alicesPassword), bound(3, 49, alicesPassword)}, "ntlm: refused: 49 Invalid Credentials; simple: refused: 49 Invalid Credentials", []Outcome{Denied, Denied}},
		{
			[][]byte{challenge, bound(4, 49, "80090346: LdapErr: DSID-0C090593"), bound(3, 34, "invalid DN")},
			"ntlm: not possible: 49 Invalid Credentials, 80090346; simple: not possible: 34 Invalid DN Syntax", []Outcome{Undecided, Undecided},
		},
		{
			[][]byte{challenge, bound(4, 8, "00002028"), bound(3, 53, "not now")},
			"ntlm: not possible: 8 Strong Auth Required; simple: not possible: 53 Unwilling To Perform", []Outcome{Undecided, Unanswered},
		},
		{
			// 389 Directory Server, whose guide has "Exceed password retry limit" here.
			[][]byte{challenge, bound(4, 19, "Exceed password retry limit. Please try later."), bound(3, 51, "")},
			"ntlm: refused: 19 Constraint Violation; simple: not possible: 51 Busy", []Outcome{Locked, Unanswered},
		},
		{
			// Active Directory, of an account that is locked and one whose password must be changed.
			[][]byte{challenge, bound(4, 49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 775, v1db1"),
				bound(3, 49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 773, v1db1")},
			"ntlm: refused: 49 Invalid Credentials, data 775; simple: refused: 49 Invalid Credentials, data 773", []Outcome{Locked, Locked},
		},
		{[][]byte{}, "ntlm: failed: waiting for the answer to a bind: EOF", []Outcome{Unanswered}},
		{[][]byte{bound(3, 8, "")}, "ntlm: not possible: 8 Strong Auth Required; simple: failed: EOF", []Outcome{Undecided, Unanswered}},
		{[][]byte{bound(9, 0, "")}, "ntlm: failed: waiting for the answer to a bind: this is not LDAP: an LDAP answer to what was not asked", []Outcome{Unanswered}},
		{[][]byte{[]byte("HTTP/1.1 400")}, "ntlm: failed: waiting for the answer to a bind: this is not LDAP: it does not begin with a BER sequence", []Outcome{Unanswered}},
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
	f.Add(resultLDAP(3, ldap.ApplicationBindResponse, 14, ""), resultLDAP(4, ldap.ApplicationBindResponse, 0, ""))
	f.Add(resultLDAP(3, ldap.ApplicationBindResponse, 49, ""), []byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		synctest.Test(t, func(t *testing.T) {
			q := question("ldap", catalog.Implicit)
			outcomes := asAlice(&q)
			peer, err := pipeTo(askLDAP, q, hangsUpLDAP(boundLDAP, rootDSELDAP(2), first, second, resultLDAP(5, ldap.ApplicationBindResponse, 0, "")))
			if err != nil || len(*outcomes) == 0 || len(*outcomes) > 2 {
				t.Errorf("%v after %q, error %v", *outcomes, peer.Facts["auth"], err)
			}
			peer.Clean()
			checkClean(t, peer)
		})
	})
}
