// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// page is an answer with these headers and an empty body, or with a body behind
// an empty line.
func page(status string, lines ...string) string {
	head, body, _ := strings.Cut(strings.Join(lines, "\n"), "\n\n")
	if head != "" {
		head += "\n"
	}
	return fmt.Sprintf("HTTP/1.1 %s\n%sContent-Length: %d\n\n%s", status, head, len(strings.ReplaceAll(body, "\n", "\r\n")), body)
}

// A webCase is an answer to a question, and what is made of it.
type webCase struct {
	q       Question
	said    string
	origin  web.Origin
	name    string
	refusal string
	foreign bool // it is a mismatch
}

func (c webCase) check(t *testing.T, name string) {
	t.Helper()
	p, err := pipeTo(askHTTP, c.q, hangsUpHTTP(c.said, notFound, notFound))
	_, foreign := errors.AsType[*wire.MismatchError](err)
	if foreign != c.foreign || err != nil && !foreign || p.Refusal != c.refusal {
		t.Errorf("%s: error %v, refusal %q", name, err, p.Refusal)
	}
	if p.Web == nil || p.Web.Origin != c.origin || p.Web.Name != c.name {
		t.Errorf("%s: %+v, want %s %q", name, p.Web, c.origin, c.name)
	}
}

func owa() Question { return directory("/owa/", 302, 301, 401) }
func ews() Question { return directory("/EWS/Exchange.asmx", 401) }
func root() Question { // of port 80
	q := directory("/", 403, 301, 302)
	q.Service.TLS, q.Service.Ports = catalog.NoTLS, catalog.Ports{First: 80, Last: 80}
	return q
}

// TestHTTPHardened: Exchange behind something that takes its headers out is never
// sick where its answers still have a mark or a place of its own.
func TestHTTPHardened(t *testing.T) {
	for name, c := range map[string]webCase{
		"Windows' logins":              {q: ews(), said: page("401 Unauthorized", "WWW-Authenticate: Negotiate", "WWW-Authenticate: NTLM"), origin: web.Hidden},
		"Basic with the host's name":   {q: ews(), said: page("401 Unauthorized", "Server: nginx", `WWW-Authenticate: Basic realm="mail.example.com"`), origin: web.Hidden},
		"Basic with the server's name": {q: ews(), said: page("401 Unauthorized", `WWW-Authenticate: Basic realm="MAIL01.example.com"`), origin: web.Hidden},
		"a token for Exchange": {q: ews(), origin: web.OfExchange,
			said: page("401 Unauthorized", `WWW-Authenticate: Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="x@*", token_types="app"`)},
		"request-id":                    {q: ews(), said: page("401 Unauthorized", "request-id: 5d0b2c4e-6a61-4c55-9f0f-2f7e9a3b1c11", `WWW-Authenticate: Basic realm="x"`), origin: web.OfExchange},
		"ClientId":                      {q: owa(), said: page("302 Found", "Set-Cookie: ClientId=4E5BD7F0; path=/", "Location: /somewhere"), origin: web.OfExchange},
		"X-BackEndCookie":               {q: ews(), said: page("401 Unauthorized", "Set-Cookie: X-BackEndCookie=; expires=x", `WWW-Authenticate: Basic realm="x"`), origin: web.OfExchange},
		"the logon page":                {q: owa(), said: page("302 Found", "Server: nginx", "Location: https://mail.example.com/owa/auth/logon.aspx?url=https%3a%2f%2fx%2f&reason=0"), origin: web.OfExchange},
		"the logon page, other":         {q: owa(), said: page("302 Found", "Location: https://webmail.example.org/owa/auth/logon.aspx?url=x"), origin: web.OfExchange},
		"/exchange, 2010":               {q: directory("/exchange/", 302), said: page("302 Found", "Location: /owa/"), origin: web.OfExchange},
		"forms of 2003":                 {q: directory("/exchange/", 401, 440, 302), said: page("302 Moved Temporarily", "Location: /exchweb/bin/auth/owalogon.asp?url=x&reason=0"), origin: web.OfExchange},
		"80 leads to /owa":              {q: root(), said: page("301 Moved", "Server: nginx", "Location: https://mail.example.com/owa"), origin: web.OfExchange},
		"AD FS, by itself":              {q: directory("/adfs/ls/", 200, 302, 400), said: page("302 Found", "Location: /adfs/ls/IdpInitiatedSignOn.aspx"), origin: web.OfExchange},
		"80 leads on, relatively":       {q: root(), said: page("302 Found", "Location: owa/auth/logon.aspx"), origin: web.OfExchange},
		"80 leads to HTTPS":             {q: root(), said: page("301 Moved Permanently", "Server: nginx", "Location: https://mail.example.com/"), origin: web.Hidden},
		"80 leads to the domain's name": {q: root(), said: page("301 Moved Permanently", "Server: nginx", "Location: https://webmail.example.com/"), origin: web.Hidden},
		"80 without a name":             {q: root(), said: page("403 Forbidden"), origin: web.Hidden},
		"80 forbids, behind one":        {q: root(), said: page("403 Forbidden", "Server: nginx\n\n<h2>403 - Forbidden: Access is denied.</h2>"), origin: web.OfIIS},
		// https://github.com/OfficeDev/ews-managed-api/issues/26
		"TMG": {q: ews(), name: "ISA Server or Forefront TMG", origin: web.Hidden, said: page(
			"401 Unauthorized ( The server requires authorization to fulfill the request. Access to the Web server is denied. Contact the server administrator.  )",
			"WWW-Authenticate: Negotiate", `WWW-Authenticate: Basic realm="mail.example.com"`, "Proxy-Support: Session-Based-Authentication")},
		"Autodiscover's redirect": {q: func() Question {
			q := root()
			q.Service.HTTP = &catalog.Directory{Path: "/autodiscover/autodiscover.xml", Status: []int{302, 301}}
			return q
		}(), said: page("302 Found", "Server: Apache", "Location: https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml"), origin: web.Hidden},
	} {
		c.check(t, name)
	}
}

