// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/wire"
)

// turnedAway is a service of this protocol that says so.
func turnedAway(name, words string, changes ...change) probe.Result {
	r := healthy("service", 25)
	r.Check.Service.Protocol = name
	r.Peer = &protocol.Peer{Refusal: words, Facts: map[string]string{}}
	all(changes...)(&r)
	return r
}

// httpAway is a directory that answers with this status.
func httpAway(path, status string, changes ...change) probe.Result {
	return turnedAway("http", "HTTP "+status, append([]change{func(r *probe.Result) {
		r.Check.Service.HTTP = &catalog.Directory{Path: path, Status: []int{401}}
		r.Peer.Facts["status"] = status
	}}, changes...)...)
}

func turnedAwayFor(why wire.Reason) change { return func(r *probe.Result) { r.Peer.Reason = why } }

func interfaceOf(r *probe.Result) { r.Check.Service.RPC = &catalog.Interface{Name: "EMSMDB"} }

// TestRefusalWords: what a refusal means and what to do about it is told for the
// protocol, the version and the directory.
func TestRefusalWords(t *testing.T) {
	for name, c := range map[string]struct {
		r    probe.Result
		says []string
	}{
		"a stopped pool":             {httpAway("/ecp/", "503 Service Unavailable"), []string{"HTTP.sys", "Start-WebAppPool MSExchangeECPAppPool"}},
		"a stopped pool, MAPI":       {httpAway("/mapi/emsmdb", "503 Service Unavailable"), []string{"MSExchangeMapiFrontEndAppPool"}},
		"a stopped pool, 2010":       {httpAway("/PowerShell", "503 Service Unavailable", version("2010")), []string{"MSExchangePowerShellAppPool"}},
		"a stopped pool, 2007":       {httpAway("/owa/", "503 Service Unavailable", version("2007")), []string{"appcmd start apppool MSExchangeOWAAppPool"}},
		"a stopped pool, 2003":       {httpAway("/oma", "503 Service Unavailable", version("2003")), []string{"ExchangeMobileBrowseApplicationPool"}},
		"a stopped site, 2000":       {httpAway("/exchange/", "503 Service Unavailable", version("2000")), []string{"iisreset /status"}},
		"a front end's 503":          {httpAway("/owa/", "503 Service Unavailable", func(r *probe.Result) { r.Peer.Web = &web.Web{Origin: web.OfExchange} }), []string{"front end", "-Component OwaProxy"}},
		"an application that is off": {httpAway("/owa/", "503 Service Unavailable", func(r *probe.Result) { r.Peer.Web = &web.Web{Origin: web.OfIIS} }), []string{"app_offline.htm"}},
		"a back end that is off":     {httpAway("/owa/", "504 Gateway Timeout", func(r *probe.Result) { r.Peer.Facts["x_calculatedbetarget"] = "mail02" }), []string{"(mail02)", "444"}},
		"a removed directory":        {httpAway("/OAB/", "404 Not Found"), []string{"/OAB/", "New-OabVirtualDirectory"}},
		"a removed directory, RPC":   {httpAway("/rpc/rpcproxy.dll", "404 Not Found"), []string{"RPC-over-HTTP-Proxy"}},
		"one of 2003":                {httpAway("/exchange/", "404 Not Found", version("2003")), []string{"883380"}},
		"one of 5.5":                 {httpAway("/exchange/", "404 Not Found", version("5.5")), []string{"Exchange Administrator"}},
		"one of another role":        {httpAway("/_wmcs/", "404 Not Found", role("dns")), []string{"IIS Manager"}},
		"a login that timed out":     {httpAway("/owa/", "440 Login Timeout"), []string{"forms", "Get-OwaVirtualDirectory", "AdfsAuthentication"}},
		"forms of 2003":              {httpAway("/Microsoft-Server-ActiveSync", "440 Login Timeout", version("2003")), []string{"Exchange System Manager"}},
		"a host name":                {httpAway("/owa/", "400 Bad Request"), []string{"mail01.contoso.com", "proxy_set_header Host"}},
		"forbidden":                  {httpAway("/ews/", "403 Forbidden"), []string{"403.4", "403.7", "sc-substatus"}},
		"a login where none is":      {httpAway("/owa/", "401 Unauthorized"), []string{"asks for a login"}},
		"broken":                     {httpAway("/ecp/", "500 Internal Server Error"), []string{"UpdateCas.ps1", "1309"}},
		"too large":                  {httpAway("/rpc/rpcproxy.dll", "413 Request Entity Too Large"), []string{"maxAllowedContentLength"}},
		"an error page":              {httpAway("/owa/", "302 Found", func(r *probe.Result) { r.Peer.Web = &web.Web{Broken: true} }), []string{"an error page", "Get-HealthReport"}},
		"a gateway's error page":     {httpAway("/owa/", "302 Found", func(r *probe.Result) { r.Peer.Web = &web.Web{Broken: true, Name: "Forefront UAG"} }), []string{"Forefront UAG cannot talk to Exchange"}},
		"a redirect for programs":    {httpAway("/ews/", "302 Found"), []string{"must not inherit"}},
		"any other status":           {httpAway("/ews/", "418 Teapot"), []string{"sc-substatus"}},

		"back pressure":             {turnedAway("smtp", "452 4.3.1 Insufficient system resources"), []string{"back pressure", "15004"}},
		"a full disk, 2003":         {turnedAway("smtp", "452 4.3.1 Out of memory", version("2003")), []string{"disk of the mail queue"}},
		"SMTP is busy":              {turnedAway("smtp", "421 4.3.2 Service not active"), []string{"-Component FrontendTransport", "Get-ReceiveConnector"}},
		"the transport service":     {turnedAway("smtp", "421 4.3.2 Service not active", port(2525)), []string{"-Component HubTransport"}},
		"an Edge":                   {turnedAway("smtp", "421 4.3.2 Service not active", role("edge")), []string{"-Component EdgeTransport"}},
		"SMTP of 2010 is busy":      {turnedAway("smtp", "421 4.3.2 Service not available", version("2010")), []string{"MSExchangeTransport is running", "Get-ReceiveConnector"}},
		"SMTP of 2003 is busy":      {turnedAway("smtp", "421 Service not available", version("2003")), []string{"Exchange System Manager", "SMTPSVC"}},
		"SMTP of 5.5 is busy":       {turnedAway("smtp", "421 too many", version("5.5")), []string{"Internet Mail Service"}},
		"an address that is denied": {turnedAway("smtp", "554-5.7.1 Blocked"), []string{"RemoteIPRanges", "block list"}},
		"a mail server elsewhere":   {turnedAway("smtp", "554 5.7.1 Blocked", role("internet"), version("windows")), []string{"administrator of that server"}},
		"POP3":                      {turnedAway("pop3", "-ERR too many connections"), []string{"PopProxy", "Get-PopSettings"}},
		"IMAP4":                     {turnedAway("imap", "* BYE Connection is closed. 14"), []string{"ImapProxy", "Get-ImapSettings"}},
		"IMAP4 of 2007":             {turnedAway("imap", "* BYE Connection is closed", version("2007")), []string{"MSExchangeIMAP4 is running"}},
		"POP3 of 2003":              {turnedAway("pop3", "-ERR", version("2003")), []string{"virtual server"}},
		"news":                      {turnedAway("nntp", "400 NNTP server unavailable", version("2003")), []string{"NNTP virtual server"}},

		"LDAP is busy":         {turnedAway("ldap", "51 Busy", turnedAwayFor(wire.Unavailable)), []string{"dcdiag"}},
		"LDAP, whatever":       {turnedAway("ldap", "2 Protocol Error"), []string{"rootDSE"}},
		"another domain":       {turnedAway("cldap", "no domain controller for this domain"), []string{"nltest"}},
		"DNS fails":            {turnedAway("dns", "SERVFAIL to MX of contoso.com", also(protocol.FactRCode, "SERVFAIL"), also(protocol.FactQuestion, "MX of contoso.com")), []string{"It was asked for MX of contoso.com.", "forwarder"}},
		"DNS refuses":          {turnedAway("dns", "REFUSED to NS of .", also(protocol.FactRCode, "REFUSED")), []string{"recursion", "zone"}},
		"DNS does not read it": {turnedAway("dns", "FORMERR to NS of .", also(protocol.FactRCode, "FORMERR")), []string{"DNS inspection"}},
		"Kerberos":             {turnedAway("kerberos", "29 KDC_ERR_SVC_UNAVAILABLE", turnedAwayFor(wire.Unavailable)), []string{"KDC"}},

		"an endpoint mapper": {turnedAway("rpc", "bind_nak: local limit exceeded", turnedAwayFor(wire.Unavailable)), []string{"RpcEptMapper"}},
		"an interface":       {turnedAway("rpc", "bind_nak", interfaceOf), []string{"too busy", "netsh rpc filter"}},
		"SIP knows us not":   {turnedAway("sip", "SIP 403 Forbidden", version("2010"), turnedAwayFor(wire.OurName)), []string{"Get-UMIPGateway"}},
		"SIP is off":         {turnedAway("sip", "SIP 503 Service Unavailable", version("2016"), port(5060)), []string{"UMCallRouter", "MSExchangeUMCR"}},
		"SIP of 2007 is off": {turnedAway("sip", "SIP 503", version("2007")), []string{"MSExchangeUM is running"}},
		"WinRM":              {turnedAway("winrm", "HTTP 404", func(r *probe.Result) { r.Peer.Facts["status"] = "404 Not Found" }), []string{"winrm quickconfig"}},
		"Exchange Online":    {turnedAway("smtp", "421 4.3.2 busy", version("online")), []string{"Microsoft 365"}},
	} {
		e := alone(c.r)
		f, found := finding(e, "service-refuses")
		if !found {
			t.Errorf("%s: no finding: %+v", name, e)
			continue
		}
		for _, say := range c.says {
			if !strings.Contains(f.Text+" "+f.Hint, say) {
				t.Errorf("%s: %q is not in %q, %q", name, say, f.Text, f.Hint)
			}
		}
	}
}

