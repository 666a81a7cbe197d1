// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	web "exreach/probe/protocol/http"
)

// status is the code that a web server answered with, "" where it did not.
func (s seen) status() string {
	if code := s.page().Status; code > 0 {
		return fmt.Sprintf("%03d", code)
	}
	return ""
}

// foreign reports whether a web server answered that is not Exchange's.
func (s seen) foreign() bool {
	return s.Verdict == probe.Mismatch && s.Check.Service.Protocol == "http" && s.status() != ""
}

// redirectElsewhere: the page sends us to another host.
func redirectElsewhere(s seen) bool { return s.foreign() && s.elsewhere() != "" }

// elsewhere returns the host that a redirect leads to, "" if it stays at this one or the
// answer is no redirect.
func (s seen) elsewhere() string {
	u, err := url.Parse(s.page().Location)
	asked, _, _ := strings.Cut(strings.Trim(s.Check.Host, "[]"), "%") // without the zone
	if err != nil || u.Host == "" || strings.EqualFold(u.Hostname(), strings.TrimSuffix(asked, ".")) {
		return ""
	}
	return u.Hostname()
}

func sayRedirectElsewhere(s seen) (text, hint string) {
	who := "a login portal, a gateway that publishes the server under its own name, or a captive portal on the path"
	if name := s.web().Name; name != "" {
		who = name
	}
	return fmt.Sprintf("The answer is HTTP %s to %s, another host: %s.%s", s.status(), s.elsewhere(), who, s.served()),
		"Follow the redirect in a browser to see who answers. If the gateway belongs there, it must let Autodiscover, EWS, MAPI and ActiveSync through without a login of its own."
}

// proxyLogin: a proxy wants a login for itself.
func proxyLogin(s seen) bool { return s.foreign() && s.status() == "407" }

func sayProxyLogin(s seen) (text, hint string) {
	return "A proxy answers and requires a login of its own (HTTP 407): the path to the server leads through it." + s.served(),
		"Add the server to the proxy exceptions on this machine and on the clients, by name and by address."
}

// verb returns the method that the service depends on, "" if that is GET. Proxies do not
// let every other method pass.
func (s seen) verb() string {
	if d := s.Check.Service.HTTP; d != nil && d.Method != catalog.Get {
		return string(d.Method)
	}
	return ""
}

// verbRefused: the server does not serve the method, or a proxy does not let it pass.
func verbRefused(s seen) bool {
	refused := s.status() == "405" || s.status() == "501"
	return s.wanted() && s.verb() != "" && refused
}

func sayVerbRefused(s seen) (text, hint string) {
	text = fmt.Sprintf("HTTP %s: %s is refused.", s.status(), s.verb())
	pages := s.someAtPort(s.Port, func(r probe.Result) bool {
		d := r.Check.Service.HTTP
		return r.Verdict == probe.Answered && d != nil && (d.Method == "" || d.Method == catalog.Get)
	})
	if pages {
		text += " Pages are served at the same port, so a browser notices nothing."
	}
	return text + " A reverse proxy or filter in front of the server does not support the method, or the directory is not installed." + s.served(),
		fmt.Sprintf("Allow %s in the proxy, with bodies of 1 GB and an idle time of more than 30 s where it is RPC over HTTP; then check that IIS has the directory %s.",
			s.verb(), s.Check.Service.HTTP.Path)
}

// foreignPage: the page is another product's, or has none of Exchange's marks. A 400 of no
// known product is left to the finding mismatch, which quotes it: servers answer so to
// plain HTTP at a port for TLS.
func foreignPage(s seen) bool {
	origin := s.web().Origin
	strange := origin == web.Foreign || origin == web.OfGateway || !s.marked()
	return s.foreign() && (origin == web.OfProduct || strange && s.status() != "400")
}

func sayForeignPage(s seen) (text, hint string) {
	w := s.web()
	switch {
	case w.Origin == web.OfProduct:
		text = fmt.Sprintf("HTTP %s from %s, not from Exchange (%s).", s.status(), w.Name, w.Sign)
	case w.Origin == web.OfGateway:
		text = fmt.Sprintf("HTTP %s from %s (%s), which requires a login of its own that programs cannot complete.%s", s.status(), w.Name, w.Sign, s.served())
	case w.Sign != "":
		text = fmt.Sprintf("HTTP %s without any sign of Exchange (%s): the login page of a portal or device, or another web server.%s", s.status(), w.Sign, s.served())
	case foreignStatus[s.status()] != "":
		text = fmt.Sprintf("HTTP %s without any sign of Exchange: %s.%s", s.status(), foreignStatus[s.status()], s.served())
	default:
		text = fmt.Sprintf("HTTP %s without any sign of Exchange: the login page of a gateway, a captive portal, a proxy's error, or another web server.%s",
			s.status(), s.served())
	}
	return text, "Open the page in a browser to see whose it is. If the gateway belongs there, it must let this directory through; if not, check where the name and the port forwarding lead."
}

