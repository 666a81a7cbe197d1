// SPDX-License-Identifier: Apache-2.0

package report

import (
	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// web is a web service with facts by name and value.
func web(facts ...string) change {
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
	healthyWeb = web("status", "302 Found", "server", "Microsoft-IIS/10.0", "x_feserver", "MAIL01", "health", "200 OK, mail01.contoso.com")
	noExchange = verdict(probe.Mismatch, "this is not Exchange's web server")
)

var httpTests = []findingTest{
	{"http-redirect-elsewhere", Fail, all(web("status", "302 Found", "location", "https://login.contoso.net/portal"), noExchange),
		all(web("status", "302 Found", "location", "https://MAIL01.contoso.com:444/x"), noExchange), []string{"login.contoso.net", "Autodiscover"}},
	{"http-redirect-elsewhere", Fail, all(web("status", "301 Moved Permanently", "location", "//proxy.contoso.net/"), noExchange), all(web("status", "302 Found", "location", "/login"), noExchange), nil},
	{"http-proxy-login", Fail, all(web("status", "407 Proxy Authentication Required", "via", "1.1 squid"), noExchange), all(web("status", "200 OK"), noExchange), []string{"Via: 1.1 squid"}},
	{"http-foreign-page", Fail, all(web("status", "200 OK", "server", "BigIP"), noExchange), all(web("status", "400 Bad Request", "server", "nginx"), noExchange),
		[]string{"HTTP 200", "Server: BigIP"}},
	{"http-foreign-page", Fail, all(web("status", "503 Service Unavailable"), noExchange), all(web(), noExchange), nil},
	{"http-foreign-page", Fail, all(web("status", "404 Not Found"), noExchange), all(web("status", "404 Not Found", "server", "Microsoft-HTTPAPI/2.0"), noExchange), nil},
	{"http-verb-refused", Fail, all(web("status", "405 Method Not Allowed", "server", "nginx"), method(catalog.RPCInData), noExchange),
		all(web("status", "401 Unauthorized"), method(catalog.RPCInData), noExchange), []string{"RPC_IN_DATA", "1 GB", "/owa/"}},
	{"http-verb-refused", Fail, all(web("status", "501 Not Implemented", "server", "Microsoft-IIS/10.0"), method(catalog.Options), func(r *probe.Result) { r.Peer.Refusal = "HTTP 501" }),
		all(web("status", "501 Not Implemented", "server", "Microsoft-IIS/10.0"), func(r *probe.Result) { r.Peer.Refusal = "HTTP 501" }), []string{"OPTIONS"}},
	{"http-headers-missing", Pass, web("status", "302 Found", "server", "nginx"), healthyWeb, []string{"reverse proxy", "Server: nginx"}},
	{"http-headers-missing", Pass, web("status", "302 Found", "server", "Microsoft-IIS/10.0"), web("status", "302 Found", "x_feserver", "MAIL01"), []string{"without the header X-FEServer"}},
	{"http-headers-missing", Pass, all(web("status", "401 Unauthorized"), version("2010"), method("")),
		all(web("status", "401 Unauthorized", "server", "Microsoft-IIS/7.5"), version("2010"), method("")), nil},
	{"answered-by", Pass, web("status", "302 Found", "x_feserver", "MAIL02"), healthyWeb, []string{"MAIL02"}},
	{"answered-by", Pass, web("status", "302 Found", "health", "200 OK, mail03.contoso.com"), web("status", "302 Found", "health", "200 OK"), []string{"MAIL03"}},
}
