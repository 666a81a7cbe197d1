// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
)

// website is a web service with facts by name and value.
func website(facts ...string) change {
	return func(r *probe.Result) {
		r.Check.Service.Protocol = "http"
		r.Check.Service.HTTP = &catalog.Directory{Path: "/owa/", Status: []int{302}, Health: "/owa/healthcheck.htm"}
		r.Peer = &protocol.Peer{Facts: map[string]string{}}
		for i := 0; i < len(facts); i += 2 {
			r.Peer.Facts[facts[i]] = facts[i+1]
		}
	}
}

func method(m catalog.Method) change {
	return func(r *probe.Result) { r.Check.Service.HTTP.Method, r.Check.Service.HTTP.Health = m, "" }
}

var (
	healthyWeb = website("status", "302 Found", "server", "Microsoft-IIS/10.0", "x_feserver", "MAIL01", "health", "200 OK, mail01.contoso.com")
	noExchange = verdict(probe.Mismatch, "this is not Exchange's web server")
)

// unhealthyWeb is a health page that does not say 200 OK.
func unhealthyWeb(r *probe.Result) {
	if r.Peer.Web == nil {
		r.Peer.Web = &web.Web{}
	}
	r.Peer.Web.Unhealthy = true
}

// healthyAt is a health page that this server made.
func healthyAt(server string) change {
	return func(r *probe.Result) { r.Peer.Web = &web.Web{Server: server} }
}

// origin is whose the answer is.
func origin(o web.Origin, name, sign string) change {
	return func(r *probe.Result) { r.Peer.Web = &web.Web{Origin: o, Name: name, Sign: sign} }
}

func turning(words string) change { return func(r *probe.Result) { r.Peer.Refusal = words } }

