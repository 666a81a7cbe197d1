// SPDX-License-Identifier: Apache-2.0

package http

// This file has the signs that tell whose a page is, as data: each row is one sign. Code
// compares names and beginnings without regard to case. Where a row names no document,
// the vendor's own documentation has the page or header.

// ExchangeHeaders are headers that only Exchange sends. docs/facts.md tells what those
// of a front end mean; X-CalculatedFETarget and X-FEProxyInfo are Exchange
// Online's; MS-WebStorage is that of WebDAV in 2000 and 2003.
var ExchangeHeaders = []struct {
	Name  string
	marks bool // an answer with it counts as one of IIS, too, whatever hides IIS's own headers
}{
	{"X-FEServer", true}, {"X-BEServer", true}, {"X-CalculatedBETarget", true}, {"X-CalculatedFETarget", false}, {"X-FEProxyInfo", false},
	{"X-OWA-Version", true}, {"X-OWA-Error", false}, {"X-DiagInfo", true}, {"X-BackEndHttpStatus", false}, {"MS-WebStorage", false},
}

// exchangeCookies are the cookies of OWA (cadata: forms of 2003 and later;
// ClientId and X-BackEndCookie: 2013 and later) and of EWS.
var exchangeCookies = []string{"X-BackEndCookie", "X-BackEndOverrideCookie", "ClientId", "cadata", "OutlookSession", "UserContext", "exchangecookie", "OWAPF"}

// ExchangeClient is the ID of Exchange as an application of Microsoft Entra ID. A
// server that asks for a token for it is Exchange (hybrid modern authentication).
const ExchangeClient = "00000002-0000-0ff1-ce00-000000000000"

// exchangePlaces are Exchange's own directories. It redirects into no others: 2003 from
// /exchange to its forms in /exchweb/bin/auth, all later versions to /owa.
var exchangePlaces = []string{
	"/owa", "/ecp", "/exchange", "/exchweb/bin/auth", "/public", "/exadmin", "/oma", "/ews", "/autodiscover", "/mapi", "/rpc", "/oab",
	"/microsoft-server-activesync", "/powershell", "/unifiedmessaging",
}

// errorPlaces are where a redirect leads once something is broken: OWA's own
// pages, the page that a web.config of ASP.NET names, and UAG's, which shows it
// when it cannot speak to Exchange
// (noted in https://github.com/ecederstrand/exchangelib).
var errorPlaces = []string{
	"/owa/auth/errorfe.aspx", "/owa/errorfe.aspx", "/owa/auth/error.aspx", "/owa/auth/error2.aspx", "/owa/error.aspx",
	"/ecp/auth/errorfe.aspx", "/ecp/error.aspx", "/ecp/errorfe.aspx",
	"/genericerrorpage.htm", "/internalsite/internalerror.asp", "/internalsite/initparams.aspx",
}

// A gatewaySign is a redirect or a login of a gateway that publishes Exchange
// under its own name and asks for a login before it lets a request through.
type gatewaySign struct {
	name   string
	place  string // how the path begins that it leads to
	host   string // the host it leads to, or, with a dot first, how that ends
	reason string // in the reason phrase of a 401
	realm  string // how the realm of its login begins
}

var gatewaySigns = []gatewaySign{
	{name: "F5 BIG-IP Access Policy Manager", place: "/my.policy"},
	{name: "F5 BIG-IP Access Policy Manager", place: "/my.logon.php3"},
	{name: "Citrix Gateway (NetScaler)", place: "/vpn/index.html"},
	{name: "Citrix Gateway (NetScaler)", place: "/vpn/tmindex.html"},
	{name: "Citrix Gateway (NetScaler)", place: "/logon/LogonPoint/"},
	{name: "Citrix Gateway (NetScaler)", place: "/cgi/tm"},
	{name: "ISA Server or Forefront TMG", place: "/CookieAuth.dll"},
	// https://github.com/OfficeDev/ews-managed-api/issues/26
	{name: "ISA Server or Forefront TMG", reason: "The server requires authorization to fulfill the request"},
	{name: "Forefront UAG", place: "/InternalSite/"},
	{name: "Forefront UAG", place: "/uniquesig"},
	{name: "AD FS (Web Application Proxy)", place: "/adfs/"},
	{name: "KEMP LoadMaster", place: "/lm_auth_proxy"},
	{name: "Micro Focus Access Manager", place: "/nidp/"},
	{name: "IBM Security Verify Access (WebSEAL)", place: "/pkmslogin.form"},
	{name: "SiteMinder", place: "/siteminderagent/"},
	{name: "PingFederate", place: "/as/authorization.oauth2"},
	{name: "Citrix Secure Gateway", place: "/CitrixLogonPoint/"}, // nmap
	{name: "authentik", place: "/outpost.goauthentik.io/"},
	{name: "Keycloak", place: "/auth/realms/"},
	{name: "oauth2-proxy", place: "/oauth2/start"},
	{name: "oauth2-proxy", place: "/oauth2/sign_in"},
	{name: "SimpleSAMLphp", place: "/simplesaml/"},
	{name: "Microsoft Entra ID", host: "login.microsoftonline.com"},
	{name: "Microsoft Entra ID", host: "login.microsoftonline.us"},
	{name: "Microsoft Entra ID", host: "login.partner.microsoftonline.cn"},
	{name: "Microsoft Entra ID", host: "login.windows.net"},
	{name: "Microsoft account", host: "login.live.com"},
	{name: "Okta", host: ".okta.com"},
	{name: "Duo", host: ".duosecurity.com"},
	{name: "Cloudflare Access", host: ".cloudflareaccess.com"},
	{name: "DavMail", realm: "DavMail"},
}