// TestRefusalWordsOfTheirTime: nothing is told to do that the version has not.
func TestRefusalWordsOfTheirTime(t *testing.T) {
	late := []string{"Get-ServerComponentState", "Get-HealthReport", "Get-WebAppPoolState", "V15"}
	for _, old := range []string{"5.5", "2000", "2003", "2007"} {
		for protocol := range protocols() {
			for _, words := range []string{"421 x", "452 x", "554 x", "SIP 503", "* BYE", "SERVFAIL", "1 x"} {
				e := alone(turnedAway(protocol, words, version(old)))
				f, _ := finding(e, "service-refuses")
				if i := slices.IndexFunc(late, func(l string) bool { return strings.Contains(f.Hint, l) }); i >= 0 {
					t.Errorf("%s of %s: %s", protocol, old, f.Hint)
				}
			}
		}
		for _, status := range []string{"302 Found", "400 x", "401 x", "403 x", "404 x", "440 x", "500 x", "502 x", "503 x"} {
			f, _ := finding(alone(httpAway("/exchange/", status, version(old))), "service-refuses")
			if i := slices.IndexFunc(late, func(l string) bool { return strings.Contains(f.Hint, l) }); i >= 0 {
				t.Errorf("%s of %s: %s", status, old, f.Hint)
			}
		}
	}
}

// protocols are all that can turn us away.
func protocols() map[string]bool {
	all := map[string]bool{}
	for _, w := range refusalWords {
		all[w.protocol] = true
	}
	return all
}

// TestRefusalWordsForAll: each protocol that can refuse has a row that fits
// whatever it says, and no row that cannot be reached.
func TestRefusalWordsForAll(t *testing.T) {
	last := map[string]bool{}
	for i, w := range refusalWords {
		if _, known := protocol.Table[w.protocol]; !known {
			t.Errorf("row %d: there is no protocol %q", i, w.protocol)
		}
		if last[w.protocol] {
			t.Errorf("row %d: nothing of %s comes here", i, w.protocol)
		}
		last[w.protocol] = w.when == nil
	}
	// These say nothing of the kind: they only connect, or greet, or hang up. What
	// SOCKS can refuse for is a login alone, which is told apart.
	silent := []string{"socks", "any", "tcp", "h323", "link-state", "log-copier", "ncacn-http", "telnet", "udp"}
	for name := range protocol.Table {
		if !last[name] && !slices.Contains(silent, name) {
			t.Errorf("%s has no words for a refusal", name)
		}
	}
}