var httpTests = []findingTest{
	{"health-page", Warn, Pass, all(website("status", "401 Unauthorized", "x_feserver", "MAIL01", "health", "503"), unhealthyWeb),
		all(website("status", "401 Unauthorized", "health", "401"), origin(web.Unproved, "", "a login"), unhealthyWeb), []string{"503"}},
	{"health-page", Warn, Pass, all(website("status", "302 Found", "x_feserver", "MAIL01", "health", "no answer: the connection was closed"), unhealthyWeb),
		all(website("status", "302 Found", "health", "302"), origin(web.OfGateway, "Okta", "x"), unhealthyWeb), nil},
	{"http-no-server-behind", Fail, Pass, all(website("status", "503 Service Unavailable"), origin(web.OfProxy, "HAProxy", ""), noExchange),
		all(website("status", "503 Service Unavailable", "server", "Microsoft-HTTPAPI/2.0"), origin(web.OfWindows, "", ""), turning("HTTP 503")),
		[]string{"HTTP 503: HAProxy answers, but no server behind it does.", "/owa/healthcheck.htm"}},
	{"http-no-server-behind", Fail, Pass, all(website("status", "502 Bad Gateway"), origin(web.OfProxy, "", ""), noExchange), nil, []string{"a proxy or load balancer answers"}},
	{"http-no-site", Fail, Pass, all(website("status", "404 Not Found", "server", "Microsoft-HTTPAPI/2.0"), origin(web.OfWindows, "", ""), noExchange),
		all(website("status", "404 Not Found", "server", "Microsoft-IIS/10.0"), origin(web.OfIIS, "", ""), turning("HTTP 404")), []string{"Start-Website 'Default Web Site'"}},
	{"http-no-site", Fail, Pass, all(website("status", "404 Not Found", "server", "Microsoft-HTTPAPI/2.0"), origin(web.OfWindows, "", ""), noExchange, func(r *probe.Result) { r.Port = 444 }),
		nil, []string{"'Exchange Back End'"}},
	{"http-unproved", Warn, Pass, all(website("status", "401 Unauthorized", "server", "nginx"), origin(web.Unproved, "", "a login")),
		all(website("status", "401 Unauthorized", "server", "nginx"), origin(web.OfExchange, "", "its health page")), []string{"nothing shows that Exchange sent it", "Server: nginx"}},
	{"http-gateway", Pass, Pass, all(website("status", "302 Found"), origin(web.OfGateway, "Citrix Gateway (NetScaler)", "the redirect to /vpn/index.html")),
		all(website("status", "302 Found"), origin(web.OfExchange, "", "the redirect to /owa/auth/logon.aspx")), []string{"Citrix", "Autodiscover"}},
	{"http-redirect-elsewhere", Pass, Pass, all(website("status", "307 Temporary Redirect", "location", "https://sts.contoso.com/adfs/ls/?x"), origin(web.OfGateway, "AD FS (Web Application Proxy)", "x")),
		all(website("status", "302 Found", "location", "/my.policy"), origin(web.OfGateway, "F5", "x")), []string{"sts.contoso.com", "AD FS"}},
	{"http-no-login", Warn, Pass, all(website("status", "401 Unauthorized", "server", "Microsoft-IIS/10.0", "x_feserver", "MAIL01"), origin(web.OfExchange, "", "X-FEServer")),
		all(website("status", "401 Unauthorized", "server", "Microsoft-IIS/10.0", "x_feserver", "MAIL01", "authenticate", "Negotiate"), origin(web.OfExchange, "", "X-FEServer")),
		[]string{"without a WWW-Authenticate header", "401 2"}},
	{"http-odd-headers", Pass, Pass, all(healthyWeb, func(r *probe.Result) { r.Peer.Web = &web.Web{Odd: []string{"X_SECURED"}} }), healthyWeb, []string{`"X_SECURED"`, "lack the colon"}},
	{"http-foreign-page", Fail, Pass, all(website("status", "401 Unauthorized", "server", "Microsoft-IIS/8.5"), origin(web.OfProduct, "SharePoint", "the header MicrosoftSharePointTeamServices"), noExchange),
		all(website("status", "401 Unauthorized", "server", "Microsoft-IIS/8.5"), origin(web.OfIIS, "", "")), []string{"HTTP 401 from SharePoint, not from Exchange"}},
	{"http-foreign-page", Fail, Pass, all(website("status", "302 Found", "server", "Microsoft-HTTPAPI/2.0", "location", "/my.policy"), origin(web.OfGateway, "F5", "the redirect to /my.policy"), noExchange),
		nil, []string{"a login of its own that programs cannot complete"}},
	{"http-foreign-page", Fail, Pass, all(website("status", "302 Found", "location", "/login"), origin(web.Foreign, "", "the redirect to /login"), noExchange),
		all(website("status", "302 Found", "location", "/owa/auth/logon.aspx"), origin(web.OfExchange, "", "")), []string{"(the redirect to /login)"}},
	{"http-headers-missing", Pass, Pass, all(website("status", "301 Moved"), origin(web.Hidden, "", "the redirect to HTTPS")),
		all(website("status", "301 Moved"), origin(web.Unproved, "", "the redirect to itself")), []string{"redirects to HTTPS"}},
	{"http-headers-missing", Pass, Pass, all(website("status", "401 Unauthorized", "authenticate", "Negotiate"), origin(web.OfExchange, "", "its health page")), nil, []string{"as its health page shows"}},
	{"http-redirect-elsewhere", Fail, Pass, all(website("status", "302 Found", "location", "https://login.contoso.net/portal"), noExchange),
		all(website("status", "302 Found", "location", "https://MAIL01.contoso.com:444/x"), noExchange), []string{"login.contoso.net", "Autodiscover"}},
	{"http-redirect-elsewhere", Fail, Pass, all(website("status", "301 Moved Permanently", "location", "//proxy.contoso.net/"), noExchange), all(website("status", "302 Found", "location", "/login"), noExchange), nil},
	{"http-proxy-login", Fail, Pass, all(website("status", "407 Proxy Authentication Required", "via", "1.1 squid"), noExchange), all(website("status", "200 OK"), noExchange), []string{"Via: 1.1 squid"}},
	{"http-foreign-page", Fail, Pass, all(website("status", "200 OK", "server", "BigIP"), noExchange), all(website("status", "400 Bad Request", "server", "nginx"), noExchange),
		[]string{"HTTP 200", "Server: BigIP"}},
	{"http-foreign-page", Fail, Pass, all(website("status", "503 Service Unavailable"), noExchange), all(website(), noExchange), nil},
	{"http-foreign-page", Fail, Pass, all(website("status", "404 Not Found"), noExchange), all(website("status", "404 Not Found", "server", "Microsoft-HTTPAPI/2.0"), noExchange), nil},
	{"http-verb-refused", Fail, Pass, all(website("status", "405 Method Not Allowed", "server", "nginx"), method(catalog.RPCInData), noExchange),
		all(website("status", "401 Unauthorized"), method(catalog.RPCInData), noExchange), []string{"RPC_IN_DATA", "1 GB", "/owa/"}},
	{"http-verb-refused", Fail, Pass, all(website("status", "501 Not Implemented", "server", "Microsoft-IIS/10.0"), method(catalog.Options), func(r *probe.Result) { r.Peer.Refusal = "HTTP 501" }),
		all(website("status", "501 Not Implemented", "server", "Microsoft-IIS/10.0"), func(r *probe.Result) { r.Peer.Refusal = "HTTP 501" }), []string{"OPTIONS"}},
	{"http-headers-missing", Pass, Pass, website("status", "302 Found", "server", "nginx"), healthyWeb, []string{"reverse proxy", "Server: nginx"}},
	{"http-headers-missing", Pass, Pass, website("status", "302 Found", "server", "Microsoft-IIS/10.0"), website("status", "302 Found", "x_feserver", "MAIL01"), []string{"without the header X-FEServer"}},
	{"http-headers-missing", Pass, Pass, all(website("status", "401 Unauthorized"), version("2010"), method("")),
		all(website("status", "401 Unauthorized", "server", "Microsoft-IIS/7.5"), version("2010"), method("")), nil},
	{"answered-by", Pass, Pass, website("status", "302 Found", "x_feserver", "MAIL02"), healthyWeb, []string{"MAIL02"}},
	{"answered-by", Pass, Pass, all(website("status", "302 Found", "health", "200 OK, mail03.contoso.com"), healthyAt("mail03.contoso.com")), website("status", "302 Found", "health", "200 OK"), []string{"MAIL03"}},
}
