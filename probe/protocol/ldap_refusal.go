// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/go-ldap/ldap/v3"
)

// A ldapRefusal is an LDAP result that is not success.
type ldapRefusal struct {
	code int
	text string
}

func (r *ldapRefusal) Error() string { return fmt.Sprintf("%d %s", r.code, r.text) }

// refuseLDAP notes that the server shows nothing of itself.
func refuseLDAP(r *ldapRefusal, p *Peer) {
	p.fact(FactKind, string(OtherDirectory))
	r.describe(p)
	p.Directory.Kind = OtherDirectory
}

// describe notes the result as what turned us away.
func (r *ldapRefusal) describe(p *Peer) {
	p.fact(FactResultCode, strconv.Itoa(r.code))
	p.Directory = &Directory{Result: r.code}
	p.fact(FactWindowsError, r.windowsError())
	p.turnAway(r.Error(), r.reason())
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

// windowsNumber begins the text of Active Directory: the error of Windows behind
// the result (MS-ADTS section 3.1.1.3.1.9).
var windowsNumber = regexp.MustCompile(`: ([0-9A-Fa-f]{8}): `)

func (r *ldapRefusal) windowsError() string {
	if found := windowsNumber.FindStringSubmatch(r.text); found != nil {
		return found[1]
	}
	return ""
}

// notAuthenticated is ERROR_NOT_AUTHENTICATED (MS-ERREF section 2.2), which
// Active Directory puts behind an operations error.
const notAuthenticated = "000004DC"

func (r *ldapRefusal) reason() Reason {
	if r.windowsError() == notAuthenticated {
		return NeedsLogin
	}
	return ldapReasons[r.code]
}
