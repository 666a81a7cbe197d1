// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// A krbFault is a KRB-ERROR (RFC 4120, section 5.9.1).
type krbFault struct {
	code   int64
	realm  string
	server []string  // the parts of the principal that it is about
	at     time.Time // by the server's clock
	text   string
	data   []byte
}

// readKRBError reads a KRB-ERROR. What is optional and says nothing about the
// server is passed over.
func readKRBError(message []byte) (krbFault, bool) {
	var e krbFault
	s, ok := krbMessage(message, krbError)
	if !ok {
		return e, false
	}
	var micro int64
	ok = skipField(&s, 2) && skipField(&s, 3) &&
		readKRBTime(&s, 4, &e.at) && readKRBInt(&s, 5, &micro) && readKRBInt(&s, 6, &e.code) &&
		skipField(&s, 7) && skipField(&s, 8) &&
		readKRBString(&s, 9, &e.realm) && readPrincipal(&s, 10, &e.server) &&
		(!s.PeekASN1Tag(field(11)) || readKRBString(&s, 11, &e.text)) &&
		(!s.PeekASN1Tag(field(12)) || readOctets(&s, 12, &e.data))
	if micro < 0 || micro > 999_999 {
		micro = 0
	}
	e.at = e.at.Add(time.Duration(micro) * time.Microsecond)
	return e, ok
}

// readASRep returns the client's realm of an AS-REP, and whether it is one.
func readASRep(message []byte) (realm string, ok bool) {
	s, ok := krbMessage(message, krbASRep)
	ok = ok && skipField(&s, 2) && readKRBString(&s, 3, &realm) && s.PeekASN1Tag(field(4))
	return realm, ok
}

// describe tells what the error says about the server; local is when it came.
// Some servers give the realm back that they were asked for.
func (e krbFault) describe(p *Peer, local time.Time) {
	if e.realm != noRealm {
		p.fact(FactRealm, e.realm)
	}
	p.clocks(e.at, local)
	p.fact(FactError, e.String())
	p.fact(FactErrorText, e.text)
}

// String is the code and its name.
func (e krbFault) String() string {
	return strings.TrimSpace(fmt.Sprint(e.code, " ", krbErrors[e.code]))
}

func newKRBError(code int64, realm string, server ...string) krbFault {
	return krbFault{code: code, realm: realm, server: server}
}

// message is the KRB-ERROR as a server sends it now.
func (e krbFault) message(now time.Time) ([]byte, error) {
	return krbSequence(krbError, func(b *cryptobyte.Builder) {
		addKRBInt(b, 0, krbVersion)
		addKRBInt(b, 1, krbError)
		addField(b, 4, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(now.UTC()) })
		addKRBInt(b, 5, int64(now.Nanosecond()/1000))
		addKRBInt(b, 6, e.code)
		addField(b, 9, func(b *cryptobyte.Builder) { addKRBString(b, e.realm) })
		addField(b, 10, func(b *cryptobyte.Builder) { addPrincipal(b, krbNameService, e.server...) })
		if e.data != nil {
			addField(b, 12, func(b *cryptobyte.Builder) { b.AddASN1OctetString(e.data) })
		}
	})
}

// The errors that the code asks about.
const (
	krbUnknownClient int64 = 6
	krbUnavailable   int64 = 29
	krbWrongType     int64 = 40
	krbModified      int64 = 41
	krbGeneric       int64 = 60
)

// krbErrors names the errors that a server can send to somebody without a
// ticket (RFC 4120, section 7.5.9).
var krbErrors = map[int64]string{
	1:                "KDC_ERR_NAME_EXP",
	2:                "KDC_ERR_SERVICE_EXP",
	3:                "KDC_ERR_BAD_PVNO",
	krbUnknownClient: "KDC_ERR_C_PRINCIPAL_UNKNOWN",
	7:                "KDC_ERR_S_PRINCIPAL_UNKNOWN",
	8:                "KDC_ERR_PRINCIPAL_NOT_UNIQUE",
	9:                "KDC_ERR_NULL_KEY",
	10:               "KDC_ERR_CANNOT_POSTDATE",
	11:               "KDC_ERR_NEVER_VALID",
	12:               "KDC_ERR_POLICY",
	13:               "KDC_ERR_BADOPTION",
	14:               "KDC_ERR_ETYPE_NOSUPP",
	15:               "KDC_ERR_SUMTYPE_NOSUPP",
	16:               "KDC_ERR_PADATA_TYPE_NOSUPP",
	17:               "KDC_ERR_TRTYPE_NOSUPP",
	18:               "KDC_ERR_CLIENT_REVOKED",
	19:               "KDC_ERR_SERVICE_REVOKED",
	20:               "KDC_ERR_TGT_REVOKED",
	21:               "KDC_ERR_CLIENT_NOTYET",
	22:               "KDC_ERR_SERVICE_NOTYET",
	23:               "KDC_ERR_KEY_EXPIRED",
	24:               "KDC_ERR_PREAUTH_FAILED",
	25:               "KDC_ERR_PREAUTH_REQUIRED",
	26:               "KDC_ERR_SERVER_NOMATCH",
	27:               "KDC_ERR_MUST_USE_USER2USER",
	28:               "KDC_ERR_PATH_NOT_ACCEPTED",
	krbUnavailable:   "KDC_ERR_SVC_UNAVAILABLE",
	31:               "KRB_AP_ERR_BAD_INTEGRITY",
	32:               "KRB_AP_ERR_TKT_EXPIRED",
	33:               "KRB_AP_ERR_TKT_NYV",
	34:               "KRB_AP_ERR_REPEAT",
	35:               "KRB_AP_ERR_NOT_US",
	36:               "KRB_AP_ERR_BADMATCH",
	37:               "KRB_AP_ERR_SKEW",
	38:               "KRB_AP_ERR_BADADDR",
	39:               "KRB_AP_ERR_BADVERSION",
	krbWrongType:     "KRB_AP_ERR_MSG_TYPE",
	krbModified:      "KRB_AP_ERR_MODIFIED",
	44:               "KRB_AP_ERR_BADKEYVER",
	45:               "KRB_AP_ERR_NOKEY",
	50:               "KRB_AP_ERR_INAPP_CKSUM",
	51:               "KRB_AP_PATH_NOT_ACCEPTED",
	52:               "KRB_ERR_RESPONSE_TOO_BIG",
	krbGeneric:       "KRB_ERR_GENERIC",
	61:               "KRB_ERR_FIELD_TOOLONG",
	68:               "KDC_ERR_WRONG_REALM",
}
