// SPDX-License-Identifier: Apache-2.0

package http

import (
	"net/http"
	"strings"

	"exreach/catalog"
)

// originOf tells whose a page is. It looks for the surest signs first: another product's
// own, then Exchange's, then those that may be either's.
func originOf(page *Answer, q Asked) Web {
	for _, look := range []func(*Answer, Asked) Web{
		lookForProduct, lookForExchange, lookForProxy, lookForGateway, lookAtRedirect, lookForIIS, lookAtLogin, lookAtPage,
	} {
		if w := look(page, q); w.Origin != "" {
			return w
		}
	}
	return Web{Origin: Foreign}
}

func lookForProduct(page *Answer, _ Asked) Web {
	server, realm, path := page.Header.Get("Server"), loginRealm(page), leadsTo(page).Path
	for _, p := range productSigns {
		sign := ""
		switch {
		case p.header != "" && page.Header.Get(p.header) != "":
			sign = "the header " + p.header
		case p.server != "" && hasPrefixFold(server, p.server):
			sign = "Server: " + server
		case p.realm != "" && hasPrefixFold(realm, p.realm):
			sign = "the realm " + realm
		case p.cookie != "" && hasCookie(page, p.cookie):
			sign = "the cookie " + p.cookie
		case p.place != "" && hasPrefixFold(path, p.place):
			sign = "the redirect to " + p.place
		}
		if sign != "" {
			return Web{Origin: OfProduct, Name: p.name, Sign: sign}
		}
	}
	return Web{}
}

func lookForExchange(page *Answer, _ Asked) Web {
	for _, h := range ExchangeHeaders {
		if page.Header.Get(h.Name) != "" {
			return Web{Origin: OfExchange, Sign: "the header " + h.Name}
		}
	}
	if HasRequestGUID(page.Header) {
		return Web{Origin: OfExchange, Sign: "the header request-id"}
	}
	for _, name := range exchangeCookies {
		if hasCookie(page, name) {
			return Web{Origin: OfExchange, Sign: "the cookie " + name}
		}
	}
	if page.Build != "" {
		return Web{Origin: OfExchange, Sign: "the path of OWA's pages"}
	}
	if strings.Contains(strings.Join(page.Header.Values("WWW-Authenticate"), " "), ExchangeClient) {
		return Web{Origin: OfExchange, Sign: "the login for Exchange at Microsoft Entra ID"}
	}
	return Web{}
}

// lookForProxy finds a proxy without a server behind it: by a status that only a proxy
// has (RFC 9110, sections 15.6.3 and 15.6.5; 52x and 530 are Cloudflare's), or by a 503,
// unless Windows says that.
func lookForProxy(page *Answer, q Asked) Web {
	status := page.StatusCode
	alone := status == http.StatusBadGateway || status == http.StatusGatewayTimeout || 520 <= status && status <= 530
	if isHealthy(q, status) || !alone && status != http.StatusServiceUnavailable {
		return Web{}
	}
	routed := hasPrefixFold(page.Header.Get("X-Powered-By"), "ARR")
	if !alone && !routed && (MarkedIIS(page.Header) || lookAtPage(page, q).Origin == OfWindows) {
		return Web{}
	}
	for _, p := range proxySigns {
		if p.server != "" && hasPrefixFold(page.Header.Get("Server"), p.server) ||
			p.header != "" && page.Header.Get(p.header) != "" || p.text != "" && strings.Contains(page.words, p.text) {
			return Web{Origin: OfProxy, Name: p.name}
		}
	}
	return Web{Origin: OfProxy}
}

func lookForGateway(page *Answer, q Asked) Web {
	to, host := leadsTo(page), leadsTo(page).Hostname()
	login := page.StatusCode == http.StatusUnauthorized
	for _, g := range gatewaySigns {
		switch {
		case g.place != "" && hasPrefixFold(to.Path, g.place) && !hasPrefixFold(askedPath(q), g.place):
			return Web{Origin: OfGateway, Name: g.name, Sign: "the redirect to " + g.place}
		case g.host != "" && (strings.EqualFold(host, g.host) || g.host[0] == '.' && hasSuffixFold(host, g.host)):
			return Web{Origin: OfGateway, Name: g.name, Sign: "the redirect to " + host}
		case g.reason != "" && login && strings.Contains(page.Status, g.reason):
			return Web{Origin: Hidden, Name: g.name, Sign: "the words of its 401"}
		case g.realm != "" && login && hasPrefixFold(loginRealm(page), g.realm):
			return Web{Origin: Hidden, Name: g.name, Sign: "the realm of the login"}
		}
	}
	return Web{}
}