// TestHTTPGateways: a login page of a known gateway is no fault where a browser
// comes; programs cannot give it.
func TestHTTPGateways(t *testing.T) {
	for to, name := range map[string]string{
		"/my.policy":                     "F5 BIG-IP Access Policy Manager",
		"/vpn/index.html":                "Citrix Gateway (NetScaler)",
		"/logon/LogonPoint/tmindex.html": "Citrix Gateway (NetScaler)",
		"https://mail.example.com/CookieAuth.dll?GetLogon?curl=Z2Fowa&reason=0": "ISA Server or Forefront TMG",
		"https://sts.example.com/adfs/ls/?version=1.0&action=signin":            "AD FS (Web Application Proxy)",
		"https://login.microsoftonline.com/common/oauth2/authorize?client_id=x": "Microsoft Entra ID",
		"https://contoso.okta.com/app/office365":                                "Okta",
		"/InternalSite/Login.asp?resource_id=1":                                 "Forefront UAG",
	} {
		for _, status := range []string{"302 Found", "307 Temporary Redirect"} {
			said := page(status, "Server: Microsoft-HTTPAPI/2.0", "Location: "+to)
			webCase{q: owa(), said: said, origin: web.OfGateway, name: name}.check(t, to)
			webCase{q: ews(), said: said, origin: web.OfGateway, name: name, foreign: true}.check(t, to)
		}
	}
}

