// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"strings"

	"exreach/probe/protocol"
)

// httpRefusals explain the statuses of a web server that is the right one.
var httpRefusals = []refusalWord{
	{"http", errorPage, sayErrorPage},
	{"http", httpStatus("503"), say503},
	{"http", httpStatus("404"), say404},
	{"http", httpStatus("440"), say440},
	{"http", httpStatus("400"), say400},
	{"http", httpStatus("401"), say401},
	{"http", httpStatus("403"), say403},
	{"http", httpStatus("413"), advise("The request announces more than IIS takes here.",
		"RPC over HTTP announces 1 GB. See maxAllowedContentLength (request filtering) of the directory in IIS, and the limit of a proxy before it.")},
	{"http", httpStatus("500"), say500},
	{"http", httpStatus("502", "504"), sayNoMailbox},
	{"http", redirected, func(s seen) (string, string) {
		return "Programs do not follow a redirect to a login page, so that they fail here.",
			fmt.Sprintf("See the HTTP Redirect and the authentication of %s in IIS: the redirect of the web site's root must not be inherited.", s.path())
	}},
	{"http", nil, func(s seen) (string, string) {
		return "That is not what the directory says when it is well.",
			fmt.Sprintf("Look the request up in IIS's log (%%SystemDrive%%\\inetpub\\logs\\LogFiles, the columns sc-status and sc-substatus): the directory is %s.", s.path())
	}},
}

// httpStatus makes the condition of a status.
func httpStatus(codes ...string) func(seen) bool {
	return func(s seen) bool {
		for _, c := range codes {
			if s.status() == c {
				return true
			}
		}
		return false
	}
}

func redirected(s seen) bool { return strings.HasPrefix(s.status(), "3") }

// errorPage: the redirect does not lead to a login but to the page for what went
// wrong.
func errorPage(s seen) bool { return redirected(s) && s.web().Broken }

func sayErrorPage(s seen) (cause, hint string) {
	cause = "That is the page for errors, where the logon page should be: the directory is broken, or the server behind it does not answer."
	switch {
	case s.web().Name != "":
		return cause, fmt.Sprintf("%s cannot speak to Exchange: see the certificate, name and address that it has for the server, then the server itself.", s.web().Name)
	case s.has("2013"):
		return cause, "On the server: Get-HealthReport, Get-ServerComponentState, the log under V15\\Logging\\HttpProxy, and event 1309 of ASP.NET. " +
			"After an update, UpdateCas.ps1 and UpdateConfigFile.ps1 (in V15\\Bin) write the web pages and settings anew."
	}
	return cause, "On the server: event 1309 of ASP.NET, the databases and services that must run (Test-ServiceHealth), and UpdateCas.ps1 after an update."
}

// path is the directory of the service.
func (s seen) path() string {
	if d := s.Check.Service.HTTP; d != nil {
		return d.Path
	}
	return "/"
}

// A webDirectory is what administrators know a directory by.
type webDirectory struct {
	path string // its first part, in lower case
	pool string // the application pool since 2007
	old  string // the application pool of 2003
	noun string // of its cmdlets: New-OwaVirtualDirectory
	part string // its component since 2013
}

// webDirectories: the pools are as setup makes them (IIS Manager, Application
// Pools). RPC over HTTP is a feature of Windows, whose directory setup adapts.
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

// directory is the directory of the service as administrators know it.
func (s seen) directory() webDirectory {
	first, _, _ := strings.Cut(strings.ToLower(strings.Trim(s.path(), "/")), "/")
	for _, d := range webDirectories {
		if d.path == first {
			return s.fitting(d)
		}
	}
	return webDirectory{path: first}
}

// fitting names the pools that were called otherwise before 2013.
func (s seen) fitting(d webDirectory) webDirectory {
	switch {
	case s.has("2013"):
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
	case protocol.OfExchange:
		return "Exchange's front end answers and does not take the request on: the component is out of service, or the mailbox server behind does not answer.",
			s.component(cmp.Or(d.part, "ServerWideOffline"), "W3SVC") + "; then see the logs under Logging\\HttpProxy."
	case protocol.OfIIS:
		return "IIS says so: the application is switched off (app_offline.htm), starting, or has more requests than it takes.",
			fmt.Sprintf("Look into the application log (ASP.NET) and, for the second number, IIS's log (503.2, 503.3); see whether the folder of %s has a file app_offline.htm.", s.path())
	}
	cause = "Windows itself says so (HTTP.sys): the application pool of the directory is stopped or was switched off after crashes."
	switch {
	case !s.exchange() || d.pool == "" && d.old == "":
		return cause, "In IIS Manager start the application pool of the directory; events 5002 and 5059 of WAS say why it stopped."
	case s.has("2010") && d.pool != "":
		return cause, fmt.Sprintf("On the server: Get-WebAppPoolState %s, then Start-WebAppPool %s; events 5002 and 5059 of WAS say why it stopped.", d.pool, d.pool)
	case s.has("2007") && d.pool != "":
		return cause, fmt.Sprintf("On the server, in IIS Manager, start the application pool %s (appcmd start apppool %s); the system log says why it stopped.", d.pool, d.pool)
	case s.Check.Version == "2003" && d.old != "":
		return cause, fmt.Sprintf("On the server, in IIS Manager, start the application pool %s; the system log says why it stopped (source W3SVC).", d.old)
	}
	return cause, "On the server see that the web site and the service W3SVC run (iisreset /status)."
}