// foreignStatus is what a proxy or another web server means by a status (RFC 9110,
// RFC 6585, RFC 7725; 495 to 499 are nginx's).
var foreignStatus = map[string]string{
	"403": "a proxy or web application firewall forbids the request, or another web server does",
	"408": "a proxy gave up waiting for the request, or another web server did",
	"421": "a proxy does not serve this name on the connection (SNI and Host differ), or another web server answers",
	"429": "a proxy or web application firewall limits how many requests it accepts from this computer",
	"451": "a filter on the path blocks the page",
	"495": "a proxy (nginx) refuses the client certificate",
	"496": "a proxy (nginx) requires a client certificate",
	"497": "a proxy (nginx) requires TLS on this port",
	"499": "a proxy (nginx) gave up on the request",
	"500": "a proxy fails, or another web server does",
	"509": "the traffic limit of a hosting provider is exceeded",
	"511": "a captive portal requires a login",
}

// served names the web server and the proxies of an answer.
func (s seen) served() string {
	var parts []string
	for _, h := range []struct{ header, value string }{{"Server", s.page().Server}, {"Via", s.page().Via}} {
		if h.value != "" {
			parts = append(parts, fmt.Sprintf("%s: %s", h.header, h.value))
		}
	}
	if parts == nil {
		return ""
	}
	return " It says " + strings.Join(parts, ", ") + "."
}

// unhealthy: the health page does not say 200 OK. Its words count and not its status,
// because a login page has status 200, too. A page that exreach could not ask for says
// nothing, and neither does the page of a gateway or of another product.
func unhealthy(s seen) bool {
	return s.web().Unhealthy && s.wanted() && s.Verdict == probe.Answered && !s.strangers()
}

// strangers reports whether a gateway answered, or nothing shows who did.
func (s seen) strangers() bool {
	return s.web().Origin == web.OfGateway || s.web().Origin == web.Unproved
}

func sayUnhealthy(s seen) (text, hint string) {
	return fmt.Sprintf("The health page does not say 200 OK but %q: load balancers stop sending clients here.", s.page().Health),
		"Check on the server what is wrong or switched off: Get-HealthReport, Get-ServerComponentState."
}

// marked reports whether an answer has the headers of Exchange or of the web
// server that it runs in.
func (s seen) marked() bool { return s.page().Marked }

// unmarked: the answer has no header of Exchange or IIS. The finding says what else shows
// that it is Exchange's; an answer that only redirects to HTTPS has nothing to show.
func unmarked(s seen) bool {
	return s.speaks("http") && s.exchange() && !s.marked() && !s.strangers()
}

func sayUnmarked(s seen) (text, hint string) {
	hint = "If nothing should stand in front of the server, check it by its own name and address and compare."
	switch w := s.web(); {
	case upgraded(s):
		return "The answer only redirects to HTTPS, as any web server or load balancer may: port 443 shows what is behind it." + s.served(), hint
	case w.Origin == web.OfExchange && s.elsewhere() != "":
		return fmt.Sprintf("The answer has no header of IIS, and leads to Exchange's pages at another host (%s): a reverse proxy or another web server redirects.%s", w.Sign, s.served()), hint
	case w.Origin == web.OfExchange:
		return fmt.Sprintf("The answer has no header of IIS: a reverse proxy or a hardened server removes them. It is still Exchange's, as %s shows.%s", w.Sign, s.served()), hint
	}
	return "The answer fits Exchange but has no header of Exchange or IIS: a reverse proxy or a hardened server removes them, or something else asks for a login." + s.served(), hint
}

// noFrontEnd: IIS answers without the header X-FEServer, which the front end of 2013 and
// later adds. Only directories of that front end have a health page in the catalogue.
func noFrontEnd(s seen) bool {
	d := s.Check.Service.HTTP
	return s.speaks("http") && s.exchange() && d != nil && d.Health != "" && s.marked() && s.page().FrontEnd == "" && !s.strangers()
}

func sayNoFrontEnd(s seen) (text, hint string) {
	return "IIS answers without the header X-FEServer, which Exchange's front end adds: a proxy removes it, or the page comes from another site or server.",
		"If nothing should stand in front of the server, check in IIS that the directory belongs to the Default Web Site and that Exchange's proxy module is loaded."
}

// serverOf is the name of the server that gave an answer, without its domain,
// or "". It is in capitals.
func serverOf(r probe.Result) string {
	if r.Peer == nil {
		return ""
	}
	name := seen{Result: r}.page().FrontEnd
	if name == "" && r.Peer.Web != nil {
		name = r.Peer.Web.Server
	}
	return strings.ToUpper(hostLabel(name))
}

// hostLabel is the first label of a name. An address has none.
func hostLabel(name string) string {
	if _, err := netip.ParseAddr(name); err == nil {
		return ""
	}
	label, _, _ := strings.Cut(name, ".")
	return label
}

// answeredBy: the name that was asked is not that of the server which answered. The
// servers of Exchange Online never have the name that people know.
func answeredBy(s seen) bool {
	name := serverOf(s.Result)
	return s.wanted() && !s.isOf(catalog.ExchangeOnline) && name != "" && (!strings.EqualFold(name, hostLabel(s.Check.Host)) || len(s.here().servers) > 1)
}

func sayAnsweredBy(s seen) (text, hint string) {
	name := serverOf(s.Result)
	text = fmt.Sprintf("The server that answered calls itself %s.", name)
	if others := slices.DeleteFunc(slices.Clone(s.here().servers), func(n string) bool { return n == name }); len(others) > 0 {
		text += fmt.Sprintf(" Other requests of this run went to %s: a load balancer stands in front of them.", listed(others))
	}
	return text, "If several servers share this name, a run sees only those that the load balancer chose: check each by its own name too."
}