// A productSign is something that another product sends: one that neither is Exchange
// nor stands before it. Web servers that often stand before Exchange (nginx, Apache) are
// no such products.
type productSign struct {
	name   string
	header string // a header that it sends
	server string // how Server begins
	realm  string // how the realm of a login begins
	place  string // how the path begins that it redirects to
	cookie string // how the name of a cookie begins
}

var productSigns = []productSign{
	// Servers of mail and groupware that speak as Exchange does in places.
	{name: "SharePoint", header: "MicrosoftSharePointTeamServices"},
	{name: "SharePoint", place: "/_layouts/"},
	{name: "Skype for Business or Lync", header: "X-MS-Server-Fqdn"}, // UCWA reference
	{name: "Remote Desktop Web Access", place: "/RDWeb"},
	{name: "Z-Push", header: "X-Z-Push-Version"},
	{name: "Z-Push", realm: "ZPush"},
	{name: "SOGo", realm: "SOGo"},
	{name: "SOGo", place: "/SOGo"},
	{name: "Zimbra", realm: "Zimbra"}, // https://github.com/Zimbra/zm-mailbox/pull/703
	{name: "Zimbra", place: "/zimbra/"},
	{name: "HCL Domino", server: "Lotus-Domino"},
	{name: "HCL Domino", place: "/names.nsf"},
	{name: "Kerio Connect", server: "Kerio Connect"},
	{name: "Kerio Connect", server: "Kerio MailServer"},
	{name: "a Kerio firewall", server: "Kerio"}, // "Kerio WinRoute Firewall Embedded Web Server" (nmap)
	{name: "a Kerio firewall", place: "/nonauth/login.php"},
	{name: "Kerio Connect", realm: "Kerio"},
	{name: "Open-Xchange", place: "/appsuite"},
	{name: "MailEnable", server: "MailEnable-HTTP"}, // these down to Mirapoint: nmap
	{name: "IMail", server: "Ipswitch"},
	{name: "GroupWise", server: "GroupWise"},
	{name: "SurgeMail", server: "DManager"},
	{name: "SurgeMail", realm: "surgemail"},
	{name: "Mirapoint", server: "Mirapoint/"},
	{name: "Zimbra", cookie: "ZM_TEST"},
	{name: "Zimbra", place: "/zimbraAdmin"},
	{name: "Cisco Secure Email (IronPort)", server: "IronPort httpd"},
	{name: "Cisco Secure Email (IronPort)", server: "glass/"},
	{name: "Proofpoint", server: "Proofpoint/"},
	{name: "MDaemon", server: "WDaemon"},
	{name: "IceWarp", server: "IceWarp"},
	{name: "CommuniGate Pro", server: "CommuniGatePro"},
	{name: "Axigen", server: "Axigen"},
	{name: "GroupWise", place: "/gw/webacc"},
	{name: "Horde", realm: "Horde"},
	{name: "Nextcloud or ownCloud", place: "/index.php/login"},
	{name: "Roundcube", place: "/roundcube"},
	{name: "WordPress", place: "/wp-login.php"},
	{name: "an application of ASP.NET", place: "/Account/Login"},
	{name: "Tomcat", realm: "Tomcat"},
	{name: "cPanel", server: "cpsrvd"},
	{name: "Plesk", place: "/login_up.php"},
	{name: "Webmin", server: "MiniServ"},
	// VPN portals and administration pages that hold 443 where OWA should be
	// (http://support.linogate.com/en/proxies/reverse/owa.html).
	{name: "a FortiGate firewall", place: "/remote/login"},
	{name: "a FortiGate firewall", cookie: "SVPNCOOKIE"},
	{name: "a FortiGate firewall", server: "xxxxxxxx-xxxxx"},
	{name: "a Cisco firewall (WebVPN)", place: "/+CSCOE+/"},
	{name: "Ivanti Connect Secure", place: "/dana-na/"},
	{name: "a Palo Alto firewall (GlobalProtect)", place: "/global-protect/"},
	{name: "a Check Point gateway", place: "/sslvpn/"},
	{name: "a Check Point gateway", server: "CPWS"}, // these down to Vigor: nmap
	{name: "a Check Point gateway", server: "Check Point SVN foundation"},
	{name: "a Check Point gateway", realm: "FW-1"},
	{name: "a SonicWall gateway (SMA)", place: "/__extraweb__/"},
	{name: "a WatchGuard firewall", place: "/sslvpn_logon.shtml"},
	{name: "a Zyxel firewall", server: "ZyXEL SSLVPN Server"},
	{name: "a LANCOM router", server: "LANCOM "},
	{name: "a DrayTek router", realm: "Login to Vigor"},
	{name: "a DrayTek router", realm: "Login to the Router Web Configurator"},
	{name: "a Sophos firewall", place: "/userportal/"},
	{name: "a Sophos firewall", place: "/webconsole/"},
	{name: "a SonicWall firewall", server: "SonicWALL"},
	{name: "a MikroTik router", realm: "RouterOS"},
	{name: "a NETGEAR device", realm: "NETGEAR"},
	{name: "a TP-Link device", realm: "TP-LINK"},
	{name: "a router with DD-WRT", realm: "DD-WRT"},
	{name: "a router with OpenWrt", place: "/cgi-bin/luci"},
	{name: "a Synology NAS", place: "/webman/"},
	{name: "a QNAP NAS", server: "QNAP"},
	{name: "a QNAP NAS", server: "http server 1.0"},
	{name: "a camera or recorder", server: "Hikvision-Webs"},
	{name: "a camera or recorder", server: "DNVRS-Webs"},
	{name: "a router, camera or printer", server: "GoAhead-Webs"},
	{name: "a router, camera or printer", server: "Boa/"},
	{name: "a router, camera or printer", server: "mini_httpd"},
	{name: "a router, camera or printer", server: "micro_httpd"},
	{name: "a router, camera or printer", server: "uc-httpd"},
	{name: "a router, camera or printer", server: "Virata-EmWeb"},
	{name: "a router, camera or printer", server: "RomPager"},
}

