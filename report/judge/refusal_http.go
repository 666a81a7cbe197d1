// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	web "exreach/probe/protocol/http"
)

// httpRefusals explain the statuses with which the right web server turns clients away.
var httpRefusals = []refusalWord{
	{"http", errorPage, sayErrorPage},
	{"http", httpStatus("503"), say503},
	{"http", httpStatus("404"), say404},
	{"http", httpStatus("440"), say440},
	{"http", httpStatus("400"), say400},
	{"http", httpStatus("401"), say401},
	{"http", loops, sayLoops},
	{"http", httpStatus("403"), say403},
	{"http", httpStatus("413"), advise("The request announces a body larger than IIS accepts here.",
		"RPC over HTTP announces 1 GB. Check maxAllowedContentLength (request filtering) of the directory in IIS, and the limit of a proxy in front of it.")},
	{"http", httpStatus("429"), advise("It limits how many requests it accepts from this computer, or from all clients.",
		"Wait a few minutes and check again with --gentle; if it still says this, check the limits of the server and of a proxy in front of it.")},
	{"http", func(s seen) bool { return strings.HasPrefix(s.status(), "2") }, func(s seen) (string, string) {
		return "It shows a page without a login, but Exchange requires one here: this is the start page of IIS, an error page, or the page of another program on the same server.",
			fmt.Sprintf("Open the page in a browser to see what it is; then check in IIS Manager where %s leads and that Exchange's directory is there.", s.path())
	}},
	{"http", httpStatus("500"), say500},
	{"http", httpStatus("502", "504"), sayNoMailbox},
	{"http", redirected, func(s seen) (string, string) {
		return "Programs cannot use a login page that they are redirected to, so they fail here.",
			fmt.Sprintf("Check HTTP Redirect and Authentication of %s in IIS Manager: the directory must not inherit the redirect of the web site's root.", s.path())
	}},
	{"http", nil, func(s seen) (string, string) {
		return "A healthy directory does not answer like that.",
			fmt.Sprintf("Look the request up in IIS's log (%%SystemDrive%%\\inetpub\\logs\\LogFiles, the columns sc-status and sc-substatus): the directory is %s.", s.path())
	}},
}

// httpStatus returns the condition that the answer has one of these statuses.
func httpStatus(codes ...string) func(seen) bool {
	return func(s seen) bool { return slices.Contains(codes, s.status()) }
}

// loops: a redirect to the page that was asked for.
func loops(s seen) bool {
	to, err := url.Parse(s.page().Location)
	return redirected(s) && err == nil && to.Path == s.path() && to.RawQuery == ""
}

func sayLoops(s seen) (cause, hint string) {
	return "It redirects to the page that was asked for, so browsers never get any further: most often a redirect from HTTP to HTTPS that also applies under HTTPS, or behind a proxy that terminates TLS.",
		fmt.Sprintf("Check HTTP Redirect and URL Rewrite of %s and of the web site in IIS Manager, and how the proxy passes requests on.", s.path())
}

func redirected(s seen) bool { return strings.HasPrefix(s.status(), "3") }

// errorPage: the server redirects to a page for errors, and not to the logon page.
func errorPage(s seen) bool { return redirected(s) && s.web().Broken }

func sayErrorPage(s seen) (cause, hint string) {
	cause = "It redirects to an error page and not to the logon page: the directory is broken, or the server behind it does not answer."
	switch {
	case s.web().Name != "":
		return cause, fmt.Sprintf("%s cannot talk to Exchange: check which name, address and certificate it expects of the server, then the server itself.", s.web().Name)
	case s.atLeast("2013"):
		return cause, "On the server: Get-HealthReport, Get-ServerComponentState, the log under V15\\Logging\\HttpProxy, and event 1309 of ASP.NET. " +
			"After an update, UpdateCas.ps1 and UpdateConfigFile.ps1 (in V15\\Bin) rebuild the web pages and their settings."
	}
	return cause, "On the server: look for event 1309 of ASP.NET, run Test-ServiceHealth, and after an update UpdateCas.ps1."
}

// path is the path that the check requests, "/" if its service has none.
func (s seen) path() string {
	return cmp.Or(s.Check.Service.Page(), "/")
}

// A webDirectory is a directory of Exchange in IIS, and what administrators know it by.
type webDirectory struct {
	path string // its first part, in lower case
	pool string // the application pool since 2007
	old  string // the application pool of 2003
	noun string // of its cmdlets: New-OwaVirtualDirectory
	part string // its component since 2013
}

