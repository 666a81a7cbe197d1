// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"strconv"

	"github.com/go-ldap/ldap/v3"

	raw "exreach/probe/protocol/ldap"
)

// refuseLDAP notes that the server shows nothing of itself.
func refuseLDAP(r *raw.Refusal, p *Peer) {
	p.fact(FactKind, string(OtherDirectory))
	p.refusedLDAP(r)
	p.Directory.Kind = OtherDirectory
}

// refusedLDAP notes the result as what turned us away.
func (p *Peer) refusedLDAP(r *raw.Refusal) {
	p.fact(FactResultCode, strconv.Itoa(r.Code))
	p.Directory = &Directory{Result: r.Code}
	p.fact(FactWindowsError, r.WindowsError())
	p.turnAway(r.Error(), reasonOfLDAP(r))
}

// ldapReasons is what results mean to a client that has not logged in (RFC 4511
// appendix A.2). Servers that let nobody in without a login give any of the
// first six: OpenLDAP 8 and 48, 389 Directory Server 48, OpenDJ 53, others 50.
var ldapReasons = map[int]Reason{
	ldap.LDAPResultStrongAuthRequired:          NeedsLogin,
	ldap.LDAPResultConfidentialityRequired:     NeedsLogin,
	ldap.LDAPResultInappropriateAuthentication: NeedsLogin,
	ldap.LDAPResultInvalidCredentials:          NeedsLogin,
	ldap.LDAPResultInsufficientAccessRights:    NeedsLogin,
	ldap.LDAPResultUnwillingToPerform:          NeedsLogin,
	ldap.LDAPResultReferral:                    OurQuestion,
	ldap.LDAPResultBusy:                        Unavailable,
	ldap.LDAPResultUnavailable:                 Unavailable,
}

// notAuthenticated is ERROR_NOT_AUTHENTICATED (MS-ERREF section 2.2), which
// Active Directory puts behind an operations error.
const notAuthenticated = "000004DC"

func reasonOfLDAP(r *raw.Refusal) Reason {
	if r.WindowsError() == notAuthenticated {
		return NeedsLogin
	}
	return ldapReasons[r.Code]
}
