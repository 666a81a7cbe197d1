// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"exreach/catalog"
)

// A httpSite is the web site of a version, on the web server of the Windows
// version that it was usually installed on.
type httpSite struct {
	exchange, iis string
	build         string // that OWA tells
	told          string // which answers have it in X-OWA-Version: those below this path
	title, themes string // of OWA's logon page; the path to its pictures has the build, too
}

// httpSites are in the order of release. 2007 and 2010 have the build in the whole,
// later ones without its last number, in the path (the patterns of Greenbone's
// detection of OWA name both).
//
//   - 2007: a debug log of Evolution of 2007-10-25: the logon page has
//     X-OWA-Version, the redirect to it has not.
//   - 2010: a listing of Quake has the build with OWA. Its EWS has no header of
//     Exchange (https://github.com/fuel9/DisplayMonkey/issues/77).
//   - 2013 and 2016: EWS has request-id and X-FEServer, and no build.
//   - from 15.2.986 on: a transcript of 2022 with the build at Autodiscover, one
//     of 2024 with it at ActiveSync (15.2.1544.11).
var httpSites = []httpSite{
	{exchange: "5.0", iis: "4.0"},
	{exchange: "5.5", iis: "4.0"},
	{exchange: "2000", iis: "5.0"},
	{exchange: "2003", iis: "6.0"},
	{"2007", "7.0", "8.3.485.1", "/owa/auth/", "Outlook Web Access", "/owa/8.3.485.1/themes/base/"},
	{"2010", "7.5", "14.3.361.1", "/owa/", "Outlook Web App", "/owa/14.3.361.1/themes/resources/"},
	{"2013", "8.5", "15.0.1497.2", "/owa/auth/", "Outlook Web App", "/owa/auth/15.0.1497/themes/resources/"},
	{"2016", "10.0", "15.1.2507.6", "/owa/auth/", "Outlook", "/owa/auth/15.1.2507/themes/resources/"},
	{"2019", "10.0", "15.2.1544.4", "/", "Outlook", "/owa/auth/15.2.1544/themes/resources/"},
	{"se", "10.0", "15.2.2562.17", "/", "Outlook", "/owa/auth/15.2.2562/themes/resources/"},
}

// generation is the place of a version in httpSites. A version of another family
// has the newest.
func generation(version string) int {
	i := slices.IndexFunc(httpSites, func(site httpSite) bool { return site.exchange == version })
	if i < 0 {
		return len(httpSites) - 1
	}
	return i
}

// A httpDirectory is a virtual directory of Exchange.
type httpDirectory struct {
	path  string // in lower case
	first string // the version it came with
	login []string
}

// The logins that a front end offers by default. HOST is its name.
var (
	windowsLogin = []string{"Negotiate", "NTLM"}
	anyLogin     = []string{"Negotiate", "NTLM", `Basic realm="HOST"`}
	basicLogin   = []string{`Basic realm="HOST"`}
)

// httpDirectories that want a login. What is left of 2003's own directories in
// later versions is a redirect to OWA.
var httpDirectories = []httpDirectory{
	{"/api", "2016", windowsLogin},
	{"/autodiscover", "2007", anyLogin},
	{"/ews", "2007", windowsLogin},
	{"/exadmin", "2000", windowsLogin},
	{"/exchange", "5.0", anyLogin},
	{"/mapi", "2013", windowsLogin},
	{"/microsoft-server-activesync", "2003", basicLogin},
	{"/oab", "2007", windowsLogin},
	{"/oma", "2003", basicLogin},
	{"/powershell", "2010", windowsLogin},
	{"/public", "2000", anyLogin},
	{"/rpc", "2003", anyLogin},
	{"/unifiedmessaging", "2007", windowsLogin},
}

// webDAV are the directories of mail and public folders, webStorage the build of
// the store that they tell.
var (
	webDAV     = []string{"/exchange", "/public"}
	webStorage = map[string]string{"2000": "6.0.6603", "2003": "6.5.7638"}
)

// httpHealthy are the directories with a health page, in 2013 and later.
var httpHealthy = []string{"/owa", "/ecp", "/rpc", "/mapi", "/ews", "/oab", "/microsoft-server-activesync", "/autodiscover"}

// otherWebs are the roles whose web sites run in IIS and are not Exchange's.
var otherWebs = []string{"adfs", "rms", "office-online", "protection", "content", "login"}

// pageHTTP is the answer to one request. What the catalogue says of a page goes
// before what is usual in its directory.
func pageHTTP(request *http.Request, s Stand) *http.Response {
	d := s.Service.HTTP
	if d == nil {
		return loginPage(request, s, basicLogin)
	}
	page := answerPage(request, s, http.StatusNotFound, "")
	if !slices.Contains(otherWebs, s.Service.Role) {
		page = directoryPage(request, s)
	}
	if len(d.Status) == 0 || !strings.EqualFold(d.Path, request.URL.Path) || slices.Contains(d.Status, page.StatusCode) {
		return page
	}
	switch status := d.Status[0]; {
	case status == http.StatusUnauthorized:
		return loginPage(request, s, windowsLogin)
	case status/100 == 3:
		return redirectPage(request, s, status, "/owa/")
	default:
		return answerPage(request, s, status, "")
	}
}

