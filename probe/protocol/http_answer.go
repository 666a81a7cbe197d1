// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// answerHTTP is the web site of an Exchange server, as far as nobody is logged
// in: it wants logins, redirects to the logon page, and shows the health pages.
func answerHTTP(conn net.Conn, s Stand) error { return serveHTTP(conn, s, pageHTTP) }

// serveHTTP answers requests until the client goes away.
func serveHTTP(conn net.Conn, s Stand, pageOf func(*http.Request, Stand) *http.Response) error {
	in := &httpMeter{r: conn}
	r := bufio.NewReader(in)
	for {
		in.left = httpHeader
		if _, err := r.Peek(1); err == io.EOF {
			return nil
		}
		request, err := http.ReadRequest(r)
		if err != nil {
			return err
		}
		in.left = 2 * httpBody
		// The channels of RPC over HTTP announce 1 GB and wait for the answer.
		if request.ContentLength > httpBody {
			request.Close = true
		} else if n, err := io.Copy(io.Discard, io.LimitReader(request.Body, httpBody+1)); err != nil || n > httpBody {
			return err
		}
		var answer bytes.Buffer
		if err := pageOf(request, s).Write(&answer); err != nil {
			return err
		}
		if _, err := conn.Write(answer.Bytes()); err != nil || request.Close {
			return err
		}
	}
}

// A httpDirectory is a virtual directory of Exchange.
type httpDirectory struct {
	path  string // in lower case
	first string // the version it came with
	login []string
}

// The logins that a front end offers by default.
var (
	windowsLogin = []string{"Negotiate", "NTLM"}
	anyLogin     = []string{"Negotiate", "NTLM", `Basic realm="exchange"`}
	basicLogin   = []string{`Basic realm="exchange"`}
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

// webDAV are the directories of the store itself, webStorage the build that it
// tells there.
var (
	webDAV     = []string{"/exadmin", "/exchange", "/public"}
	webStorage = map[string]string{"2000": "6.0.6603", "2003": "6.5.7638"}
)

// httpHealthy are the directories with a health page, in 2013 and later.
var httpHealthy = []string{"/owa", "/ecp", "/rpc", "/mapi", "/ews", "/oab", "/microsoft-server-activesync", "/autodiscover"}

// iisVersions are the web servers of the Windows version that each Exchange was
// usually installed on, in the order of release.
var iisVersions = []struct{ exchange, iis, build string }{
	{"5.0", "4.0", ""},
	{"5.5", "4.0", ""},
	{"2000", "5.0", ""},
	{"2003", "6.0", ""},
	{"2007", "7.0", "8.3.83.6"},
	{"2010", "7.5", "14.3.123.4"},
	{"2013", "8.5", "15.0.1497.2"},
	{"2016", "10.0", "15.1.2507.6"},
	{"2019", "10.0", "15.2.1544.4"},
	{"se", "10.0", "15.2.2562.17"},
}

// generation is the place of a version in iisVersions. A version of another
// family has the newest.
func generation(version string) int {
	for i, v := range iisVersions {
		if v.exchange == version {
			return i
		}
	}
	return len(iisVersions) - 1
}

// pageHTTP is the answer to one request. What the catalogue says of a page goes
// before what is usual in its directory.
func pageHTTP(request *http.Request, s Stand) *http.Response {
	d := s.Service.HTTP
	if d == nil {
		return loginPage(request, s, basicLogin)
	}
	page := directoryPage(request, s)
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
	directory, page, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(request.URL.Path), "/"), "/")
	directory = "/" + directory
	switch {
	case page == "healthcheck.htm" && since("2013") && slices.Contains(httpHealthy, directory):
		return answerPage(request, s, http.StatusOK, "200 OK<br/>"+s.Host)
	case directory == "/owa" && since("2007"), directory == "/ecp" && since("2010"):
		wanted := url.QueryEscape("https://" + s.Host + request.URL.Path)
		return redirectPage(request, s, http.StatusFound, "/owa/auth/logon.aspx?url="+wanted+"&reason=0")
	case (directory == "/exchange" || directory == "/public") && since("2007"):
		return redirectPage(request, s, http.StatusFound, "/owa/")
	}
	for _, d := range httpDirectories {
		if d.path == directory && since(d.first) {
			page := loginPage(request, s, d.login)
			if build := webStorage[s.Version]; build != "" && slices.Contains(webDAV, directory) {
				page.Header.Set("MS-WebStorage", build)
			}
			return page
		}
	}
	return answerPage(request, s, http.StatusNotFound, "")
}

func loginPage(request *http.Request, s Stand, schemes []string) *http.Response {
	page := answerPage(request, s, http.StatusUnauthorized, "")
	page.Header["Www-Authenticate"] = schemes
	return page
}

func redirectPage(request *http.Request, s Stand, status int, to string) *http.Response {
	page := answerPage(request, s, status, "")
	page.Header.Set("Location", "https://"+s.Host+to)
	return page
}

// answerPage is an answer with the headers that mark it as Exchange's.
func answerPage(request *http.Request, s Stand, status int, body string) *http.Response {
	v, page := iisVersions[generation(s.Version)], plainPage(request, status, body)
	page.Header["Content-Type"] = []string{"text/html"}
	page.Header["Server"] = []string{"Microsoft-IIS/" + v.iis}
	page.Header["X-Powered-By"] = []string{"ASP.NET"}
	if generation(s.Version) >= generation("2013") {
		short, _, _ := strings.Cut(s.Host, ".")
		page.Header["Request-Id"] = []string{requestID()}
		page.Header["X-Feserver"] = []string{strings.ToUpper(short)}
	}
	if v.build != "" {
		page.Header["X-Owa-Version"] = []string{v.build}
	}
	return page
}

// plainPage is an answer without any headers but those of every answer.
func plainPage(request *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode:    status,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Request:       request,
		Header:        http.Header{},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Close:         request.Close,
	}
}

// requestID is a GUID, as Exchange gives one to every request.
func requestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
