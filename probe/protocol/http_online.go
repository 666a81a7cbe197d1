// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"maps"
	"net/http"
	"net/url"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
)

// onlineBearer is what Exchange Online wants of programs: a token, and a password
// as long as it took any.
const onlineBearer = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*", ` +
	`token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="https://login.windows.net/common/oauth2/authorize", ` +
	`error="invalid_token",Basic Realm="",Basic Realm="",Basic Realm=""`

// onlineEWS is what EWS said without a login on 2017-10-10. The request had passed
// a front end, another one in the site of the mailbox, and the mailbox server.
var onlineEWS = http.Header{
	"X-CalculatedFETarget": {"DM5PR13CU002.internal.outlook.com"},
	"X-BackEndHttpStatus":  {"401", "401"},
	"X-FEProxyInfo":        {"DM5PR13CA0042.NAMPRD13.PROD.OUTLOOK.COM"},
	"X-CalculatedBETarget": {"DM5PR18MB1004.namprd18.prod.outlook.com"},
	"X-DiagInfo":           {"DM5PR18MB1004"},
	"X-BEServer":           {"DM5PR18MB1004"},
	"X-FEServer":           {"DM5PR13CA0042", "MWHPR18CA0031"},
	"WWW-Authenticate":     {onlineBearer},
}

// onlineLogins are the directories that want a login, with the headers that they
// have beside those of every answer. MAPI over HTTP is of 2018-01-31.
var onlineLogins = map[string]http.Header{
	"/autodiscover": onlineEWS,
	"/ews":          onlineEWS,
	"/mapi": {
		"X-CalculatedBETarget": {"DM5PR2101MB0886.namprd21.prod.outlook.com"},
		"X-BackEndHttpStatus":  {"401"},
		"X-ServerApplication":  {"Exchange/15.20.0485.000"},
		"X-DiagInfo":           {"DM5PR2101MB0886"},
		"X-BEServer":           {"DM5PR2101MB0886"},
		"X-FEServer":           {"MA1PR0101CA0031"},
		"WWW-Authenticate":     {`Basic Realm="",Basic Realm=""`},
	},
	"/microsoft-server-activesync": {
		"X-FEServer":       {"AM0P190CA0008"},
		"WWW-Authenticate": {`Basic realm="outlook.office365.com"`},
	},
}

// onlinePage is what Exchange Online answers. A browser is led to the login of
// Microsoft Entra ID (https://github.com/rvrsh3ll/TokenTactics/issues/6), and from
// plain HTTP to HTTPS.
func onlinePage(request *http.Request, s Stand, directory string) *http.Response {
	page := plainPage(request, http.StatusNotFound, "")
	page.Header["Server"] = []string{"Microsoft-IIS/10.0"}
	page.Header["request-id"] = []string{requestID()}
	page.Header["X-FEServer"] = []string{"BL0PR02CA0115"}
	page.Header["X-Powered-By"] = []string{"ASP.NET"}
	login, wanted := onlineLogins[directory]
	switch {
	case s.Service.TLS != catalog.Implicit, directory == "/":
		page.StatusCode = http.StatusMovedPermanently
		page.Header["Location"] = []string{"https://" + s.Host + "/owa/"}
	case directory == "/owa":
		page.StatusCode = http.StatusFound
		page.Header["Location"] = []string{entraLogin(s.Host)}
		page.Header["X-CalculatedFETarget"] = []string{"MRXP264CU001.internal.outlook.com"}
		page.Header["X-BackEndHttpStatus"] = []string{"302"}
	case wanted:
		page.StatusCode = http.StatusUnauthorized
		maps.Copy(page.Header, login)
	}
	return page
}

// entraLogin is where OWA sends a browser.
func entraLogin(host string) string {
	return "https://login.microsoftonline.com/common/oauth2/authorize?client_id=" + web.ExchangeClient +
		"&redirect_uri=" + url.QueryEscape("https://"+host+"/owa/") + "&resource=" + web.ExchangeClient +
		"&response_mode=form_post&response_type=code+id_token&scope=openid&msafed=1&msaredir=1"
}
