// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net/http"
	"net/url"

	"exreach/catalog"
)

// onlineBearer is what Exchange Online wants of programs: a token, and a password
// as long as it took any.
const onlineBearer = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*", ` +
	`token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="https://login.windows.net/common/oauth2/authorize", ` +
	`error="invalid_token",Basic Realm="",Basic Realm="",Basic Realm=""`

// onlineLogins is what the directories of Exchange Online say without a login: as
// recorded of EWS in 2017, of MAPI over HTTP in 2018, and of ActiveSync.
var onlineLogins = map[string]string{
	"/autodiscover":                onlineBearer,
	"/ews":                         onlineBearer,
	"/mapi":                        `Basic Realm="",Basic Realm=""`,
	"/microsoft-server-activesync": `Basic realm="outlook.office365.com"`,
}

// onlineMarks are the headers of the servers that a request passes: the nearest
// front end, another one in the site of the mailbox, and the mailbox server.
var onlineMarks = map[string][]string{
	"X-CalculatedFETarget": {"DM5PR13CU002.internal.outlook.com"},
	"X-FEProxyInfo":        {"DM5PR13CA0042.NAMPRD13.PROD.OUTLOOK.COM"},
	"X-CalculatedBETarget": {"DM5PR18MB1004.namprd18.prod.outlook.com"},
	"X-BackEndHttpStatus":  {"401", "401"},
	"X-DiagInfo":           {"DM5PR18MB1004"},
	"X-BEServer":           {"DM5PR18MB1004"},
	"X-FEServer":           {"DM5PR13CA0042", "MWHPR18CA0031"},
}

// onlinePage is what Exchange Online answers. A browser is led to the login of
// Microsoft Entra ID (https://github.com/rvrsh3ll/TokenTactics/issues/6), and from
// plain HTTP to HTTPS.
func onlinePage(request *http.Request, s Stand, directory string) *http.Response {
	page := plainPage(request, http.StatusUnauthorized, "")
	page.Header["Server"] = []string{"Microsoft-IIS/10.0"}
	page.Header["request-id"] = []string{requestID()}
	page.Header["X-FEServer"] = []string{"BL0PR02CA0115"}
	page.Header["X-Powered-By"] = []string{"ASP.NET"}
	login, known := onlineLogins[directory]
	switch {
	case s.Service.TLS != catalog.Implicit, directory == "/":
		page.StatusCode = http.StatusMovedPermanently
		page.Header["Location"] = []string{"https://" + s.Host + "/owa/"}
	case directory == "/owa":
		page.StatusCode = http.StatusFound
		page.Header["Location"] = []string{"https://login.microsoftonline.com/common/oauth2/authorize?client_id=00000002-0000-0ff1-ce00-000000000000&redirect_uri=" +
			url.QueryEscape("https://"+s.Host+"/owa/") + "&resource=00000002-0000-0ff1-ce00-000000000000&response_mode=form_post&response_type=code+id_token&scope=openid&msafed=1&msaredir=1"}
		page.Header["X-CalculatedFETarget"] = []string{"MRXP264CU001.internal.outlook.com"}
		page.Header["X-BackEndHttpStatus"] = []string{"302"}
	case !known:
		page.StatusCode = http.StatusNotFound
	default:
		for name, values := range onlineMarks {
			page.Header[name] = values
		}
		page.Header["WWW-Authenticate"] = []string{login}
	}
	return page
}
