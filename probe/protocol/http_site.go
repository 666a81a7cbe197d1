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

// site is the web site of the version of s, or the newest one for a version without a
// web site, such as one of another family.
func (s Stand) site() catalog.Website {
	site, _ := s.Releases.Website(s.Version)
	return site
}

// since reports whether s has the web site of a version or of a later one.
func (s Stand) since(version string) bool {
	_, of := s.Releases.Website(s.Version)
	return s.Releases.Since(version, of)
}

// The logins that a front end offers by default. HOST is its name.
var (
	windowsLogin = []string{"Negotiate", "NTLM"}
	anyLogin     = []string{"Negotiate", "NTLM", `Basic realm="HOST"`}
	basicLogin   = []string{`Basic realm="HOST"`}
)

// httpDirectories are the virtual directories of Exchange that want a login. Later
// versions keep 2003's own directories only as redirects to OWA.
var httpDirectories = []struct {
	path  string // in lower case
	first string // the version it came with
	login []string
}{
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

// webDAV are the directories of mail and public folders.
var webDAV = []string{"/exchange", "/public"}

// httpHealthy are the directories with a health page, in 2013 and later.
var httpHealthy = []string{"/owa", "/ecp", "/rpc", "/mapi", "/ews", "/oab", "/microsoft-server-activesync", "/autodiscover"}

// otherWebs are the roles whose web sites run in IIS but are not part of Exchange.
var otherWebs = []string{"adfs", "rms", "office-online", "protection", "content", "login"}

// pageHTTP is the answer to one request. If the catalogue gives statuses for the page,
// and its directory usually answers with another, the first of these statuses wins.
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
	path := strings.ToLower(request.URL.Path)
	directory, page, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	directory = "/" + directory
	switch {
	case s.Version == "online":
		return onlinePage(request, s, directory)
	case page == "healthcheck.htm" && s.since("2013") && slices.Contains(httpHealthy, directory):
		return answerPage(request, s, http.StatusOK, "200 OK<br/>"+s.Host)
	case path == logonPath && s.since("2007"):
		return logonPage(request, s)
	case directory == "/owa" && s.since("2007"), directory == "/ecp" && s.since("2010"):
		wanted := "https://" + s.Host + request.URL.Path
		if s.since("2013") {
			wanted = url.QueryEscape(wanted)
		}
		return redirectPage(request, s, http.StatusFound, logonPath+"?url="+wanted+"&reason=0")
	case slices.Contains(webDAV, directory) && s.since("2007"):
		return redirectPage(request, s, http.StatusFound, "/owa/")
	case slices.Contains(webDAV, directory) && s.Version == "2003" && s.Service.TLS == catalog.Implicit:
		return formsPage(request, s)
	}
	for _, d := range httpDirectories {
		if d.path == directory && s.since(d.first) {
			return ofStore(loginPage(request, s, d.login), s, directory)
		}
	}
	return answerPage(request, s, http.StatusNotFound, "")
}

// ofStore adds the build of the store to an answer of one of the store's directories.
func ofStore(page *http.Response, s Stand, directory string) *http.Response {
	if build := s.site().Store; build != "" && slices.Contains(webDAV, directory) {
		page.Header["MS-WebStorage"] = []string{build}
	}
	return page
}

// formsPage is 2003's logon by a form, which wants TLS. It redirects a browser to the
// form, and answers any method but GET that the login has expired (forms-based
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
	site := s.site()
	return answerPage(request, s, http.StatusOK, fmt.Sprintf(`<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN">
<html><head><meta name="Robots" content="NOINDEX, NOFOLLOW"><title>%s</title>
<link rel="shortcut icon" href="%sfavicon.ico" type="image/x-icon"></head>
<body><form action="/owa/auth.owa" method="POST" name="logonForm"></form></body></html>
`, site.Title, site.Themes))
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

// answerPage is an answer with the headers that the version of s sends.
func answerPage(request *http.Request, s Stand, status int, body string) *http.Response {
	site, page := s.site(), plainPage(request, status, body)
	path := strings.ToLower(request.URL.Path)
	page.Header["Content-Type"] = []string{"text/html"}
	page.Header["Server"] = []string{"Microsoft-IIS/" + site.IIS}
	page.Header["X-Powered-By"] = []string{"ASP.NET"}
	if status == http.StatusNotFound || path == "/" || slices.Contains(otherWebs, s.Service.Role) {
		return page // not Exchange's own
	}
	if s.since("2013") {
		short, _, _ := strings.Cut(s.Host, ".")
		page.Header["request-id"] = []string{requestID()}
		page.Header["X-FEServer"] = []string{strings.ToUpper(short)}
	}
	if site.Build != "" && strings.HasPrefix(path+"/", site.Below) {
		page.Header["X-OWA-Version"] = []string{site.Build}
	}
	return page
}
