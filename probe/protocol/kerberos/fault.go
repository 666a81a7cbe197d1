// SPDX-License-Identifier: Apache-2.0

package kerberos

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// A Fault is a KRB-ERROR (RFC 4120, section 5.9.1), from a KDC or as a stand-in sends it.
type Fault struct {
	Code   int64
	Realm  string
	Server []string  // the parts of the principal that it is about
	At     time.Time // by the server's clock
	Text   string    // e-text
	Data   []byte    // e-data; nil where there is none
}

// ReadFault reads a KRB-ERROR, and reports whether message is one. It skips optional
// fields that say nothing about the server.
func ReadFault(message []byte) (Fault, bool) {
	var e Fault
	s, ok := krbMessage(message, ErrorReply)
	if !ok {
		return e, false
	}
	var micro int64
	ok = skipField(&s, 2) && skipField(&s, 3) &&
		readKRBTime(&s, 4, &e.At) && ReadInt(&s, 5, &micro) && ReadInt(&s, 6, &e.Code) &&
		skipField(&s, 7) && skipField(&s, 8) &&
		ReadString(&s, 9, &e.Realm) && ReadPrincipal(&s, 10, &e.Server) &&
		(!s.PeekASN1Tag(Field(11)) || ReadString(&s, 11, &e.Text)) &&
		(!s.PeekASN1Tag(Field(12)) || readOctets(&s, 12, &e.Data))
	if micro < 0 || micro > 999_999 {
		micro = 0
	}
	e.At = e.At.Add(time.Duration(micro) * time.Microsecond)
	return e, ok
}

// ReadASRep returns the client's realm of an AS-REP, and whether message is one.
func ReadASRep(message []byte) (realm string, ok bool) {
	s, ok := krbMessage(message, ASRep)
	ok = ok && skipField(&s, 2) && ReadString(&s, 3, &realm) && s.PeekASN1Tag(Field(4))
	return realm, ok
}

// String is the code and its name.
func (e Fault) String() string {
	return strings.TrimSpace(fmt.Sprint(e.Code, " ", faults[e.Code]))
}

// Message encodes the fault as a server sends it at the time now. It leaves out
// At.
func (e Fault) Message(now time.Time) ([]byte, error) {
	return Sequence(ErrorReply, func(b *cryptobyte.Builder) {
		AddInt(b, 0, Version)
		AddInt(b, 1, ErrorReply)
		AddField(b, 4, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(now.UTC()) })
		AddInt(b, 5, int64(now.Nanosecond()/1000))
		AddInt(b, 6, e.Code)
		AddField(b, 9, func(b *cryptobyte.Builder) { AddString(b, e.Realm) })
		AddField(b, 10, func(b *cryptobyte.Builder) { AddPrincipal(b, NameService, e.Server...) })
		if e.Text != "" {
			AddField(b, 11, func(b *cryptobyte.Builder) { AddString(b, e.Text) })
		}
		if e.Data != nil {
			AddField(b, 12, func(b *cryptobyte.Builder) { b.AddASN1OctetString(e.Data) })
		}
	})
}

// The errors that code tells apart.
const (
	UnknownClient int64 = 6
	Unavailable   int64 = 29
	WrongType     int64 = 40
	Modified      int64 = 41
	Generic       int64 = 60
)

// faults names the errors that a server can send to a client without a
// ticket (RFC 4120, section 7.5.9).
var faults = map[int64]string{
	1:             "KDC_ERR_NAME_EXP",
	2:             "KDC_ERR_SERVICE_EXP",
	3:             "KDC_ERR_BAD_PVNO",
	UnknownClient: "KDC_ERR_C_PRINCIPAL_UNKNOWN",
	7:             "KDC_ERR_S_PRINCIPAL_UNKNOWN",
	8:             "KDC_ERR_PRINCIPAL_NOT_UNIQUE",
	9:             "KDC_ERR_NULL_KEY",
	10:            "KDC_ERR_CANNOT_POSTDATE",
	11:            "KDC_ERR_NEVER_VALID",
	12:            "KDC_ERR_POLICY",
	13:            "KDC_ERR_BADOPTION",
	14:            "KDC_ERR_ETYPE_NOSUPP",
	15:            "KDC_ERR_SUMTYPE_NOSUPP",
	16:            "KDC_ERR_PADATA_TYPE_NOSUPP",
	17:            "KDC_ERR_TRTYPE_NOSUPP",
	18:            "KDC_ERR_CLIENT_REVOKED",
	19:            "KDC_ERR_SERVICE_REVOKED",
	20:            "KDC_ERR_TGT_REVOKED",
	21:            "KDC_ERR_CLIENT_NOTYET",
	22:            "KDC_ERR_SERVICE_NOTYET",
	23:            "KDC_ERR_KEY_EXPIRED",
	24:            "KDC_ERR_PREAUTH_FAILED",
	25:            "KDC_ERR_PREAUTH_REQUIRED",
	26:            "KDC_ERR_SERVER_NOMATCH",
	27:            "KDC_ERR_MUST_USE_USER2USER",
	28:            "KDC_ERR_PATH_NOT_ACCEPTED",
	Unavailable:   "KDC_ERR_SVC_UNAVAILABLE",
	31:            "KRB_AP_ERR_BAD_INTEGRITY",
	32:            "KRB_AP_ERR_TKT_EXPIRED",
	33:            "KRB_AP_ERR_TKT_NYV",
	34:            "KRB_AP_ERR_REPEAT",
	35:            "KRB_AP_ERR_NOT_US",
	36:            "KRB_AP_ERR_BADMATCH",
	37:            "KRB_AP_ERR_SKEW",
	38:            "KRB_AP_ERR_BADADDR",
	39:            "KRB_AP_ERR_BADVERSION",
	WrongType:     "KRB_AP_ERR_MSG_TYPE",
	Modified:      "KRB_AP_ERR_MODIFIED",
	44:            "KRB_AP_ERR_BADKEYVER",
	45:            "KRB_AP_ERR_NOKEY",
	50:            "KRB_AP_ERR_INAPP_CKSUM",
	51:            "KRB_AP_PATH_NOT_ACCEPTED",
	52:            "KRB_ERR_RESPONSE_TOO_BIG",
	Generic:       "KRB_ERR_GENERIC",
	61:            "KRB_ERR_FIELD_TOOLONG",
	68:            "KDC_ERR_WRONG_REALM",
}