// TestHTTPForeign: what is not Exchange's is a mismatch, whatever it asks for.
func TestHTTPForeign(t *testing.T) {
	for name, c := range map[string]webCase{
		// http://support.linogate.com/en/proxies/reverse/owa.html
		"a device's login page":  {q: owa(), said: page("302 Moved Temporarily", "Server: nginx", "Location: /login"), origin: web.Foreign},
		"its page for programs":  {q: ews(), said: page("302 Moved Temporarily", "Server: nginx", "Location: /login"), origin: web.Foreign},
		"a portal elsewhere":     {q: owa(), said: page("302 Found", "Location: http://portal.hotel.example/login?to=/owa/"), origin: web.Foreign},
		"80 leads to a portal":   {q: root(), said: page("302 Found", "Location: https://portal.hotel.example/"), origin: web.Foreign},
		"a place that is longer": {q: owa(), said: page("302 Found", "Location: /owablog/"), origin: web.Foreign},
		"a place that is left":   {q: owa(), said: page("302 Found", "Location: /owa/../login"), origin: web.Foreign},
		"a relative place":       {q: owa(), said: page("302 Found", "Location: ../login.html"), origin: web.Foreign},
		"a place in the query":   {q: owa(), said: page("302 Found", "Location: /login?url=/owa/auth/logon.aspx"), origin: web.Foreign},
		"FortiGate":              {q: owa(), said: page("302 Found", "Server: xxxxxxxx-xxxxx", "Location: /remote/login?lang=en"), origin: web.OfProduct, name: "a FortiGate firewall"},
		"FortiGate, no name":     {q: owa(), said: page("302 Found", "Set-Cookie: SVPNCOOKIE=; path=/", "Location: /x"), origin: web.OfProduct, name: "a FortiGate firewall"},
		"Cisco":                  {q: owa(), said: page("302 Temporary moved", "Location: /+CSCOE+/logon.html"), origin: web.OfProduct, name: "a Cisco firewall (WebVPN)"},
		"Nextcloud":              {q: owa(), said: page("302 Found", "Server: Apache", "Location: https://mail.example.com/index.php/login"), origin: web.OfProduct, name: "Nextcloud or ownCloud"},
		"ASP.NET":                {q: owa(), said: page("302 Found", "Server: Microsoft-IIS/10.0", "X-Powered-By: ASP.NET", "Location: /Account/Login?ReturnUrl=%2Fowa%2F"), origin: web.OfProduct, name: "an application of ASP.NET"},
		"numbers of its own":     {q: ews(), said: page("404 Not Found", "Server: gunicorn", "Request-Id: req_a1b2c3"), origin: web.Foreign},
		"Lync":                   {q: ews(), said: page("404 Not Found", "Server: Microsoft-IIS/8.5", "X-MS-Server-Fqdn: fe01.contoso.com"), origin: web.OfProduct, name: "Skype for Business or Lync"},
		"RD Web Access":          {q: owa(), said: page("302 Found", "Server: Microsoft-IIS/10.0", "Location: /RDWeb/Pages/en-US/login.aspx"), origin: web.OfProduct, name: "Remote Desktop Web Access"},
		"SharePoint":             {q: ews(), said: page("401 Unauthorized", "Server: Microsoft-IIS/8.5", "WWW-Authenticate: NTLM", "MicrosoftSharePointTeamServices: 15.0.0.4420"), origin: web.OfProduct, name: "SharePoint"},
		"SOGo":                   {q: ews(), said: page("401 Unauthorized", `WWW-Authenticate: basic realm="SOGo"`), origin: web.OfProduct, name: "SOGo"},
		"Z-Push":                 {q: asked(catalog.Options, "/Microsoft-Server-ActiveSync", 200, 401), said: page("401 Unauthorized", "Server: Apache", `WWW-Authenticate: Basic realm="ZPush"`), origin: web.OfProduct, name: "Z-Push"},
		"Zimbra":                 {q: ews(), said: page("401 Unauthorized", `WWW-Authenticate: BASIC realm="Zimbra"`), origin: web.OfProduct, name: "Zimbra"},
		"RouterOS":               {q: ews(), said: page("401 Unauthorized", `WWW-Authenticate: Basic realm="RouterOS"`), origin: web.OfProduct, name: "a MikroTik router"},
		"Domino":                 {q: ews(), said: page("401 Unauthorized", "Server: Lotus-Domino", `WWW-Authenticate: Basic realm="/"`), origin: web.OfProduct, name: "HCL Domino"},
		"a camera":               {q: ews(), said: page("401 Unauthorized", "Server: GoAhead-Webs", `WWW-Authenticate: Digest realm="GoAhead", qop="auth"`), origin: web.OfProduct, name: "a router, camera or printer"},
	} {
		c.foreign = true
		c.check(t, name)
	}
}