// A proxySign names a proxy or load balancer by what it sends when it has no server to
// ask. lookForProxy compares it only with pages whose status says that.
type proxySign struct {
	name   string
	server string // how Server begins
	header string // a header that it sends
	text   string // in its page
}

var proxySigns = []proxySign{
	{name: "HAProxy", server: "HAProxy"},
	{name: "HAProxy", text: "No server is available to handle this request"}, // https://github.com/haproxy/haproxy/issues/1560
	{name: "nginx", server: "nginx"},
	{name: "OpenResty", server: "openresty"},
	{name: "Cloudflare", server: "cloudflare"},
	{name: "the AWS load balancer", server: "awselb"},
	{name: "Azure Application Gateway", server: "Microsoft-Azure-Application-Gateway"},
	{name: "Azure Front Door", header: "X-Azure-Ref"},
	{name: "F5 BIG-IP", server: "BIG-IP"},
	{name: "F5 BIG-IP", server: "BigIP"},
	{name: "Envoy", server: "envoy"},
	{name: "Envoy", text: "no healthy upstream"}, // https://github.com/envoyproxy/gateway/issues/6068
	{name: "Envoy", text: "upstream connect error or disconnect/reset before headers"},
	{name: "Traefik", text: "no available server"},
	{name: "Citrix NetScaler", text: "Http/1.1 Service Unavailable"},
	{name: "Varnish", server: "Varnish"},
	{name: "Varnish", header: "X-Varnish"},
	{name: "Squid", server: "squid"},
	{name: "Squid", header: "X-Squid-Error"},
	{name: "Caddy", server: "Caddy"},
	{name: "Akamai", server: "AkamaiGHost"},
	{name: "Apache as a proxy", server: "Apache"},
	{name: "IIS with Application Request Routing", text: "while acting as a gateway or proxy server"},
	{name: "IIS with Application Request Routing", server: "Microsoft-IIS"},
	{name: "Web Application Proxy", server: "Microsoft-HTTPAPI"},
}

// windowsPages are what HTTP.sys and IIS write into their own error pages. A proxy that
// takes out their headers passes these on. The first is the driver's, HTTP.sys.
var windowsPages = []struct {
	text   string
	origin Origin
}{
	{"<hr><p>HTTP Error ", OfWindows},
	{"Server Error in '/", OfIIS},
	{"Internet Information Services (IIS)", OfIIS},
	{"<title>IIS ", OfIIS},
	{"<h2>401 - Unauthorized: Access is denied due to invalid credentials.", OfIIS},
	{"<h2>403 - Forbidden: Access is denied.", OfIIS},
	{"<h2>404 - File or directory not found.", OfIIS},
	{"<h2>500 - Internal server error.", OfIIS},
	{"You do not have permission to view this directory or page", OfIIS},
	{"This page must be viewed over a secure channel", OfIIS},
	{"The page must be viewed over a secure channel", OfIIS},
}

// tlsPages are what servers say to plain HTTP on a port for TLS: nginx, Apache,
// and servers written in Go.
var tlsPages = []string{
	"plain HTTP request was sent to HTTPS port",
	"speaking plain HTTP to an SSL-enabled server port",
	"sent an HTTP request to an HTTPS server",
}
