// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
)

// answerTo is what the stand-in of a version answers to a request over HTTP: the
// head, line by line in the order of the alphabet, and the page. What differs from
// one answer to the next has a value of X.
func answerTo(t *testing.T, s Stand, method, path string) (head []string, page string) {
	t.Helper()
	s.Host = "mail.contoso.example"
	if s.Service.HTTP.Path != path {
		s.Service.HTTP = &catalog.Directory{Path: "/"}
	}
	conn := hangsUpAfter([]byte(method + " " + path + " HTTP/1.1\r\nHost: mail.contoso.example\r\n\r\n"))
	if err := answerHTTP(conn, s); err != nil {
		t.Fatal(err)
	}
	said := strings.Join(conn.heard, "")
	text, _, _ := strings.Cut(said, "\r\n\r\n")
	for line := range strings.SplitSeq(text, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "Content-Length", "Content-Type", web.HeaderOfOurs:
		case "request-id":
			head = append(head, name+": X")
		default:
			head = append(head, line)
		}
	}
	slices.Sort(head)
	answer, err := http.ReadResponse(bufio.NewReader(strings.NewReader(said)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return head, string(body)
}

// The logins of IIS, and its name.
const (
	negotiates = "WWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM\n"
	basics     = "WWW-Authenticate: Basic realm=\"mail.contoso.example\"\n"
	aspNet     = "X-Powered-By: ASP.NET\n"
)

// TestRecordedWeb: a version is known by headers that are there and by those that
// are not.
func TestRecordedWeb(t *testing.T) {
	const (
		frontEnd = "X-FEServer: MAIL\nrequest-id: X\n"
		logon    = "Location: https://mail.contoso.example/owa/auth/logon.aspx?url="
		owalogon = "Location: https://mail.contoso.example/exchweb/bin/auth/owalogon.asp?url=https://mail.contoso.example"
	)
	for _, r := range []struct {
		version string
		tls     catalog.TLS
		request string
		status  string
		head    string
		source  string
	}{
		{"2000", catalog.NoTLS, "GET /exchange/", "401 Unauthorized", "MS-WebStorage: 6.0.6603\nServer: Microsoft-IIS/5.0\n" + basics + negotiates + aspNet, "OWA of 2000 on IIS 5.0"},
		{"2003", catalog.NoTLS, "GET /exchange/", "401 Unauthorized", "MS-WebStorage: 6.5.7638\nServer: Microsoft-IIS/6.0\n" + basics + negotiates + aspNet, "OWA of 2003 without forms"},
		{"2003", catalog.Implicit, "GET /exchange/", "302 Moved Temporarily", owalogon + "/exchange/&reason=0\nServer: Microsoft-IIS/6.0\n" + aspNet, "evolution-exchange, docs/forms-based-auth"},
		{"2003", catalog.Implicit, "GET /public/", "302 Moved Temporarily", owalogon + "/public/&reason=0\nServer: Microsoft-IIS/6.0\n" + aspNet, "evolution-exchange, docs/forms-based-auth"},
		{"2003", catalog.Implicit, "PROPFIND /exchange/", "440 Login Timeout", "MS-WebStorage: 6.5.7638\nServer: Microsoft-IIS/6.0\n" + aspNet, "evolution-exchange, docs/forms-based-auth"},
		{"2003", catalog.Implicit, "OPTIONS /Microsoft-Server-ActiveSync", "401 Unauthorized", "Server: Microsoft-IIS/6.0\n" + basics + aspNet, "a login of IIS"},
		{"2007", catalog.Implicit, "GET /owa/", "302 Found", logon + "https://mail.contoso.example/owa/&reason=0\nServer: Microsoft-IIS/7.0\n" + aspNet, "OWA of 2007 in Windows Server 2008"},
		{"2007", catalog.Implicit, "GET /owa/auth/logon.aspx", "200 OK", "Server: Microsoft-IIS/7.0\nX-OWA-Version: 8.3.485.1\n" + aspNet, "a debug log of Evolution of 2007-10-25 (8.1.177.3)"},
		{"2007", catalog.Implicit, "GET /EWS/Exchange.asmx", "401 Unauthorized", "Server: Microsoft-IIS/7.0\n" + negotiates + aspNet, "OWA of 2007 in Windows Server 2008"},
		{"2010", catalog.Implicit, "GET /owa/", "302 Found", logon + "https://mail.contoso.example/owa/&reason=0\nServer: Microsoft-IIS/7.5\nX-OWA-Version: 14.3.361.1\n" + aspNet, "a listing of Quake"},
		{"2010", catalog.Implicit, "GET /EWS/Exchange.asmx", "401 Unauthorized", "Server: Microsoft-IIS/7.5\n" + negotiates + aspNet, "https://github.com/fuel9/DisplayMonkey/issues/77"},
		{"2010", catalog.Implicit, "GET /Autodiscover/Autodiscover.xml", "401 Unauthorized", "Server: Microsoft-IIS/7.5\n" + basics + negotiates + aspNet, "a login of IIS"},
		{"2013", catalog.Implicit, "GET /EWS/Exchange.asmx", "401 Unauthorized", "Server: Microsoft-IIS/8.5\n" + negotiates + frontEnd + aspNet, "a login of 2013 or 2016"},
		{"2016", catalog.Implicit, "GET /EWS/Exchange.asmx", "401 Unauthorized", "Server: Microsoft-IIS/10.0\n" + negotiates + frontEnd + aspNet, "a login of 2013 or 2016"},
		{"2016", catalog.Implicit, "GET /owa/auth/logon.aspx", "200 OK", "Server: Microsoft-IIS/10.0\nX-OWA-Version: 15.1.2507.6\n" + frontEnd + aspNet, "the logon page, as Greenbone knows it"},
		{"2019", catalog.Implicit, "GET /Autodiscover/Autodiscover.xml", "401 Unauthorized", "Server: Microsoft-IIS/10.0\nX-OWA-Version: 15.2.1544.4\n" + basics + negotiates + frontEnd + aspNet, "a transcript of 2022 (15.2.986.14)"},
		{"2019", catalog.Implicit, "OPTIONS /Microsoft-Server-ActiveSync", "401 Unauthorized", "Server: Microsoft-IIS/10.0\nX-OWA-Version: 15.2.1544.4\n" + basics + frontEnd + aspNet, "a report of Microsoft's connectivity test of 2024 (15.2.1544.11)"},
		{"se", catalog.Implicit, "GET /EWS/Exchange.asmx", "401 Unauthorized", "Server: Microsoft-IIS/10.0\nX-OWA-Version: 15.2.2562.17\n" + negotiates + frontEnd + aspNet, "as 2019"},
		{"2019", catalog.Implicit, "GET /", "404 Not Found", "Server: Microsoft-IIS/10.0\n" + aspNet, "IIS without an application"},
		{"online", catalog.NoTLS, "GET /", "301 Moved Permanently", "Location: https://mail.contoso.example/owa/\nServer: Microsoft-IIS/10.0\nX-FEServer: BL0PR02CA0115\nrequest-id: X\n" + aspNet, "https://github.com/mguessan/davmail/issues/185"},
		{"online", catalog.Implicit, "GET /mapi/emsmdb", "401 Unauthorized", "Server: Microsoft-IIS/10.0\nWWW-Authenticate: Basic Realm=\"\",Basic Realm=\"\"\n" +
			"X-CalculatedBETarget: DM5PR2101MB0886.namprd21.prod.outlook.com\nX-BackEndHttpStatus: 401\nX-ServerApplication: Exchange/15.20.0485.000\nX-DiagInfo: DM5PR2101MB0886\n" +
			"X-BEServer: DM5PR2101MB0886\nX-FEServer: MA1PR0101CA0031\nrequest-id: X\n" + aspNet, "a login of Exchange Online of 2018-01-31"},
		{"online", catalog.Implicit, "GET /EWS/Exchange.asmx", "401 Unauthorized", "Server: Microsoft-IIS/10.0\nWWW-Authenticate: " + onlineBearer + "\n" + online + "request-id: X\n" + aspNet, "a login of Exchange Online of 2017-10-10"},
		{"online", catalog.Implicit, "OPTIONS /Microsoft-Server-ActiveSync", "401 Unauthorized", "Server: Microsoft-IIS/10.0\nWWW-Authenticate: Basic realm=\"outlook.office365.com\"\nX-FEServer: AM0P190CA0008\nrequest-id: X\n" + aspNet,
			"ActiveSync of Exchange Online"},
		{"online", catalog.Implicit, "GET /owa/", "302 Found", "Server: Microsoft-IIS/10.0\n" +
			"Location: https://login.microsoftonline.com/common/oauth2/authorize?client_id=00000002-0000-0ff1-ce00-000000000000&redirect_uri=https%3A%2F%2Fmail.contoso.example%2Fowa%2F" +
			"&resource=00000002-0000-0ff1-ce00-000000000000&response_mode=form_post&response_type=code+id_token&scope=openid&msafed=1&msaredir=1\n" +
			"X-BackEndHttpStatus: 302\nX-CalculatedFETarget: MRXP264CU001.internal.outlook.com\nX-FEServer: BL0PR02CA0115\nrequest-id: X\n" + aspNet,
			"https://github.com/rvrsh3ll/TokenTactics/issues/6"},
	} {
		s := standIn("http", r.tls)
		s.Version = r.version
		method, path, _ := strings.Cut(r.request, " ")
		want := append(strings.Split(strings.TrimSuffix(r.head, "\n"), "\n"), "HTTP/1.1 "+r.status)
		slices.Sort(want)
		if got, _ := answerTo(t, s, method, path); !slices.Equal(got, want) {
			t.Errorf("%s of %s:\n got %q\nwant %q\n(%s)", r.request, r.version, got, want, r.source)
		}
	}
}

// online is what a request to Exchange Online passes.
const online = "X-FEServer: DM5PR13CA0042\nX-FEServer: MWHPR18CA0031\nX-CalculatedFETarget: DM5PR13CU002.internal.outlook.com\n" +
	"X-FEProxyInfo: DM5PR13CA0042.NAMPRD13.PROD.OUTLOOK.COM\nX-CalculatedBETarget: DM5PR18MB1004.namprd18.prod.outlook.com\n" +
	"X-BackEndHttpStatus: 401\nX-BackEndHttpStatus: 401\nX-DiagInfo: DM5PR18MB1004\nX-BEServer: DM5PR18MB1004\n"

// TestRecordedLogonPage: OWA's logon page has the build in a path, in 2013 and later
// without its last number (the comments of Greenbone's detection of OWA).
func TestRecordedLogonPage(t *testing.T) {
	for version, want := range map[string]string{
		"2007":   "/owa/8.3.485.1/themes/",
		"2010":   "/owa/14.3.361.1/themes/resources/favicon.ico",
		"2013":   "/owa/auth/15.0.1497/themes/resources/favicon.ico",
		"2016":   "/owa/auth/15.1.2507/themes/resources/favicon.ico",
		"2019":   "/owa/auth/15.2.1544/themes/resources/favicon.ico",
		"se":     "/owa/auth/15.2.2562/themes/resources/favicon.ico",
		"2003":   "",
		"online": "",
	} {
		s := standIn("http", catalog.Implicit)
		s.Version = version
		if _, page := answerTo(t, s, "GET", "/owa/auth/logon.aspx"); want == "" && page != "" || !strings.Contains(page, want) {
			t.Errorf("%s: no %q in %q", version, want, page)
		}
	}
}

// TestOtherWebs: what runs in IIS beside Exchange has none of its marks.
func TestOtherWebs(t *testing.T) {
	for _, c := range []struct {
		version, role, path string
		row                 []int // the statuses of the catalogue's row
		want                string
	}{
		{"windows", "adfs", "/adfs/ls/", []int{200, 302, 400}, "200 OK"},
		{"windows", "rms", "/_wmcs/certification/certification.asmx", []int{401, 200}, "401 Unauthorized"},
		{"2019", "office-online", "/hosting/discovery", []int{200}, "200 OK"},
		{"online", "login", "/owa/", nil, "404 Not Found"},
	} {
		s := standIn("http", catalog.Implicit)
		s.Version, s.Service.Role = c.version, c.role
		s.Service.HTTP = &catalog.Directory{Path: c.path, Status: c.row}
		head, _ := answerTo(t, s, "GET", c.path)
		if !slices.Contains(head, "HTTP/1.1 "+c.want) {
			t.Errorf("%s %s: %q, want %s", c.version, c.role, head, c.want)
		}
		for _, line := range head {
			if name, _, _ := strings.Cut(line, ":"); isExchangeHeader(name) {
				t.Errorf("%s %s says %q", c.version, c.role, line)
			}
		}
	}
}

func isExchangeHeader(name string) bool {
	for _, h := range web.ExchangeHeaders {
		if h.Name == name {
			return true
		}
	}
	return false
}
