// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"strconv"

	"github.com/go-ldap/ldap/v3"
)

// refuseLDAP notes that the server shows nothing of itself.
func refuseLDAP(r *ldapRefusal, p *Peer) {
	p.fact(FactKind, string(OtherDirectory))
	p.refusedLDAP(r)
	p.Directory.Kind = OtherDirectory
}

// refusedLDAP notes the result as what turned us away.
func (p *Peer) refusedLDAP(r *ldapRefusal) {
	p.fact(FactResultCode, strconv.Itoa(r.code))
	p.Directory = &Directory{Result: r.code}
	p.fact(FactWindowsError, r.windowsError())
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

func reasonOfLDAP(r *ldapRefusal) Reason {
	if r.windowsError() == notAuthenticated {
		return NeedsLogin
	}
	return ldapReasons[r.code]
}