// lookAtRedirect takes a redirect for Exchange's where it leads to a place of Exchange's,
// or to one in the directory that we asked for, and does not only repeat the question. A
// redirect to HTTPS only repeats it: every web server that wants TLS has that.
func lookAtRedirect(page *Answer, q Asked) Web {
	to := leadsTo(page)
	if to == noURL {
		return Web{}
	}
	here := to.Host == "" || sameHost(to.Hostname(), q.Host)
	repeats := strings.EqualFold(strings.TrimRight(to.Path, "/"), strings.TrimRight(askedPath(q), "/"))
	toTLS := to.Scheme == "https" && q.Service.TLS == catalog.NoTLS
	place := inPlace(to.Path, exchangePlaces) || inPlace(to.Path, tree(askedPath(q)))
	switch {
	case brokenPlace(to) && (place || inPlace(to.Path, errorPlaces) || MarkedIIS(page.Header)):
		return Web{Origin: OfExchange, Sign: "its error page"}
	case place && !repeats:
		return Web{Origin: OfExchange, Sign: "the redirect to " + to.Path}
	case toTLS && repeats && (place || here || Related(to.Hostname(), q.Host)):
		return Web{Origin: Hidden, Sign: "the redirect to HTTPS"}
	case place && here:
		return Web{Origin: Unproved, Sign: "the redirect to itself"}
	case place || MarkedIIS(page.Header) && askedPath(q) != "/":
		return Web{Origin: Unproved, Sign: "the redirect to " + to.Path, Doubtful: true}
	case MarkedIIS(page.Header):
		return Web{}
	}
	return Web{Origin: Foreign, Sign: "the redirect to " + to.Path}
}

func lookForIIS(page *Answer, _ Asked) Web {
	switch {
	case OfKernel(page.Header):
		return Web{Origin: OfWindows, Sign: "Server: " + page.Header.Get("Server")}
	case MarkedIIS(page.Header):
		return Web{Origin: OfIIS, Sign: "the headers of IIS"}
	}
	return Web{}
}

// windowsLogins is the sign of a login by Negotiate or NTLM.
const windowsLogins = "the logins of Windows"

// lookAtLogin looks at the schemes and the realm of a login: few servers but those of
// Windows offer Negotiate or NTLM, and IIS gives its own name as the realm.
func lookAtLogin(page *Answer, q Asked) Web {
	schemes := Challenges(page.Header.Values("WWW-Authenticate"))
	switch {
	case page.Header.Get("MS-ASProtocolVersions") != "":
		return Web{Origin: Unproved, Sign: "ActiveSync, which others speak, too"}
	case page.StatusCode != http.StatusUnauthorized || len(schemes) == 0:
		return Web{}
	case HasScheme(schemes, "Negotiate", "NTLM"):
		return Web{Origin: Hidden, Sign: windowsLogins}
	case HasScheme(schemes, "Basic") && ownRealm(loginRealm(page), q.Host):
		return Web{Origin: Hidden, Sign: "the realm of the login", Doubtful: true}
	case HasScheme(schemes, "Basic", "Digest", "Bearer"):
		return Web{Origin: Unproved, Sign: "a login", Doubtful: true}
	}
	return Web{}
}

// ownRealm reports whether a realm is the name of the host that was asked, or of
// one in its domain. Exchange Online sends an empty one.
func ownRealm(realm, host string) bool {
	return realm == "" || Related(realm, host)
}

// lookAtPage looks for the words of Windows in an error page. A 403 that names no server
// fits Exchange, too: administrators are told to harden IIS in this way.
func lookAtPage(page *Answer, _ Asked) Web {
	for _, w := range windowsPages {
		if strings.Contains(page.words, w.text) {
			return Web{Origin: w.origin, Sign: "the words of its page"}
		}
	}
	if page.StatusCode == http.StatusForbidden && page.Header.Get("Server") == "" && page.Header.Get("Via") == "" {
		return Web{Origin: Hidden, Sign: "a page without a name"}
	}
	return Web{}
}