// TestHTTPErrorPages: a redirect to a page for errors is the right server, and a
// broken one.
func TestHTTPErrorPages(t *testing.T) {
	for to, origin := range map[string]web.Origin{
		"/owa/auth/errorfe.aspx?httpCode=500":                         web.OfExchange,
		"https://mail.example.com/owa/auth/errorFE.aspx?httpCode=404": web.OfExchange,
		"/ecp/error.aspx?cause=x":                                     web.OfExchange,
		"/GenericErrorPage.htm?aspxerrorpath=/owa/":                   web.OfExchange,
		"/InternalSite/InternalError.asp?error_code=37":               web.OfGateway,
	} {
		for _, server := range []string{"Microsoft-IIS/10.0", "nginx"} {
			for _, q := range []Question{owa(), ews()} {
				p, err := pipeTo(askHTTP, q, hangsUpHTTP(page("302 Found", "Server: "+server, "Location: "+to)))
				if err != nil || !strings.HasPrefix(p.Refusal, "HTTP 302 Found to /") || p.Web.Origin != origin || !p.Web.Broken {
					t.Errorf("%s of %s: error %v, refusal %q, %+v", to, server, err, p.Refusal, p.Web)
				}
			}
		}
	}
	webCase{q: owa(), said: page("302 Found", "Server: nginx", "Location: /error.html"), origin: web.Foreign, foreign: true}.check(t, "another product's error page")
}

// TestHTTPNoServer: a proxy without a live server answers in its own name.
func TestHTTPNoServer(t *testing.T) {
	for said, name := range map[string]string{
		// https://github.com/haproxy/haproxy/issues/1560
		page("503 Service Unavailable", "Content-Type: text/html\n\n<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>"): "HAProxy",
		page("502 Bad Gateway", "Server: nginx/1.22.1"):                                                      "nginx",
		page("504 Gateway Time-out", "Server: awselb/2.0"):                                                   "the AWS load balancer",
		page("502 Bad Gateway", "Server: Microsoft-Azure-Application-Gateway/v2"):                            "Azure Application Gateway",
		page("523 ", "Server: cloudflare"):                                                                   "Cloudflare",
		page("503 Service Unavailable", "Content-Type: text/plain\n\nno available server\n"):                 "Traefik", // https://github.com/traefik/traefik/pull/8170
		page("503 Service Unavailable", "server: envoy\n\nno healthy upstream"):                              "Envoy",   // https://github.com/envoyproxy/gateway/issues/6068
		page("503 Service Unavailable", "\n\n<html><body><b>Http/1.1 Service Unavailable</b></body></html>"): "Citrix NetScaler",
		page("502 Bad Gateway", "Server: Microsoft-IIS/8.5", "X-Powered-By: ARR/3.0"):                        "IIS with Application Request Routing",
		page("503 Service Unavailable", "Server: Microsoft-IIS/8.5", "X-Powered-By: ARR/3.0"):                "IIS with Application Request Routing",
		page("502 Bad Gateway", "Server: Microsoft-HTTPAPI/2.0"):                                             "Web Application Proxy",
		page("503 Service Unavailable", "X-Squid-Error: ERR_CONNECT_FAIL 111"):                               "Squid",
		page("503 Service Unavailable"):                                                                      "",
	} {
		webCase{q: ews(), said: said, origin: web.OfProxy, name: name, foreign: true}.check(t, said)
		p, err := pipeTo(askWinRM, question("winrm", catalog.NoTLS), hangsUpHTTP(said))
		if _, foreign := errors.AsType[*wire.MismatchError](err); !foreign || p.Web == nil || p.Web.Origin != web.OfProxy {
			t.Errorf("WinRM, %s: error %v, %+v", said, err, p.Web)
		}
	}
}