// directoryPage is what Exchange's own directories answer.
func directoryPage(request *http.Request, s Stand) *http.Response {
	since := func(version string) bool { return generation(s.Version) >= generation(version) }
	path := strings.ToLower(request.URL.Path)
	directory, page, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	directory = "/" + directory
	switch {
	case s.Version == "online":
		return onlinePage(request, s, directory)
	case page == "healthcheck.htm" && since("2013") && slices.Contains(httpHealthy, directory):
		return answerPage(request, s, http.StatusOK, "200 OK<br/>"+s.Host)
	case path == logonPath && since("2007"):
		return logonPage(request, s)
	case directory == "/owa" && since("2007"), directory == "/ecp" && since("2010"):
		wanted := "https://" + s.Host + request.URL.Path
		if since("2013") {
			wanted = url.QueryEscape(wanted)
		}
		return redirectPage(request, s, http.StatusFound, logonPath+"?url="+wanted+"&reason=0")
	case slices.Contains(webDAV, directory) && since("2007"):
		return redirectPage(request, s, http.StatusFound, "/owa/")
	case slices.Contains(webDAV, directory) && s.Version == "2003" && s.Service.TLS == catalog.Implicit:
		return formsPage(request, s)
	}
	for _, d := range httpDirectories {
		if d.path == directory && since(d.first) {
			return ofStore(loginPage(request, s, d.login), s, directory)
		}
	}
	return answerPage(request, s, http.StatusNotFound, "")
}

// ofStore adds what the store itself tells to an answer of one of its directories.
func ofStore(page *http.Response, s Stand, directory string) *http.Response {
	if build := webStorage[s.Version]; build != "" && slices.Contains(webDAV, directory) {
		page.Header["MS-WebStorage"] = []string{build}
	}
	return page
}

// formsPage is the logon by a form of 2003, which wants TLS: a browser is led to
// the form, and every other method is told that its login has expired (forms-based
// authentication in the documents of evolution-exchange).
func formsPage(request *http.Request, s Stand) *http.Response {
	if request.Method != http.MethodGet {
		page := ofStore(answerPage(request, s, 440, ""), s, webDAV[0])
		page.Status = "440 Login Timeout"
		return page
	}
	wanted := "https://" + s.Host + request.URL.Path
	page := redirectPage(request, s, http.StatusFound, "/exchweb/bin/auth/owalogon.asp?url="+wanted+"&reason=0")
	page.Status = "302 Moved Temporarily"
	return page
}

// logonPath is the form of OWA since 2007.
const logonPath = "/owa/auth/logon.aspx"

func logonPage(request *http.Request, s Stand) *http.Response {
	site := httpSites[generation(s.Version)]
	return answerPage(request, s, http.StatusOK, fmt.Sprintf(`<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN">
<html><head><meta name="Robots" content="NOINDEX, NOFOLLOW"><title>%s</title>
<link rel="shortcut icon" href="%sfavicon.ico" type="image/x-icon"></head>
<body><form action="/owa/auth.owa" method="POST" name="logonForm"></form></body></html>
`, site.title, site.themes))
}

func loginPage(request *http.Request, s Stand, schemes []string) *http.Response {
	page := answerPage(request, s, http.StatusUnauthorized, "")
	for _, scheme := range schemes {
		page.Header["WWW-Authenticate"] = append(page.Header["WWW-Authenticate"], strings.Replace(scheme, "HOST", s.Host, 1))
	}
	return page
}

func redirectPage(request *http.Request, s Stand, status int, to string) *http.Response {
	page := answerPage(request, s, status, "")
	page.Header.Set("Location", "https://"+s.Host+to)
	return page
}

// answerPage is an answer with the headers of its version.
func answerPage(request *http.Request, s Stand, status int, body string) *http.Response {
	site, page := httpSites[generation(s.Version)], plainPage(request, status, body)
	path := strings.ToLower(request.URL.Path)
	page.Header["Content-Type"] = []string{"text/html"}
	page.Header["Server"] = []string{"Microsoft-IIS/" + site.iis}
	page.Header["X-Powered-By"] = []string{"ASP.NET"}
	if status == http.StatusNotFound || path == "/" || slices.Contains(otherWebs, s.Service.Role) {
		return page // not Exchange's own
	}
	if generation(s.Version) >= generation("2013") {
		short, _, _ := strings.Cut(s.Host, ".")
		page.Header["request-id"] = []string{requestID()}
		page.Header["X-FEServer"] = []string{strings.ToUpper(short)}
	}
	if site.build != "" && strings.HasPrefix(path+"/", site.told) {
		page.Header["X-OWA-Version"] = []string{site.build}
	}
	return page
}