// webDirectories has the pools as setup creates them (IIS Manager, Application Pools). RPC
// over HTTP is a feature of Windows, and setup only adapts its directory.
var webDirectories = []webDirectory{
	{"owa", "MSExchangeOWAAppPool", "", "OwaVirtualDirectory", "OwaProxy"},
	{"ecp", "MSExchangeECPAppPool", "", "EcpVirtualDirectory", "EcpProxy"},
	{"ews", "MSExchangeServicesAppPool", "", "WebServicesVirtualDirectory", "EwsProxy"},
	{"autodiscover", "MSExchangeAutodiscoverAppPool", "", "AutodiscoverVirtualDirectory", "AutoDiscoverProxy"},
	{"oab", "MSExchangeOABAppPool", "", "OabVirtualDirectory", "OabProxy"},
	{"mapi", "MSExchangeMapiFrontEndAppPool", "", "MapiVirtualDirectory", "MapiProxy"},
	{"microsoft-server-activesync", "MSExchangeSyncAppPool", "ExchangeApplicationPool", "ActiveSyncVirtualDirectory", "ActiveSyncProxy"},
	{"powershell", "MSExchangePowerShellFrontEndAppPool", "", "PowerShellVirtualDirectory", "RpsProxy"},
	{"api", "MSExchangeRestFrontEndAppPool", "", "", ""},
	{"rpc", "MSExchangeRpcProxyFrontEndAppPool", "DefaultAppPool", "", "RpcProxy"},
	{"unifiedmessaging", "MSExchangeUMAppPool", "", "", ""},
	{"exchange", "MSExchangeOWAAppPool", "ExchangeApplicationPool", "OwaVirtualDirectory", ""},
	{"public", "MSExchangeOWAAppPool", "ExchangeApplicationPool", "OwaVirtualDirectory", ""},
	{"exadmin", "", "ExchangeApplicationPool", "", ""},
	{"oma", "", "ExchangeMobileBrowseApplicationPool", "", ""},
}

// directory returns the directory of the service; only path is set if no row has it.
func (s seen) directory() webDirectory {
	first, _, _ := strings.Cut(strings.ToLower(strings.Trim(s.path(), "/")), "/")
	for _, d := range webDirectories {
		if d.path == first {
			return s.fitting(d)
		}
	}
	return webDirectory{path: first}
}

// fitting replaces the names of the pools that had other names before 2013.
func (s seen) fitting(d webDirectory) webDirectory {
	switch {
	case s.atLeast("2013"):
	case d.path == "rpc":
		d.pool = "DefaultAppPool"
	case d.path == "powershell":
		d.pool = "MSExchangePowerShellAppPool"
	}
	return d
}

func say503(s seen) (cause, hint string) {
	d := s.directory()
	switch s.web().Origin {
	case web.OfExchange:
		return "Exchange's front end answers but does not pass the request on: the component is out of service, or the mailbox server behind it does not answer.",
			s.component(cmp.Or(d.part, "ServerWideOffline"), "W3SVC") + "; then check the logs under Logging\\HttpProxy."
	case web.OfIIS:
		return "This answer comes from IIS: the application is offline (app_offline.htm), still starting, or overloaded.",
			fmt.Sprintf("Check the application log (ASP.NET) and the sub-status in IIS's log (503.2, 503.3), and whether the folder of %s contains app_offline.htm.", s.path())
	}
	cause = "This answer comes from Windows itself (HTTP.sys): the application pool of the directory is stopped, or IIS disabled it after crashes."
	switch {
	case !s.exchange() || d.pool == "" && d.old == "":
		return cause, "In IIS Manager, start the application pool of the directory; events 5002 and 5059 of WAS say why it stopped."
	case s.atLeast("2010") && d.pool != "":
		return cause, fmt.Sprintf("On the server: Get-WebAppPoolState %s, then Start-WebAppPool %s; events 5002 and 5059 of WAS say why it stopped.", d.pool, d.pool)
	case s.atLeast("2007") && d.pool != "":
		return cause, fmt.Sprintf("On the server, in IIS Manager, start the application pool %s (appcmd start apppool %s); the system log says why it stopped.", d.pool, d.pool)
	case s.Check.Version == "2003" && d.old != "":
		return cause, fmt.Sprintf("On the server, in IIS Manager, start the application pool %s; the system log says why it stopped (source W3SVC).", d.old)
	}
	return cause, "On the server, check that the web site and the service W3SVC are running (iisreset /status)."
}