// TestHTTPOfWindows: what HTTP.sys and a front end say themselves is no proxy's,
// though a proxy before them puts its own name on it.
func TestHTTPOfWindows(t *testing.T) {
	const sys503 = "\n\n<HTML><BODY><h2>Service Unavailable</h2>\n<hr><p>HTTP Error 503. The service is unavailable.</p></BODY></HTML>"
	// https://github.com/NginxProxyManager/nginx-proxy-manager/issues/2037
	const sys400 = "\n\n<HTML><BODY><h2>Bad Request - Invalid Hostname</h2><hr><p>HTTP Error 400. The request hostname is invalid.</p></BODY></HTML>"
	for name, c := range map[string]webCase{
		"a stopped pool":            {said: page("503 Service Unavailable", "Server: Microsoft-HTTPAPI/2.0"+sys503), origin: web.OfWindows, refusal: "HTTP 503 Service Unavailable"},
		"a stopped pool, behind":    {said: page("503 Service Unavailable", "Server: nginx"+sys503), origin: web.OfWindows, refusal: "HTTP 503 Service Unavailable"},
		"no host of that name":      {said: page("400 Bad Request", "Server: nginx"+sys400), origin: web.OfWindows, refusal: "HTTP 400 Bad Request"},
		"a front end, no back end":  {said: page("503 Service Unavailable", "Server: Microsoft-IIS/10.0", "X-FEServer: MAIL01"), origin: web.OfExchange, refusal: "HTTP 503 Service Unavailable"},
		"a front end, back end off": {said: page("504 Gateway Timeout", "X-FEServer: MAIL01", "X-CalculatedBETarget: mail02.example.com"), origin: web.OfExchange, refusal: "HTTP 504 Gateway Timeout"},
		"a removed directory":       {said: page("404 Not Found", "Server: Microsoft-IIS/10.0"), origin: web.OfIIS, refusal: "HTTP 404 Not Found"},
		"removed, behind":           {said: page("404 Not Found", "Server: nginx\n\n<h2>404 - File or directory not found.</h2>"), origin: web.OfIIS, refusal: "HTTP 404 Not Found"},
		"no web site":               {said: page("404 Not Found", "Server: Microsoft-HTTPAPI/2.0"), origin: web.OfWindows, foreign: true},
		"no web site, behind":       {said: page("404 Not Found", "Server: nginx\n\n<h2>Not Found</h2><hr><p>HTTP Error 404. The requested resource is not found.</p>"), origin: web.OfWindows, foreign: true},
	} {
		c.q = ews()
		c.check(t, name)
	}
}

// sameEverywhere answers every path alike, but for those below /owa where the
// answer is another.
func sameEverywhere(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		for in := bufio.NewReader(conn); ; {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			if _, err := io.WriteString(conn, strings.ReplaceAll(answer, "\n", "\r\n")); err != nil {
				return
			}
		}
	}
}