func say404(s seen) (cause, hint string) {
	cause = fmt.Sprintf("IIS has no directory %s: it was removed, or it is another web site's port.", s.path())
	d := s.directory()
	switch {
	case !s.exchange():
		return cause, "See in IIS Manager which directories the web site has."
	case s.has("2007") && d.noun != "":
		return cause, fmt.Sprintf("On the server: Get-%s shows whether Active Directory still has it (from 2013 on with -ADPropertiesOnly); Remove-%s and New-%s make it anew.", d.noun, d.noun, d.noun)
	case s.has("2007") && d.path == "rpc":
		return cause, "See that Windows has the feature RPC over HTTP Proxy (Get-WindowsFeature RPC-over-HTTP-Proxy) and Outlook Anywhere is on (Get-OutlookAnywhere)."
	case s.has("2007"):
		return cause, "See in IIS Manager which directories the web site has, and compare with a server that works."
	case s.Check.Version == "2003":
		return cause, "See in Exchange System Manager whether the HTTP virtual server has it; the System Attendant writes the directories to IIS anew once they are deleted there (Microsoft 883380)."
	}
	return cause, "See in Exchange System Manager (in 5.5: Exchange Administrator, Protocols) that HTTP access is installed and enabled."
}

func say440(s seen) (cause, hint string) {
	cause = "It asks for a login by forms that has not been made or has timed out, and does not lead to the logon page."
	if s.has("2007") {
		return cause, "Compare the logins of OWA and ECP, which must be alike: Get-OwaVirtualDirectory | fl *Authentication* and Get-EcpVirtualDirectory | fl *Authentication*; " +
			"with AD FS see that both have AdfsAuthentication. Then restart IIS (iisreset)."
	}
	return cause, "See in Exchange System Manager whether forms-based authentication is meant to be on for the HTTP virtual server. " +
		"ActiveSync and RPC over HTTP need a directory without it."
}

func say400(s seen) (cause, hint string) {
	cause = fmt.Sprintf("Windows (HTTP.sys) or IIS refuses the request before Exchange sees it: most often a host name (%s) that no web site is bound to, as a proxy sends it.", s.Check.Host)
	if served := s.served(); served != "" {
		cause += served
	}
	return cause, "Let the proxy pass on the Host header of the client (nginx: proxy_set_header Host $host; with NTLM also HTTP/1.1 and keep-alive to the server), " +
		"or bind the name in IIS (Get-WebBinding)."
}

func say401(s seen) (cause, hint string) {
	return "It asks for a login where there should be none: the directory has other logins than setup gives it.",
		fmt.Sprintf("Compare the authentication of %s with a server that works, in Exchange (Get-…VirtualDirectory | fl *Authentication*) and not in IIS Manager alone.", s.path())
}

func say403(s seen) (cause, hint string) {
	return "IIS forbids it: TLS is required (403.4), this address is not allowed (403.6), or a client certificate is wanted (403.7, 403.16).",
		fmt.Sprintf("IIS's log has the second number (sc-substatus). See SSL Settings and IP Address and Domain Restrictions of %s in IIS Manager.", s.path())
}

func say500(s seen) (cause, hint string) {
	cause = "The directory is there and fails: a broken web.config, an update that did not end, or a service that it needs and that is stopped."
	if s.has("2013") {
		return cause, "On the server: Get-HealthReport, event 1309 of ASP.NET and the logs under V15\\Logging; UpdateCas.ps1 and UpdateConfigFile.ps1 (in V15\\Bin) repair it after an update."
	}
	return cause, "On the server see the application log (ASP.NET, MSExchange*) and that the services run."
}

func sayNoMailbox(s seen) (cause, hint string) {
	behind := ""
	if name, known := s.fact("x_calculatedbetarget"); known {
		behind = " (" + name + ")"
	}
	return "Exchange's front end answers, and the mailbox server behind it" + behind + " does not.",
		"See on that server that the site Exchange Back End runs (port 444, with a certificate: Get-WebBinding 'Exchange Back End'), and that a database is mounted."
}