func say404(s seen) (cause, hint string) {
	cause = fmt.Sprintf("IIS has no directory %s: it was removed, or the port belongs to another web site.", s.path())
	d := s.directory()
	switch {
	case !s.exchange():
		return cause, "In IIS Manager, check which directories the web site has."
	case s.atLeast("2007") && d.noun != "":
		return cause, fmt.Sprintf("On the server: Get-%s shows whether Active Directory still has it (from 2013 on with -ADPropertiesOnly); Remove-%s and New-%s recreate it.", d.noun, d.noun, d.noun)
	case s.atLeast("2007") && d.path == "rpc":
		return cause, "Check that the Windows feature RPC over HTTP Proxy is installed (Get-WindowsFeature RPC-over-HTTP-Proxy) and that Outlook Anywhere is enabled (Get-OutlookAnywhere)."
	case s.atLeast("2007"):
		return cause, "In IIS Manager, compare the directories of the web site with those of a server that works."
	case s.Check.Version == "2003":
		return cause, "In Exchange System Manager, check whether the HTTP virtual server has it; once the directories are deleted in IIS, the System Attendant recreates them (Microsoft 883380)."
	}
	return cause, "In Exchange System Manager (5.5: Exchange Administrator, Protocols), check that HTTP access is installed and enabled."
}

func say440(s seen) (cause, hint string) {
	cause = "It expects a session of forms-based authentication that does not exist or has expired, and does not redirect to the logon page."
	if s.atLeast("2007") {
		return cause, "Compare the authentication of OWA and ECP, which must match: Get-OwaVirtualDirectory | fl *Authentication* and Get-EcpVirtualDirectory | fl *Authentication*; " +
			"with AD FS, both need AdfsAuthentication. Then restart IIS (iisreset)."
	}
	return cause, "In Exchange System Manager, check whether the HTTP virtual server should use forms-based authentication. " +
		"ActiveSync and RPC over HTTP need a directory without it."
}

func say400(s seen) (cause, hint string) {
	cause = fmt.Sprintf("Windows (HTTP.sys) or IIS refuses the request before Exchange sees it: most often because of a host name that no web site is bound to (we asked for %s; a proxy may send another).", s.Check.Host)
	if served := s.served(); served != "" {
		cause += served
	}
	return cause, "Have the proxy pass on the client's Host header (nginx: proxy_set_header Host $host; NTLM also needs HTTP/1.1 and keep-alive to the server), " +
		"or bind the name in IIS (Get-WebBinding)."
}

func say401(s seen) (cause, hint string) {
	return "It asks for a login where there should be none: its authentication differs from what setup configures.",
		fmt.Sprintf("Compare the authentication of %s with a server that works; change it with Exchange's cmdlets (Set-OwaVirtualDirectory and the like), not in IIS Manager.", s.path())
}

func say403(s seen) (cause, hint string) {
	if t := s.tls(); t != nil && t.ClientCertificate {
		return "It asked for a client certificate, which exreach does not have: that is the most likely reason (403.7, 403.16).",
			fmt.Sprintf("If users log in here with certificates, check from a client that has one. If not, set client certificates to Ignore for %s (IIS Manager, SSL Settings).", s.path())
	}
	return "IIS forbids it: TLS is required (403.4), this address is not allowed (403.6), or a client certificate is required (403.7, 403.16).",
		fmt.Sprintf("IIS's log has the sub-status (sc-substatus). Check SSL Settings and IP Address and Domain Restrictions of %s in IIS Manager.", s.path())
}

func say500(s seen) (cause, hint string) {
	cause = "The directory exists and fails: a broken web.config, an unfinished update, or a stopped service that it needs."
	if s.atLeast("2013") {
		return cause, "On the server: Get-HealthReport, event 1309 of ASP.NET and the logs under V15\\Logging; after an update, UpdateCas.ps1 and UpdateConfigFile.ps1 (in V15\\Bin) repair it."
	}
	return cause, "On the server, check the application log (ASP.NET, MSExchange*) and that the services are running."
}

func sayNoMailbox(s seen) (cause, hint string) {
	behind := ""
	if name := s.page().BackEnd; name != "" {
		behind = " (" + name + ")"
	}
	return "Exchange's front end answers, but the mailbox server behind it" + behind + " does not.",
		"On that server, check that the web site Exchange Back End is running and has a certificate at port 444 (Get-WebBinding 'Exchange Back End'), and that a database is mounted."
}