// TestHTTPDoubt: a login that may be anybody's is tried at a path that nobody
// has.
func TestHTTPDoubt(t *testing.T) {
	basic := page("401 Unauthorized", `WWW-Authenticate: Basic realm="Restricted"`)
	own := page("401 Unauthorized", `WWW-Authenticate: Basic realm="mail.example.com"`)
	iis := page("302 Found", "Server: Microsoft-IIS/10.0", "Location: /welcome/")
	for name, c := range map[string]struct {
		q      Question
		serve  func(net.Conn)
		origin web.Origin
		got    string
	}{
		"a portal's login":               {ews(), sameEverywhere(basic), web.Foreign, "HTTP 401 at every path: a portal or device that shows nothing without its own login"},
		"a router's login":               {asked(catalog.Options, "/Microsoft-Server-ActiveSync", 200, 401), sameEverywhere(strings.Replace(basic, "Basic", "Digest", 1)), web.Foreign, "HTTP 401 at every path: a portal or device that shows nothing without its own login"},
		"a site that leads on":           {owa(), sameEverywhere(iis), web.Foreign, "HTTP 302 at every path: a portal or device that shows nothing without its own login"},
		"a login of the host's name":     {ews(), sameEverywhere(own), web.Unproved, ""},
		"a directory's login":            {ews(), saysHTTP(basic, notFound), web.Unproved, ""},
		"a directory's own realm":        {ews(), saysHTTP(own, notFound), web.Hidden, ""},
		"another realm elsewhere":        {ews(), saysHTTP(basic, strings.Replace(basic, "Restricted", "Other", 1)), web.Unproved, ""},
		"it hangs up":                    {ews(), hangsUpHTTP(basic), web.Unproved, ""},
		"it closes":                      {ews(), saysHTTP(strings.Replace(basic, "Content-Length", "Connection: close\nContent-Length", 1)), web.Unproved, ""},
		"logins of Windows are no doubt": {ews(), sameEverywhere(page("401 Unauthorized", "WWW-Authenticate: NTLM")), web.Hidden, ""},
		"a redirect to itself":           {owa(), sameEverywhere(page("302 Found", "Location: https://mail.example.com/owa/")), web.Unproved, ""},
	} {
		p, err := pipeTo(askHTTP, c.q, c.serve)
		mismatch, foreign := errors.AsType[*wire.MismatchError](err)
		if foreign != (c.got != "") || foreign && mismatch.Got != c.got || err != nil && !foreign || p.Web.Origin != c.origin {
			t.Errorf("%s: error %v, %+v, want %s %q", name, err, p.Web, c.origin, c.got)
		}
	}
}

// TestHTTPHealthProves: the health page proves whose a hidden login is, and then
// nothing more is asked.
func TestHTTPHealthProves(t *testing.T) {
	q := ews()
	q.Service.HTTP.Health = "/ews/healthcheck.htm"
	login := page("401 Unauthorized", "Server: nginx", `WWW-Authenticate: Basic realm="Restricted"`)
	p, err := pipeTo(askHTTP, q, saysHTTP(login, page("200 OK", "Server: nginx\n\n200 OK<br/>MAIL01.example.com")))
	if err != nil || p.Web.Origin != web.OfExchange || p.Web.Sign != "its health page" {
		t.Errorf("error %v, %+v", err, p.Web)
	}
}

// TestHTTPSignsAlone: no row of the tables takes Exchange's own answers for
// another server's.
func TestHTTPSignsAlone(t *testing.T) {
	for _, said := range []string{iisLogin, owaRedirect, activeSync, webDAV2003, onlineLogin, loginTimeout} {
		p, err := pipeTo(askHTTP, directory("/owa/", 200, 302, 401, 440), hangsUpHTTP(said))
		if err != nil || !slices.Contains([]web.Origin{web.OfExchange, web.OfIIS}, p.Web.Origin) {
			t.Errorf("%s: error %v, %+v", said, err, p.Web)
		}
	}
}

// TestRelated: a short name, another name of the domain, and addresses as URIs
// have them.
func TestRelated(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"mail.example.com", "MAIL.example.com.", true},
		{"webmail.example.com", "mail.example.com", true},
		{"mail01.example.com", "mail01", true},
		{"[2001:db8::25]", "2001:db8::25", true},
		{"fe80::25", "fe80::25%eth0", true},
		{"192.0.2.26", "192.0.2.25", false},
		{"portal.hotel.example", "mail.example.com", false},
		{"evilexample.com", "mail.example.com", false},
		{"Restricted", "mail01", false},
		{"Restricted", "mail01.example.com", false},
	} {
		if got := web.Related(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %t", c.a, c.b, got)
		}
	}
}
