// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
)

// answerHTTP is the web site of an Exchange server before a login: it wants
// logins, redirects to the logon page, and shows the health pages.
func answerHTTP(conn net.Conn, s Stand) error { return serveHTTP(conn, s, pageHTTP) }

// serveHTTP answers requests, each with what pageOf returns for it, until the client
// goes away. The stand-ins for HTTP and CalDAV use it.
func serveHTTP(conn net.Conn, s Stand, pageOf func(*http.Request, Stand) *http.Response) error {
	in := &web.Meter{R: conn}
	r := bufio.NewReader(in)
	for {
		in.Left = web.MaxHeader
		if _, err := r.Peek(1); err == io.EOF {
			return nil
		}
		request, err := http.ReadRequest(r)
		if err != nil {
			return err
		}
		in.Left = 2 * web.MaxBody
		// The channels of RPC over HTTP announce a body of 1 GB, and wait for the answer.
		if request.ContentLength > web.MaxBody {
			request.Close = true
		} else if n, err := io.Copy(io.Discard, io.LimitReader(request.Body, web.MaxBody+1)); err != nil || n > web.MaxBody {
			return err
		}
		var answer bytes.Buffer
		page := pageOf(request, s)
		page.Header[web.HeaderOfOurs] = []string{Mark}
		if err := page.Write(&answer); err != nil {
			return err
		}
		if _, err := conn.Write(answer.Bytes()); err != nil || request.Close {
			return err
		}
	}
}

// plainPage is an answer with no headers but those that every answer has.
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

// onlineBearer is the login that Exchange Online wants of programs: a token, or a
// password while it still took passwords.
const onlineBearer = `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="00000001-0000-0000-c000-000000000000@*", ` +
	`token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="https://login.windows.net/common/oauth2/authorize", ` +
	`error="invalid_token",Basic Realm="",Basic Realm="",Basic Realm=""`

// onlineEWS are the headers that EWS sent to a client without a login on 2017-10-10. The
// request had passed a front end, another one in the site of the mailbox, and the
// mailbox server.
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
// have beside those of every answer. Those of MAPI over HTTP are from 2018-01-31.
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

// onlinePage is what Exchange Online answers. It redirects a browser to the login of
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
